//! A small seeded generator, so that a seed means the same model on every machine and in every release.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): 64 bits of state, every seed is valid. Not for cryptography.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator whose whole sequence is determined by `seed`.
    pub fn new(seed: u64) -> Self {
        Rng { state: seed }
    }

    /// An independent generator for sub-task number `stream` of `seed`.
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut outer = Rng::new(seed);
        let base = outer.next_u64();
        let mut inner = Rng::new(base ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        inner.next_u64();
        inner
    }

    /// The next 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in the half-open interval [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform integer in 0..`bound`; `bound` 0 gives 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The multiply-shift map is biased by at most bound / 2^64, which no data set can see.
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Standard normal, by Box and Muller's transform.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// The integers 0..`length` in random order.
    pub fn permutation(&mut self, length: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        for last in (1..length).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}
