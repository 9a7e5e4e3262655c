//! Middleware: types that see requests on their way in and answers on their way out.
use crate::error::Error;
use crate::exchange::{Exchange, NotTaken, Reply};
use crate::ffi::{self, sluice_chunk_verdict, sluice_exchange, sluice_exchange_api, sluice_host, sluice_middleware};
use crate::ffi::{sluice_middleware_api, sluice_status, sluice_str, sluice_summary, sluice_text_sink, sluice_verdict};
use crate::guard::guard;
use crate::host::Host;
use crate::instance::{create, destroy, instance_of, Instance};
use crate::summary::Summary;
use crate::text;
use std::mem::size_of;
use std::ops::BitOr;
use std::os::raw::c_void;

/// One value is one configured instance; its hooks run on all event loops of the host, several at once, and never block.
/// Each exchange has a `State` of its own, made before the first hook and dropped after on_complete. An `Err` or a panic
/// of on_head, on_request and on_chunk refuses the request or ends the answer; one of the others is logged.
pub trait Middleware: Send + Sync + Sized + 'static {
    type State: Default + Send;

    /// JSON Schema (draft 7) of the configuration; empty: only an empty object is accepted.
    const CONFIG_SCHEMA: &'static str = "";
    const IS_EXAMPLE: bool = false;
    /// The hooks that the type has. The host does not call the others at all, which costs nothing: worth it for on_chunk,
    /// which it calls for every piece of every answer.
    const HOOKS: Hooks = Hooks::ALL;

    fn new(host: Host, config: &str) -> Result<Self, Error>;

    /// Method, path and headers are known, the body is not read.
    fn on_head(&self, _exchange: &mut Exchange<'_>, _state: &mut Self::State) -> Result<Verdict, Error> {
        Ok(Verdict::Continue)
    }
    /// The body is whole, or about to be streamed.
    fn on_request(&self, _exchange: &mut Exchange<'_>, _state: &mut Self::State) -> Result<Verdict, Error> {
        Ok(Verdict::Continue)
    }
    /// The head of the answer is there, nothing is sent yet.
    fn on_response(&self, _exchange: &mut Exchange<'_>, _state: &mut Self::State) {}
    /// One event (name and data) of an event stream, or some bytes of a body (the name empty).
    fn on_chunk(
        &self,
        _exchange: &mut Exchange<'_>,
        _state: &mut Self::State,
        _chunk: Chunk<'_>,
    ) -> Result<ChunkVerdict, Error> {
        Ok(ChunkVerdict::Pass)
    }
    /// The last byte is gone or will never go.
    fn on_complete(&self, _state: &mut Self::State, _summary: &Summary<'_>) {}
    /// True if a client that cannot say who it is would be refused now.
    fn is_guarding(&self) -> bool {
        false
    }
}

/// What on_head and on_request decide; to refuse, they return an `Err`.
pub enum Verdict {
    Continue,
    Reply(Reply),
    /// What [`Exchange::wait`] gave has been handed to who makes it go on.
    Pending,
}

#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    pub name: &'a [u8],
    pub data: &'a [u8],
}

/// What on_chunk decides; to break the answer off with an error, it returns an `Err`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkVerdict {
    Pass,
    Replace(String),
    Drop,
    /// Drop it and end the answer cleanly here.
    End,
}

/// A set of hooks: `Hooks::HEAD | Hooks::COMPLETE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hooks(u32);

impl Hooks {
    pub const HEAD: Hooks = Hooks(1);
    pub const REQUEST: Hooks = Hooks(2);
    pub const RESPONSE: Hooks = Hooks(4);
    pub const CHUNK: Hooks = Hooks(8);
    pub const COMPLETE: Hooks = Hooks(16);
    pub const ALL: Hooks = Hooks(31);

    /// `|` for constants.
    pub const fn and(self, other: Hooks) -> Hooks {
        Hooks(self.0 | other.0)
    }
    const fn has(self, hook: Hooks) -> bool {
        self.0 & hook.0 != 0
    }
}

impl BitOr for Hooks {
    type Output = Hooks;
    fn bitor(self, other: Hooks) -> Hooks {
        self.and(other)
    }
}

/// The table of middleware; for `sluice_plugin!`.
#[doc(hidden)]
pub const fn middleware_table<T: Middleware>() -> sluice_middleware_api {
    sluice_middleware_api {
        struct_size: size_of::<sluice_middleware_api>() as u32,
        flags: 0,
        create: create_middleware::<T>,
        destroy: destroy_middleware::<T>,
        on_head: if T::HOOKS.has(Hooks::HEAD) { Some(on_head::<T>) } else { None },
        on_request: if T::HOOKS.has(Hooks::REQUEST) { Some(on_request::<T>) } else { None },
        on_response: if T::HOOKS.has(Hooks::RESPONSE) { Some(on_response::<T>) } else { None },
        on_chunk: if T::HOOKS.has(Hooks::CHUNK) { Some(on_chunk::<T>) } else { None },
        // Always: it frees the state.
        on_complete: Some(on_complete::<T>),
        is_guarding: Some(is_guarding::<T>),
    }
}

unsafe extern "C" fn create_middleware<T: Middleware>(
    host: *const sluice_host,
    config_json: sluice_str,
    errors: sluice_text_sink,
    out: *mut *mut sluice_middleware,
) -> sluice_status {
    create(host, config_json, errors, out, T::new)
}

unsafe extern "C" fn destroy_middleware<T: Middleware>(middleware: *mut sluice_middleware) {
    destroy::<T, _>(middleware);
}

type Hook<T> = fn(&T, &mut Exchange<'_>, &mut <T as Middleware>::State) -> Result<Verdict, Error>;

unsafe extern "C" fn on_head<T: Middleware>(
    middleware: *mut sluice_middleware,
    slot: *mut *mut c_void,
    exchange: *mut sluice_exchange,
    api: *const sluice_exchange_api,
) -> sluice_verdict {
    let instance = instance_of::<T, _>(middleware);
    decide(instance, slot, Exchange::new(exchange, api, instance.host), T::on_head)
}

unsafe extern "C" fn on_request<T: Middleware>(
    middleware: *mut sluice_middleware,
    slot: *mut *mut c_void,
    exchange: *mut sluice_exchange,
    api: *const sluice_exchange_api,
) -> sluice_verdict {
    let instance = instance_of::<T, _>(middleware);
    decide(instance, slot, Exchange::new(exchange, api, instance.host), T::on_request)
}

unsafe fn decide<T: Middleware>(
    instance: &Instance<T>,
    slot: *mut *mut c_void,
    mut exchange: Exchange<'_>,
    hook: Hook<T>,
) -> sluice_verdict {
    let outcome = guard(instance.host.raw(), || hook(&instance.object, &mut exchange, state::<T>(slot)));
    let error = match outcome {
        Ok(Ok(Verdict::Continue)) => return ffi::SLUICE_CONTINUE,
        Ok(Ok(Verdict::Pending)) => return ffi::SLUICE_PENDING,
        Ok(Ok(Verdict::Reply(reply))) => match exchange.give_reply(&reply) {
            Ok(()) => return ffi::SLUICE_REPLY,
            Err(NotTaken) => Error::unexpected(),
        },
        Ok(Err(error)) => error,
        Err(_) => Error::unexpected(),
    };
    exchange.give_refusal(&error);
    ffi::SLUICE_REFUSE
}

unsafe extern "C" fn on_response<T: Middleware>(
    middleware: *mut sluice_middleware,
    slot: *mut *mut c_void,
    exchange: *mut sluice_exchange,
    api: *const sluice_exchange_api,
) {
    let instance = instance_of::<T, _>(middleware);
    let mut exchange = Exchange::new(exchange, api, instance.host);
    let _ = guard(instance.host.raw(), || instance.object.on_response(&mut exchange, state::<T>(slot)));
}

unsafe extern "C" fn on_chunk<T: Middleware>(
    middleware: *mut sluice_middleware,
    slot: *mut *mut c_void,
    exchange: *mut sluice_exchange,
    api: *const sluice_exchange_api,
    name: sluice_str,
    data: sluice_str,
    replacement: sluice_text_sink,
) -> sluice_chunk_verdict {
    let instance = instance_of::<T, _>(middleware);
    let mut exchange = Exchange::new(exchange, api, instance.host);
    let chunk = Chunk { name: name.bytes(), data: data.bytes() };
    let outcome = guard(instance.host.raw(), || instance.object.on_chunk(&mut exchange, state::<T>(slot), chunk));
    match outcome.unwrap_or_else(|_| Err(Error::unexpected())) {
        Ok(ChunkVerdict::Pass) => ffi::SLUICE_CHUNK_PASS,
        Ok(ChunkVerdict::Drop) => ffi::SLUICE_CHUNK_DROP,
        Ok(ChunkVerdict::End) => ffi::SLUICE_CHUNK_END,
        Ok(ChunkVerdict::Replace(text)) => {
            text::put(replacement, &text);
            ffi::SLUICE_CHUNK_REPLACE
        }
        Err(error) => {
            exchange.give_refusal(&error);
            ffi::SLUICE_CHUNK_FAIL
        }
    }
}

unsafe extern "C" fn on_complete<T: Middleware>(
    middleware: *mut sluice_middleware,
    mut slot: *mut c_void,
    summary: *const sluice_summary,
) {
    let instance = instance_of::<T, _>(middleware);
    let _ = guard(instance.host.raw(), || {
        if T::HOOKS.has(Hooks::COMPLETE) {
            instance.object.on_complete(state::<T>(&mut slot), &Summary::new(summary));
        }
    });
    // Also after a panic.
    let _ = guard(instance.host.raw(), || {
        if !slot.is_null() {
            drop(Box::from_raw(slot.cast::<T::State>()));
        }
    });
}

unsafe extern "C" fn is_guarding<T: Middleware>(middleware: *mut sluice_middleware) -> i32 {
    let instance = instance_of::<T, _>(middleware);
    i32::from(guard(instance.host.raw(), || instance.object.is_guarding()).unwrap_or(false))
}

/// The state of the exchange, made where there is none yet.
unsafe fn state<'a, T: Middleware>(slot: *mut *mut c_void) -> &'a mut T::State {
    if (*slot).is_null() {
        *slot = Box::into_raw(Box::new(T::State::default())).cast();
    }
    &mut *(*slot).cast::<T::State>()
}
