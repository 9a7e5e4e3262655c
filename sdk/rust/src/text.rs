//! Text on both sides of the ABI.
use crate::ffi::{sluice_str, sluice_text_sink};
use std::borrow::Cow;

/// The text as Rust sees it; what is not UTF-8 (a header of an odd client) is replaced by U+FFFD.
///
/// # Safety
/// The text must be alive for as long as the result is used.
pub(crate) unsafe fn view<'a>(text: sluice_str) -> Cow<'a, str> {
    String::from_utf8_lossy(text.bytes())
}

/// # Safety
/// The sink must belong to the call that is running.
pub(crate) unsafe fn put(sink: sluice_text_sink, text: &str) {
    (sink.put)(sink.ctx, sluice_str::new(text));
}

/// A sink that appends to a string, for the time of one call into the host.
pub(crate) fn sink_into(text: &mut String) -> sluice_text_sink {
    unsafe extern "C" fn append(ctx: *mut std::os::raw::c_void, text: sluice_str) {
        (*ctx.cast::<String>()).push_str(&view(text));
    }
    sluice_text_sink { ctx: (text as *mut String).cast(), put: append }
}
