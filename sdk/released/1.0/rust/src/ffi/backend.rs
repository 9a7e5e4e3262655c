//! sluice/ext/backend.h
use super::{
    sluice_callback_fn, sluice_error, sluice_host, sluice_loop, sluice_request, sluice_response, sluice_status,
};
use super::{sluice_str, sluice_text_sink, sluice_usage};
use std::os::raw::c_void;

pub const SLUICE_BACKEND_ID: &str = "sluice.backend/1";

#[repr(C)]
pub struct sluice_backend {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct sluice_call {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct sluice_models {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct sluice_health {
    _opaque: [u8; 0],
}

pub type sluice_body_fn =
    unsafe extern "C" fn(ctx: *mut c_void, status: sluice_status, bytes: sluice_str, is_last: i32);

#[repr(C)]
pub struct sluice_call_api {
    pub struct_size: u32,
    pub flags: u32,
    pub loop_: unsafe extern "C" fn(call: *const sluice_call) -> *mut sluice_loop,
    pub begin: unsafe extern "C" fn(call: *mut sluice_call, response: *const sluice_response) -> sluice_status,
    pub write: unsafe extern "C" fn(call: *mut sluice_call, bytes: sluice_str) -> sluice_status,
    pub write_event: unsafe extern "C" fn(call: *mut sluice_call, name: sluice_str, data: sluice_str) -> sluice_status,
    pub on_writable:
        unsafe extern "C" fn(call: *mut sluice_call, f: Option<sluice_callback_fn>, ctx: *mut c_void) -> sluice_status,
    pub on_cancel:
        unsafe extern "C" fn(call: *mut sluice_call, f: Option<sluice_callback_fn>, ctx: *mut c_void) -> sluice_status,
    pub is_cancelled: unsafe extern "C" fn(call: *const sluice_call) -> i32,
    pub read_body:
        unsafe extern "C" fn(call: *mut sluice_call, f: Option<sluice_body_fn>, ctx: *mut c_void) -> sluice_status,
    pub release_body: unsafe extern "C" fn(call: *mut sluice_call),
    pub finish: unsafe extern "C" fn(call: *mut sluice_call, usage: *const sluice_usage),
    pub fail: unsafe extern "C" fn(call: *mut sluice_call, error: *const sluice_error, usage: *const sluice_usage),
    pub attribute: unsafe extern "C" fn(call: *const sluice_call, name: sluice_str) -> sluice_str,
    pub set_attribute:
        unsafe extern "C" fn(call: *mut sluice_call, name: sluice_str, value: sluice_str) -> sluice_status,
}

#[repr(C)]
pub struct sluice_model {
    pub struct_size: u32,
    pub flags: u32,
    pub id: sluice_str,
    pub owned_by: sluice_str,
    pub created_unix_s: u64,
}

#[repr(C)]
pub struct sluice_models_api {
    pub struct_size: u32,
    pub flags: u32,
    pub loop_: unsafe extern "C" fn(models: *const sluice_models) -> *mut sluice_loop,
    pub add: unsafe extern "C" fn(models: *mut sluice_models, model: *const sluice_model),
    pub done: unsafe extern "C" fn(models: *mut sluice_models, error: *const sluice_error),
}

pub const SLUICE_HEALTH_OK: i32 = 0;
pub const SLUICE_HEALTH_DEGRADED: i32 = 1;
pub const SLUICE_HEALTH_DOWN: i32 = 2;

#[repr(C)]
pub struct sluice_health_api {
    pub struct_size: u32,
    pub flags: u32,
    pub loop_: unsafe extern "C" fn(health: *const sluice_health) -> *mut sluice_loop,
    pub check: unsafe extern "C" fn(health: *mut sluice_health, name: sluice_str, json: sluice_str),
    pub done: unsafe extern "C" fn(health: *mut sluice_health, state: i32, word: sluice_str),
}

pub const SLUICE_BACKEND_ASYNC: u32 = 1;

#[repr(C)]
pub struct sluice_backend_api {
    pub struct_size: u32,
    pub flags: u32,
    pub paths: *const sluice_str,
    pub path_count: usize,
    pub create: unsafe extern "C" fn(
        host: *const sluice_host,
        config_json: sluice_str,
        errors: sluice_text_sink,
        out: *mut *mut sluice_backend,
    ) -> sluice_status,
    pub destroy: unsafe extern "C" fn(backend: *mut sluice_backend),
    pub start: unsafe extern "C" fn(
        backend: *mut sluice_backend,
        call: *mut sluice_call,
        api: *const sluice_call_api,
        request: *const sluice_request,
    ) -> sluice_status,
    pub models: Option<
        unsafe extern "C" fn(
            backend: *mut sluice_backend,
            models: *mut sluice_models,
            api: *const sluice_models_api,
        ) -> sluice_status,
    >,
    pub health: Option<
        unsafe extern "C" fn(
            backend: *mut sluice_backend,
            health: *mut sluice_health,
            api: *const sluice_health_api,
        ) -> sluice_status,
    >,
    pub shut_down: Option<unsafe extern "C" fn(backend: *mut sluice_backend)>,
}
