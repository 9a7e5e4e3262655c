//! The little JSON that a backend for chat completions needs, so that a small plugin needs no library for it.
use std::fmt::Write;

/// Appends `text` to `out` as a JSON string with its quotes.
pub fn append_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => drop(write!(out, "\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The text of the last message of role "user" in the body of a chat request: a string, or the texts of its parts, one a
/// line. `None` where there is no such message, or no text in it.
pub fn last_user_text(body: &[u8]) -> Option<String> {
    let messages = member(body, "messages")?;
    let mut content = None;
    visit_array(messages, |message| {
        if member(message, "role").and_then(string).as_deref() == Some("user") {
            content = member(message, "content");
        }
    })?;
    content_text(content?)
}

/// The value of a member of a JSON object, as it stands there; of several, the last.
pub fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut cursor = Cursor { rest: object };
    let mut found = None;
    cursor.take(b'{')?;
    if cursor.take(b'}').is_some() {
        return None;
    }
    loop {
        let key = cursor.take_string()?;
        cursor.take(b':')?;
        let value = cursor.take_value()?;
        if decode(key) == name {
            found = Some(value);
        }
        if cursor.take(b',').is_none() {
            cursor.take(b'}')?;
            return found;
        }
    }
}

/// The text of a JSON string.
pub fn string(value: &[u8]) -> Option<String> {
    Cursor { rest: value }.take_string().map(decode)
}

fn content_text(content: &[u8]) -> Option<String> {
    if let Some(text) = string(content) {
        return Some(text);
    }
    let mut parts = Vec::new();
    visit_array(content, |part| {
        if member(part, "type").and_then(string).as_deref() == Some("text") {
            parts.extend(member(part, "text").and_then(string));
        }
    })?;
    if parts.is_empty() {
        None
    } else {
        Some(parts.join("\n"))
    }
}

fn visit_array<'a>(array: &'a [u8], mut visit: impl FnMut(&'a [u8])) -> Option<()> {
    let mut cursor = Cursor { rest: array };
    cursor.take(b'[')?;
    if cursor.take(b']').is_some() {
        return Some(());
    }
    loop {
        visit(cursor.take_value()?);
        if cursor.take(b',').is_none() {
            return cursor.take(b']');
        }
    }
}

/// Walks over JSON text, and judges no more of it than it needs to find its way.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Takes `expected` if it comes next after blanks.
    fn take(&mut self, expected: u8) -> Option<()> {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(&[expected])?;
        Some(())
    }
    /// What stands between the quotes of a string, escapes untouched.
    fn take_string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let mut end = 0;
        while *self.rest.get(end)? != b'"' {
            end += if self.rest[end] == b'\\' { 2 } else { 1 };
        }
        let raw = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(raw)
    }
    /// The text of one value of any kind.
    fn take_value(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        let begin = self.rest;
        let mut depth = 0_usize;
        loop {
            self.take_token(&mut depth)?;
            if depth == 0 {
                return Some(&begin[..begin.len() - self.rest.len()]);
            }
        }
    }
    fn take_token(&mut self, depth: &mut usize) -> Option<()> {
        self.skip_blanks();
        match *self.rest.first()? {
            b'"' => return self.take_string().map(drop),
            b'{' | b'[' => *depth += 1,
            b'}' | b']' => *depth = depth.checked_sub(1)?,
            b',' | b':' if *depth > 0 => {}
            _ => return self.take_word(),
        }
        self.rest = &self.rest[1..];
        Some(())
    }
    /// A number, true, false or null.
    fn take_word(&mut self) -> Option<()> {
        let is_end = |byte: &u8| b" \t\r\n,:]}\"[{".contains(byte);
        let end = self.rest.iter().position(is_end).unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
        if end > 0 {
            Some(())
        } else {
            None
        }
    }
    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

/// The text behind a string's escapes. Half a surrogate pair becomes U+FFFD.
fn decode(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut units: Vec<u16> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let escape = if character == '\\' { characters.next() } else { None };
        if escape == Some('u') {
            let digits: String = characters.by_ref().take(4).collect();
            units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xFFFD));
            continue;
        }
        flush(&mut out, &mut units);
        out.push(match escape {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
            None => character,
        });
    }
    flush(&mut out, &mut units);
    out
}

fn flush(out: &mut String, units: &mut Vec<u16>) {
    out.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_message_is_found_among_others() {
        let body =
            br#"{"model": "m", "messages": [{"role": "user", "content": "one"}, {"role": "user", "content": "two"},
            {"role": "assistant", "content": "three", "tool_calls": [{"a": [1, {"b": "}"}]}]}]}"#;
        assert_eq!(last_user_text(body).as_deref(), Some("two"));
    }

    #[test]
    fn the_text_parts_of_a_message_are_joined() {
        let body = br#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},
            {"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]}]}"#;
        assert_eq!(last_user_text(body).as_deref(), Some("a\nb"));
    }

    #[test]
    fn escapes_are_decoded_and_surrogates_paired() {
        let body = br#"{"messages":[{"role":"user","content":"\"\u00e4\ud83d\ude00\ud83d\n"}]}"#;
        assert_eq!(last_user_text(body).as_deref(), Some("\"\u{e4}\u{1F600}\u{FFFD}\n"));
    }

    #[test]
    fn text_that_breaks_off_is_no_message() {
        let body = br#"{"messages":[{"role":"user","content":"one\"#;
        for end in 0..body.len() {
            assert_eq!(last_user_text(&body[..end]), None);
        }
    }

    #[test]
    fn what_was_escaped_comes_back() {
        let text = "\"\\\n\r\t\u{1}\u{1F600}/";
        let mut json = String::new();
        append_json_string(&mut json, text);
        assert_eq!(string(json.as_bytes()).as_deref(), Some(text));
    }
}
