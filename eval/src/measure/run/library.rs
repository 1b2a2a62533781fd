//! A compiled pipeline in a shared library: loads it, reads its metadata, calls it.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{bail, ensure, Context, Result};
use halide_runtime_sys::{halide_filter_argument_t, halide_filter_metadata_t, halide_scalar_value_t};

use super::buffers::Raw;
use super::protocol::{Argument, Code, Description, Kind, Type};
use crate::measure::build::builder::FUNCTION;

type Argv = unsafe extern "C" fn(*mut *mut c_void) -> c_int;
type Metadata = unsafe extern "C" fn() -> *const halide_filter_metadata_t;
type ErrorHandler = unsafe extern "C" fn(*mut c_void, *const c_char);
type SetErrorHandler = unsafe extern "C" fn(ErrorHandler) -> *mut c_void;
type SetNumThreads = unsafe extern "C" fn(c_int) -> c_int;
type SetCustomPrint = unsafe extern "C" fn(Option<Print>) -> Option<Print>;
type Print = unsafe extern "C" fn(*mut c_void, *const c_char);
type Report = unsafe extern "C" fn(*mut c_void);

/// The first error since it was last taken. Pipelines report errors from any of their threads.
static ERROR: Mutex<Option<String>> = Mutex::new(None);

/// What is printed while that is caught.
static PRINTED: Mutex<String> = Mutex::new(String::new());

unsafe extern "C" fn on_print(_user_context: *mut c_void, message: *const c_char) {
    // SAFETY: Halide passes a NUL-terminated string that lives until the handler returns.
    let message = unsafe { text(message) };
    if let Ok(mut printed) = PRINTED.lock() {
        printed.push_str(&message);
    }
}

unsafe extern "C" fn on_error(_user_context: *mut c_void, message: *const c_char) {
    // SAFETY: Halide passes a NUL-terminated string that lives until the handler returns.
    let message = unsafe { text(message) };
    if let Ok(mut error) = ERROR.lock() {
        error.get_or_insert(message.trim().to_owned());
    }
}

/// # Safety
/// `text` is null, or points to a NUL-terminated string.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: by this function's contract.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A loaded pipeline.
pub struct Library {
    argv: Argv,
    /// What it says of itself.
    pub description: Description,
    /// Values of its scalar arguments at the estimates, else the defaults; in the low bytes. By scalar.
    pub scalars: Vec<[u8; 8]>,
    // The code above lives in it.
    library: libloading::Library,
}

impl Library {
    /// Loads the library at `path`, to run on `threads` threads.
    pub fn open(path: &Path, threads: usize) -> Result<Library> {
        let name = |suffix: &str| format!("{FUNCTION}{suffix}\0").into_bytes();
        // SAFETY: initialisers of a Halide library only set up its runtime's tables. That the pipeline itself may be
        // wrong is why this runs in a process of its own.
        let library = unsafe { libloading::Library::new(path) }?;
        // SAFETY: the symbols are those that Halide generates, of the types that HalideRuntime.h gives them.
        let (argv, metadata) = unsafe {
            let argv: Argv = *library.get(&name("_argv"))?;
            let metadata: Metadata = *library.get(&name("_metadata"))?;
            (argv, metadata)
        };
        // SAFETY: as above; a pipeline without a runtime of its own lacks them.
        unsafe {
            if let Ok(set_error_handler) = library.get::<SetErrorHandler>(b"halide_set_error_handler\0") {
                set_error_handler(on_error);
            }
            if let Ok(set_num_threads) = library.get::<SetNumThreads>(b"halide_set_num_threads\0") {
                set_num_threads(threads as c_int);
            }
        }
        // SAFETY: the function takes nothing and returns a static.
        let metadata = unsafe { metadata().as_ref() }.context("the pipeline has no metadata")?;
        // SAFETY: `metadata` comes from the pipeline.
        let (description, scalars) = unsafe { read_metadata(metadata) }?;
        Ok(Library { argv, description, scalars, library })
    }

    /// What Halide's profiler says of the calls so far: milliseconds a call by name.
    pub fn profile(&self) -> Result<Vec<(String, f64)>> {
        let missing = "the pipeline was not compiled to be profiled";
        // SAFETY: these are functions of Halide's runtime, of the types that HalideRuntime.h gives them; `on_print` is one that it takes,
        // and what it took before comes back. No call of the pipeline is under way.
        unsafe {
            let set_print: SetCustomPrint = *self.library.get(b"halide_set_custom_print\0").context(missing)?;
            let report: Report = *self.library.get(b"halide_profiler_report\0").context(missing)?;
            let before = set_print(Some(on_print));
            report(std::ptr::null_mut());
            set_print(before);
        }
        let printed = std::mem::take(&mut *PRINTED.lock().expect("no holder panics"));
        ensure!(!printed.is_empty(), missing);
        Ok(super::profiler::milliseconds(&printed))
    }
}

/// # Safety
/// `metadata` was generated by Halide, so that its pointers are null or valid.
unsafe fn read_metadata(metadata: &halide_filter_metadata_t) -> Result<(Description, Vec<[u8; 8]>)> {
    ensure!(metadata.version == 1, "metadata version {} is not known", metadata.version);
    // SAFETY: by this function's contract; there is at least the output, so `arguments` is not null.
    let arguments = unsafe { std::slice::from_raw_parts(metadata.arguments, metadata.num_arguments as usize) };
    let mut scalars = Vec::new();
    let mut described = Vec::new();
    for argument in arguments {
        // SAFETY: as above.
        let read = unsafe { read_argument(argument) }?;
        if read.kind == Kind::Scalar {
            // SAFETY: as above.
            scalars.push(unsafe { scalar_value(argument) });
        }
        described.push(read);
    }
    // SAFETY: as above.
    let target = unsafe { text(metadata.target) };
    Ok((Description { target, arguments: described }, scalars))
}

/// # Safety
/// As for [`read_metadata`].
unsafe fn read_argument(argument: &halide_filter_argument_t) -> Result<Argument> {
    // SAFETY: by this function's contract.
    let name = unsafe { text(argument.name) };
    let kind = match argument.kind {
        0 => Kind::Scalar,
        1 => Kind::Input,
        2 => Kind::Output,
        other => bail!("argument {name} is of the unknown kind {other}"),
    };
    let code = match argument.type_.code {
        0 => Code::Int,
        1 => Code::UInt,
        2 => Code::Float,
        3 => Code::Handle,
        4 => Code::BFloat,
        other => bail!("argument {name} is of the unknown type code {other}"),
    };
    let dimensions = argument.dimensions as usize;
    let estimate = |i: usize| {
        // SAFETY: where there are estimates, there are two pointers per dimension, each null or valid.
        unsafe { (*argument.buffer_estimates.add(i)).as_ref() }.and_then(|&value| i32::try_from(value).ok())
    };
    let pair = |d: usize| Some([estimate(2 * d)?, estimate(2 * d + 1)?]);
    let estimates = match argument.buffer_estimates.is_null() {
        true => vec![None; dimensions],
        false => (0..dimensions).map(pair).collect(),
    };
    Ok(Argument { name, kind, type_: Type { code, bits: argument.type_.bits }, dimensions, estimates })
}

/// # Safety
/// As for [`read_metadata`].
unsafe fn scalar_value(argument: &halide_filter_argument_t) -> [u8; 8] {
    let read = |value: *const halide_scalar_value_t| {
        // SAFETY: null or valid by this function's contract, and the union is eight bytes whatever it holds.
        unsafe { value.as_ref().map(|value| value.u.u64_.to_le_bytes()) }
    };
    // A pointer from the generator's process means nothing here.
    if argument.type_.code == 3 {
        return [0; 8];
    }
    read(argument.scalar_estimate).or_else(|| read(argument.scalar_def)).unwrap_or_default()
}

/// The arguments of a call, ready for many calls.
pub struct Call<'a> {
    library: &'a Library,
    /// Buffers by position among all buffers.
    pub raws: Vec<Raw>,
    // `pointers` points into `raws` and `_scalars`, neither of which changes its memory after construction.
    _scalars: Vec<[u8; 8]>,
    pointers: Vec<*mut c_void>,
}

impl<'a> Call<'a> {
    /// A call with `raws`, one per buffer argument in their order, and `scalars`, one per scalar argument.
    pub fn new(library: &'a Library, mut raws: Vec<Raw>, mut scalars: Vec<[u8; 8]>) -> Call<'a> {
        let mut next_raw = raws.iter_mut();
        let mut next_scalar = scalars.iter_mut();
        let pointer = |argument: &Argument| -> *mut c_void {
            match argument.kind {
                Kind::Scalar => next_scalar.next().expect("one value per scalar").as_mut_ptr().cast(),
                _ => (&raw mut next_raw.next().expect("one raw buffer per buffer").buffer).cast(),
            }
        };
        let pointers = library.description.arguments.iter().map(pointer).collect();
        Call { library, raws, _scalars: scalars, pointers }
    }

    /// Calls the pipeline.
    pub fn run(&mut self) -> Result<()> {
        // SAFETY: `pointers` has one entry per argument, each to a buffer or scalar of the type in the metadata, and the
        // buffers describe memory that outlives the call (or none: a bounds query). The code is the pipeline's.
        let code = unsafe { (self.library.argv)(self.pointers.as_mut_ptr()) };
        let error = ERROR.lock().ok().and_then(|mut error| error.take());
        match (code, error) {
            (0, None) => Ok(()),
            (_, Some(message)) => bail!("{message}"),
            (code, None) => bail!("the pipeline returned error code {code}"),
        }
    }
}
