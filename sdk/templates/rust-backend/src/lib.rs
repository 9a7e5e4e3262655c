//! A backend that answers with the last thing the user said, behind a greeting of the configuration.
use sluice_plugin::{json, sluice_plugin, Backend, Completion, CompletionStream, Error, Host, Model, Request};

struct MyPlugin {
    greeting: String,
    host: Host,
}

impl Backend for MyPlugin {
    // The gateway checks the configuration with this before `new`, and fills in the defaults.
    const CONFIG_SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "greeting": {"type": "string", "default": "You said: ", "description": "What stands before each answer"}
        },
        "additionalProperties": false
    }"#;

    fn new(host: Host, config: &str) -> Result<Self, Error> {
        let greeting = json::member(config.as_bytes(), "greeting").and_then(json::string).unwrap_or_default();
        Ok(MyPlugin { greeting, host })
    }

    fn complete(&self, request: &Request<'_>, completion: &mut Completion) -> Result<(), Error> {
        completion.write(&self.greeting);
        completion.write(&self.text_of(request)?);
        Ok(())
    }

    // Word by word. The `?` ends it when the client has left.
    fn complete_stream(&self, request: &Request<'_>, stream: &mut CompletionStream<'_>) -> Result<(), Error> {
        let text = self.text_of(request)?;
        stream.write(&self.greeting)?;
        for word in text.split_inclusive(' ') {
            stream.write(word)?;
        }
        Ok(())
    }

    fn models(&self) -> Result<Vec<Model>, Error> {
        Ok(vec![Model::new("my-plugin")])
    }
}

impl MyPlugin {
    fn text_of(&self, request: &Request<'_>) -> Result<String, Error> {
        let text = json::last_user_text(request.body()).ok_or_else(|| {
            Error::new("invalid_request", "expected a message of role \"user\" with text, found none")
                .with_param("messages")
        })?;
        // For the operator; never the text itself.
        self.host.log().debug(&format!("answers {} bytes", text.len()));
        Ok(text)
    }
}

sluice_plugin!("my-plugin", "0.1.0", backend = MyPlugin);

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_plugin::testing::{complete, complete_stream, complete_stream_until, FakeHost, FakeRequest};

    fn plugin(host: &FakeHost) -> MyPlugin {
        MyPlugin::new(host.host(), r#"{"greeting": "Hello, "}"#).unwrap()
    }

    #[test]
    fn the_answer_is_the_greeting_and_what_the_user_said() {
        let host = FakeHost::new("my-plugin");
        let completion = complete(&plugin(&host), &FakeRequest::chat("my-plugin", "good morning")).unwrap();
        assert_eq!(completion.text(), "Hello, good morning");
        assert_eq!(host.log_lines(), ["answers 12 bytes"]);
    }

    #[test]
    fn a_stream_comes_word_by_word() {
        let host = FakeHost::new("my-plugin");
        let request = FakeRequest::chat("my-plugin", "good morning").streamed();
        let events = complete_stream(&plugin(&host), &request).unwrap();
        // The role, the greeting, two words, the finish reason.
        assert_eq!(events.len(), 5);
        assert!(events[3].contains(r#""delta":{"content":"morning"}"#), "{}", events[3]);
    }

    #[test]
    fn a_stream_ends_when_the_client_leaves() {
        let host = FakeHost::new("my-plugin");
        let request = FakeRequest::chat("my-plugin", "good morning").streamed();
        assert_eq!(complete_stream_until(&plugin(&host), &request, 3).unwrap_err().code(), "cancelled");
    }

    #[test]
    fn a_request_without_a_user_message_is_refused() {
        let host = FakeHost::new("my-plugin");
        let request = FakeRequest::json("my-plugin", r#"{"messages": []}"#);
        assert_eq!(complete(&plugin(&host), &request).unwrap_err().param(), "messages");
    }
}
