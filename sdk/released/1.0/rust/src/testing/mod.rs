//! A host in a test's hands: calls an author's types the way the gateway does, without a gateway.
//!
//! ```
//! use sluice_plugin::{testing, Backend, Completion, Error, Host, Request};
//!
//! struct Greeter;
//! impl Backend for Greeter {
//!     fn new(_: Host, _: &str) -> Result<Self, Error> {
//!         Ok(Greeter)
//!     }
//!     fn complete(&self, _: &Request<'_>, completion: &mut Completion) -> Result<(), Error> {
//!         completion.write("good morning");
//!         Ok(())
//!     }
//! }
//!
//! let host = testing::FakeHost::new("greeter");
//! let greeter = Greeter::new(host.host(), "{}").unwrap();
//! let request = testing::FakeRequest::chat("any", "hello");
//! assert_eq!(testing::complete(&greeter, &request).unwrap().text(), "good morning");
//! assert_eq!(testing::complete_stream(&greeter, &request).unwrap().len(), 3);
//! ```
mod fake_exchange;
mod fake_host;
mod fake_request;

pub use fake_exchange::FakeExchange;
pub use fake_host::FakeHost;
pub use fake_request::FakeRequest;

use crate::backend::Backend;
use crate::completion::{Cancelled, Completion, CompletionHead, CompletionStream, EventSink};
use crate::error::Error;

/// What the backend answers to a plain request.
pub fn complete<T: Backend>(backend: &T, request: &FakeRequest) -> Result<Completion, Error> {
    let mut completion = Completion::default();
    backend.complete(&request.request(), &mut completion)?;
    Ok(completion)
}

/// The events of the backend's stream, as the client gets them: the first has the role, the last the finish reason.
pub fn complete_stream<T: Backend>(backend: &T, request: &FakeRequest) -> Result<Vec<String>, Error> {
    complete_stream_until(backend, request, usize::MAX)
}

/// The same with a client that leaves after so many events.
pub fn complete_stream_until<T: Backend>(
    backend: &T,
    request: &FakeRequest,
    event_count: usize,
) -> Result<Vec<String>, Error> {
    let mut events = Events { list: Vec::new(), left: event_count };
    let head =
        CompletionHead { id: "chatcmpl-test".into(), created_unix_s: 0, model: request.request().model().into_owned() };
    let mut stream = CompletionStream::new(&mut events, &head, request.request().wants_usage());
    backend.complete_stream(&request.request(), &mut stream)?;
    stream.close()?;
    Ok(events.list)
}

struct Events {
    list: Vec<String>,
    left: usize,
}

impl EventSink for Events {
    fn begin(&mut self) {}
    fn event(&mut self, data: &str) -> Result<(), Cancelled> {
        self.left = self.left.checked_sub(1).ok_or(Cancelled)?;
        self.list.push(data.into());
        Ok(())
    }
    fn is_cancelled(&self) -> bool {
        self.left == 0
    }
}
