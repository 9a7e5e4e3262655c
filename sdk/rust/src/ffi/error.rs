//! sluice/error.h
use super::sluice_str;

pub const SLUICE_ERROR_RELAYED: u32 = 1;
pub const SLUICE_ERROR_UNANSWERED: u32 = 2;

#[repr(C)]
pub struct sluice_error {
    pub struct_size: u32,
    pub flags: u32,
    pub http_status: i32,
    pub retry_after_ms: u32,
    pub code: sluice_str,
    pub type_: sluice_str,
    pub param: sluice_str,
    pub message: sluice_str,
}
