//! Progress on the terminal: a bar with an estimate where there is one, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Longest silence between plain lines: before the first, and after it.
const SILENCE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];

/// The bar on the terminal, which other messages must not run into. There is one at a time.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Prints a line on standard error, above the bar if there is one.
pub fn say(line: &str) {
    match &*BAR.lock().expect("no holder panics") {
        Some(bar) => bar.println(line),
        None => eprintln!("{line}"),
    }
}

/// Progress through a known number of steps, several of which may be under way at once.
pub struct Progress {
    shared: Arc<Shared>,
    /// Breaks the silence.
    speaker: Option<JoinHandle<()>>,
}

struct Shared {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: usize,
    start: Instant,
    state: Mutex<State>,
    over: Condvar,
}

struct State {
    done: usize,
    // Steps that came out of a cache say nothing about how long the others take.
    free: usize,
    under_way: Vec<String>,
    /// When there is something to say again.
    due: Instant,
    is_over: bool,
}

impl Progress {
    /// Starts `total` steps of `what` ("building", "timing").
    pub fn start(what: &'static str, total: usize) -> Progress {
        Self::with_template(what, total, "{prefix:>9} [{bar:30}] {pos}/{len} {elapsed} {msg}")
    }

    /// Starts the only step of `what`. Plain lines speak of it only if it takes long.
    pub fn one(what: &'static str, step: &str) -> Progress {
        let progress = Self::with_template(what, 1, "{prefix:>9} {spinner} {elapsed} {msg}");
        progress.begin(step);
        progress
    }

    fn with_template(what: &'static str, total: usize, template: &str) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            bar.set_style(ProgressStyle::with_template(template).expect("the template is valid").progress_chars("=> "));
            bar.set_prefix(what);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let start = Instant::now();
        let state = State { done: 0, free: 0, under_way: Vec::new(), due: start + SILENCE[0], is_over: false };
        let shared = Arc::new(Shared { bar, what, total, start, state: Mutex::new(state), over: Condvar::new() });
        let speaker = match &shared.bar {
            Some(bar) => {
                *BAR.lock().expect("no holder panics") = Some(bar.clone());
                None
            }
            None => {
                let shared = Arc::clone(&shared);
                Some(thread::spawn(move || shared.break_silence()))
            }
        };
        Progress { shared, speaker }
    }

    /// A step begins.
    pub fn begin(&self, step: &str) {
        let mut state = self.shared.lock();
        state.under_way.push(step.to_owned());
        self.shared.show(&state);
    }

    /// A step that began has ended with `result`. `reused` if that took no work.
    pub fn end(&self, step: &str, result: &str, reused: bool) {
        let shared = &self.shared;
        let mut state = shared.lock();
        state.done += 1;
        state.free += usize::from(reused);
        state.under_way.retain(|other| other != step);
        if shared.bar.is_none() {
            eprintln!("{} {step}: {result}", shared.counts(&state));
            state.due = Instant::now() + SILENCE[1];
        }
        shared.show(&state);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// `building [3/20, 40 s left]`
    fn counts(&self, state: &State) -> String {
        let left = self.left(state).map(|left| format!(", {} s left", left.as_secs())).unwrap_or_default();
        format!("{} [{}/{}{left}]", self.what, state.done, self.total)
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

    /// Says what is under way whenever no line has for long, until all is over.
    fn break_silence(&self) {
        let mut state = self.lock();
        while !state.is_over {
            let now = Instant::now();
            if now >= state.due {
                eprintln!("{} {} ...", self.counts(&state), state.under_way.join(", "));
                state.due = now + SILENCE[1];
            }
            let wait = state.due - now;
            state = self.over.wait_timeout(state, wait).expect("no holder panics").0;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.shared.bar {
            *BAR.lock().expect("no holder panics") = None;
            bar.finish_and_clear();
        }
        self.shared.lock().is_over = true;
        self.shared.over.notify_all();
        // It has nothing to do but to end.
        let _ = self.speaker.take().map(JoinHandle::join);
    }
}
