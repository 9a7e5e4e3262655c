//! sluice/ext/quiesce.h
use super::{sluice_status, sluice_text_sink};
use std::os::raw::c_void;

pub const SLUICE_QUIESCE_ID: &str = "sluice.quiesce/1";

#[repr(C)]
pub struct sluice_quiesce_api {
    pub struct_size: u32,
    pub flags: u32,
    pub quiesce: unsafe extern "C" fn(instance: *mut c_void, errors: sluice_text_sink) -> sluice_status,
    pub resume: unsafe extern "C" fn(instance: *mut c_void, errors: sluice_text_sink) -> sluice_status,
}
