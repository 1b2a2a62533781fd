//! Outputs of other sizes than the estimates, all in proportion.

use crate::measure::run::regions::Region;

/// Dimensions that are scaled: images are larger or smaller along two, and keep their channels.
const SCALED: usize = 2;

/// Outputs of about `factor` times as many elements as these: the two longest dimensions of the first output change, and those
/// of the others that are as long.
pub fn scaled(outputs: &[Region], factor: f64) -> Vec<Region> {
    let mut longest: Vec<i32> = outputs.first().into_iter().flatten().map(|[_, extent]| *extent).collect();
    longest.sort_unstable_by(|a, b| b.cmp(a));
    longest.truncate(SCALED);
    let each = factor.powf(1.0 / longest.len().max(1) as f64);
    let scale = |&[min, extent]: &[i32; 2]| {
        let changed =
            if longest.contains(&extent) { (f64::from(extent) * each).round().max(1.0) as i32 } else { extent };
        [min, changed]
    };
    outputs.iter().map(|region| region.iter().map(scale).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_stay_and_other_outputs_follow() {
        let outputs = [vec![[0, 640], [2, 480], [0, 3]], vec![[0, 480], [0, 7]]];
        let quarter = scaled(&outputs, 0.25);
        assert_eq!(quarter, [vec![[0, 320], [2, 240], [0, 3]], vec![[0, 240], [0, 7]]]);
        assert_eq!(scaled(&[vec![[0, 1000]]], 4.0), [vec![[0, 4000]]]);
        assert_eq!(scaled(&[vec![[0, 1]]], 0.25), [vec![[0, 1]]]);
        assert_eq!(scaled(&[vec![]], 4.0), [Region::new()]);
    }
}
