//! sluice/ext/middleware.h
use super::{
    sluice_callback_fn, sluice_error, sluice_host, sluice_loop, sluice_request, sluice_response, sluice_status,
};
use super::{sluice_str, sluice_text_sink, sluice_usage};
use std::os::raw::c_void;

pub const SLUICE_MIDDLEWARE_ID: &str = "sluice.middleware/1";

#[repr(C)]
pub struct sluice_middleware {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct sluice_exchange {
    _opaque: [u8; 0],
}

pub type sluice_verdict = i32;
pub const SLUICE_CONTINUE: sluice_verdict = 0;
pub const SLUICE_REPLY: sluice_verdict = 1;
pub const SLUICE_REFUSE: sluice_verdict = 2;
pub const SLUICE_PENDING: sluice_verdict = 3;

pub type sluice_chunk_verdict = i32;
pub const SLUICE_CHUNK_PASS: sluice_chunk_verdict = 0;
pub const SLUICE_CHUNK_REPLACE: sluice_chunk_verdict = 1;
pub const SLUICE_CHUNK_DROP: sluice_chunk_verdict = 2;
pub const SLUICE_CHUNK_END: sluice_chunk_verdict = 3;
pub const SLUICE_CHUNK_FAIL: sluice_chunk_verdict = 4;

pub const SLUICE_ENDED_BY_BACKEND: i32 = 0;
pub const SLUICE_ENDED_BY_CLIENT: i32 = 1;
pub const SLUICE_ENDED_BY_MIDDLEWARE: i32 = 2;
pub const SLUICE_ENDED_BY_DEADLINE: i32 = 3;
pub const SLUICE_ENDED_BY_SHUTDOWN: i32 = 4;
pub const SLUICE_ENDED_BY_HOST: i32 = 5;

#[repr(C)]
pub struct sluice_summary {
    pub struct_size: u32,
    pub flags: u32,
    pub http_status: i32,
    pub ended_by: i32,
    pub error_code: sluice_str,
    pub backend: sluice_str,
    pub received_bytes: u64,
    pub sent_bytes: u64,
    pub duration_ns: u64,
    pub first_byte_ns: u64,
    pub attempts: u32,
    pub usage: *const sluice_usage,
}

#[repr(C)]
pub struct sluice_exchange_api {
    pub struct_size: u32,
    pub flags: u32,
    pub loop_: unsafe extern "C" fn(exchange: *const sluice_exchange) -> *mut sluice_loop,
    pub request: unsafe extern "C" fn(exchange: *mut sluice_exchange) -> *const sluice_request,
    pub set_request_header:
        unsafe extern "C" fn(exchange: *mut sluice_exchange, name: sluice_str, value: sluice_str) -> sluice_status,
    pub set_body: unsafe extern "C" fn(exchange: *mut sluice_exchange, json: sluice_str) -> sluice_status,
    pub set_attribute:
        unsafe extern "C" fn(exchange: *mut sluice_exchange, name: sluice_str, value: sluice_str) -> sluice_status,
    pub attribute: unsafe extern "C" fn(exchange: *const sluice_exchange, name: sluice_str) -> sluice_str,
    pub response: unsafe extern "C" fn(exchange: *mut sluice_exchange) -> *const sluice_response,
    pub set_response_header:
        unsafe extern "C" fn(exchange: *mut sluice_exchange, name: sluice_str, value: sluice_str) -> sluice_status,
    pub reply: unsafe extern "C" fn(
        exchange: *mut sluice_exchange,
        response: *const sluice_response,
        body: sluice_str,
    ) -> sluice_status,
    pub refuse: unsafe extern "C" fn(exchange: *mut sluice_exchange, error: *const sluice_error) -> sluice_status,
    pub resume: unsafe extern "C" fn(exchange: *mut sluice_exchange, verdict: sluice_verdict) -> sluice_status,
    pub on_cancel: unsafe extern "C" fn(
        exchange: *mut sluice_exchange,
        f: Option<sluice_callback_fn>,
        ctx: *mut c_void,
    ) -> sluice_status,
}

/// The type of `on_head` and `on_request`.
pub type sluice_verdict_fn = unsafe extern "C" fn(
    middleware: *mut sluice_middleware,
    slot: *mut *mut c_void,
    exchange: *mut sluice_exchange,
    api: *const sluice_exchange_api,
) -> sluice_verdict;

#[repr(C)]
pub struct sluice_middleware_api {
    pub struct_size: u32,
    pub flags: u32,
    pub create: unsafe extern "C" fn(
        host: *const sluice_host,
        config_json: sluice_str,
        errors: sluice_text_sink,
        out: *mut *mut sluice_middleware,
    ) -> sluice_status,
    pub destroy: unsafe extern "C" fn(middleware: *mut sluice_middleware),
    pub on_head: Option<sluice_verdict_fn>,
    pub on_request: Option<sluice_verdict_fn>,
    pub on_response: Option<
        unsafe extern "C" fn(
            middleware: *mut sluice_middleware,
            slot: *mut *mut c_void,
            exchange: *mut sluice_exchange,
            api: *const sluice_exchange_api,
        ),
    >,
    pub on_chunk: Option<
        unsafe extern "C" fn(
            middleware: *mut sluice_middleware,
            slot: *mut *mut c_void,
            exchange: *mut sluice_exchange,
            api: *const sluice_exchange_api,
            name: sluice_str,
            data: sluice_str,
            replacement: sluice_text_sink,
        ) -> sluice_chunk_verdict,
    >,
    pub on_complete: Option<
        unsafe extern "C" fn(middleware: *mut sluice_middleware, slot: *mut c_void, summary: *const sluice_summary),
    >,
    pub is_guarding: Option<unsafe extern "C" fn(middleware: *mut sluice_middleware) -> i32>,
}
