//! What went wrong, in the terms a client of the OpenAI API understands.
use crate::ffi::{sluice_error, sluice_str, SLUICE_ERROR_RELAYED, SLUICE_ERROR_UNANSWERED};
use std::fmt;
use std::time::Duration;

/// `code` names a row of the host's error table, which gives status and type ("unsupported_parameter", "upstream_error",
/// "timeout", ...); a code that is not in the table needs [`Error::with_status`]. The message is shown to the client: it
/// says what was found and what was expected, and holds no secret.
///
/// ```
/// use sluice_plugin::Error;
/// let error = Error::new("unsupported_parameter", "tools are not supported: leave them out").with_param("tools");
/// assert_eq!(error.param(), "tools");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: String,
    message: String,
    kind: String,
    param: String,
    http_status: i32,
    retry_after_ms: u32,
    flags: u32,
}

impl Error {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Error {
        Error {
            code: code.into(),
            message: message.into(),
            kind: String::new(),
            param: String::new(),
            http_status: 0,
            retry_after_ms: 0,
            flags: 0,
        }
    }
    /// Overrides what the error table says about the code; `kind` is the error's "type".
    pub fn with_status(mut self, http_status: u16, kind: impl Into<String>) -> Error {
        self.http_status = i32::from(http_status);
        self.kind = kind.into();
        self
    }
    /// The parameter of the request that is at fault.
    pub fn with_param(mut self, param: impl Into<String>) -> Error {
        self.param = param.into();
        self
    }
    /// Sent to the client as Retry-After.
    pub fn with_retry_after(mut self, delay: Duration) -> Error {
        self.retry_after_ms = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
        self
    }
    /// The upstream has not begun to answer: another target may be tried.
    pub fn unanswered(mut self) -> Error {
        self.flags |= SLUICE_ERROR_UNANSWERED;
        self
    }
    /// The client has been sent this error as an event of its stream already.
    pub fn relayed(mut self) -> Error {
        self.flags |= SLUICE_ERROR_RELAYED;
        self
    }

    pub fn code(&self) -> &str {
        &self.code
    }
    pub fn message(&self) -> &str {
        &self.message
    }
    pub fn param(&self) -> &str {
        &self.param
    }
    pub fn http_status(&self) -> i32 {
        self.http_status
    }

    /// The answer to a panic, whose text is for the log and not for a client.
    pub(crate) fn unexpected() -> Error {
        Error::new("internal_error", "The plugin failed unexpectedly.")
    }

    /// The same for the ABI. Borrows: valid while `self` is unchanged.
    pub(crate) fn to_abi(&self) -> sluice_error {
        sluice_error {
            struct_size: std::mem::size_of::<sluice_error>() as u32,
            flags: self.flags,
            http_status: self.http_status,
            retry_after_ms: self.retry_after_ms,
            code: sluice_str::new(&self.code),
            type_: sluice_str::new(&self.kind),
            param: sluice_str::new(&self.param),
            message: sluice_str::new(&self.message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}
