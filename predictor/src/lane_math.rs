//! Elementary functions over a fixed number of lanes, free of branches and tables, so that the compiler turns each
//! loop into vector instructions of whatever width the target has.

use std::f32::consts::{LN_2, LOG2_E, SQRT_2};

/// Candidates evaluated together: four registers of the narrowest vectors.
pub(crate) const LANES: usize = 16;
/// One value a candidate.
pub(crate) type Lanes = [f32; LANES];

/// Adds `offset` to every lane and takes the natural logarithm, with an error of about 3e-7 times the larger of 1 and
/// the result. Sums must be positive normal numbers; others give some number without meaning.
#[inline(always)]
pub(crate) fn ln_offset(lanes: &mut Lanes, offset: f32) {
    // Subtracting the bits of sqrt(1/2) makes the exponent field round to nearest: mantissas in [0.71, 1.41).
    const SQRT_HALF_BITS: u32 = (SQRT_2 / 2.0).to_bits();
    for lane in lanes.iter_mut() {
        let x = *lane + offset;
        let exponent = (x.to_bits().wrapping_sub(SQRT_HALF_BITS) as i32) >> 23;
        let mantissa = f32::from_bits(x.to_bits().wrapping_sub((exponent as u32) << 23));
        // ln m = 2 artanh((m - 1) / (m + 1)), whose series converges fast this close to 1.
        let s = (mantissa - 1.0) / (mantissa + 1.0);
        let square = s * s;
        let series = 2.0 + square * (2.0 / 3.0 + square * (2.0 / 5.0 + square * (2.0 / 7.0 + square * (2.0 / 9.0))));
        *lane = exponent as f32 * LN_2 + s * series;
    }
}

/// Exponential of every lane. Arguments are held to +-87, the range of normal results; NaN stays NaN.
#[inline(always)]
pub(crate) fn exp(lanes: &mut Lanes) {
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    for lane in lanes.iter_mut() {
        let x = *lane;
        let held = x.clamp(-87.0, 87.0);
        let shifted = held * LOG2_E + ROUND;
        let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
        let r = (held * LOG2_E - (shifted - ROUND)) * LN_2;
        let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0)));
        let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)));
        *lane = power * series + poison(x);
    }
}

/// Zero for numbers, NaN for infinities and NaN: added to a result, it keeps a bad argument visible.
#[inline(always)]
pub(crate) fn poison(x: f32) -> f32 {
    x * 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_is_accurate_over_normal_numbers() {
        let mut x = 2e-38f64;
        while x < 3e38 {
            let mut lanes = [x as f32; LANES];
            ln_offset(&mut lanes, 0.0);
            let exact = f64::from(x as f32).ln();
            assert!((f64::from(lanes[3]) - exact).abs() <= 4e-7 * exact.abs().max(1.0), "ln {x} = {}", lanes[3]);
            x *= 1.037;
        }
    }

    #[test]
    fn exp_is_accurate_over_normal_results() {
        for step in -8600..8600 {
            let x = step as f32 * 0.01;
            let mut lanes = [x; LANES];
            exp(&mut lanes);
            let exact = f64::from(x).exp();
            assert!((f64::from(lanes[15]) / exact - 1.0).abs() < 1e-5, "exp {x} = {}", lanes[15]);
        }
    }

    #[test]
    fn what_is_not_a_number_stays_visible() {
        let mut lanes = [f32::NAN; LANES];
        exp(&mut lanes);
        assert!(lanes[0].is_nan());
    }
}
