//! Serialised pipelines, opened to be scheduled and compiled.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::shim;
use crate::text::{copy, lend};

/// A serialised pipeline. It can be scheduled once: schedules are not taken back.
///
/// What goes wrong is Halide's message.
pub struct Pipeline {
    raw: *mut shim::hs_pipeline,
}

/// Files to compile a pipeline to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// Machine code.
    pub object: Option<&'a Path>,
    /// Lowered code, as text.
    pub stmt: Option<&'a Path>,
}

fn lend_path(path: Option<&Path>) -> shim::hs_string {
    lend(path.map_or(&[][..], |path| path.as_os_str().as_bytes()))
}

impl Pipeline {
    /// Opens the content of an `.hlpipe` file. Estimates of inputs do not survive serialising: give them again.
    pub fn open(content: &[u8]) -> Result<Pipeline, String> {
        // SAFETY: `content` outlives the call; the pipeline returned is ours to close.
        let pipeline = Pipeline { raw: unsafe { shim::hs_open(lend(content)) } };
        match pipeline.error() {
            error if error.is_empty() => Ok(pipeline),
            error => Err(error),
        }
    }

    fn error(&self) -> String {
        // SAFETY: `raw` is valid as long as `self`.
        copy(unsafe { shim::hs_pipeline_error(self.raw) })
    }

    fn checked(&self, status: i32) -> Result<(), String> {
        match status {
            0 => Ok(()),
            _ => Err(self.error()),
        }
    }

    /// Estimates a dimension of the input or output buffers of a name, in place of what was estimated before.
    pub fn estimate_dimension(&mut self, name: &str, dim: usize, min: i32, extent: i32) -> Result<(), String> {
        // SAFETY: `raw` is valid, and `name` outlives the call.
        self.checked(unsafe { shim::hs_estimate_dimension(self.raw, lend(name), dim, min, extent) })
    }

    /// Estimates the scalar inputs of a name; the value is a decimal number.
    pub fn estimate_scalar(&mut self, name: &str, value: &str) -> Result<(), String> {
        // SAFETY: `raw` is valid, and the strings outlive the call.
        self.checked(unsafe { shim::hs_estimate_scalar(self.raw, lend(name), lend(value)) })
    }

    /// Loads a plugin into the process, as GenGen's `-p` does.
    pub fn load_plugin(&mut self, path: &Path) -> Result<(), String> {
        // SAFETY: `raw` is valid, and `path` outlives the call.
        self.checked(unsafe { shim::hs_load_plugin(self.raw, lend_path(Some(path))) })
    }

    /// Applies an autoscheduler that a plugin has registered.
    pub fn schedule(&mut self, target: &str, autoscheduler: &str, params: &[(String, String)]) -> Result<(), String> {
        let params: Vec<shim::hs_param> =
            params.iter().map(|(key, value)| shim::hs_param { key: lend(key), value: lend(value) }).collect();
        // SAFETY: `raw` is valid; the strings and the parameters outlive the call.
        self.checked(unsafe {
            shim::hs_schedule(self.raw, lend(target), lend(autoscheduler), params.as_ptr(), params.len())
        })
    }

    /// Compiles it as the function of a name. `arguments` are the names of all inputs in the order of the signature; none for an
    /// order of Halide's.
    pub fn compile(&mut self, target: &str, function: &str, files: Files, arguments: &[String]) -> Result<(), String> {
        let order: Vec<shim::hs_string> = arguments.iter().map(lend).collect();
        let files = shim::hs_files { object: lend_path(files.object), stmt: lend_path(files.stmt) };
        // SAFETY: `raw` is valid, and the strings outlive the call.
        self.checked(unsafe {
            shim::hs_compile(self.raw, lend(target), lend(function), files, order.as_ptr(), order.len())
        })
    }

    /// Writes it, with its schedule, to an `.hlpipe` file.
    pub fn save(&mut self, path: &Path) -> Result<(), String> {
        // SAFETY: `raw` is valid, and `path` outlives the call.
        self.checked(unsafe { shim::hs_save(self.raw, lend_path(Some(path))) })
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // SAFETY: `raw` came from hs_open and is closed once.
        unsafe { shim::hs_close(self.raw) }
    }
}
