//! sluice/ext/store.h
use super::{sluice_host, sluice_loop, sluice_status, sluice_str, sluice_text_sink};
use std::os::raw::c_void;

pub const SLUICE_HOST_STORE_ID: &str = "sluice.host.store/1";
pub const SLUICE_STORE_MAX_KEY_BYTES: usize = 512;
pub const SLUICE_STORE_MAX_VALUE_BYTES: usize = 4_194_304;
pub const SLUICE_STORE_MAX_SCAN: usize = 1000;

#[repr(C)]
pub struct sluice_namespace {
    _opaque: [u8; 0],
}

pub const SLUICE_STORE_OK: i32 = 0;
pub const SLUICE_STORE_ABSENT: i32 = 1;
pub const SLUICE_STORE_CONFLICT: i32 = 2;
pub const SLUICE_STORE_REFUSED: i32 = 3;
pub const SLUICE_STORE_FAILED: i32 = -1;

#[repr(C)]
pub struct sluice_store_item {
    pub key: sluice_str,
    pub value: sluice_str,
}

#[repr(C)]
pub struct sluice_store_answer {
    pub struct_size: u32,
    pub flags: u32,
    pub outcome: i32,
    pub reserved: u32,
    pub value: sluice_str,
    pub number: i64,
    pub ticket: u64,
    pub wait_us: u64,
    pub items: *const sluice_store_item,
    pub item_count: usize,
    pub cursor: sluice_str,
}

pub type sluice_store_fn = unsafe extern "C" fn(ctx: *mut c_void, answer: *const sluice_store_answer);

pub const SLUICE_NAMESPACE_DURABLE: u32 = 1;
pub const SLUICE_QUOTA_QUEUED: u32 = 1;

#[repr(C)]
pub struct sluice_quota {
    pub struct_size: u32,
    pub flags: u32,
    pub amount: i64,
    pub limit: i64,
    pub ttl_us: u64,
}

#[repr(C)]
pub struct sluice_host_store {
    pub struct_size: u32,
    pub flags: u32,
    pub open: unsafe extern "C" fn(
        host: *const sluice_host,
        name: sluice_str,
        flags: u32,
        errors: sluice_text_sink,
    ) -> *mut sluice_namespace,
    pub get: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub put: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        value: sluice_str,
        ttl_ms: u64,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub remove: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub add: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        delta: i64,
        ttl_ms: u64,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub compare_and_set: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        expected: *const sluice_str,
        value: sluice_str,
        ttl_ms: u64,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub scan: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        prefix: sluice_str,
        cursor: sluice_str,
        max_items: usize,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub take: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        quota: *const sluice_quota,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub give_back: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        amount: i64,
        ticket: u64,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
    pub renew: unsafe extern "C" fn(
        space: *mut sluice_namespace,
        loop_: *mut sluice_loop,
        key: sluice_str,
        amount: i64,
        ticket: u64,
        ttl_us: u64,
        f: Option<sluice_store_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
}
