//! Scenarios in JSON: the same tree as from TOML.
//!
//! `serde_json` judges the text, with its limits of depth and its messages; this reader then walks a text that is known
//! to be valid, because only it knows where each value stands.

use super::diagnostic::{Place, Problem};
use super::tree::{Entry, Node, Value};

/// Reads a JSON document.
pub(super) fn from_json(text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let at = offset(text, error.line(), error.column());
        let place = Place { text: 0, start: at, end: at + 1 };
        let help = match message {
            "trailing comma" => "remove the comma before this",
            _ => "check the quotes, commas and brackets just before this",
        };
        problems.push(Problem::error(place, format!("not valid JSON: {message}")).help(help));
        return None;
    }
    let mut reader = Reader { text, at: 0, problems };
    let node = reader.value();
    Some(node)
}

/// The byte at a line and a column that both count from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Goes over the separator if it stands here.
    fn skip(&mut self, byte: u8) -> bool {
        let here = self.peek() == byte;
        self.at += usize::from(here);
        here
    }

    fn value(&mut self) -> Node {
        let first = self.peek();
        let start = self.at;
        let value = match first {
            b'{' => self.table(),
            b'[' => self.list(),
            b'"' => Value::Text(self.string()),
            _ => self.scalar(),
        };
        Node { value, place: Place { text: 0, start, end: self.at } }
    }

    fn table(&mut self) -> Value {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        while !self.skip(b'}') && self.at < self.text.len() {
            self.peek();
            let start = self.at;
            let key = self.string();
            let key_place = Place { text: 0, start, end: self.at };
            self.skip(b':');
            let node = self.value();
            self.skip(b',');
            match entries.iter().find(|entry| entry.key == key) {
                Some(first) => self.problems.push(
                    Problem::error(key_place, format!("the key `{key}` is here for the second time"))
                        .related(first.key_place, "first given here")
                        .help("keep one of the two"),
                ),
                None => entries.push(Entry { key, key_place, node }),
            }
        }
        Value::Table(entries)
    }

    fn list(&mut self) -> Value {
        self.at += 1;
        let mut items = Vec::new();
        while !self.skip(b']') && self.at < self.text.len() {
            items.push(self.value());
            self.skip(b',');
        }
        Value::List(items)
    }

    /// A string from quote to quote; its escapes are undone by `serde_json`.
    fn string(&mut self) -> String {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while self.at < bytes.len() && bytes[self.at] != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(bytes.len());
        serde_json::from_str(&self.text[start..self.at]).unwrap_or_default()
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Value {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find(|c: char| c == ',' || c == ']' || c == '}' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        self.at += length;
        match &rest[..length] {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            "null" => Value::Null,
            number if number.contains(['.', 'e', 'E']) => Value::Number(number.parse().unwrap_or(f64::NAN)),
            number => Value::Whole(number.parse().ok()),
        }
    }
}
