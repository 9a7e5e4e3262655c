//! What became of an exchange.
use crate::ffi::{self, sluice_summary};
use crate::text;
use crate::usage::Usage;
use std::borrow::Cow;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    Backend,
    Client,
    Middleware,
    Deadline,
    Shutdown,
    /// The host refused it: bad request, unknown route, too large. Also what a newer host says.
    Host,
}

/// A view, for the length of on_complete.
pub struct Summary<'a> {
    raw: &'a sluice_summary,
}

impl<'a> Summary<'a> {
    /// # Safety
    /// What `raw` points to is alive for 'a.
    pub unsafe fn new(raw: *const sluice_summary) -> Summary<'a> {
        Summary { raw: &*raw }
    }
    /// 0 if nothing was sent.
    pub fn http_status(&self) -> i32 {
        self.raw.http_status
    }
    pub fn ended_by(&self) -> EndedBy {
        match self.raw.ended_by {
            ffi::SLUICE_ENDED_BY_BACKEND => EndedBy::Backend,
            ffi::SLUICE_ENDED_BY_CLIENT => EndedBy::Client,
            ffi::SLUICE_ENDED_BY_MIDDLEWARE => EndedBy::Middleware,
            ffi::SLUICE_ENDED_BY_DEADLINE => EndedBy::Deadline,
            ffi::SLUICE_ENDED_BY_SHUTDOWN => EndedBy::Shutdown,
            _ => EndedBy::Host,
        }
    }
    /// Empty after success.
    pub fn error_code(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.error_code) }
    }
    /// The instance that answered; empty if none was chosen.
    pub fn backend(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.backend) }
    }
    pub fn received_bytes(&self) -> u64 {
        self.raw.received_bytes
    }
    pub fn sent_bytes(&self) -> u64 {
        self.raw.sent_bytes
    }
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.raw.duration_ns)
    }
    /// From the request's end to the first byte of the answer; zero if none came.
    pub fn first_byte(&self) -> Duration {
        Duration::from_nanos(self.raw.first_byte_ns)
    }
    pub fn usage(&self) -> Option<Usage> {
        unsafe { self.raw.usage.as_ref() }.map(Usage::of)
    }
}
