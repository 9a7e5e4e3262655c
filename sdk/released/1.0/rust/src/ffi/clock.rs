//! sluice/ext/clock.h
use super::sluice_host;

pub const SLUICE_HOST_CLOCK_ID: &str = "sluice.host.clock/1";

#[repr(C)]
pub struct sluice_host_clock {
    pub struct_size: u32,
    pub flags: u32,
    pub monotonic_ns: unsafe extern "C" fn(host: *const sluice_host) -> u64,
    pub unix_ms: unsafe extern "C" fn(host: *const sluice_host) -> u64,
}
