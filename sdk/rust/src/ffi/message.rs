//! sluice/message.h
use super::sluice_str;

#[repr(C)]
pub struct sluice_header {
    pub name: sluice_str,
    pub value: sluice_str,
}

pub const SLUICE_BODY_PADDING: usize = 64;
pub const SLUICE_LENGTH_UNKNOWN: u64 = u64::MAX;

pub const SLUICE_REQUEST_STREAM: u32 = 1;
pub const SLUICE_REQUEST_JSON: u32 = 2;
pub const SLUICE_REQUEST_BODY_STREAMED: u32 = 4;
pub const SLUICE_REQUEST_WANTS_USAGE: u32 = 8;
pub const SLUICE_REQUEST_USAGE_INJECTED: u32 = 16;

#[repr(C)]
pub struct sluice_request {
    pub struct_size: u32,
    pub flags: u32,
    pub request_id: sluice_str,
    pub method: sluice_str,
    pub path: sluice_str,
    pub query: sluice_str,
    pub model: sluice_str,
    pub client_address: sluice_str,
    pub headers: *const sluice_header,
    pub header_count: usize,
    pub body: sluice_str,
    pub body_length: u64,
    pub choice_count: u64,
}

pub const SLUICE_RESPONSE_EVENTS: u32 = 1;

#[repr(C)]
pub struct sluice_response {
    pub struct_size: u32,
    pub flags: u32,
    pub http_status: i32,
    pub reserved: u32,
    pub content_length: u64,
    pub content_type: sluice_str,
    pub headers: *const sluice_header,
    pub header_count: usize,
}

pub const SLUICE_USAGE_ESTIMATED: u32 = 1;

#[repr(C)]
pub struct sluice_usage {
    pub struct_size: u32,
    pub flags: u32,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cached_tokens: u64,
}
