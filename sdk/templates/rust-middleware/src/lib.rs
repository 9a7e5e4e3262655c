//! Middleware that asks for a team in a header, tells the log whose request it is, and counts what was answered.
use sluice_plugin::{json, sluice_plugin, Chunk, ChunkVerdict, Counter, Error, Exchange, Host, Middleware};
use sluice_plugin::{Summary, Verdict};

struct MyPlugin {
    header: String,
    host: Host,
    bytes: Counter,
}

/// What belongs to one exchange: made before its first hook, dropped after its last.
#[derive(Default)]
struct Seen {
    bytes: usize,
    events: usize,
}

impl Middleware for MyPlugin {
    type State = Seen;

    // The gateway checks the configuration with this before `new`, and fills in the defaults.
    const CONFIG_SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "header": {"type": "string", "default": "x-team", "description": "The header that names the team"}
        },
        "additionalProperties": false
    }"#;

    fn new(host: Host, config: &str) -> Result<Self, Error> {
        let header = json::member(config.as_bytes(), "header").and_then(json::string).unwrap_or_default();
        let bytes = host.metrics().counter("answered_bytes_total", "Bytes of answers", &[]);
        Ok(MyPlugin { header, host, bytes })
    }

    // Before the body is read. An error refuses the request.
    fn on_head(&self, exchange: &mut Exchange<'_>, _: &mut Seen) -> Result<Verdict, Error> {
        let team = match exchange.request().header(&self.header) {
            Some(team) => team.into_owned(),
            None => {
                let message = format!("{}: expected a team, found none", self.header);
                return Err(Error::new("invalid_header_value", message));
            }
        };
        exchange.set_attribute("team", &team)?;
        exchange.remove_request_header(&self.header)?;
        Ok(Verdict::Continue)
    }

    fn on_response(&self, exchange: &mut Exchange<'_>, _: &mut Seen) {
        let team = exchange.attribute("team").into_owned();
        let _ = exchange.set_response_header("X-Served-Team", &team);
    }

    // Each event of a stream, or each piece of another answer.
    fn on_chunk(&self, _: &mut Exchange<'_>, seen: &mut Seen, chunk: Chunk<'_>) -> Result<ChunkVerdict, Error> {
        seen.bytes += chunk.data.len();
        seen.events += 1;
        Ok(ChunkVerdict::Pass)
    }

    fn on_complete(&self, seen: &mut Seen, summary: &Summary<'_>) {
        self.bytes.add(seen.bytes as f64);
        self.host.log().debug(&format!("status {} in {} pieces", summary.http_status(), seen.events));
    }
}

sluice_plugin!("my-plugin", "0.1.0", middleware = MyPlugin);

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_plugin::testing::{FakeExchange, FakeHost, FakeRequest};

    fn plugin(host: &FakeHost) -> MyPlugin {
        MyPlugin::new(host.host(), r#"{"header": "x-team"}"#).unwrap()
    }

    #[test]
    fn a_request_without_a_team_is_refused() {
        let host = FakeHost::new("my-plugin");
        let mut fake = FakeExchange::new(FakeRequest::chat("m", "hello"));
        let refusal = plugin(&host).on_head(&mut fake.exchange(&host), &mut Seen::default()).err().unwrap();
        assert_eq!(refusal.code(), "invalid_header_value");
    }

    #[test]
    fn the_team_is_an_attribute_and_does_not_go_upstream() {
        let host = FakeHost::new("my-plugin");
        let (plugin, mut seen) = (plugin(&host), Seen::default());
        let mut fake = FakeExchange::new(FakeRequest::chat("m", "hello").with_header("X-Team", "blue"));
        plugin.on_head(&mut fake.exchange(&host), &mut seen).unwrap();
        assert_eq!(fake.attribute("team"), Some("blue"));
        assert!(fake.request().request().header("x-team").is_none());

        fake.answer(200, true);
        plugin.on_response(&mut fake.exchange(&host), &mut seen);
        assert_eq!(fake.response_header("X-Served-Team"), Some("blue"));
    }

    #[test]
    fn the_pieces_of_an_answer_are_counted() {
        let host = FakeHost::new("my-plugin");
        let (plugin, mut seen) = (plugin(&host), Seen::default());
        let mut fake = FakeExchange::new(FakeRequest::chat("m", "hello"));
        fake.answer(200, true);
        for data in [b"12345".as_slice(), b"678"] {
            let verdict = plugin.on_chunk(&mut fake.exchange(&host), &mut seen, Chunk { name: b"", data });
            assert_eq!(verdict, Ok(ChunkVerdict::Pass));
        }
        fake.complete(&plugin, &mut seen);
        assert_eq!(seen.bytes, 8);
        assert_eq!(host.log_lines(), ["status 200 in 2 pieces"]);
    }
}
