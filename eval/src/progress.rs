//! Progress on the terminal: a bar with an estimate where there is one, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress through a known number of steps, several of which may be under way at once.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: usize,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    done: usize,
    // Steps that came out of a cache say nothing about how long the others take.
    free: usize,
    under_way: Vec<String>,
}

impl Progress {
    /// Starts `total` steps of `what` ("building", "timing").
    pub fn start(what: &'static str, total: usize) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            let template = "{prefix:>9} [{bar:30}] {pos}/{len} {elapsed} {msg}";
            bar.set_style(ProgressStyle::with_template(template).expect("the template is valid").progress_chars("=> "));
            bar.set_prefix(what);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Progress { bar, what, total, start: Instant::now(), state: Mutex::default() }
    }

    /// A step begins.
    pub fn begin(&self, step: &str) {
        let mut state = self.state.lock().expect("no holder panics");
        state.under_way.push(step.to_owned());
        self.show(&state);
    }

    /// A step that began has ended with `result`. `reused` if that took no work.
    pub fn end(&self, step: &str, result: &str, reused: bool) {
        let mut state = self.state.lock().expect("no holder panics");
        state.done += 1;
        state.free += usize::from(reused);
        state.under_way.retain(|other| other != step);
        if self.bar.is_none() {
            let left = self.left(&state).map(|left| format!(", {} s left", left.as_secs())).unwrap_or_default();
            eprintln!("{} [{}/{}{left}] {step}: {result}", self.what, state.done, self.total);
        }
        self.show(&state);
    }

    fn left(&self, state: &State) -> Option<Duration> {
        let worked = state.done - state.free;
        let per_step = self.start.elapsed().checked_div(worked as u32)?;
        Some(per_step * (self.total - state.done) as u32)
    }

    fn show(&self, state: &State) {
        let Some(bar) = &self.bar else { return };
        let eta = self.left(state).map(|left| format!("about {} s left, ", left.as_secs())).unwrap_or_default();
        bar.set_position(state.done as u64);
        bar.set_message(format!("{eta}{}", state.under_way.join(", ")));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
