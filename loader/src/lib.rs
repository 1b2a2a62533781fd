//! `libautoschedule_srivastava2020.so`: opens the autoscheduler that was built for the Halide in this process.
//!
//! A plugin works with the Halide it was compiled for only; with another the dynamic linker reports an undefined symbol, or
//! worse. This library uses no symbol of Halide, so that it loads beside any, and the one it opens registers the
//! autoscheduler. Where none fits it says so on standard error: whoever loads it has no other way to learn the reason.

mod process;

use std::io::Write;
use std::path::PathBuf;

use halide_abi::builds;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

/// Why the autoscheduler is not there.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "no shared libHalide.so is loaded in this process. A program that has Halide linked in can load no plugin; \
             link it with the shared libHalide"
    )]
    NoHalide,
    #[error("{} cannot be read: {error}", .libhalide.display())]
    UnreadableHalide { libhalide: PathBuf, error: halide_abi::Error },
    #[error("no {pattern} is beside {}. They belong together: copy them, or link to them, together", .loader.display(),
            pattern = builds::PATTERN)]
    NoBuilds { loader: PathBuf },
    #[error("{} is {found}, and the plugin was built for {supported}. Use one of these, or build the plugin for yours \
             (HALIDE_ROOT=FOLDER make build)", .libhalide.display())]
    OtherHalide { libhalide: PathBuf, found: String, supported: String },
    #[error("{} cannot be loaded: {error}", .build.display())]
    Broken { build: PathBuf, error: libloading::Error },
}

fn open() -> Result<(), Refusal> {
    let libhalide = process::libhalide().ok_or(Refusal::NoHalide)?;
    let fingerprint = halide_abi::fingerprint(&libhalide)
        .map_err(|error| Refusal::UnreadableHalide { libhalide: libhalide.clone(), error })?;
    let loader = process::this_library();
    let builds = builds::beside(&loader);
    if builds.is_empty() {
        return Err(Refusal::NoBuilds { loader });
    }
    let Some(build) = builds.iter().find(|build| build.fits(&fingerprint)) else {
        let found = halide_abi::version(&libhalide);
        let found = found.map_or("another Halide".to_owned(), |version| format!("Halide {version}"));
        return Err(Refusal::OtherHalide { libhalide, found, supported: builds::describe(&builds) });
    };
    // SAFETY: the library's initialiser registers the autoscheduler with the Halide it was built for, which is the one
    // that is loaded, and does nothing else.
    let library = unsafe { Library::open(Some(&build.path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| Refusal::Broken { build: build.path.clone(), error })?;
    // Halide keeps what it registered.
    std::mem::forget(library);
    Ok(())
}

#[ctor::ctor]
fn load() {
    if let Err(refusal) = open() {
        // Nobody to tell that standard error is gone.
        let _ = writeln!(std::io::stderr(), "Srivastava2020: not loaded: {refusal}.");
    }
}
