//! The host's event loops.
use crate::ffi::{sluice_host_loop, sluice_loop, SLUICE_HOST_LOOP_ID, SLUICE_OK};
use crate::guard::guard;
use crate::host::Host;
use std::os::raw::c_void;

/// All loops of the host. Every thread may ask.
#[derive(Clone, Copy)]
pub struct Loops {
    host: Host,
    table: &'static sluice_host_loop,
}

/// One loop: one thread of the host.
#[derive(Clone, Copy)]
pub struct Loop {
    host: Host,
    table: &'static sluice_host_loop,
    raw: *mut sluice_loop,
}

unsafe impl Send for Loop {}
unsafe impl Sync for Loop {}

struct Posted {
    host: Host,
    run: Box<dyn FnOnce() + Send>,
}

impl Loops {
    pub(crate) fn of(host: Host) -> Option<Loops> {
        unsafe { host.find(SLUICE_HOST_LOOP_ID) }.map(|table| Loops { host, table })
    }
    pub fn count(&self) -> usize {
        unsafe { (self.table.count)(self.host.raw()) }
    }
    pub fn at(&self, index: usize) -> Option<Loop> {
        self.wrap(unsafe { (self.table.at)(self.host.raw(), index) })
    }
    pub(crate) fn wrap(&self, raw: *mut sluice_loop) -> Option<Loop> {
        if raw.is_null() {
            None
        } else {
            Some(Loop { host: self.host, table: self.table, raw })
        }
    }
}

impl Loop {
    pub fn raw(&self) -> *mut sluice_loop {
        self.raw
    }
    /// True on the loop's own thread.
    pub fn is_current(&self) -> bool {
        unsafe { (self.table.is_current)(self.raw) != 0 }
    }
    /// Runs `run` on the loop, in the order of posting; it must not block. False, and it never runs, once the loop has
    /// stopped. The instance outlives what it has posted: it waits for it when it is dropped.
    pub fn post(&self, run: impl FnOnce() + Send + 'static) -> bool {
        unsafe extern "C" fn take(ctx: *mut c_void) {
            let posted = Box::from_raw(ctx.cast::<Posted>());
            let Posted { host, run } = *posted;
            let _ = guard(host.raw(), run);
        }
        let posted = Box::into_raw(Box::new(Posted { host: self.host, run: Box::new(run) }));
        let is_taken = unsafe { (self.table.post)(self.raw, Some(take), posted.cast()) } == SLUICE_OK;
        if !is_taken {
            drop(unsafe { Box::from_raw(posted) });
        }
        is_taken
    }
}
