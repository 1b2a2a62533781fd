//! `nnc regret`: how much slower what a judge picks is than the best known schedule, on pipelines that nobody tuned for.

mod args;
mod gather;
mod judges;
mod pool;
mod rows;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use host::Processor;
use scheduler::cost::nearest;
use serde::Serialize;

pub use args::RegretArgs;
use gather::{candidate, Gathering};
use judges::{judge, made, Made};
use pool::Pool;
use rows::{pairs, rows, Judged, Pair, Row};

use crate::measure::build::builder::Builder;
use crate::measure::build::generator::{Pipeline, RANDOM_WORKLOAD};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::workbench::{Tools, Workbench};
use crate::records::dataset;
use crate::records::record::{self, Machine, Store};
use crate::report::{self, format};
use crate::results::failure;
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::program::program_folder;
use crate::system::progress::Progress;
use crate::training::data::{pipelines, View};
use crate::training::method::{Trained, METHODS};

/// Size classes of random pipelines, in turn.
const SIZES: [&str; 3] = ["small", "medium", "large"];
/// Families of random pipelines, in turn: images are what most people run.
const FAMILIES: [&str; 5] = ["image", "map", "image", "matrix", "signal"];
/// Networks that do not know the analytic cost: epochs and members.
const PLAIN: (usize, u64) = (300, 1);

/// What `--json` writes.
#[derive(Serialize)]
struct Report {
    seed: u64,
    rows: Vec<Row>,
    pairs: Vec<Pair>,
}

/// A pipeline to judge on.
struct Task {
    pipeline: Pipeline,
    family: String,
    size: String,
    seed: u64,
}

/// Times what is not timed yet, and judges.
pub fn run(args: &RegretArgs) -> Result<Ended> {
    let seed = args.seed.unwrap_or_else(fresh);
    let tasks = tasks(args, seed)?;
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => program_folder()?.join("../nnc/regret"),
    };
    let store: Store<Pool> = Store::open(&folder)?;
    let mut builder = args.build.builder(&Scheduler::Unscheduled)?;
    let Some(first) = tasks.first() else { return Ok(Ended::Complete) };
    println!("seed {seed}: `nnc regret --seed {seed} --random {}` goes on from here\n", args.random);
    builder.link_runtime_once(&first.pipeline)?;
    let threads = u32::try_from(builder.threads)?;
    let processor = Processor::here();
    let machine = Machine { hardware: processor.fingerprint(), cpu: processor.cpu, threads };
    let progress = Progress::start("measuring", tasks.len());
    let start = Instant::now();
    let mut pools = Vec::new();
    for task in &tasks {
        if args.budget.is_some_and(|budget| start.elapsed() >= budget) {
            eprintln!("The time is used up; run the same command again to go on from here.");
            break;
        }
        let name = task.pipeline.to_string();
        progress.begin(&name);
        let known = store.get(&name).unwrap_or_default().pop();
        let reused = known.is_some();
        let Measured { pool, made, passing } = match measure(task, known, args, &builder, &machine) {
            _ if process::interrupted() => break,
            Ok(measured) => measured,
            Err(error) => {
                let message = format!("{error:#}");
                let passing = (!failure::lasts(&error)).then(|| message.clone());
                Measured { pool: blank(task, &machine, message), made: vec![], passing }
            }
        };
        let result = match passing {
            Some(why) => format!("not kept, run the same command again: {why}"),
            None => {
                store.put(&name, std::slice::from_ref(&pool))?;
                summary(&pool)
            }
        };
        progress.end(&name, &result, reused);
        pools.push((pool, made));
    }
    drop(progress);
    if process::interrupted() {
        eprintln!("Interrupted; run the same command with --seed {seed} to go on from here.");
        return Ok(Ended::Interrupted);
    }
    let judged = judge_all(&pools)?;
    let report = Report { seed, rows: rows(&judged), pairs: pairs(&judged) };
    print(&report);
    if let Some(path) = &args.json {
        report::write_json(&report, path)?;
    }
    Ok(Ended::Complete)
}

/// A seed that nobody has had.
fn fresh() -> u64 {
    // Room for so many pipelines between any two runs.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()) * 1000
}

fn tasks(args: &RegretArgs, first: u64) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    if !args.build.names.is_empty() || !args.build.generator.is_empty() {
        let named = |pipeline: Pipeline| Task {
            family: pipeline.name.clone(),
            pipeline,
            size: "named".to_owned(),
            seed: first,
        };
        tasks.extend(args.build.open_pipelines()?.into_iter().map(named));
    }
    if args.random == 0 {
        return Ok(tasks);
    }
    let generator = args.build.open_own(RANDOM_WORKLOAD)?;
    for number in 0..args.random {
        let (size, family) = (SIZES[number as usize % SIZES.len()], FAMILIES[number as usize % FAMILIES.len()]);
        let seed = first + number;
        let params = [("seed", seed.to_string()), ("size_class", size.to_owned()), ("kind", family.to_owned())];
        let mut pipeline = generator.clone();
        pipeline.params.extend(params.map(|(key, value)| (key.to_owned(), value)));
        tasks.push(Task { pipeline, family: family.to_owned(), size: size.to_owned(), seed });
    }
    Ok(tasks)
}

fn blank(task: &Task, machine: &Machine, message: String) -> Pool {
    Pool {
        name: task.pipeline.to_string(),
        family: task.family.clone(),
        size: task.size.clone(),
        machine: machine.clone(),
        message,
        pipeline: None,
        io_bytes: 0,
        entries: vec![],
    }
}

/// The pool of a pipeline, with all that judges pick.
struct Measured {
    pool: Pool,
    made: Made,
    /// What the machine did to it, if that would be otherwise another time.
    passing: Option<String>,
}

fn measure(
    task: &Task,
    known: Option<Pool>,
    args: &RegretArgs,
    builder: &Builder,
    machine: &Machine,
) -> Result<Measured> {
    let tools = Tools { builder, limits: args.build.run_limits(), jobs: args.build.jobs(), seed: task.seed };
    let picks = |made: &Made, pool: &Pool| -> Vec<_> {
        let new = made.iter().filter(|(_, directives)| pool.find(directives).is_none());
        new.map(|(judge, directives)| candidate(judge, directives.clone())).collect()
    };
    if let Some(mut pool) = known.filter(|pool| pool.machine == *machine) {
        let made = pool.pipeline.as_ref().map_or(Ok(vec![]), |pipeline| made(pipeline, machine.threads))?;
        let picks = picks(&made, &pool);
        if picks.is_empty() {
            return Ok(Measured { pool, made, passing: None });
        }
        let bench = Workbench::open(task.pipeline.clone(), &tools)?;
        let mut gathering = Gathering::new(&bench, args.keep_disturbed)?;
        gathering.add_picks(&mut pool, &picks)?;
        return Ok(Measured { pool, made, passing: passing(&gathering) });
    }
    let bench = Workbench::open(task.pipeline.clone(), &tools)?;
    let mut pool = Pool { pipeline: Some(bench.data.clone()), ..blank(task, machine, String::new()) };
    let made = made(&bench.data, machine.threads)?;
    let mut gathering = Gathering::new(&bench, args.keep_disturbed)?;
    let picks = picks(&made, &pool);
    gathering.fill(&mut pool, &picks, args.schedules as usize, task.seed)?;
    Ok(Measured { pool, made, passing: passing(&gathering) })
}

fn passing(gathering: &Gathering) -> Option<String> {
    gathering.disturbed.then(|| "other processes disturbed the times".to_owned())
}

fn summary(pool: &Pool) -> String {
    let Some(best) = pool.best() else { return pool.message.clone() };
    let seconds = pool.entries[best].launches[&pool::PICKING];
    let timed = pool.entries.iter().filter(|entry| !entry.launches.is_empty()).count();
    format!(
        "{timed} of {} schedules, the best {} by {}",
        pool.entries.len(),
        format::duration(seconds),
        pool.entries[best].sources.join(" and ")
    )
}

fn judge_all(pools: &[(Pool, Made)]) -> Result<Vec<Judged>> {
    let Some(target) = pools.iter().find_map(|(pool, _)| Some(&pool.pipeline.as_ref()?.target)) else {
        return Ok(vec![]);
    };
    let training = Progress::one("training", "networks that do not know the analytic cost");
    let at_once = process::AtOnce::begin();
    let plain = without_c(nearest(target).0)?;
    drop((training, at_once));
    let mut all = Vec::new();
    for (pool, made) in pools.iter().filter(|(pool, _)| pool.pipeline.is_some()) {
        let verdicts = judge(pool, made, &plain)?;
        all.push(Judged { size: pool.size.clone(), family: pool.family.clone(), verdicts });
    }
    Ok(all)
}

/// Networks without c, trained on what the shipped model of this name was.
fn without_c(name: &str) -> Result<Trained> {
    let records = record::read(&record::shipped(name)?)?;
    let groups = dataset::groups(&records, &scheduler::Hardware::generic(1, 1))?;
    let method = METHODS.iter().find(|method| method.view == View::Plain).expect("one of the methods knows no c");
    let all = pipelines(&groups, method.view);
    method.train(&all.iter().collect::<Vec<_>>(), PLAIN.0, PLAIN.1, 0)
}

fn print(report: &Report) {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    let cells = report.rows.iter().filter(|row| row.family == "all").map(|row| {
        let mape = row.mape.map_or("-".to_owned(), format::percent);
        [
            row.judge.clone(),
            row.size.clone(),
            row.pipelines.to_string(),
            number(Some(row.regret)),
            number(row.low),
            number(row.high),
            mape,
        ]
    });
    println!("{}", report::grid(["judge", "size", "pipelines", "regret", "low", "high", "MAPE"], cells, 2));
    for Pair { judge, over, pipelines, ratio, low, high } in &report.pairs {
        println!("\n{judge} over {over}: {ratio:.3} [{}, {}], {pipelines} pipelines", number(*low), number(*high));
    }
}
