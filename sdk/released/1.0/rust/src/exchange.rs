//! One request and its answer, as middleware sees them.
use crate::error::Error;
use crate::ffi::{
    self, sluice_exchange, sluice_exchange_api, sluice_header, sluice_response, sluice_status, sluice_str,
};
use crate::host::Host;
use crate::loops::Loop;
use crate::request::{header_list, Request};
use crate::text;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::mem::size_of;

/// The middleware's end of an exchange, for the length of one hook.
pub struct Exchange<'a> {
    raw: *mut sluice_exchange,
    api: *const sluice_exchange_api,
    host: Host,
    hook: PhantomData<&'a ()>,
}

/// The name or value does not fit a header, the body is no JSON object, or it is too late for the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTaken;

impl From<NotTaken> for Error {
    fn from(_: NotTaken) -> Error {
        Error::unexpected()
    }
}

/// An answer that middleware gives itself.
#[derive(Clone, Debug)]
pub struct Reply {
    pub http_status: u16,
    pub content_type: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn new(http_status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Reply {
        Reply { http_status, content_type: content_type.into(), headers: Vec::new(), body: body.into() }
    }
}

/// The head of the answer.
pub struct ResponseHead<'a> {
    raw: &'a sluice_response,
}

impl<'a> Exchange<'a> {
    /// # Safety
    /// The hook that the host called with these pointers runs for 'a.
    pub unsafe fn new(raw: *mut sluice_exchange, api: *const sluice_exchange_api, host: Host) -> Exchange<'a> {
        Exchange { raw, api, host, hook: PhantomData }
    }

    /// The request as it stands now; its body is there from on_request on.
    pub fn request(&self) -> Request<'_> {
        unsafe { Request::new((self.table().request)(self.raw)) }
    }
    /// Sets one line, whatever was there before. Only in on_head and on_request.
    pub fn set_request_header(&mut self, name: &str, value: &str) -> Result<(), NotTaken> {
        taken(unsafe { (self.table().set_request_header)(self.raw, sluice_str::new(name), sluice_str::new(value)) })
    }
    pub fn remove_request_header(&mut self, name: &str) -> Result<(), NotTaken> {
        self.set_request_header(name, "")
    }
    /// Replaces the JSON body; only in on_request.
    pub fn set_body(&mut self, json: &str) -> Result<(), NotTaken> {
        taken(unsafe { (self.table().set_body)(self.raw, sluice_str::new(json)) })
    }

    /// Facts that later middleware, the log and the limits share: "key.id", "key.masked", "session.id".
    pub fn set_attribute(&mut self, name: &str, value: &str) -> Result<(), NotTaken> {
        taken(unsafe { (self.table().set_attribute)(self.raw, sluice_str::new(name), sluice_str::new(value)) })
    }
    /// Empty where it is not set.
    pub fn attribute(&self, name: &str) -> Cow<'_, str> {
        unsafe { text::view((self.table().attribute)(self.raw, sluice_str::new(name))) }
    }

    /// The head of the answer, once there is one.
    pub fn response(&self) -> Option<ResponseHead<'_>> {
        unsafe { (self.table().response)(self.raw).as_ref() }.map(|raw| ResponseHead { raw })
    }
    /// From on_head on until on_response has returned.
    pub fn set_response_header(&mut self, name: &str, value: &str) -> Result<(), NotTaken> {
        taken(unsafe { (self.table().set_response_header)(self.raw, sluice_str::new(name), sluice_str::new(value)) })
    }
    pub fn remove_response_header(&mut self, name: &str) -> Result<(), NotTaken> {
        self.set_response_header(name, "")
    }

    /// The loop of the exchange, for the store's answers.
    pub fn own_loop(&self) -> Option<Loop> {
        let raw = unsafe { (self.table().loop_)(self.raw) };
        self.host.loops().and_then(|loops| loops.wrap(raw))
    }
    /// Makes the exchange wait: the hook gives this away and returns `Verdict::Pending`.
    pub fn wait(&mut self) -> Pending {
        Pending { raw: self.raw, api: self.api, host: self.host, own_loop: self.own_loop(), is_resumed: false }
    }

    /// Gives the answer; the hook then returns `SLUICE_REPLY`.
    pub(crate) fn give_reply(&mut self, reply: &Reply) -> Result<(), NotTaken> {
        unsafe { give_reply(self.raw, self.table(), reply) }
    }
    /// Gives the error; the hook then returns `SLUICE_REFUSE` or `SLUICE_CHUNK_FAIL`.
    pub(crate) fn give_refusal(&mut self, error: &Error) {
        unsafe { (self.table().refuse)(self.raw, &error.to_abi()) };
    }

    fn table(&self) -> &'static sluice_exchange_api {
        unsafe { &*self.api }
    }
}

impl<'a> ResponseHead<'a> {
    pub fn http_status(&self) -> i32 {
        self.raw.http_status
    }
    pub fn is_event_stream(&self) -> bool {
        self.raw.flags & ffi::SLUICE_RESPONSE_EVENTS != 0
    }
    pub fn content_type(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.content_type) }
    }
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        unsafe { header_list(self.raw.headers, self.raw.header_count) }
    }
}

/// An exchange that waits. Give it to whoever makes it go on, on whatever thread: it stays valid until then, also where
/// the client has left. One that is dropped before that refuses the request.
pub struct Pending {
    raw: *mut sluice_exchange,
    api: *const sluice_exchange_api,
    host: Host,
    own_loop: Option<Loop>,
    is_resumed: bool,
}

unsafe impl Send for Pending {}

impl Pending {
    /// The chain goes on behind this middleware.
    pub fn resume(mut self) {
        self.resume_with(ffi::SLUICE_CONTINUE);
    }
    pub fn refuse(self, error: Error) {
        self.on_own_loop(move |mut pending| pending.refuse_here(&error));
    }
    pub fn reply(self, reply: Reply) {
        self.on_own_loop(move |mut pending| match unsafe { give_reply(pending.raw, &*pending.api, &reply) } {
            Ok(()) => pending.resume_with(ffi::SLUICE_REPLY),
            Err(NotTaken) => pending.refuse_here(&Error::unexpected()),
        });
    }

    /// An answer is given on the loop of the exchange, where it is not now. A loop that has stopped drops it.
    fn on_own_loop(self, run: impl FnOnce(Pending) + Send + 'static) {
        match self.own_loop {
            Some(own) if !own.is_current() => drop(own.post(move || run(self))),
            _ => run(self),
        }
    }
    fn refuse_here(&mut self, error: &Error) {
        unsafe { ((*self.api).refuse)(self.raw, &error.to_abi()) };
        self.resume_with(ffi::SLUICE_REFUSE);
    }
    fn resume_with(&mut self, verdict: ffi::sluice_verdict) {
        self.is_resumed = true;
        unsafe { ((*self.api).resume)(self.raw, verdict) };
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.is_resumed {
            return;
        }
        let forgotten =
            Pending { raw: self.raw, api: self.api, host: self.host, own_loop: self.own_loop, is_resumed: true };
        self.host.log().error("a pending exchange was dropped without a verdict");
        forgotten.on_own_loop(|mut pending| pending.refuse_here(&Error::unexpected()));
    }
}

unsafe fn give_reply(exchange: *mut sluice_exchange, api: &sluice_exchange_api, reply: &Reply) -> Result<(), NotTaken> {
    let headers: Vec<sluice_header> = reply
        .headers
        .iter()
        .map(|(name, value)| sluice_header { name: sluice_str::new(name), value: sluice_str::new(value) })
        .collect();
    let response = sluice_response {
        struct_size: size_of::<sluice_response>() as u32,
        flags: 0,
        http_status: i32::from(reply.http_status),
        reserved: 0,
        content_length: reply.body.len() as u64,
        content_type: sluice_str::new(&reply.content_type),
        headers: headers.as_ptr(),
        header_count: headers.len(),
    };
    taken((api.reply)(exchange, &response, sluice_str::of_bytes(&reply.body)))
}

fn taken(status: sluice_status) -> Result<(), NotTaken> {
    if status < 0 {
        Err(NotTaken)
    } else {
        Ok(())
    }
}
