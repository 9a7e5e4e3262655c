//! Tokens of one call.
use crate::ffi::{sluice_usage, SLUICE_USAGE_ESTIMATED};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Cached ones included.
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cached_tokens: u64,
    pub is_estimated: bool,
}

impl Usage {
    pub(crate) fn to_abi(self) -> sluice_usage {
        sluice_usage {
            struct_size: std::mem::size_of::<sluice_usage>() as u32,
            flags: if self.is_estimated { SLUICE_USAGE_ESTIMATED } else { 0 },
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            cached_tokens: self.cached_tokens,
        }
    }
    pub(crate) fn of(usage: &sluice_usage) -> Usage {
        Usage {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cached_tokens: usage.cached_tokens,
            is_estimated: usage.flags & SLUICE_USAGE_ESTIMATED != 0,
        }
    }
}
