//! A request, field by field.
use crate::ffi::{self, sluice_header, sluice_request, sluice_str};
use crate::json::append_json_string;
use crate::request::Request;
use std::mem::size_of;

/// A POST to /v1/chat/completions unless something else is said.
pub struct FakeRequest {
    model: String,
    path: String,
    body: Vec<u8>,
    headers: Vec<(String, String)>,
    // What the plugin sees: it points into the members above and is made anew with every change of them. Strings and
    // vectors keep their text where it is when they are moved.
    header_list: Vec<sluice_header>,
    raw: sluice_request,
}

impl FakeRequest {
    /// A chat request with one user message.
    pub fn chat(model: &str, text: &str) -> FakeRequest {
        let mut body = String::from("{\"model\":");
        append_json_string(&mut body, model);
        body += ",\"messages\":[{\"role\":\"user\",\"content\":";
        append_json_string(&mut body, text);
        body += "}]}";
        FakeRequest::json(model, body)
    }
    /// Any JSON body; it is not looked at, so the model is given beside it.
    pub fn json(model: &str, body: impl Into<Vec<u8>>) -> FakeRequest {
        let raw = sluice_request {
            struct_size: size_of::<sluice_request>() as u32,
            flags: ffi::SLUICE_REQUEST_JSON,
            request_id: sluice_str::new("test-request"),
            method: sluice_str::new("POST"),
            path: sluice_str::empty(),
            query: sluice_str::empty(),
            model: sluice_str::empty(),
            client_address: sluice_str::new("127.0.0.1"),
            headers: std::ptr::null(),
            header_count: 0,
            body: sluice_str::empty(),
            body_length: 0,
            choice_count: 1,
        };
        let mut request = FakeRequest {
            model: model.into(),
            path: "/v1/chat/completions".into(),
            body: body.into(),
            headers: Vec::new(),
            header_list: Vec::new(),
            raw,
        };
        request.refresh();
        request
    }
    pub fn with_header(mut self, name: &str, value: &str) -> FakeRequest {
        self.set_header(name, value);
        self
    }
    pub fn with_path(mut self, path: &str) -> FakeRequest {
        self.path = path.into();
        self.refresh();
        self
    }
    /// "stream": true
    pub fn streamed(mut self) -> FakeRequest {
        self.raw.flags |= ffi::SLUICE_REQUEST_STREAM;
        self
    }
    /// "stream_options": {"include_usage": true}
    pub fn wanting_usage(mut self) -> FakeRequest {
        self.raw.flags |= ffi::SLUICE_REQUEST_WANTS_USAGE;
        self
    }

    pub fn request(&self) -> Request<'_> {
        unsafe { Request::new(&self.raw) }
    }
    pub(crate) fn raw(&self) -> *const sluice_request {
        &self.raw
    }
    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.headers.push((name.into(), value.into()));
        }
        self.refresh();
    }
    pub(crate) fn set_body(&mut self, body: &[u8]) {
        self.body = body.into();
        self.refresh();
    }

    fn refresh(&mut self) {
        self.header_list = self
            .headers
            .iter()
            .map(|(name, value)| sluice_header { name: sluice_str::new(name), value: sluice_str::new(value) })
            .collect();
        self.raw.path = sluice_str::new(&self.path);
        self.raw.model = sluice_str::new(&self.model);
        self.raw.headers = self.header_list.as_ptr();
        self.raw.header_count = self.header_list.len();
        self.raw.body = sluice_str::of_bytes(&self.body);
        self.raw.body_length = self.body.len() as u64;
    }
}
