//! sluice/ext/command.h
use super::{sluice_str, sluice_text_sink};
use std::os::raw::c_void;

pub const SLUICE_COMMAND_ID: &str = "sluice.command/1";

#[repr(C)]
pub struct sluice_command_api {
    pub struct_size: u32,
    pub flags: u32,
    pub name: sluice_str,
    pub summary: sluice_str,
    pub run: unsafe extern "C" fn(
        instance: *mut c_void,
        arguments: *const sluice_str,
        argument_count: usize,
        output: sluice_text_sink,
        errors: sluice_text_sink,
    ) -> i32,
}
