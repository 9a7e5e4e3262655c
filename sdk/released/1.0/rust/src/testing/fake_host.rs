//! A host with a log, and without the other interfaces: a plugin has to live with that.
use crate::ffi::{self, sluice_host, sluice_host_log, sluice_str, SLUICE_HOST_LOG_ID, SLUICE_HOST_PROBE};
use crate::host::Host;
use crate::text;
use std::mem::size_of;
use std::os::raw::c_void;
use std::sync::Mutex;

/// Outlives what is made with it.
pub struct FakeHost {
    inner: Box<Inner>,
}

struct Inner {
    raw: sluice_host,
    _instance: String,
    lines: Mutex<Vec<String>>,
}

static LOG: sluice_host_log =
    sluice_host_log { struct_size: size_of::<sluice_host_log>() as u32, flags: 0, is_enabled, write };

impl FakeHost {
    pub fn new(instance: &str) -> FakeHost {
        let instance = instance.to_owned();
        let raw = sluice_host {
            struct_size: size_of::<sluice_host>() as u32,
            flags: 0,
            abi_major: ffi::SLUICE_ABI_MAJOR,
            abi_minor: ffi::SLUICE_ABI_MINOR,
            ctx: std::ptr::null_mut(),
            instance: sluice_str::new(&instance),
            get_interface,
        };
        let mut inner = Box::new(Inner { raw, _instance: instance, lines: Mutex::new(Vec::new()) });
        inner.raw.ctx = (&mut *inner as *mut Inner).cast();
        FakeHost { inner }
    }
    /// One that only tries instances.
    pub fn probe(instance: &str) -> FakeHost {
        let mut host = FakeHost::new(instance);
        host.inner.raw.flags |= SLUICE_HOST_PROBE;
        host
    }
    pub fn host(&self) -> Host {
        unsafe { Host::new(&self.inner.raw) }
    }
    /// What was logged, whatever its level.
    pub fn log_lines(&self) -> Vec<String> {
        self.inner.lines.lock().unwrap().clone()
    }
}

unsafe extern "C" fn get_interface(_: *const sluice_host, id: sluice_str) -> *const c_void {
    if id.bytes() == SLUICE_HOST_LOG_ID.as_bytes() {
        (&LOG as *const sluice_host_log).cast()
    } else {
        std::ptr::null()
    }
}

unsafe extern "C" fn is_enabled(_: *const sluice_host, _: i32) -> i32 {
    1
}

unsafe extern "C" fn write(host: *const sluice_host, _: i32, message: sluice_str) {
    let inner = &*(*host).ctx.cast::<Inner>();
    inner.lines.lock().unwrap().push(text::view(message).into_owned());
}
