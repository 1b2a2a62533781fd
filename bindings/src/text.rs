//! Strings across the boundary.

use std::ffi::c_char;

use crate::shim;

/// Bytes for the shim to read while they are borrowed.
pub(crate) fn lend(text: &(impl AsRef<[u8]> + ?Sized)) -> shim::hs_string {
    let bytes = text.as_ref();
    shim::hs_string { data: bytes.as_ptr().cast::<c_char>(), size: bytes.len() }
}

/// Copies bytes of the shim.
pub(crate) fn copy_bytes(bytes: shim::hs_string) -> Vec<u8> {
    if bytes.size == 0 {
        return Vec::new();
    }
    // SAFETY: the shim returns `size` readable bytes that live as long as what they were asked of, and nothing changes them here.
    unsafe { std::slice::from_raw_parts(bytes.data.cast::<u8>(), bytes.size) }.to_vec()
}

/// Copies a string of the shim.
pub(crate) fn copy(text: shim::hs_string) -> String {
    String::from_utf8_lossy(&copy_bytes(text)).into_owned()
}
