//! The time, as the host sees it.
use crate::ffi::{sluice_host_clock, SLUICE_HOST_CLOCK_ID};
use crate::host::Host;
use std::time::Duration;

/// Every thread may ask.
#[derive(Clone, Copy)]
pub struct Clock {
    host: Host,
    table: Option<&'static sluice_host_clock>,
}

impl Clock {
    pub(crate) fn of(host: Host) -> Clock {
        Clock { host, table: unsafe { host.find(SLUICE_HOST_CLOCK_ID) } }
    }

    /// Never goes back; for measuring and deadlines. Zero where the host has no clock.
    pub fn monotonic(&self) -> Duration {
        self.table
            .map_or(Duration::ZERO, |table| unsafe { Duration::from_nanos((table.monotonic_ns)(self.host.raw())) })
    }
    /// Since 1970-01-01 UTC; may jump. Zero where the host has no clock.
    pub fn unix_time(&self) -> Duration {
        self.table.map_or(Duration::ZERO, |table| unsafe { Duration::from_millis((table.unix_ms)(self.host.raw())) })
    }
}
