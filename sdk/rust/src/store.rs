//! State that outlives the instance: values and quotas in a namespace of the host's store.
use crate::error::Error;
use crate::ffi::{self, sluice_host_store, sluice_namespace, sluice_quota, sluice_status, sluice_store_answer};
use crate::ffi::{sluice_store_fn, sluice_str, SLUICE_HOST_STORE_ID, SLUICE_OK};
use crate::guard::guard;
use crate::host::Host;
use crate::loops::Loop;
use crate::text;
use std::os::raw::c_void;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A namespace. A small value: copy it freely; it lives as long as the instance, and every thread may use it.
///
/// Each question comes in two forms. The one ending in `_then` gives the answer to a closure: inside the call, where it is
/// at hand and the caller is on `on`, else later on that loop. It never blocks, so it is the one for middleware. The
/// instance must not go before its answers have come. The other form waits: for backends, for making an instance and
/// ending it, never on a loop. Sizes beyond the limits of `sluice/ext/store.h` fail at once.
#[derive(Clone, Copy)]
pub struct Store {
    host: Host,
    table: &'static sluice_host_store,
    space: *mut sluice_namespace,
}

unsafe impl Send for Store {}
unsafe impl Sync for Store {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// get: there is no value.
    Absent,
    /// compare_and_set: another value is there, or none; it is given.
    Conflict,
    /// take: it does not fit; nothing was taken.
    Refused,
    /// The store is down, slow or full: whether it was done is not known. `value` has the reason, for the log.
    Failed,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: Outcome,
    pub value: Vec<u8>,
    /// add: the sum; take, renew: all that is taken under the key now.
    pub number: i64,
    /// take, renew: names what was taken.
    pub ticket: u64,
    /// take: if refused until it would fit.
    pub wait: Duration,
}

/// A part of a quota: see `sluice_quota` in `sluice/ext/store.h`.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    pub amount: i64,
    pub limit: i64,
    pub ttl: Duration,
    /// A token bucket.
    pub is_queued: bool,
}

impl Store {
    pub(crate) fn open(host: Host, name: &str, is_durable: bool) -> Result<Store, Error> {
        let table = unsafe { host.find::<sluice_host_store>(SLUICE_HOST_STORE_ID) }
            .ok_or_else(|| Error::new("internal_error", "this host has no store (sluice.host.store/1)"))?;
        let flags = if is_durable { ffi::SLUICE_NAMESPACE_DURABLE } else { 0 };
        let mut problem = String::new();
        let space = unsafe { (table.open)(host.raw(), sluice_str::new(name), flags, text::sink_into(&mut problem)) };
        if space.is_null() {
            return Err(Error::new("internal_error", problem));
        }
        Ok(Store { host, table, space })
    }

    pub fn get(&self, key: &[u8]) -> Answer {
        self.wait(|on, then| self.get_then(on, key, then))
    }
    /// A `ttl` of zero stands for ever.
    pub fn put(&self, key: &[u8], value: &[u8], ttl: Duration) -> Answer {
        self.wait(|on, then| self.put_then(on, key, value, ttl, then))
    }
    pub fn remove(&self, key: &[u8]) -> Answer {
        self.wait(|on, then| self.remove_then(on, key, then))
    }
    pub fn add(&self, key: &[u8], delta: i64, ttl: Duration) -> Answer {
        self.wait(|on, then| self.add_then(on, key, delta, ttl, then))
    }
    /// `None`: only if there is no value.
    pub fn compare_and_set(&self, key: &[u8], expected: Option<&[u8]>, value: &[u8], ttl: Duration) -> Answer {
        self.wait(|on, then| self.compare_and_set_then(on, key, expected, value, ttl, then))
    }
    pub fn take(&self, key: &[u8], quota: Quota) -> Answer {
        self.wait(|on, then| self.take_then(on, key, quota, then))
    }

    pub fn get_then(&self, on: Loop, key: &[u8], then: impl FnOnce(Answer) + Send + 'static) {
        self.ask(then, |f, ctx| unsafe { (self.table.get)(self.space, on.raw(), sluice_str::of_bytes(key), f, ctx) });
    }
    pub fn put_then(
        &self,
        on: Loop,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        then: impl FnOnce(Answer) + Send + 'static,
    ) {
        let (key, value) = (sluice_str::of_bytes(key), sluice_str::of_bytes(value));
        self.ask(then, |f, ctx| unsafe { (self.table.put)(self.space, on.raw(), key, value, millis(ttl), f, ctx) });
    }
    pub fn remove_then(&self, on: Loop, key: &[u8], then: impl FnOnce(Answer) + Send + 'static) {
        self.ask(then, |f, ctx| unsafe {
            (self.table.remove)(self.space, on.raw(), sluice_str::of_bytes(key), f, ctx)
        });
    }
    pub fn add_then(
        &self,
        on: Loop,
        key: &[u8],
        delta: i64,
        ttl: Duration,
        then: impl FnOnce(Answer) + Send + 'static,
    ) {
        let key = sluice_str::of_bytes(key);
        self.ask(then, |f, ctx| unsafe { (self.table.add)(self.space, on.raw(), key, delta, millis(ttl), f, ctx) });
    }
    pub fn compare_and_set_then(
        &self,
        on: Loop,
        key: &[u8],
        expected: Option<&[u8]>,
        value: &[u8],
        ttl: Duration,
        then: impl FnOnce(Answer) + Send + 'static,
    ) {
        let (key, value) = (sluice_str::of_bytes(key), sluice_str::of_bytes(value));
        let text = sluice_str::of_bytes(expected.unwrap_or_default());
        let expected = if expected.is_some() { &text as *const sluice_str } else { std::ptr::null() };
        self.ask(then, |f, ctx| unsafe {
            (self.table.compare_and_set)(self.space, on.raw(), key, expected, value, millis(ttl), f, ctx)
        });
    }
    pub fn take_then(&self, on: Loop, key: &[u8], quota: Quota, then: impl FnOnce(Answer) + Send + 'static) {
        let wanted = quota.to_abi();
        self.ask(then, |f, ctx| unsafe {
            (self.table.take)(self.space, on.raw(), sluice_str::of_bytes(key), &wanted, f, ctx)
        });
    }
    /// Takes `amount` off what `ticket` names; nobody waits for the answer.
    pub fn give_back(&self, on: Loop, key: &[u8], amount: i64, ticket: u64) {
        let key = sluice_str::of_bytes(key);
        unsafe { (self.table.give_back)(self.space, on.raw(), key, amount, ticket, None, std::ptr::null_mut()) };
    }

    fn ask(
        &self,
        then: impl FnOnce(Answer) + Send + 'static,
        question: impl FnOnce(Option<sluice_store_fn>, *mut c_void) -> sluice_status,
    ) {
        let asked = Box::into_raw(Box::new(Asked { host: self.host, then: Box::new(then) }));
        if question(Some(answered), asked.cast()) != SLUICE_OK {
            let Asked { then, .. } = *unsafe { Box::from_raw(asked) };
            then(Answer::failed("the store was asked for something it does not take"));
        }
    }
    fn wait(&self, question: impl FnOnce(Loop, Box<dyn FnOnce(Answer) + Send>)) -> Answer {
        let on = match self.host.loops().and_then(|loops| loops.at(0)) {
            Some(on) => on,
            None => return Answer::failed("this host has no loops (sluice.host.loop/1)"),
        };
        // No channel: those of the standard library leave a destructor with the thread, see `guard`.
        let place = Arc::new((Mutex::new(None), Condvar::new()));
        let giver = Arc::clone(&place);
        question(
            on,
            Box::new(move |answer| {
                *giver.0.lock().unwrap() = Some(answer);
                giver.1.notify_one();
            }),
        );
        let mut answer = place.0.lock().unwrap();
        loop {
            match answer.take() {
                Some(answer) => return answer,
                None => answer = place.1.wait(answer).unwrap(),
            }
        }
    }
}

struct Asked {
    host: Host,
    then: Box<dyn FnOnce(Answer) + Send>,
}

unsafe extern "C" fn answered(ctx: *mut c_void, answer: *const sluice_store_answer) {
    let Asked { host, then } = *Box::from_raw(ctx.cast::<Asked>());
    let _ = guard(host.raw(), || then(Answer::of(&*answer)));
}

impl Answer {
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }
    pub(crate) fn failed(reason: &str) -> Answer {
        Answer { outcome: Outcome::Failed, value: reason.into(), number: 0, ticket: 0, wait: Duration::ZERO }
    }
    unsafe fn of(answer: &sluice_store_answer) -> Answer {
        Answer {
            outcome: match answer.outcome {
                ffi::SLUICE_STORE_ABSENT => Outcome::Absent,
                ffi::SLUICE_STORE_CONFLICT => Outcome::Conflict,
                ffi::SLUICE_STORE_REFUSED => Outcome::Refused,
                outcome if outcome < 0 => Outcome::Failed,
                _ => Outcome::Ok,
            },
            value: answer.value.bytes().to_vec(),
            number: answer.number,
            ticket: answer.ticket,
            wait: Duration::from_micros(answer.wait_us),
        }
    }
}

impl Quota {
    fn to_abi(self) -> sluice_quota {
        sluice_quota {
            struct_size: std::mem::size_of::<sluice_quota>() as u32,
            flags: if self.is_queued { ffi::SLUICE_QUOTA_QUEUED } else { 0 },
            amount: self.amount,
            limit: self.limit,
            ttl_us: u64::try_from(self.ttl.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
