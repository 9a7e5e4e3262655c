//! Backends: types that answer requests.
use crate::completion::{Cancelled, Completion, CompletionHead, CompletionStream, EventSink};
use crate::error::Error;
use crate::ffi::{self, sluice_backend, sluice_backend_api, sluice_call, sluice_call_api, sluice_health};
use crate::ffi::{sluice_health_api, sluice_host, sluice_model, sluice_models, sluice_models_api, sluice_request};
use crate::ffi::{sluice_response, sluice_status, sluice_str, sluice_text_sink};
use crate::guard::guard;
use crate::host::Host;
use crate::instance::{create, destroy, instance_of};
use crate::request::Request;
use crate::usage::Usage;
use std::borrow::Cow;
use std::mem::size_of;

/// A synchronous backend for chat completions. One value is one configured instance; its functions run on workers of the
/// host, several at once, and may block. The crate answers in OpenAI's shape. An `Err` becomes the client's error; a panic
/// becomes the error "internal_error", and its text goes into the log.
pub trait Backend: Send + Sync + Sized + 'static {
    /// JSON Schema (draft 7) of the configuration; empty: only an empty object is accepted.
    const CONFIG_SCHEMA: &'static str = "";
    /// Exact paths, or everything below one with a closing slash.
    const PATHS: &'static [sluice_str] = &[sluice_str::new("/v1/chat/completions")];
    /// Serves for trying things out; never counts as a working backend in /health.
    const IS_EXAMPLE: bool = false;

    /// Makes an instance; `config` is JSON that satisfies the schema, defaults filled in. What goes wrong refuses the
    /// configuration. Makes no network calls that it waits for.
    fn new(host: Host, config: &str) -> Result<Self, Error>;

    /// Answers a plain request.
    fn complete(&self, request: &Request<'_>, completion: &mut Completion) -> Result<(), Error>;
    /// Answers a streamed request. Unless there is one: what `complete()` says, in one piece.
    fn complete_stream(&self, request: &Request<'_>, stream: &mut CompletionStream<'_>) -> Result<(), Error> {
        let mut completion = Completion::default();
        self.complete(request, &mut completion)?;
        stream.write_reasoning(completion.reasoning())?;
        stream.write(completion.text())?;
        stream.set_finish_reason(completion.finish_reason());
        if let Some(usage) = completion.usage() {
            stream.set_usage(usage);
        }
        Ok(())
    }
    /// The models that clients may name. With an `Err` the host keeps its last good list.
    fn models(&self) -> Result<Vec<Model>, Error> {
        Ok(Vec::new())
    }
    /// How it is, from what it knows; costs no tokens.
    fn health(&self) -> Health {
        Health::ok()
    }
    /// The gateway ends: answers that may take long are better ended now. Returns at once.
    fn shut_down(&self) {}
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What clients write into "model".
    pub id: String,
    pub owned_by: String,
    /// 0 where it is not known.
    pub created_unix_s: u64,
}

impl Model {
    pub fn new(id: impl Into<String>) -> Model {
        Model { id: id.into(), ..Model::default() }
    }
}

/// The state of a backend and the word that /health shows for it.
#[derive(Clone, Debug)]
pub struct Health {
    state: i32,
    word: Cow<'static, str>,
}

impl Health {
    pub fn ok() -> Health {
        Health { state: ffi::SLUICE_HEALTH_OK, word: "ok".into() }
    }
    pub fn degraded(word: impl Into<Cow<'static, str>>) -> Health {
        Health { state: ffi::SLUICE_HEALTH_DEGRADED, word: word.into() }
    }
    pub fn down(word: impl Into<Cow<'static, str>>) -> Health {
        Health { state: ffi::SLUICE_HEALTH_DOWN, word: word.into() }
    }
}

/// The table of a backend; for `sluice_plugin!`.
#[doc(hidden)]
pub const fn backend_table<T: Backend>() -> sluice_backend_api {
    sluice_backend_api {
        struct_size: size_of::<sluice_backend_api>() as u32,
        flags: 0,
        paths: T::PATHS.as_ptr(),
        path_count: T::PATHS.len(),
        create: create_backend::<T>,
        destroy: destroy_backend::<T>,
        start: start::<T>,
        models: Some(models::<T>),
        health: Some(health::<T>),
        shut_down: Some(shut_down::<T>),
    }
}

unsafe extern "C" fn create_backend<T: Backend>(
    host: *const sluice_host,
    config_json: sluice_str,
    errors: sluice_text_sink,
    out: *mut *mut sluice_backend,
) -> sluice_status {
    create(host, config_json, errors, out, T::new)
}

unsafe extern "C" fn destroy_backend<T: Backend>(backend: *mut sluice_backend) {
    destroy::<T, _>(backend);
}

unsafe extern "C" fn start<T: Backend>(
    backend: *mut sluice_backend,
    call: *mut sluice_call,
    api: *const sluice_call_api,
    request: *const sluice_request,
) -> sluice_status {
    let instance = instance_of::<T, _>(backend);
    let mut usage = None;
    let outcome = guard(instance.host.raw(), || {
        answer(&instance.object, instance.host, Call { raw: call, api: &*api }, &Request::new(request), &mut usage)
    });
    let usage = usage.map(Usage::to_abi);
    let usage = usage.as_ref().map_or(std::ptr::null(), |usage| usage as *const _);
    match outcome.unwrap_or_else(|_| Err(Error::unexpected())) {
        Ok(()) => ((*api).finish)(call, usage),
        Err(error) => ((*api).fail)(call, &error.to_abi(), usage),
    }
    ffi::SLUICE_OK
}

fn answer<T: Backend>(
    object: &T,
    host: Host,
    mut call: Call<'_>,
    request: &Request<'_>,
    usage: &mut Option<Usage>,
) -> Result<(), Error> {
    if request.choice_count() > 1 {
        let message =
            format!("This backend gives one choice: leave \"n\" out or set it to 1, found {}.", request.choice_count());
        return Err(Error::new("unsupported_parameter", message).with_param("n"));
    }
    let head = CompletionHead {
        id: completion_id(request),
        created_unix_s: host.clock().unix_time().as_secs(),
        model: request.model().into_owned(),
    };
    if !request.is_stream() {
        let mut completion = Completion::default();
        object.complete(request, &mut completion)?;
        *usage = completion.usage();
        return Ok(call.give_json(&completion.to_json(&head))?);
    }
    let mut stream = CompletionStream::new(&mut call, &head, request.wants_usage());
    let outcome = object.complete_stream(request, &mut stream);
    *usage = stream.usage();
    outcome?;
    Ok(stream.close()?)
}

/// The request's id is unique already.
fn completion_id(request: &Request<'_>) -> String {
    format!("chatcmpl-{}", request.request_id())
}

/// The host's side of one call, up to its terminal function.
struct Call<'a> {
    raw: *mut sluice_call,
    api: &'a sluice_call_api,
}

impl Call<'_> {
    fn give_json(&mut self, json: &str) -> Result<(), Cancelled> {
        self.begin_with(0, json.len() as u64, "application/json");
        cancelled_if(unsafe { (self.api.write)(self.raw, sluice_str::new(json)) })
    }
    fn begin_with(&mut self, flags: u32, content_length: u64, content_type: &str) {
        let response = sluice_response {
            struct_size: size_of::<sluice_response>() as u32,
            flags,
            http_status: 200,
            reserved: 0,
            content_length,
            content_type: sluice_str::new(content_type),
            headers: std::ptr::null(),
            header_count: 0,
        };
        unsafe { (self.api.begin)(self.raw, &response) };
    }
}

impl EventSink for Call<'_> {
    fn begin(&mut self) {
        self.begin_with(ffi::SLUICE_RESPONSE_EVENTS, ffi::SLUICE_LENGTH_UNKNOWN, "");
    }
    fn event(&mut self, data: &str) -> Result<(), Cancelled> {
        cancelled_if(unsafe { (self.api.write_event)(self.raw, sluice_str::empty(), sluice_str::new(data)) })
    }
    fn is_cancelled(&self) -> bool {
        unsafe { (self.api.is_cancelled)(self.raw) != 0 }
    }
}

fn cancelled_if(status: sluice_status) -> Result<(), Cancelled> {
    if status < 0 || status == ffi::SLUICE_CANCELLED {
        Err(Cancelled)
    } else {
        Ok(())
    }
}

unsafe extern "C" fn models<T: Backend>(
    backend: *mut sluice_backend,
    list: *mut sluice_models,
    api: *const sluice_models_api,
) -> sluice_status {
    let instance = instance_of::<T, _>(backend);
    let models = guard(instance.host.raw(), || instance.object.models());
    match models.unwrap_or_else(|_| Err(Error::unexpected())) {
        Ok(models) => {
            for model in &models {
                let model = sluice_model {
                    struct_size: size_of::<sluice_model>() as u32,
                    flags: 0,
                    id: sluice_str::new(&model.id),
                    owned_by: sluice_str::new(&model.owned_by),
                    created_unix_s: model.created_unix_s,
                };
                ((*api).add)(list, &model);
            }
            ((*api).done)(list, std::ptr::null());
        }
        Err(error) => ((*api).done)(list, &error.to_abi()),
    }
    ffi::SLUICE_OK
}

unsafe extern "C" fn health<T: Backend>(
    backend: *mut sluice_backend,
    report: *mut sluice_health,
    api: *const sluice_health_api,
) -> sluice_status {
    let instance = instance_of::<T, _>(backend);
    let health = guard(instance.host.raw(), || instance.object.health()).unwrap_or_else(|_| Health::down("error"));
    ((*api).done)(report, health.state, sluice_str::new(&health.word));
    ffi::SLUICE_OK
}

unsafe extern "C" fn shut_down<T: Backend>(backend: *mut sluice_backend) {
    let instance = instance_of::<T, _>(backend);
    let _ = guard(instance.host.raw(), || instance.object.shut_down());
}
