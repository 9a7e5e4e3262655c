//! An exchange: what middleware sees, and what it has done.
use super::{FakeHost, FakeRequest};
use crate::exchange::Exchange;
use crate::ffi::{
    self, sluice_error, sluice_exchange, sluice_exchange_api, sluice_loop, sluice_request, sluice_response,
};
use crate::ffi::{sluice_callback_fn, sluice_status, sluice_str, sluice_summary, sluice_verdict};
use crate::middleware::Middleware;
use crate::summary::Summary;
use crate::text;
use std::collections::BTreeMap;
use std::mem::size_of;
use std::os::raw::c_void;

/// Give [`FakeExchange::exchange`] to the hooks; look afterwards.
pub struct FakeExchange {
    request: FakeRequest,
    response: Option<sluice_response>,
    attributes: BTreeMap<String, String>,
    response_headers: BTreeMap<String, String>,
    refused_with: Option<String>,
    resumed_with: Option<sluice_verdict>,
}

static TABLE: sluice_exchange_api = sluice_exchange_api {
    struct_size: size_of::<sluice_exchange_api>() as u32,
    flags: 0,
    loop_: no_loop,
    request,
    set_request_header,
    set_body,
    set_attribute,
    attribute,
    response,
    set_response_header,
    reply,
    refuse,
    resume,
    on_cancel,
};

impl FakeExchange {
    pub fn new(request: FakeRequest) -> FakeExchange {
        FakeExchange {
            request,
            response: None,
            attributes: BTreeMap::new(),
            response_headers: BTreeMap::new(),
            refused_with: None,
            resumed_with: None,
        }
    }
    pub fn exchange(&mut self, host: &FakeHost) -> Exchange<'_> {
        let raw = (self as *mut FakeExchange).cast();
        unsafe { Exchange::new(raw, &TABLE, host.host()) }
    }
    /// The head of an answer comes in: next is on_response.
    pub fn answer(&mut self, http_status: u16, is_event_stream: bool) {
        self.response = Some(sluice_response {
            struct_size: size_of::<sluice_response>() as u32,
            flags: if is_event_stream { ffi::SLUICE_RESPONSE_EVENTS } else { 0 },
            http_status: i32::from(http_status),
            reserved: 0,
            content_length: ffi::SLUICE_LENGTH_UNKNOWN,
            content_type: sluice_str::new("application/json"),
            headers: std::ptr::null(),
            header_count: 0,
        });
    }
    /// Calls on_complete for an answer that the backend ended.
    pub fn complete<T: Middleware>(&mut self, middleware: &T, state: &mut T::State) {
        let summary = sluice_summary {
            struct_size: size_of::<sluice_summary>() as u32,
            flags: 0,
            http_status: self.response.as_ref().map_or(0, |response| response.http_status),
            ended_by: ffi::SLUICE_ENDED_BY_BACKEND,
            error_code: sluice_str::empty(),
            backend: sluice_str::new("test"),
            received_bytes: 0,
            sent_bytes: 0,
            duration_ns: 0,
            first_byte_ns: 0,
            attempts: 1,
            usage: std::ptr::null(),
        };
        middleware.on_complete(state, &unsafe { Summary::new(&summary) });
    }

    pub fn request(&self) -> &FakeRequest {
        &self.request
    }
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
    /// Names are as they were given.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.response_headers.get(name).map(String::as_str)
    }
    /// The code of the error a pending exchange was refused with.
    pub fn refused_with(&self) -> Option<&str> {
        self.refused_with.as_deref()
    }
    /// True once a pending exchange goes on, whatever with.
    pub fn is_resumed(&self) -> bool {
        self.resumed_with.is_some()
    }
}

unsafe fn fake<'a>(exchange: *mut sluice_exchange) -> &'a mut FakeExchange {
    &mut *exchange.cast::<FakeExchange>()
}

fn set(map: &mut BTreeMap<String, String>, name: sluice_str, value: sluice_str) -> sluice_status {
    let (name, value) = unsafe { (text::view(name).into_owned(), text::view(value).into_owned()) };
    if name.is_empty() || value.contains(['\r', '\n']) {
        return ffi::SLUICE_E_INVALID;
    }
    if value.is_empty() {
        map.remove(&name);
    } else {
        map.insert(name, value);
    }
    ffi::SLUICE_OK
}

unsafe extern "C" fn no_loop(_: *const sluice_exchange) -> *mut sluice_loop {
    std::ptr::null_mut()
}
unsafe extern "C" fn request(exchange: *mut sluice_exchange) -> *const sluice_request {
    fake(exchange).request.raw()
}
unsafe extern "C" fn set_request_header(
    exchange: *mut sluice_exchange,
    name: sluice_str,
    value: sluice_str,
) -> sluice_status {
    fake(exchange).request.set_header(&text::view(name), &text::view(value));
    ffi::SLUICE_OK
}
unsafe extern "C" fn set_body(exchange: *mut sluice_exchange, json: sluice_str) -> sluice_status {
    fake(exchange).request.set_body(json.bytes());
    ffi::SLUICE_OK
}
unsafe extern "C" fn set_attribute(
    exchange: *mut sluice_exchange,
    name: sluice_str,
    value: sluice_str,
) -> sluice_status {
    set(&mut fake(exchange).attributes, name, value)
}
unsafe extern "C" fn attribute(exchange: *const sluice_exchange, name: sluice_str) -> sluice_str {
    let fake = &*exchange.cast::<FakeExchange>();
    fake.attribute(&text::view(name)).map_or(sluice_str::empty(), sluice_str::new)
}
unsafe extern "C" fn response(exchange: *mut sluice_exchange) -> *const sluice_response {
    fake(exchange).response.as_ref().map_or(std::ptr::null(), |response| response as *const _)
}
unsafe extern "C" fn set_response_header(
    exchange: *mut sluice_exchange,
    name: sluice_str,
    value: sluice_str,
) -> sluice_status {
    set(&mut fake(exchange).response_headers, name, value)
}
unsafe extern "C" fn reply(_: *mut sluice_exchange, _: *const sluice_response, _: sluice_str) -> sluice_status {
    ffi::SLUICE_OK
}
unsafe extern "C" fn refuse(exchange: *mut sluice_exchange, error: *const sluice_error) -> sluice_status {
    fake(exchange).refused_with = Some(text::view((*error).code).into_owned());
    ffi::SLUICE_OK
}
unsafe extern "C" fn resume(exchange: *mut sluice_exchange, verdict: sluice_verdict) -> sluice_status {
    fake(exchange).resumed_with = Some(verdict);
    ffi::SLUICE_OK
}
unsafe extern "C" fn on_cancel(
    _: *mut sluice_exchange,
    _: Option<sluice_callback_fn>,
    _: *mut c_void,
) -> sluice_status {
    ffi::SLUICE_OK
}
