//! Schedules that were measured twice: how well one time tells the other is what no model can be expected to beat.

use std::collections::BTreeMap;

use super::comparison::Comparison;
use crate::records::record::{Machine, Measured, Record};
use crate::training::figures::figures;

/// Compares the times of the same schedules of the same pipelines on the same computer. `None` if there are none.
pub fn compare(records: &[Measured], again: &[Measured]) -> Option<Comparison> {
    let key = |measured: &Measured| {
        let Machine { hardware, threads, .. } = &measured.machine;
        (measured.name.clone(), measured.size.clone(), hardware.clone(), *threads)
    };
    let others: BTreeMap<_, &Measured> = again.iter().map(|measured| (key(measured), measured)).collect();
    let pairs = |measured: &Measured| -> Vec<(f64, f64)> {
        let Some(other) = others.get(&key(measured)) else { return Vec::new() };
        measured.records.iter().filter_map(|record| pair(record, &other.records)).collect()
    };
    let twice: Vec<Vec<(f64, f64)>> = records.iter().map(pairs).filter(|pairs| !pairs.is_empty()).collect();
    let (first, second): (Vec<Vec<f64>>, Vec<Vec<f64>>) =
        twice.iter().map(|pairs| pairs.iter().copied().unzip::<f64, f64, Vec<_>, Vec<_>>()).unzip();
    (!twice.is_empty()).then(|| Comparison {
        pipelines: twice.len(),
        schedules: twice.iter().map(Vec::len).sum(),
        methods: vec![figures("measured again", &first, &second)],
    })
}

/// Seconds of a schedule, and those of the same one among others.
fn pair(record: &Record, others: &[Record]) -> Option<(f64, f64)> {
    let same = others.iter().find(|other| other.directives == record.directives)?;
    Some((record.seconds?.min, same.seconds?.min))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::record::{Machine, Seconds};
    use crate::results::record::Status;
    use scheduler::{ir::FuncId, Directive};

    /// Schedules of one pipeline, told apart by the Func that is at root.
    fn measured(name: &str, times: &[(usize, f64)]) -> Measured {
        let record = |&(func, min): &(usize, f64)| Record {
            source: "random".to_owned(),
            directives: vec![Directive::ComputeRoot { func: FuncId::from_index(func) }],
            status: Status::Ok,
            message: String::new(),
            seconds: Some(Seconds { min, median: min, spread: 0.0, samples: 4 }),
            predicted_seconds: None,
        };
        Measured {
            name: name.to_owned(),
            size: None,
            family: String::new(),
            machine: Machine { hardware: "916fd8".to_owned(), cpu: "A 1".to_owned(), threads: 2 },
            pipeline: None,
            message: String::new(),
            records: times.iter().map(record).collect(),
        }
    }

    #[test]
    fn schedules_are_found_whatever_their_place() {
        let first = [measured("a", &[(0, 1.0), (1, 2.0), (2, 4.0)]), measured("b", &[(0, 1.0)])];
        let again = [measured("a", &[(2, 3.0), (0, 1.0), (3, 9.0)])];
        let found = compare(&first, &again).unwrap();
        assert_eq!((found.pipelines, found.schedules), (1, 2));
        // 0 % of one and 25 % of the other.
        assert_eq!(found.methods[0].mape, Some(0.125));
        assert!(compare(&first[1..], &again).is_none());
    }
}
