//! What each judge picks of a pool.

use anyhow::Result;
use predictor::metrics::mape;
use scheduler::cost::Pricing;
use scheduler::features::analyze;
use scheduler::ir::{Pipeline, Regions};
use scheduler::{search, Brakes, Directive, Hardware, Options, Strategy};

use super::gather::options;
use super::pool::{Pool, PICKING};
use crate::records::dataset;
use crate::records::draw::Drawer;
use crate::records::record::{Measured, Record, Seconds};
use crate::results::record::Status;
use crate::results::stats::median;
use crate::training::data::{pipelines, View};
use crate::training::method::Trained;

/// How many of the best predicted are measured by `nn+c top 8`.
const TOP: usize = 8;

/// How one judge did on one pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Its name.
    pub judge: &'static str,
    /// The time of what it picks over that of the best known.
    pub regret: f64,
    /// Mean absolute percentage error of its predictions, a fraction, if it makes any.
    pub mape: Option<f64>,
}

/// Schedules of the scheduler itself, by the judges that pick them.
pub type Made = Vec<(&'static str, Vec<Directive>)>;

/// What the scheduler itself makes: by rules, as it is, and without brakes.
pub fn made(pipeline: &Pipeline, threads: u32) -> Result<Made> {
    let searched = |brakes| options(pipeline, threads, true, brakes);
    let all = [
        ("rules", options(pipeline, threads, false, Brakes::default()).with_strategy(Strategy::Greedy)),
        ("search", searched(Brakes::default())),
        ("search without brakes", searched(Brakes::LOOSE)),
    ];
    all.into_iter().map(|(judge, options)| Ok((judge, search(pipeline, &options)?.directives))).collect()
}

/// All verdicts on a pool; `made` are the scheduler's own schedules, `plain` networks that do not know the analytic cost.
pub fn judge(pool: &Pool, made: &Made, plain: &Trained) -> Result<Vec<Verdict>> {
    let (Some(best), Some(pipeline)) = (pool.best(), &pool.pipeline) else { return Ok(vec![]) };
    let regret = |entry: usize| {
        let ratios = pool.ratios(entry, best, PICKING);
        (!ratios.is_empty()).then(|| median(&ratios))
    };
    let mut verdicts = Vec::new();
    let mut say = |judge, regret: Option<f64>, mape| {
        verdicts.extend(regret.map(|regret| Verdict { judge, regret, mape }));
    };
    for (judge, directives) in made {
        say(judge, pool.find(directives).and_then(regret), None);
    }
    let timed: Vec<usize> = pool.ours().map(|(index, _)| index).collect();
    let measured: Vec<f64> =
        timed.iter().filter_map(|&index| pool.entries[index].launches.get(&PICKING)).copied().collect();
    if measured.len() < timed.len() {
        return Ok(verdicts);
    }
    let [analytic, learned] = predicted(pipeline, pool, &timed)?;
    let without_c = predicted_plainly(pipeline, pool, &timed, plain)?;
    let by = |predicted: &[f64]| order(predicted).first().and_then(|&first| regret(timed[first]));
    for (judge, predicted) in [("analytic", Some(&analytic)), ("nn+c", Some(&learned)), ("nn", without_c.as_ref())] {
        if let Some(predicted) = predicted {
            say(judge, by(predicted), mape(predicted, &measured));
        }
    }
    let tried = order(&learned).into_iter().take(TOP).min_by(|&a, &b| measured[a].total_cmp(&measured[b]));
    say("nn+c top 8", tried.and_then(|tried| regret(timed[tried])), None);
    let logs: Vec<f64> = timed.iter().filter_map(|&index| regret(index)).map(f64::ln).collect();
    say("random", Some((logs.iter().sum::<f64>() / logs.len() as f64).exp()), None);
    let second = pool.fastest(PICKING + 1).first().copied();
    let noise = second.map(|second| pool.ratios(second, best, PICKING + 1)).filter(|ratios| !ratios.is_empty());
    say("noise", noise.map(|ratios| median(&ratios)), None);
    for other in ["Mullapudi2016", "Adams2019", "Li2018"] {
        let entry = pool.entries.iter().position(|entry| entry.other.as_deref() == Some(other));
        say(other, entry.and_then(regret), None);
    }
    Ok(verdicts)
}

/// Indices of predictions, the smallest first.
fn order(predicted: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..predicted.len()).collect();
    order.sort_by(|&a, &b| predicted[a].total_cmp(&predicted[b]));
    order
}

/// Seconds by the analytic cost, and by the shipped networks.
fn predicted(pipeline: &Pipeline, pool: &Pool, entries: &[usize]) -> Result<[Vec<f64>; 2]> {
    let threads = pool.machine.threads;
    let drawer = Drawer::new(pipeline, threads)?;
    let Options { hardware, model, .. } = options(pipeline, threads, true, Brakes::default());
    let (pricing, regions) = (Pricing::new(pipeline, &hardware, model), Regions::at_estimates(pipeline)?);
    let (mut analytic, mut learned) = (vec![], vec![]);
    for &entry in entries {
        let directives = &pool.entries[entry].directives;
        analytic.push(drawer.expected(directives)?);
        let scheduled = analyze(pipeline, &regions, directives, &hardware)?;
        learned.push(pricing.of(&scheduled).iter().map(|price| price.seconds).sum());
    }
    Ok([analytic, learned])
}

/// Seconds by networks that see features alone.
fn predicted_plainly(pipeline: &Pipeline, pool: &Pool, entries: &[usize], plain: &Trained) -> Result<Option<Vec<f64>>> {
    let record = |&entry: &usize| Record {
        source: String::new(),
        directives: pool.entries[entry].directives.clone(),
        status: Status::Ok,
        message: String::new(),
        seconds: Some(Seconds { min: 1.0, median: 1.0, spread: 0.0, samples: 1 }),
        predicted_seconds: None,
    };
    let measured = Measured {
        name: pool.name.clone(),
        family: pool.family.clone(),
        size: None,
        machine: pool.machine.clone(),
        pipeline: Some(pipeline.clone()),
        message: String::new(),
        records: entries.iter().map(record).collect(),
    };
    let all = pipelines(&dataset::groups(&[measured], &Hardware::generic(1, 1))?, View::Plain);
    let predicted = plain.predict(&all.iter().collect::<Vec<_>>())?.concat();
    // What the checker has come to refuse is left out there.
    Ok((predicted.len() == entries.len()).then_some(predicted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_prediction_comes_first() {
        assert_eq!(order(&[3.0, 1.0, 2.0]), [1, 2, 0]);
    }
}
