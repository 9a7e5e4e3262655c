//! sluice/abi.h
use std::os::raw::c_void;

pub const SLUICE_ABI_MAJOR: u32 = 1;
pub const SLUICE_ABI_MINOR: u32 = 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct sluice_str {
    pub ptr: *const u8,
    pub len: usize,
}

impl sluice_str {
    /// Borrows: valid as long as `text`.
    pub const fn new(text: &str) -> sluice_str {
        sluice_str { ptr: text.as_ptr(), len: text.len() }
    }
    /// Borrows: valid as long as `bytes`.
    pub const fn of_bytes(bytes: &[u8]) -> sluice_str {
        sluice_str { ptr: bytes.as_ptr(), len: bytes.len() }
    }
    pub const fn empty() -> sluice_str {
        sluice_str { ptr: std::ptr::null(), len: 0 }
    }
    /// # Safety
    /// The text must be alive for as long as the result is used.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() {
            &[]
        } else {
            std::slice::from_raw_parts(self.ptr, self.len)
        }
    }
}

pub type sluice_status = i32;
pub const SLUICE_OK: sluice_status = 0;
pub const SLUICE_CANCELLED: sluice_status = 1;
pub const SLUICE_FULL: sluice_status = 2;
pub const SLUICE_E_INVALID: sluice_status = -1;
pub const SLUICE_E_UNSUPPORTED: sluice_status = -2;
pub const SLUICE_E_STATE: sluice_status = -3;
pub const SLUICE_E_INTERNAL: sluice_status = -4;
pub const SLUICE_E_NO_MEMORY: sluice_status = -5;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct sluice_text_sink {
    pub ctx: *mut c_void,
    pub put: unsafe extern "C" fn(ctx: *mut c_void, text: sluice_str),
}

/// Whether a table of `struct_size` bytes goes on to where a member ends: `has(t.struct_size, end_of_member)`.
pub const fn has(struct_size: u32, end_of_member: usize) -> bool {
    struct_size as usize >= end_of_member
}
