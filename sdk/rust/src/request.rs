//! One client request.
use crate::ffi::{self, sluice_header, sluice_request};
use crate::text;
use std::borrow::Cow;

/// A view of a request, with all it shows: valid during the call it is given to.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    raw: &'a sluice_request,
}

impl<'a> Request<'a> {
    /// # Safety
    /// What `raw` points to is alive and unchanged for 'a.
    pub unsafe fn new(raw: *const sluice_request) -> Request<'a> {
        Request { raw: &*raw }
    }
    pub fn raw(&self) -> &'a sluice_request {
        self.raw
    }

    pub fn request_id(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.request_id) }
    }
    pub fn method(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.method) }
    }
    /// "/v1/chat/completions", as it was sent, without the query.
    pub fn path(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.path) }
    }
    pub fn query(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.query) }
    }
    /// The body's "model"; empty where there is none.
    pub fn model(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.model) }
    }
    pub fn client_address(&self) -> Cow<'a, str> {
        unsafe { text::view(self.raw.client_address) }
    }
    /// Names are compared without case; the first line of that name.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.headers().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
    /// Name and value of each line.
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        unsafe { header_list(self.raw.headers, self.raw.header_count) }
    }

    /// The body as the client sent it; for middleware it is there from on_request on.
    pub fn body(&self) -> &'a [u8] {
        unsafe { self.raw.body.bytes() }
    }
    /// The body's "n"; 1 where there is none.
    pub fn choice_count(&self) -> u64 {
        self.raw.choice_count
    }
    pub fn is_stream(&self) -> bool {
        self.has(ffi::SLUICE_REQUEST_STREAM)
    }
    /// `body()` is whole and one valid JSON object.
    pub fn is_json(&self) -> bool {
        self.has(ffi::SLUICE_REQUEST_JSON)
    }
    pub fn wants_usage(&self) -> bool {
        self.has(ffi::SLUICE_REQUEST_WANTS_USAGE)
    }

    fn has(&self, flag: u32) -> bool {
        self.raw.flags & flag != 0
    }
}

pub(crate) unsafe fn header_list<'a>(
    headers: *const sluice_header,
    count: usize,
) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
    let list: &'a [sluice_header] = if count == 0 { &[] } else { std::slice::from_raw_parts(headers, count) };
    list.iter().map(pair)
}

fn pair(header: &sluice_header) -> (Cow<'_, str>, Cow<'_, str>) {
    unsafe { (text::view(header.name), text::view(header.value)) }
}
