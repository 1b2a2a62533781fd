//! A made-up evaluation with everything a report has to show.

use std::sync::OnceLock;

use crate::results::record::{Environment, EvalResult, Evaluation, RunSeconds, Status};
use crate::results::stats::{median, summarise};

pub(super) const SCHEDULERS: [&str; 6] = ["none", "manual", "Mullapudi2016", "Adams2019", "Li2018", "Srivastava2020"];

/// Pipeline, bytes of inputs and outputs, milliseconds under each of [`SCHEDULERS`] (`Err` where it failed).
type Row = (&'static str, u64, [Result<f64, Status>; 6]);

const ROWS: [Row; 4] = [
    ("blur", 15_000_000, [Ok(25.0), Ok(2.5), Ok(4.0), Ok(3.0), Ok(6.0), Ok(2.0)]),
    ("local_laplacian", 24_000_000, [Ok(900.0), Ok(40.0), Ok(61.5), Err(Status::OutOfMemory), Ok(300.0), Ok(50.0)]),
    ("quantized_matmul", 6_000_000, [Ok(80.0), Err(Status::Skipped), Ok(9.0), Err(Status::Timeout), Ok(8.0), Ok(8.1)]),
    (
        "iir_blur",
        10_000_000,
        [Ok(9.0), Err(Status::Skipped), Err(Status::Error), Ok(5.0), Ok(7.0), Err(Status::WrongOutput)],
    ),
];

/// The evaluation. Its samples are spread by 5 % around their median, each scheduler's in another order.
pub fn sample() -> Evaluation {
    // Its many bootstraps take a while without optimisation, and every test wants it.
    static MADE: OnceLock<Evaluation> = OnceLock::new();
    MADE.get_or_init(make).clone()
}

fn make() -> Evaluation {
    let mut results = Vec::new();
    for (pipeline, io_bytes, times) in ROWS {
        for (index, time) in times.into_iter().enumerate() {
            results.push(result(pipeline, index, time, io_bytes));
        }
    }
    let environment = Environment {
        cpu: "Example CPU @ 2.0 GHz".into(),
        threads: 2,
        target: "x86-64-linux-avx-avx2-f16c-fma-sse41".into(),
        copy_bytes_per_second: Some(1.2e10),
        peak_flops: Some(1.1e11),
    };
    let summary = summarise(&results, &SCHEDULERS);
    Evaluation { environment, subject: None, reference: Some("unscheduled".into()), results, summary }
}

fn result(pipeline: &str, index: usize, time: Result<f64, Status>, io_bytes: u64) -> EvalResult {
    let status = time.err().unwrap_or(Status::Ok);
    let message = match status {
        Status::Ok | Status::Skipped => "",
        Status::Error => "Error: In schedule for f.update(0), could not split <r.x> & \"y\"",
        Status::Timeout => "the generator took longer than 60 s; raise --timeout to wait",
        Status::OutOfMemory => "the generator needed more than 4 GB; raise --memory to allow it",
        Status::WrongOutput => "output 0 differs from the unscheduled build's at [3, 4]: 1.5 instead of 2",
    };
    let samples: Vec<f64> = time
        .iter()
        .flat_map(|ms| (0..11).map(move |i| (ms, (i * (index + 3)) % 11)))
        .map(|(ms, i)| ms * 1e-3 * (0.95 + 0.01 * i as f64))
        .collect();
    EvalResult {
        pipeline: pipeline.into(),
        size: None,
        scheduler: SCHEDULERS[index].into(),
        status,
        message: message.into(),
        schedule_seconds: time.ok().map(|ms| 0.1 + ms * 1e-3),
        compile_seconds: time.ok().map(|_| 1.25),
        peak_memory_bytes: Some(312_000_000),
        run_seconds: time.ok().map(|_| RunSeconds {
            median: median(&samples),
            min: samples.iter().copied().fold(f64::INFINITY, f64::min),
            samples,
        }),
        predicted_seconds: time.ok().filter(|_| index > 2).map(|ms| ms * 1e-3 * (0.5 + 0.3 * index as f64)),
        output_matches: match status {
            Status::Ok => Some(true),
            Status::WrongOutput => Some(false),
            _ => None,
        },
        rounding: None,
        reference: Some("unscheduled".into()),
        io_bytes: Some(io_bytes),
        disturbed: false,
    }
}
