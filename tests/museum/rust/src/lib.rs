//! The museum's plugin in Rust: what exhibit.cpp does, with panics for exceptions.
use sluice_plugin::{sluice_plugin, Backend, Chunk, ChunkVerdict, Completion, CompletionStream, Error, Exchange, Host};
use sluice_plugin::{Middleware, Model, Request, Summary, Usage, Verdict};

struct Exhibit;

impl Backend for Exhibit {
    fn new(_: Host, _: &str) -> Result<Self, Error> {
        Ok(Exhibit)
    }
    fn complete(&self, request: &Request<'_>, completion: &mut Completion) -> Result<(), Error> {
        completion.write(text_for(request)?);
        completion.set_usage(Usage { prompt_tokens: 3, completion_tokens: 2, cached_tokens: 1, is_estimated: false });
        Ok(())
    }
    fn complete_stream(&self, request: &Request<'_>, stream: &mut CompletionStream<'_>) -> Result<(), Error> {
        let (first, rest) = text_for(request)?.split_at(2);
        stream.write(first)?;
        if request.model() == "break" {
            panic!("thrown in the middle");
        }
        Ok(stream.write(rest)?)
    }
    fn models(&self) -> Result<Vec<Model>, Error> {
        Ok(vec![Model { id: "exhibit".into(), owned_by: "museum".into(), created_unix_s: 0 }])
    }
}

fn text_for(request: &Request<'_>) -> Result<&'static str, Error> {
    match &*request.model() {
        "refuse" => Err(Error::new("unsupported_parameter", "do not touch").with_param("model")),
        "throw" => panic!("thrown by an exhibit"),
        _ => Ok("made by rust"),
    }
}

#[derive(Default)]
struct Visit {
    chunks: usize,
}

struct Guard {
    host: Host,
}

impl Middleware for Guard {
    type State = Visit;

    fn new(host: Host, _: &str) -> Result<Self, Error> {
        Ok(Guard { host })
    }
    fn on_head(&self, exchange: &mut Exchange<'_>, _: &mut Visit) -> Result<Verdict, Error> {
        if exchange.request().header("x-ticket").is_none() {
            return Err(Error::new("invalid_header_value", "X-Ticket: expected one, found none"));
        }
        exchange.set_request_header("X-Seen-By", "rust")?;
        Ok(Verdict::Continue)
    }
    fn on_chunk(&self, _: &mut Exchange<'_>, visit: &mut Visit, chunk: Chunk<'_>) -> Result<ChunkVerdict, Error> {
        visit.chunks += 1;
        Ok(match chunk.data {
            b"secret" => ChunkVerdict::Drop,
            b"old" => ChunkVerdict::Replace("new".into()),
            b"throw" => panic!("thrown by a chunk"),
            _ => ChunkVerdict::Pass,
        })
    }
    fn on_complete(&self, visit: &mut Visit, _: &Summary<'_>) {
        self.host.log().info(&format!("chunks: {}", visit.chunks));
    }
}

sluice_plugin!("exhibit", "1.0.0", backend = Exhibit, middleware = Guard);
