//! An exchange that waits goes on exactly once, whatever becomes of what waits for it.
use sluice_plugin::testing::{FakeExchange, FakeHost, FakeRequest};
use sluice_plugin::{Error, Reply};

fn fake() -> FakeExchange {
    FakeExchange::new(FakeRequest::chat("m", "hello"))
}

#[test]
fn a_pending_exchange_goes_on_when_it_is_resumed() {
    let (host, mut fake) = (FakeHost::new("waiting"), fake());
    let pending = fake.exchange(&host).wait();
    assert!(!fake.is_resumed());
    pending.resume();
    assert!(fake.is_resumed());
    assert_eq!(fake.refused_with(), None);
}

#[test]
fn a_pending_exchange_can_be_refused_or_answered() {
    let (host, mut refused) = (FakeHost::new("waiting"), fake());
    refused.exchange(&host).wait().refuse(Error::new("rate_limit_exceeded", "too many"));
    assert_eq!(refused.refused_with(), Some("rate_limit_exceeded"));
    assert!(refused.is_resumed());

    let mut answered = fake();
    answered.exchange(&host).wait().reply(Reply::new(200, "text/plain", "here"));
    assert!(answered.is_resumed());
    assert_eq!(answered.refused_with(), None);
}

#[test]
fn a_pending_exchange_that_is_dropped_is_refused_and_the_log_says_so() {
    let (host, mut fake) = (FakeHost::new("waiting"), fake());
    drop(fake.exchange(&host).wait());
    assert_eq!(fake.refused_with(), Some("internal_error"));
    assert!(fake.is_resumed());
    assert_eq!(host.log_lines(), ["a pending exchange was dropped without a verdict"]);
}
