//! The host's log.
use crate::ffi::{self, sluice_host_log, sluice_str, SLUICE_HOST_LOG_ID};
use crate::host::Host;

/// Lines for the operator; never prompts, answers or keys. Every thread may write. Nothing blocks.
#[derive(Clone, Copy)]
pub struct Log {
    host: Host,
    table: Option<&'static sluice_host_log>,
}

impl Log {
    pub(crate) fn of(host: Host) -> Log {
        Log { host, table: unsafe { host.find(SLUICE_HOST_LOG_ID) } }
    }

    /// Whether [`Log::debug`] would write: ask before an expensive line is built.
    pub fn is_debug(&self) -> bool {
        self.table.map_or(false, |table| unsafe { (table.is_enabled)(self.host.raw(), ffi::SLUICE_LOG_DEBUG) != 0 })
    }
    pub fn debug(&self, line: &str) {
        self.write(ffi::SLUICE_LOG_DEBUG, line);
    }
    pub fn info(&self, line: &str) {
        self.write(ffi::SLUICE_LOG_INFO, line);
    }
    pub fn warn(&self, line: &str) {
        self.write(ffi::SLUICE_LOG_WARN, line);
    }
    pub fn error(&self, line: &str) {
        self.write(ffi::SLUICE_LOG_ERROR, line);
    }

    fn write(&self, level: i32, line: &str) {
        if let Some(table) = self.table {
            unsafe { (table.write)(self.host.raw(), level, sluice_str::new(line)) };
        }
    }
}
