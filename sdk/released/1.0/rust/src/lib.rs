//! Write backends and middleware for the Sluice LLM gateway in Rust.
//!
//! A backend answers requests, a middleware sees every request on its way in and every answer on its way out. A plugin is
//! one `cdylib` that exports one function; the gateway loads it, swaps it under load and unloads it again.
//!
//! ```ignore
//! use sluice_plugin::{json, sluice_plugin, Backend, Completion, Error, Host, Request};
//!
//! struct Echo;
//!
//! impl Backend for Echo {
//!     fn new(_host: Host, _config: &str) -> Result<Self, Error> {
//!         Ok(Echo)
//!     }
//!     fn complete(&self, request: &Request<'_>, completion: &mut Completion) -> Result<(), Error> {
//!         completion.write(&json::last_user_text(request.body()).unwrap_or_default());
//!         Ok(())
//!     }
//! }
//!
//! sluice_plugin!("echo", "0.1.0", backend = Echo);
//! ```
//!
//! The crate has no dependencies and allocates with the plugin's own allocator: memory never changes owner across the
//! border. A panic stays in the plugin: see the README for what that needs (`panic = "unwind"`) and what it cannot catch.

pub mod ffi;
pub mod json;
pub mod testing;

mod backend;
mod clock;
mod completion;
mod error;
mod exchange;
mod guard;
mod host;
mod instance;
mod log;
mod loops;
mod metrics;
mod middleware;
mod plugin;
mod request;
mod store;
mod summary;
mod text;
mod usage;

pub use backend::{Backend, Health, Model};
pub use clock::Clock;
pub use completion::{Cancelled, Completion, CompletionStream};
pub use error::Error;
pub use exchange::{Exchange, NotTaken, Pending, Reply, ResponseHead};
pub use host::Host;
pub use log::Log;
pub use loops::{Loop, Loops};
pub use metrics::{Counter, Gauge, Histogram, Label, Metrics};
pub use middleware::{Chunk, ChunkVerdict, Hooks, Middleware, Verdict};
pub use request::Request;
pub use store::{Answer, Outcome, Quota, Store};
pub use summary::{EndedBy, Summary};
pub use usage::Usage;

// For the code that `sluice_plugin!` writes.
#[doc(hidden)]
pub use {backend::backend_table, middleware::middleware_table, plugin::descriptor, plugin::Tables};

#[cfg(panic = "abort")]
compile_error!("a plugin needs panic = \"unwind\": with \"abort\" a panic would end the gateway");
