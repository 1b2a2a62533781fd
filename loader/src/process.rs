//! What is loaded in this process.

use std::ffi::{c_int, c_void, CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> c_int {
    // SAFETY: `libhalide` passes its Option, and nothing else uses it during the walk.
    let found = unsafe { &mut *found.cast::<Option<PathBuf>>() };
    // SAFETY: the dynamic linker passes a valid object.
    let name = unsafe { (*info).dlpi_name };
    if name.is_null() {
        return 0;
    }
    // SAFETY: names of loaded objects are strings that live as long as the objects.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    let is_halide = path.file_name().is_some_and(|file| file.as_bytes().starts_with(b"libHalide.so"));
    if is_halide {
        *found = Some(path.to_owned());
    }
    c_int::from(is_halide)
}

/// The file of libHalide. Of several it is the first, to which the dynamic linker binds who needs one.
pub fn libhalide() -> Option<PathBuf> {
    let mut found: Option<PathBuf> = None;
    // SAFETY: `visit` does not unwind, and `found` outlives the walk.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut found).cast()) };
    found
}

/// The file of this library, as it was named when it was loaded.
pub fn this_library() -> PathBuf {
    let inside = this_library as fn() -> PathBuf as *const c_void;
    // SAFETY: all-zero is a valid Dl_info: null pointers.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: `info` is writable; the address may be any.
    let status = unsafe { libc::dladdr(inside, &mut info) };
    if status == 0 || info.dli_fname.is_null() {
        return PathBuf::new();
    }
    // SAFETY: the name of a loaded object is a string that lives as long as the object, which is this one.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    PathBuf::from(OsStr::from_bytes(name.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_run_without_halide() {
        assert_eq!(libhalide(), None);
    }

    #[test]
    fn this_library_is_a_file() {
        assert!(this_library().is_file());
    }
}
