//! Sets of small indices.

/// A set of indices below a fixed number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Set {
    words: Vec<u64>,
}

impl Set {
    /// The empty set of indices below `count`.
    pub(super) fn new(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)] }
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
    }

    pub(super) fn insert(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// Takes in all of another set of the same size.
    pub(super) fn include(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.words.clone_from(&other.words);
    }

    /// In increasing order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            std::iter::successors(Some(word), |w| Some(w & w.wrapping_sub(1)))
                .take_while(|w| *w != 0)
                .map(move |w| at * 64 + w.trailing_zeros() as usize)
        })
    }

    /// The largest index below `end`.
    pub(super) fn last_below(&self, end: usize) -> Option<usize> {
        let (mut at, bits) = (end / 64, end % 64);
        let mut word = self.words.get(at).map_or(0, |w| w & ((1 << bits) - 1));
        loop {
            if word != 0 {
                return Some(at * 64 + 63 - word.leading_zeros() as usize);
            }
            at = at.checked_sub(1)?;
            word = self.words[at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_up_and_down() {
        let mut set = Set::new(200);
        for index in [0, 63, 64, 130, 199] {
            set.insert(index);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 130, 199]);
        let down = std::iter::successors(set.last_below(200), |&at| set.last_below(at));
        assert_eq!(down.collect::<Vec<_>>(), [199, 130, 64, 63, 0]);
        assert!(set.contains(130) && !set.contains(131));
        let mut other = Set::new(200);
        other.insert(131);
        other.include(&set);
        assert!(other.contains(130) && other.contains(131));
    }
}
