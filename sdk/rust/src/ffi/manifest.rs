//! sluice/manifest.h
use super::{SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR};

pub const SLUICE_MANIFEST_OWNER: &str = "sluice";
pub const SLUICE_MANIFEST_TYPE: u32 = 1;
pub const SLUICE_NEEDS_TYPE: u32 = 2;
pub const SLUICE_MANIFEST_MAGIC: u32 = 0x4349_4C53;

pub const SLUICE_KIND_BACKEND: u32 = 1;
pub const SLUICE_KIND_MIDDLEWARE: u32 = 2;

pub const SLUICE_MANIFEST_EXAMPLE: u32 = 1;

pub const SLUICE_MANIFEST_DESCRIPTOR_BYTES: u32 = 72;

const OWNER_BYTES: u32 = SLUICE_MANIFEST_OWNER.len() as u32 + 1;
const OWNER: [u8; 8] = padded(SLUICE_MANIFEST_OWNER);

#[repr(C)]
pub struct sluice_manifest {
    pub owner_bytes: u32,
    pub descriptor_bytes: u32,
    pub note_type: u32,
    pub owner: [u8; 8],
    pub magic: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub min_host_minor: u32,
    pub kinds: u32,
    pub flags: u32,
    pub name: [u8; 32],
    pub version: [u8; 16],
}

impl sluice_manifest {
    /// For a constant: a name or version that does not fit, or a name with other letters, does not compile.
    pub const fn new(name: &str, version: &str, kinds: u32, flags: u32) -> sluice_manifest {
        assert!(is_name(name), "a plugin's name is 1 to 31 of a-z, 0-9, _ and -");
        assert!(!version.is_empty() && version.len() < 16, "a plugin's version is 1 to 15 characters long");
        sluice_manifest {
            owner_bytes: OWNER_BYTES,
            descriptor_bytes: SLUICE_MANIFEST_DESCRIPTOR_BYTES,
            note_type: SLUICE_MANIFEST_TYPE,
            owner: OWNER,
            magic: SLUICE_MANIFEST_MAGIC,
            abi_major: SLUICE_ABI_MAJOR,
            abi_minor: SLUICE_ABI_MINOR,
            min_host_minor: 0,
            kinds,
            flags,
            name: padded(name),
            version: padded(version),
        }
    }
}

/// The note behind SLUICE_DECLARE_NEEDS. `BYTES` is [`needs_bytes`] of the text.
#[repr(C)]
pub struct sluice_needs<const BYTES: usize> {
    pub owner_bytes: u32,
    pub descriptor_bytes: u32,
    pub note_type: u32,
    pub owner: [u8; 8],
    pub ids: [u8; BYTES],
}

/// The text with its NUL, filled up to a multiple of four.
pub const fn needs_bytes(ids: &str) -> usize {
    (ids.len() + 1 + 3) / 4 * 4
}

impl<const BYTES: usize> sluice_needs<BYTES> {
    pub const fn new(ids: &str) -> sluice_needs<BYTES> {
        sluice_needs {
            owner_bytes: OWNER_BYTES,
            descriptor_bytes: ids.len() as u32 + 1,
            note_type: SLUICE_NEEDS_TYPE,
            owner: OWNER,
            ids: padded(ids),
        }
    }
}

const fn padded<const BYTES: usize>(text: &str) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let mut index = 0;
    while index < text.len() {
        bytes[index] = text.as_bytes()[index];
        index += 1;
    }
    bytes
}

const fn is_name(name: &str) -> bool {
    let mut index = 0;
    while index < name.len() {
        if !matches!(name.as_bytes()[index], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
            return false;
        }
        index += 1;
    }
    index > 0 && index < 32
}
