//! A safe interface to the C++ shim.

use crate::shim;
use crate::text::{copy, copy_bytes, lend};
use std::marker::PhantomData;
use std::panic::{catch_unwind, AssertUnwindSafe};

pub use shim::hs_size as Size;
pub use shim::{hs_directive_kind as Kind, hs_memory_type as MemoryType, hs_tail_strategy as TailStrategy};

/// One call of the autoscheduler: a pipeline, its target and the user's parameters.
pub struct Request<'a> {
    raw: *mut shim::hs_request,
    lifetime: PhantomData<&'a mut shim::hs_request>,
}

/// A loop variable of a [`Call`].
#[derive(Clone, Copy, Debug)]
pub struct Variable<'a> {
    /// Halide's name of it.
    pub name: &'a str,
    /// Whether it is an RVar.
    pub is_rvar: bool,
}

/// One scheduling call; which fields count depends on the kind (see `shim.h`).
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// What is called.
    pub kind: Kind::Type,
    /// Index of the Func.
    pub func: u32,
    /// Stage of the Func; 0 is the pure definition.
    pub stage: u32,
    /// Index of the Func whose loop is meant.
    pub at_func: u32,
    /// Stage of that Func.
    pub at_stage: u32,
    /// Loop variables, in the order of Halide's method.
    pub vars: Vec<Variable<'a>>,
    /// Split or fold factor, extent or modulus.
    pub factor: i32,
    /// Min or remainder of bounds.
    pub offset: i32,
    /// Tail strategy of a split.
    pub tail: TailStrategy::Type,
    /// Memory type of `store_in`.
    pub memory: MemoryType::Type,
    /// Sizes of a specialisation.
    pub sizes: Vec<Size>,
}

impl Request<'_> {
    /// The parameters the user gave, in key order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        // SAFETY: `raw` is valid for the lifetime of `self`.
        let count = unsafe { shim::hs_param_count(self.raw) };
        (0..count)
            .map(|index| {
                // SAFETY: `raw` is valid and `index` is below the count.
                let (key, value) =
                    unsafe { (shim::hs_param_key(self.raw, index), shim::hs_param_value(self.raw, index)) };
                (copy(key), copy(value))
            })
            .collect()
    }

    /// The pipeline as JSON.
    ///
    /// # Errors
    /// Halide's message when the pipeline cannot be described.
    pub fn extract(&mut self) -> Result<String, String> {
        let mut json = shim::hs_string { data: std::ptr::null(), size: 0 };
        // SAFETY: `raw` is valid, `json` outlives the call, and the shim throws nothing.
        let status = unsafe { shim::hs_extract(self.raw, &mut json) };
        self.checked(status)?;
        Ok(copy(json))
    }

    /// Applies scheduling calls to the pipeline's Funcs, in order.
    ///
    /// # Errors
    /// Halide's message when it refuses one; the calls before it stay applied.
    pub fn apply(&mut self, calls: &[Call<'_>]) -> Result<(), String> {
        let vars: Vec<Vec<shim::hs_var>> = calls
            .iter()
            .map(|c| c.vars.iter().map(|v| shim::hs_var { name: lend(v.name), is_rvar: v.is_rvar.into() }).collect())
            .collect();
        let directives: Vec<shim::hs_directive> = calls
            .iter()
            .zip(&vars)
            .map(|(call, vars)| shim::hs_directive {
                kind: call.kind,
                func: call.func,
                stage: call.stage,
                at_func: call.at_func,
                at_stage: call.at_stage,
                vars: vars.as_ptr(),
                var_count: vars.len(),
                factor: call.factor,
                offset: call.offset,
                tail: call.tail,
                memory: call.memory,
                sizes: call.sizes.as_ptr(),
                size_count: call.sizes.len(),
            })
            .collect();
        // SAFETY: `raw` is valid; the directives and all they point to live until the end of this function.
        let status = unsafe { shim::hs_apply(self.raw, directives.as_ptr(), directives.len()) };
        self.checked(status)
    }

    /// The schedule of a serialised pipeline (`-e hlpipe`), which is this one but for its schedule, as the JSON form of a
    /// list of the scheduler's directives.
    ///
    /// # Errors
    /// A message when `content` is no such file's, is of another pipeline, or has a schedule that directives cannot express.
    pub fn read_schedule(&mut self, content: &[u8]) -> Result<String, String> {
        let mut json = shim::hs_string { data: std::ptr::null(), size: 0 };
        // SAFETY: `raw` is valid, `content` and `json` outlive the call, and the shim throws nothing.
        let status = unsafe { shim::hs_read_schedule(self.raw, lend(content), &mut json) };
        self.checked(status)?;
        Ok(copy(json))
    }

    /// The pipeline as it is, serialised as `-e hlpipe` does it. Estimates of inputs are not part of that.
    ///
    /// # Errors
    /// Halide's message when it cannot be serialised.
    pub fn serialise(&mut self) -> Result<Vec<u8>, String> {
        let mut content = shim::hs_string { data: std::ptr::null(), size: 0 };
        // SAFETY: `raw` is valid, `content` outlives the call, and the shim throws nothing.
        let status = unsafe { shim::hs_serialise(self.raw, &mut content) };
        self.checked(status)?;
        Ok(copy_bytes(content))
    }

    /// Sets what `-e schedule` writes.
    pub fn set_schedule_source(&mut self, source: &str) {
        // SAFETY: `raw` is valid and the shim copies the text.
        unsafe { shim::hs_set_schedule_source(self.raw, lend(source)) }
    }

    /// Warns the user the way Halide does.
    pub fn warn(&mut self, message: &str) {
        // SAFETY: `raw` is valid and the shim copies the text.
        unsafe { shim::hs_warn(self.raw, lend(message)) }
    }

    fn checked(&self, status: i32) -> Result<(), String> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: `raw` is valid.
        Err(copy(unsafe { shim::hs_error(self.raw) }))
    }
}

/// Registers an autoscheduler. To be called once per name and process, when the library is loaded.
///
/// # Errors
/// Halide's message, for instance when the name is taken.
pub fn register<S: Scheduler>() -> Result<(), String> {
    // SAFETY: the name is copied, and `trampoline` neither unwinds nor keeps the request.
    let status = unsafe { shim::hs_register(lend(S::NAME), Some(trampoline::<S>)) };
    if status == 0 {
        Ok(())
    } else {
        Err(format!("{} is already registered as an autoscheduler", S::NAME))
    }
}

/// An autoscheduler that [`register`] can register.
pub trait Scheduler {
    /// The name users select it by.
    const NAME: &'static str;

    /// Schedules one pipeline.
    ///
    /// # Errors
    /// The text becomes a Halide user error.
    fn schedule(request: &mut Request<'_>) -> Result<(), String>;
}

unsafe extern "C" fn trampoline<S: Scheduler>(raw: *mut shim::hs_request) -> i32 {
    let mut request = Request { raw, lifetime: PhantomData };
    // The request is not touched after a panic, but for its error.
    let result = catch_unwind(AssertUnwindSafe(|| S::schedule(&mut request)));
    let message = match result {
        Ok(Ok(())) => return 0,
        Ok(Err(message)) => message,
        Err(panic) => format!("internal error (please report it): {}", panic_message(panic.as_ref())),
    };
    // SAFETY: `raw` is valid during the callback and the shim copies the text.
    unsafe { shim::hs_set_error(raw, lend(&message)) };
    1
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown panic")
}
