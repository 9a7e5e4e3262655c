//! sluice/plugin.h
use super::sluice_str;
use std::os::raw::c_void;

#[repr(C)]
pub struct sluice_plugin {
    pub struct_size: u32,
    pub flags: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub name: sluice_str,
    pub version: sluice_str,
    pub config_schema: sluice_str,
    pub get_interface: unsafe extern "C" fn(id: sluice_str) -> *const c_void,
}

/// The type of the one function that a plugin exports, `sluice_plugin_query`.
pub type sluice_plugin_query_fn = unsafe extern "C" fn(host_major: u32, host_minor: u32) -> *const sluice_plugin;
