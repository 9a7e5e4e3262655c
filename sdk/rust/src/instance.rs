//! Making and ending instances of an author's type: what the tables of backends and middleware have in common.
use crate::error::Error;
use crate::ffi::{
    sluice_host, sluice_status, sluice_str, sluice_text_sink, SLUICE_E_INTERNAL, SLUICE_E_INVALID, SLUICE_OK,
};
use crate::guard::guard;
use crate::host::Host;
use crate::text;

/// The author's object with the host it works for.
pub(crate) struct Instance<T> {
    pub host: Host,
    pub object: T,
}

/// The create() of every table. `make` is the author's `new`.
///
/// # Safety
/// The arguments are those of a table's create().
pub(crate) unsafe fn create<T, Handle>(
    host: *const sluice_host,
    config_json: sluice_str,
    errors: sluice_text_sink,
    out: *mut *mut Handle,
    make: impl FnOnce(Host, &str) -> Result<T, Error>,
) -> sluice_status {
    let made = guard(host, || {
        let host = Host::new(host);
        make(host, &text::view(config_json)).map(|object| Box::into_raw(Box::new(Instance { host, object })))
    });
    match made {
        Ok(Ok(instance)) => {
            *out = instance.cast();
            SLUICE_OK
        }
        Ok(Err(error)) => {
            text::put(errors, error.message());
            SLUICE_E_INVALID
        }
        Err(_) => {
            text::put(errors, "the plugin panicked while the instance was made; the log has the reason");
            SLUICE_E_INTERNAL
        }
    }
}

/// The destroy() of every table.
///
/// # Safety
/// `handle` was made by [`create`] for the same `T`, and nothing uses it any more.
pub(crate) unsafe fn destroy<T, Handle>(handle: *mut Handle) {
    let instance = Box::from_raw(handle.cast::<Instance<T>>());
    let host = instance.host;
    let _ = guard(host.raw(), move || drop(instance));
}

/// # Safety
/// `handle` was made by [`create`] for the same `T`, and is not destroyed while the result is used.
pub(crate) unsafe fn instance_of<'a, T, Handle>(handle: *mut Handle) -> &'a Instance<T> {
    &*handle.cast::<Instance<T>>()
}
