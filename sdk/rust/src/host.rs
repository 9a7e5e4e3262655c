//! What the host offers to an instance.
use crate::error::Error;
use crate::ffi::{sluice_host, sluice_host_folder, sluice_str, SLUICE_HOST_FOLDER_ID, SLUICE_HOST_PROBE, SLUICE_OK};
use crate::{text, Clock, Log, Loops, Metrics, Store};
use std::path::PathBuf;

/// The host as one instance sees it: a small value to be copied, for every thread. It lives as long as the instance it
/// was made for, so nothing of it is kept anywhere else than in that instance.
#[derive(Clone, Copy)]
pub struct Host {
    raw: *const sluice_host,
}

// All functions of the table are [any-thread], or their comments say who calls them.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// # Safety
    /// `raw` is a host's table that lives as long as this value and its copies.
    pub unsafe fn new(raw: *const sluice_host) -> Host {
        Host { raw }
    }
    pub fn raw(self) -> *const sluice_host {
        self.raw
    }

    /// The configured name of the instance.
    pub fn instance(self) -> String {
        unsafe { text::view((*self.raw).instance) }.into_owned()
    }
    /// True where the instance is only tried: it judges its configuration, but opens no connection, starts no process and
    /// changes nothing that lasts. No request will come.
    pub fn is_probe(self) -> bool {
        unsafe { (*self.raw).flags & SLUICE_HOST_PROBE != 0 }
    }

    pub fn log(self) -> Log {
        Log::of(self)
    }
    pub fn metrics(self) -> Metrics {
        Metrics::of(self)
    }
    pub fn clock(self) -> Clock {
        Clock::of(self)
    }
    pub fn loops(self) -> Option<Loops> {
        Loops::of(self)
    }
    /// A namespace of the store; only while the instance is made. `is_durable`: it must outlive the process, where the
    /// gateway's owner has not configured otherwise.
    pub fn store(self, name: &str, is_durable: bool) -> Result<Store, Error> {
        Store::open(self, name, is_durable)
    }
    /// The folder of the instance, for files that must outlive the process; only while the instance is made.
    pub fn folder(self) -> Result<PathBuf, Error> {
        let table = unsafe { self.find::<sluice_host_folder>(SLUICE_HOST_FOLDER_ID) }
            .ok_or_else(|| Error::new("internal_error", "this host has no folders (sluice.host.folder/1)"))?;
        let mut path = String::new();
        match unsafe { (table.path)(self.raw, text::sink_into(&mut path)) } {
            SLUICE_OK => Ok(PathBuf::from(path)),
            _ => Err(Error::new("internal_error", path)),
        }
    }

    /// The table of another interface of the host.
    ///
    /// # Safety
    /// `Table` is the type that belongs to `id`.
    pub unsafe fn find<Table>(self, id: &str) -> Option<&'static Table> {
        ((*self.raw).get_interface)(self.raw, sluice_str::new(id)).cast::<Table>().as_ref()
    }
}
