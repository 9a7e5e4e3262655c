//! What a backend answers with: one whole completion, or one in pieces.
use crate::error::Error;
use crate::json::append_json_string;
use crate::usage::Usage;

/// What all parts of one answer have in common.
pub(crate) struct CompletionHead {
    pub id: String,
    pub created_unix_s: u64,
    /// As the client named it.
    pub model: String,
}

impl CompletionHead {
    pub(crate) fn begin(&self, object: &str) -> String {
        let mut json = String::from("{\"id\":");
        append_json_string(&mut json, &self.id);
        json += &format!(",\"object\":\"{object}\",\"created\":{},\"model\":", self.created_unix_s);
        append_json_string(&mut json, &self.model);
        json
    }
}

/// A completion that is sent as a whole once `complete()` has returned.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    text: String,
    reasoning: String,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

impl Completion {
    /// Appends to the answer.
    pub fn write(&mut self, text: &str) {
        self.text += text;
    }
    /// Appends to what goes out as `reasoning_content`.
    pub fn write_reasoning(&mut self, text: &str) {
        self.reasoning += text;
    }
    /// "stop" unless set: stop, length, tool_calls, content_filter.
    pub fn set_finish_reason(&mut self, reason: impl Into<String>) {
        self.finish_reason = Some(reason.into());
    }
    pub fn set_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    pub fn text(&self) -> &str {
        &self.text
    }
    pub fn reasoning(&self) -> &str {
        &self.reasoning
    }
    pub fn finish_reason(&self) -> &str {
        self.finish_reason.as_deref().unwrap_or("stop")
    }
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(crate) fn to_json(&self, head: &CompletionHead) -> String {
        let mut json = head.begin("chat.completion");
        json += ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":";
        append_json_string(&mut json, &self.text);
        json += ",\"refusal\":null";
        if !self.reasoning.is_empty() {
            json += ",\"reasoning_content\":";
            append_json_string(&mut json, &self.reasoning);
        }
        json += "},\"logprobs\":null,\"finish_reason\":";
        append_json_string(&mut json, self.finish_reason());
        json += "}]";
        if let Some(usage) = self.usage {
            append_usage(&mut json, usage);
        }
        json.push('}');
        json
    }
}

/// The client has left: `?` ends what is no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Error {
        Error::new("cancelled", "The client left before the answer was complete.").with_status(499, "server_error")
    }
}

/// Where the events of a stream go.
pub(crate) trait EventSink {
    fn begin(&mut self);
    fn event(&mut self, data: &str) -> Result<(), Cancelled>;
    fn is_cancelled(&self) -> bool;
}

/// A completion that is sent while it is made. Nothing is sent before the first text, so an error up to there is an
/// ordinary error answer; after it the client sees an error event.
pub struct CompletionStream<'a> {
    sink: &'a mut dyn EventSink,
    prefix: String,
    wants_usage: bool,
    is_open: bool,
    finish_reason: Option<String>,
    usage: Option<Usage>,
}

impl<'a> CompletionStream<'a> {
    pub(crate) fn new(sink: &'a mut dyn EventSink, head: &CompletionHead, wants_usage: bool) -> CompletionStream<'a> {
        let prefix = head.begin("chat.completion.chunk");
        CompletionStream { sink, prefix, wants_usage, is_open: false, finish_reason: None, usage: None }
    }

    /// Sends a piece of the answer; waits while the client's queue is full.
    pub fn write(&mut self, text: &str) -> Result<(), Cancelled> {
        self.write_delta("content", text)
    }
    /// The same for `reasoning_content`.
    pub fn write_reasoning(&mut self, text: &str) -> Result<(), Cancelled> {
        self.write_delta("reasoning_content", text)
    }
    /// "stop" unless set: stop, length, tool_calls, content_filter.
    pub fn set_finish_reason(&mut self, reason: impl Into<String>) {
        self.finish_reason = Some(reason.into());
    }
    /// Before `complete_stream()` returns. Sent to clients that ask for it.
    pub fn set_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }
    /// To be asked where the work between two pieces is long.
    pub fn is_cancelled(&self) -> bool {
        self.sink.is_cancelled()
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        self.usage
    }
    /// Sends what ends a stream.
    pub(crate) fn close(&mut self) -> Result<(), Cancelled> {
        self.open()?;
        let mut reason = String::new();
        append_json_string(&mut reason, self.finish_reason.as_deref().unwrap_or("stop"));
        self.send_choice("", &reason)?;
        if let (true, Some(usage)) = (self.wants_usage, self.usage) {
            let mut json = self.prefix.clone();
            json += ",\"choices\":[]";
            append_usage(&mut json, usage);
            json.push('}');
            self.sink.event(&json)?;
        }
        Ok(())
    }

    fn write_delta(&mut self, field: &str, text: &str) -> Result<(), Cancelled> {
        if text.is_empty() {
            return Ok(());
        }
        self.open()?;
        let mut delta = format!("\"{field}\":");
        append_json_string(&mut delta, text);
        self.send_choice(&delta, "null")
    }
    /// The head of the answer and the event with the role go out together with the first text.
    fn open(&mut self) -> Result<(), Cancelled> {
        if self.is_open {
            return Ok(());
        }
        self.is_open = true;
        self.sink.begin();
        self.send_choice("\"role\":\"assistant\",\"content\":\"\"", "null")
    }
    fn send_choice(&mut self, delta: &str, finish_reason: &str) -> Result<(), Cancelled> {
        let usage = if self.wants_usage { ",\"usage\":null" } else { "" };
        let json = format!(
            "{},\"choices\":[{{\"index\":0,\"delta\":{{{delta}}},\"finish_reason\":{finish_reason}}}]{usage}}}",
            self.prefix
        );
        self.sink.event(&json)
    }
}

fn append_usage(json: &mut String, usage: Usage) {
    *json += &format!(
        ",\"usage\":{{\"prompt_tokens\":{},\"completion_tokens\":{},\"total_tokens\":{},\
         \"prompt_tokens_details\":{{\"cached_tokens\":{}}}}}",
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.prompt_tokens + usage.completion_tokens,
        usage.cached_tokens
    );
}
