//! sluice/host.h
use super::sluice_str;
use std::os::raw::c_void;

pub const SLUICE_HOST_PROBE: u32 = 1;

#[repr(C)]
pub struct sluice_host {
    pub struct_size: u32,
    pub flags: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub ctx: *mut c_void,
    pub instance: sluice_str,
    pub get_interface: unsafe extern "C" fn(host: *const sluice_host, id: sluice_str) -> *const c_void,
}
