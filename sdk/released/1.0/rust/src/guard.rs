//! No panic leaves the plugin: every function that the host calls runs in [`guard`].
//!
//! A panic's place and text go into the host's log. The hook that sees to this belongs to this plugin alone, as does all
//! of its standard library. It takes the place of the default one also because that asks for the name of the thread:
//! where that registers a destructor with the thread (Rust 1.63 does), the plugin could not be unloaded before the host's
//! thread has ended.
use crate::ffi::sluice_host;
use crate::host::Host;
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;

thread_local! {
    // A plain value without a destructor, for the same reason.
    static CURRENT: Cell<*const sluice_host> = const { Cell::new(std::ptr::null()) };
}

/// The function panicked; the log has the reason.
pub(crate) struct Panicked;

/// Runs what an author has written for the instance of `host`.
pub(crate) fn guard<R>(host: *const sluice_host, run: impl FnOnce() -> R) -> Result<R, Panicked> {
    install_hook();
    let outer = CURRENT.with(|current| current.replace(host));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    CURRENT.with(|current| current.set(outer));
    result.map_err(|payload| {
        // The payload is the author's, and its drop may panic again.
        if let Err(second) = panic::catch_unwind(AssertUnwindSafe(move || drop(payload))) {
            std::mem::forget(second);
        }
        Panicked
    })
}

fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let host = CURRENT.with(Cell::get);
            if host.is_null() {
                previous(info);
            } else {
                report(host, info.payload(), info.location());
            }
        }));
    });
}

fn report(host: *const sluice_host, payload: &dyn Any, place: Option<&Location<'_>>) {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text");
    let place = place.map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    // The host outlives every call into the instance.
    unsafe { Host::new(host) }.log().error(&format!("panic{place}: {text}"));
}
