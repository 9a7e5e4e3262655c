//! The C ABI of the gateway, declaration by declaration; the comments of `sdk/include/sluice/*.h` are the contract.
//!
//! Everything here is `#[repr(C)]` and has the names of C. A table of the host may be longer than it is here, never
//! shorter: ask with [`has`] for what is newer than 1.0.
#![allow(non_camel_case_types, non_upper_case_globals)]

mod abi;
mod backend;
mod clock;
mod command;
mod error;
mod folder;
mod host;
mod log;
mod loops;
mod manifest;
mod message;
mod metrics;
mod middleware;
mod plugin;
mod quiesce;
mod store;

pub use abi::*;
pub use backend::*;
pub use clock::*;
pub use command::*;
pub use error::*;
pub use folder::*;
pub use host::*;
pub use log::*;
pub use loops::*;
pub use manifest::*;
pub use message::*;
pub use metrics::*;
pub use middleware::*;
pub use plugin::*;
pub use quiesce::*;
pub use store::*;
