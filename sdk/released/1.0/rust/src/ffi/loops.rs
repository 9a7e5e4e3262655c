//! sluice/ext/loop.h
use super::{sluice_host, sluice_status};
use std::os::raw::c_void;

pub const SLUICE_HOST_LOOP_ID: &str = "sluice.host.loop/1";

#[repr(C)]
pub struct sluice_loop {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct sluice_watch {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct sluice_timer {
    _opaque: [u8; 0],
}

pub const SLUICE_READABLE: u32 = 1;
pub const SLUICE_WRITABLE: u32 = 2;
pub const SLUICE_PEER_CLOSED: u32 = 4;
pub const SLUICE_FAILED: u32 = 8;

pub type sluice_watch_fn = unsafe extern "C" fn(ctx: *mut c_void, readiness: u32);
pub type sluice_callback_fn = unsafe extern "C" fn(ctx: *mut c_void);

#[repr(C)]
pub struct sluice_host_loop {
    pub struct_size: u32,
    pub flags: u32,
    pub count: unsafe extern "C" fn(host: *const sluice_host) -> usize,
    pub at: unsafe extern "C" fn(host: *const sluice_host, index: usize) -> *mut sluice_loop,
    pub index: unsafe extern "C" fn(loop_: *const sluice_loop) -> usize,
    pub is_current: unsafe extern "C" fn(loop_: *const sluice_loop) -> i32,
    pub now_ns: unsafe extern "C" fn(loop_: *const sluice_loop) -> u64,
    pub post:
        unsafe extern "C" fn(loop_: *mut sluice_loop, f: Option<sluice_callback_fn>, ctx: *mut c_void) -> sluice_status,
    pub defer:
        unsafe extern "C" fn(loop_: *mut sluice_loop, f: Option<sluice_callback_fn>, ctx: *mut c_void) -> sluice_status,
    pub watch: unsafe extern "C" fn(
        loop_: *mut sluice_loop,
        host: *const sluice_host,
        fd: i32,
        readiness: u32,
        f: Option<sluice_watch_fn>,
        ctx: *mut c_void,
        out: *mut *mut sluice_watch,
    ) -> sluice_status,
    pub watch_set: unsafe extern "C" fn(watch: *mut sluice_watch, readiness: u32) -> sluice_status,
    pub unwatch: unsafe extern "C" fn(watch: *mut sluice_watch),
    pub timer_create: unsafe extern "C" fn(
        loop_: *mut sluice_loop,
        host: *const sluice_host,
        f: Option<sluice_callback_fn>,
        ctx: *mut c_void,
        out: *mut *mut sluice_timer,
    ) -> sluice_status,
    pub timer_set: unsafe extern "C" fn(timer: *mut sluice_timer, delay_ms: u64),
    pub timer_stop: unsafe extern "C" fn(timer: *mut sluice_timer),
    pub timer_destroy: unsafe extern "C" fn(timer: *mut sluice_timer),
}
