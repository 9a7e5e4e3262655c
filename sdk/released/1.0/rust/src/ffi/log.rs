//! sluice/ext/log.h
use super::{sluice_host, sluice_str};

pub const SLUICE_HOST_LOG_ID: &str = "sluice.host.log/1";

pub const SLUICE_LOG_TRACE: i32 = 0;
pub const SLUICE_LOG_DEBUG: i32 = 1;
pub const SLUICE_LOG_INFO: i32 = 2;
pub const SLUICE_LOG_WARN: i32 = 3;
pub const SLUICE_LOG_ERROR: i32 = 4;

#[repr(C)]
pub struct sluice_host_log {
    pub struct_size: u32,
    pub flags: u32,
    pub is_enabled: unsafe extern "C" fn(host: *const sluice_host, level: i32) -> i32,
    pub write: unsafe extern "C" fn(host: *const sluice_host, level: i32, message: sluice_str),
}
