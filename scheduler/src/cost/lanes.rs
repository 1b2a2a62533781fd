//! Arithmetic over a fixed number of lanes, free of branches and tables, so that the compiler turns loops into vector
//! instructions of whatever width the target has.

use std::f32::consts::{FRAC_1_SQRT_2, LN_2};

/// Stages that are evaluated side by side.
pub(super) const LANES: usize = 8;

/// A value of each stage.
pub(super) type Lanes = [f32; LANES];

/// Natural logarithm, within 3e-7 times the larger of 1 and the result. Of what is no positive normal number, some number
/// without meaning.
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    // Subtracting these bits makes the exponent field round to nearest: mantissas in [0.71, 1.41).
    const HALF_UP: u32 = FRAC_1_SQRT_2.to_bits();
    let exponent = (x.to_bits().wrapping_sub(HALF_UP) as i32) >> 23;
    let mantissa = f32::from_bits(x.to_bits().wrapping_sub((exponent as u32) << 23));
    // ln m = 2 artanh((m - 1) / (m + 1)), whose series converges fast this close to 1.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = 2.0 + square * (2.0 / 3.0 + square * (2.0 / 5.0 + square * (2.0 / 7.0 + square * (2.0 / 9.0))));
    exponent as f32 * LN_2 + s * series
}

/// As `f32::max`, but one instruction. Where the first is not a number, the second.
#[inline(always)]
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if a > b {
        a
    } else {
        b
    }
}

/// As `f32::min`, but one instruction. Where the first is not a number, the second.
#[inline(always)]
pub(super) fn smaller(a: f32, b: f32) -> f32 {
    if a < b {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_accurate_over_normal_numbers() {
        let mut x = 2e-38f64;
        while x < 3e38 {
            let exact = f64::from(x as f32).ln();
            let found = f64::from(ln(x as f32));
            assert!((found - exact).abs() <= 4e-7 * exact.abs().max(1.0), "ln {x} = {found}");
            x *= 1.037;
        }
    }
}
