//! Strings across the boundary.

use std::ffi::c_char;

use crate::shim;

/// Bytes for the shim to read while they are borrowed.
pub(crate) fn lend(text: &(impl AsRef<[u8]> + ?Sized)) -> shim::hs_string {
    let bytes = text.as_ref();
    shim::hs_string { data: bytes.as_ptr().cast::<c_char>(), size: bytes.len() }
}

/// Copies a string of the shim.
pub(crate) fn copy(text: shim::hs_string) -> String {
    if text.size == 0 {
        return String::new();
    }
    // SAFETY: the shim returns `size` readable bytes that live as long as what they were asked of, and nothing changes them here.
    let bytes = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.size) };
    String::from_utf8_lossy(bytes).into_owned()
}
