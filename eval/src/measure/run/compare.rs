//! Compares outputs with those of another build.

use super::protocol::{Code, Difference, Rule, Type};

/// How far two values may be apart: `absolute` times the largest magnitude in the output, plus `relative` times the value.
///
/// A sum's rounding error scales with its terms, not with the sum, hence the first part.
fn tolerances(type_: Type) -> (f64, f64) {
    match (type_.code, type_.bits) {
        (Code::Float, 64) => (1e-12, 1e-10),
        (Code::Float, 32) => (1e-5, 1e-4),
        (Code::Float, _) => (1e-2, 1e-2),
        (Code::BFloat, _) => (4e-2, 4e-2),
        _ => (0.0, 1e-4),
    }
}

fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let mantissa = f64::from(bits & 0x3ff);
    match (bits >> 10) & 0x1f {
        0 => sign * mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + mantissa / 1024.0) * 2f64.powi(i32::from(exponent) - 15),
    }
}

/// The number in `bytes`; 64-bit integers lose their low bits beyond 2^53.
pub fn number(type_: Type, bytes: &[u8]) -> f64 {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let unsigned = u64::from_le_bytes(wide);
    match (type_.code, type_.bits) {
        (Code::Float, 64) => f64::from_bits(unsigned),
        (Code::Float, 32) => f64::from(f32::from_bits(unsigned as u32)),
        (Code::Float, _) => half(unsigned as u16),
        (Code::BFloat, _) => f64::from(f32::from_bits((unsigned as u32) << 16)),
        (Code::Int, _) => {
            let unused = 64 - 8 * bytes.len() as u32;
            ((unsigned << unused) as i64 >> unused) as f64
        }
        _ => unsigned as f64,
    }
}

fn close(type_: Type, expected: f64, found: f64, largest: f64) -> bool {
    if expected == found || (expected.is_nan() && found.is_nan()) {
        return true;
    }
    let (absolute, relative) = tolerances(type_);
    let unit = if type_.is_float() { absolute * largest } else { 1.0 };
    // Infinities that are not equal give an infinite or undefined difference, which is not close.
    (expected - found).abs() <= unit + relative * expected.abs().min(f64::MAX)
}

/// Coordinates of the element `index` in order of coordinates.
fn coordinates(region: &[[i32; 2]], mut index: usize) -> Vec<i32> {
    let coordinate = |&[min, extent]: &[i32; 2]| {
        let at = min + (index % extent as usize) as i32;
        index /= extent as usize;
        at
    };
    region.iter().map(coordinate).collect()
}

/// What differs between the elements of one output. `region` is `[min, extent]` by dimension.
pub fn difference(type_: Type, region: &[[i32; 2]], expected: &[u8], found: &[u8], rule: Rule) -> Option<Difference> {
    if expected == found {
        return None;
    }
    let exact = rule == Rule::Exact;
    let pairs = || expected.chunks_exact(type_.bytes()).zip(found.chunks_exact(type_.bytes()));
    let magnitudes = pairs().map(|(expected, _)| number(type_, expected).abs());
    let largest = magnitudes.filter(|value| value.is_finite()).fold(0.0, f64::max);
    let mut worst: f64 = 0.0;
    let mut first = None;
    let mut differing = 0;
    for (index, (a, b)) in pairs().enumerate() {
        if a == b {
            continue;
        }
        let (expected, found) = (number(type_, a), number(type_, b));
        // Bits of a NaN mean nothing, and which one an operation gives is not specified.
        let both_nan = expected.is_nan() && found.is_nan();
        if both_nan || (!exact && close(type_, expected, found, largest)) {
            continue;
        }
        differing += 1;
        let apart = (expected - found).abs();
        worst = if apart.is_nan() { f64::INFINITY } else { worst.max(apart) };
        first.get_or_insert((index, expected, found));
    }
    let (index, expected, found) = first?;
    let text = format!(
        "{differing} of {} values differ, the first at {:?}: {found} instead of {expected}; the largest difference is {worst:.3e}",
        pairs().len(),
        coordinates(region, index),
    );
    Some(Difference { values: differing, largest: worst.is_finite().then_some(worst), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const F32: Type = Type { code: Code::Float, bits: 32 };
    const U8: Type = Type { code: Code::UInt, bits: 8 };

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn float_case(expected: &[f32], found: &[f32], rule: Rule) -> Option<Difference> {
        difference(F32, &[[0, expected.len() as i32]], &floats(expected), &floats(found), rule)
    }

    #[test]
    fn equal_is_equal() {
        assert_eq!(float_case(&[1.0, f32::NAN], &[1.0, f32::NAN], Rule::Exact), None);
    }

    #[test]
    fn tolerance_scales_with_the_output() {
        assert_eq!(float_case(&[100.0, 0.0], &[100.005, 0.0005], Rule::Tolerance), None);
        assert!(float_case(&[100.0, 0.0], &[100.0, 0.01], Rule::Tolerance).is_some());
        assert!(float_case(&[100.0], &[100.005], Rule::Exact).is_some());
    }

    #[test]
    fn infinities_and_nans_must_match() {
        assert!(float_case(&[f32::INFINITY], &[1.0], Rule::Tolerance).is_some());
        assert!(float_case(&[1.0], &[f32::INFINITY], Rule::Tolerance).is_some());
        assert!(float_case(&[1.0], &[f32::NAN], Rule::Tolerance).is_some());
        assert_eq!(float_case(&[f32::INFINITY], &[f32::INFINITY], Rule::Tolerance), None);
    }

    #[test]
    fn integers_are_exact_unless_they_come_from_floats() {
        let case = |rule| difference(U8, &[[0, 2], [5, 2]], &[1, 2, 3, 4], &[1, 2, 3, 5], rule);
        assert!(case(Rule::Exact).unwrap().text.contains("[1, 6]: 5 instead of 4"));
        assert_eq!(case(Rule::Tolerance), None);
        assert!(difference(U8, &[[0, 1]], &[1], &[3], Rule::Tolerance).is_some());
    }

    #[test]
    fn differences_are_counted_and_measured() {
        let found = float_case(&[1.0, 2.0, 3.0, f32::NAN], &[1.0, 2.5, 2.0, f32::NAN], Rule::Exact).unwrap();
        assert_eq!((found.values, found.largest), (2, Some(1.0)));
        let infinite = float_case(&[1.0], &[f32::NAN], Rule::Tolerance).unwrap();
        assert_eq!(infinite.largest, None);
        let both = found.clone().and(infinite.clone());
        assert_eq!((both.values, both.largest, both.text), (3, None, found.text));
    }

    #[test]
    fn numbers() {
        assert_eq!(number(Type { code: Code::Int, bits: 8 }, &[0xff]), -1.0);
        assert_eq!(number(Type { code: Code::Float, bits: 16 }, &[0x00, 0x38]), 0.5);
        assert_eq!(number(Type { code: Code::BFloat, bits: 16 }, &[0x80, 0x3f]), 1.0);
    }
}
