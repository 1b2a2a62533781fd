//! Logarithmic axes.

/// Maps positive values to positions, equal ratios to equal distances.
#[derive(Clone, Copy, Debug)]
pub struct LogScale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

/// Mantissas of tick labels, the most first. The last leaves only powers of ten.
const MANTISSAS: [&[f64]; 4] = [&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];

impl LogScale {
    /// A scale from the smallest to the largest of `values` and a little beyond, at positions `from` to `to`.
    ///
    /// Values that are not positive and finite are left out; without any, the scale spans 1 to 10.
    pub fn over(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let usable = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
        let (low, high) = usable.fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low <= high { (low, high) } else { (1.0, 10.0) };
        let margin = (high / low).powf(0.04).max(1.05);
        Self { low: low / margin, high: high * margin, from, to }
    }

    /// The same values at other positions.
    pub fn moved(self, from: f64, to: f64) -> Self {
        Self { from, to, ..self }
    }

    /// Logarithm of the ratio between the ends.
    pub fn span(&self) -> f64 {
        (self.high / self.low).ln()
    }

    /// Position of `value`; values beyond the ends stay at them.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / self.span();
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Round values to label, at least `spacing` apart.
    pub fn ticks(&self, spacing: f64) -> Vec<f64> {
        let decades = (self.low.log10().floor() as i32..=self.high.log10().ceil() as i32).collect::<Vec<_>>();
        let candidates = |mantissas: &[f64], stride: i32| -> Vec<f64> {
            let chosen = decades.iter().filter(|decade| *decade % stride == 0);
            let values = chosen.flat_map(|&decade| mantissas.iter().map(move |mantissa| decimal(*mantissa, decade)));
            values.filter(|&value| self.low <= value && value <= self.high).collect()
        };
        let fits =
            |ticks: &Vec<f64>| ticks.windows(2).all(|pair| (self.at(pair[1]) - self.at(pair[0])).abs() >= spacing);
        let fine = MANTISSAS.iter().map(|mantissas| candidates(mantissas, 1));
        let coarse = (2..8).map(|stride| candidates(&[1.0], stride));
        fine.chain(coarse).find(fits).unwrap_or_default()
    }
}

/// `mantissa` times ten to `decade`, as the nearest number to its decimal notation, so that labels have few digits.
fn decimal(mantissa: f64, decade: i32) -> f64 {
    format!("{mantissa}e{decade}").parse().expect("a number's own notation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ratios_are_equal_distances() {
        let scale = LogScale::over([0.01, 100.0], 0.0, 200.0);
        assert!((scale.at(1.0) - 100.0).abs() < 1e-9);
        assert!((scale.at(10.0) - scale.at(1.0) - (scale.at(1.0) - scale.at(0.1))).abs() < 1e-9);
        assert_eq!((scale.at(1e-9), scale.at(1e9)), (0.0, 200.0));
    }

    #[test]
    fn ticks_are_as_many_as_fit() {
        assert_eq!(LogScale::over([1.0, 10.0], 0.0, 400.0).ticks(30.0), [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0]);
        assert_eq!(LogScale::over([1.0, 10.0], 0.0, 120.0).ticks(30.0), [1.0, 2.0, 5.0, 10.0]);
        assert_eq!(LogScale::over([1.0, 1e4], 0.0, 120.0).ticks(40.0), [1.0, 100.0, 10000.0]);
        assert_eq!(LogScale::over([1.0, 10.0], 120.0, 0.0).ticks(30.0), [1.0, 2.0, 5.0, 10.0], "also upwards");
    }

    #[test]
    fn ticks_are_exact_decimals() {
        let ticks = LogScale::over([0.5, 1.0], 0.0, 400.0).ticks(30.0);
        assert_eq!(ticks, [0.5, 0.7, 1.0]);
    }

    #[test]
    fn nothing_to_show_is_still_a_scale() {
        assert!(LogScale::over([f64::NAN, -1.0], 0.0, 10.0).at(3.0).is_finite());
        assert!(LogScale::over([2.0], 0.0, 10.0).at(2.0).is_finite());
    }
}
