//! Adams2019's cost model beside ours, on the schedules that it tells its prediction of: those that Adams2019 made.

use super::comparison::Comparison;
use crate::records::dataset::Group;
use crate::records::others::ADAMS2019;
use crate::training::figures::{at_best_speed, figures};
use crate::training::method::AUGMENTED;

/// Compares, given what was measured of all schedules of each pipeline, what the analytic cost expects, and what networks do
/// that were not trained with it. `None` if Adams2019 made none of them.
pub fn compare(
    groups: &[Group],
    measured: &[Vec<f64>],
    analytic: &[Vec<f64>],
    learned: &[Vec<f64>],
) -> Option<Comparison> {
    let theirs: Vec<Vec<f64>> =
        groups.iter().map(|g| g.rows.iter().filter_map(|row| row.by_adams2019).collect()).collect();
    let schedules = theirs.iter().map(Vec::len).sum();
    let pipelines = theirs.iter().filter(|of_pipeline| !of_pipeline.is_empty()).count();
    let on_these = |all: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let of_pipeline = |(group, all): (&Group, &Vec<f64>)| {
            let chosen = group.rows.iter().zip(all).filter(|(row, _)| row.by_adams2019.is_some());
            chosen.map(|(_, seconds)| *seconds).collect()
        };
        groups.iter().zip(all).map(of_pipeline).collect()
    };
    let measured = on_these(measured);
    let scaled = |name: &str, expected: &[Vec<f64>]| figures(name, &measured, &at_best_speed(&measured, expected));
    (schedules > 0).then(|| Comparison {
        pipelines,
        schedules,
        methods: vec![
            scaled(ADAMS2019, &theirs),
            scaled("analytic", &on_these(analytic)),
            figures(AUGMENTED.name, &measured, &on_these(learned)),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::dataset::Row;
    use scheduler::Hardware;

    fn group(rows: &[(f64, Option<f64>)]) -> Group {
        let row = |&(seconds, by_adams2019): &(f64, Option<f64>)| Row { seconds, stages: vec![], by_adams2019 };
        Group {
            name: String::new(),
            processor: String::new(),
            family: String::new(),
            hardware: Hardware::generic(1, 1),
            stages: vec![],
            rows: rows.iter().map(row).collect(),
            varies: true,
        }
    }

    #[test]
    fn only_its_own_schedules_count() {
        let theirs: Vec<(f64, Option<f64>)> = (1..=6).map(|i| (f64::from(i), Some(0.5 * f64::from(i)))).collect();
        let groups = [group(&[&[(9.0, None)], &theirs[..]].concat()), group(&[(1.0, None)])];
        // Backwards, and right but for the schedule that does not count.
        let analytic = [(0..7).map(|i| 7.0 - f64::from(i)).collect(), vec![1.0]];
        let learned = [vec![0.1, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![3.0]];
        let measured = groups.each_ref().map(|g| g.rows.iter().map(|row| row.seconds).collect());
        let found = compare(&groups, &measured, &analytic, &learned).unwrap();
        assert_eq!((found.pipelines, found.schedules), (1, 6));
        let [of_adams, of_analytic, of_learned] = &found.methods[..] else { panic!("{found:?}") };
        assert_eq!((of_adams.spearman_rho, of_adams.mape), (Some(1.0), Some(0.0)));
        assert_eq!(of_analytic.spearman_rho, Some(-1.0));
        assert_eq!((of_learned.spearman_rho, of_learned.mape), (Some(1.0), Some(0.0)));
        assert!(compare(&groups[1..], &measured[1..], &analytic[1..], &learned[1..]).is_none());
    }
}
