//! Input values: a function of seed, input and coordinates, so that every build of a pipeline reads the same ones.

use super::protocol::{Code, Type};

/// Mixes a 64-bit state (the finaliser of SplitMix64).
pub fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Half-open range that integers of a type are drawn from: all of 8 bits, and less than half of wider types, so that
/// sums and products of a few stay in range and an index computed from one is not absurd.
fn integer_range(type_: Type) -> (i64, u64) {
    match (type_.code, type_.bits) {
        (Code::UInt, 1) => (0, 2),
        (Code::UInt, 8) => (0, 256),
        (Code::Int, 8) => (-128, 256),
        (Code::UInt, 16) => (0, 1 << 14),
        (Code::Int, 16) => (-1024, 2048),
        (Code::UInt, _) => (0, 1024),
        _ => (-1024, 2048),
    }
}

/// IEEE half precision of a number in [0, 1], rounded towards zero.
pub fn half_bits(value: f32) -> u16 {
    let exponent = ((value.to_bits() >> 23) & 0xff) as i32 - 127 + 15;
    let mantissa = (value.to_bits() >> 13) & 0x3ff;
    // Below the smallest normal half there is nothing that inputs need.
    if exponent <= 0 {
        0
    } else {
        ((exponent as u16) << 10) | mantissa as u16
    }
}

/// Writes the value that `hash` stands for to `bytes`, which has the width of `type_`.
pub fn write_value(type_: Type, hash: u64, bytes: &mut [u8]) {
    let unit = (hash >> 40) as f32 / (1u64 << 24) as f32;
    match (type_.code, type_.bits) {
        (Code::Float, 64) => bytes.copy_from_slice(&((hash >> 11) as f64 / (1u64 << 53) as f64).to_le_bytes()),
        (Code::Float, 32) => bytes.copy_from_slice(&unit.to_le_bytes()),
        (Code::Float, _) => bytes.copy_from_slice(&half_bits(unit).to_le_bytes()),
        (Code::BFloat, _) => bytes.copy_from_slice(&unit.to_le_bytes()[2..]),
        _ => {
            let (low, count) = integer_range(type_);
            // The high half of a product maps a hash to a range without division.
            let offset = ((u128::from(hash) * u128::from(count)) >> 64) as i64;
            bytes.copy_from_slice(&(low + offset).to_le_bytes()[..bytes.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw<const N: usize>(code: Code, bits: u8, i: u64) -> [u8; N] {
        let mut bytes = [0; N];
        write_value(Type { code, bits }, mix(i), &mut bytes);
        bytes
    }

    #[test]
    fn floats_are_in_the_unit_interval() {
        for i in 0..1000 {
            assert!((0.0..1.0).contains(&f32::from_le_bytes(draw(Code::Float, 32, i))));
            assert!((0.0..1.0).contains(&f64::from_le_bytes(draw(Code::Float, 64, i))));
        }
    }

    #[test]
    fn integers_fill_their_range() {
        let draws: Vec<i16> = (0..10_000).map(|i| i16::from_le_bytes(draw(Code::Int, 16, i))).collect();
        assert!(draws.iter().all(|value| (-1024..1024).contains(value)));
        assert!(draws.iter().any(|&value| value < -1000) && draws.iter().any(|&value| value > 1000));
        let bytes: std::collections::HashSet<u8> = (0..10_000).map(|i| draw::<1>(Code::UInt, 8, i)[0]).collect();
        assert_eq!(bytes.len(), 256);
    }

    #[test]
    fn halves() {
        assert_eq!(half_bits(0.5), 0x3800);
        assert_eq!(half_bits(0.75), 0x3a00);
        assert_eq!(half_bits(0.0), 0);
    }
}
