//! sluice/ext/folder.h
use super::{sluice_host, sluice_status, sluice_text_sink};

pub const SLUICE_HOST_FOLDER_ID: &str = "sluice.host.folder/1";

#[repr(C)]
pub struct sluice_host_folder {
    pub struct_size: u32,
    pub flags: u32,
    pub path: unsafe extern "C" fn(host: *const sluice_host, path: sluice_text_sink) -> sluice_status,
}
