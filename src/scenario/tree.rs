//! The document as a tree of values that know where they stand, whichever notation it was written in.
//!
//! TOML is read by the `toml` crate, whose parser goes on after an error; JSON by `json`. Both meet here, so that
//! decoding, overrides and diagnostics exist once.

use super::diagnostic::{Place, Problem};
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub value: Value,
    pub place: Place,
}

/// What a document is made of.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    /// `None`: an integer beyond 128 bits.
    Whole(Option<i128>),
    Number(f64),
    Flag(bool),
    /// A date or time of TOML; nothing here takes one.
    Date,
    /// `null` of JSON; nothing here takes one.
    Null,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One key of a table, in the order of the document.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Value {
    /// What this is, for a sentence such as "expected a table, found a number".
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Whole(_) => "an integer",
            Value::Number(_) => "a number",
            Value::Flag(_) => "a truth value",
            Value::Date => "a date",
            Value::Null => "null",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    /// The value as TOML, on one line.
    pub fn written(&self) -> String {
        let joined = |items: Vec<String>| items.join(", ");
        match &self.value {
            // The escapes of JSON are those of TOML.
            Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Value::Whole(whole) => whole.map_or_else(String::new, |whole| whole.to_string()),
            Value::Number(number) => format!("{number:?}"),
            Value::Flag(flag) => flag.to_string(),
            Value::Date | Value::Null => String::new(),
            Value::List(items) => format!("[{}]", joined(items.iter().map(Node::written).collect())),
            Value::Table(entries) => {
                let pair = |entry: &Entry| format!("{} = {}", serde_json::Value::from(entry.key.as_str()), entry.node.written());
                format!("{{ {} }}", joined(entries.iter().map(pair).collect()))
            }
        }
    }
}

/// Reads TOML. The tree holds what could be read; whether decoding it makes sense is said by the second part: after a
/// syntax error it does not.
pub(super) fn from_toml(text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut readable = true;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let place = Place { text: 0, start: span.start, end: span.end };
        problems.push(toml_problem(text, place, error.message()));
        if !error.message().contains("duplicate key") {
            // The parser goes on, but what it finds after a broken line is mostly the echo of the first error.
            readable = false;
            break;
        }
    }
    readable.then(|| Node { value: table_value(table.get_ref(), 0, 0), place: Place::start_of(0) })
}

fn toml_problem(text: &str, place: Place, message: &str) -> Problem {
    let written = text.get(place.start..place.end).unwrap_or("");
    if message.contains("duplicate key") {
        return Problem::error(place, format!("`{written}` is here for the second time"))
            .label("already given above")
            .help("keep one of the two; a key stands once in its table, and names within a kind differ");
    }
    let help = if message.contains("string") && message.contains("must be quoted") {
        "texts and quantities stand in quotes: duration = \"10min\""
    } else if message.contains("string") {
        "close the text with the quote that it began with"
    } else if message.contains("inline table") || message.contains("between key-value pairs") {
        "is the `{` before this closed by a `}`?"
    } else if message.contains("array") {
        "is the `[` before this closed by a `]`?"
    } else {
        "a line is a table `[name]` or a pair `key = value`; texts stand in quotes"
    };
    Problem::error(place, format!("not valid TOML: {}", message.lines().collect::<Vec<_>>().join(", "))).help(help)
}

/// Reads one TOML value that stands at `offset` of text number `text`; `None` when it is none.
pub(super) fn toml_value(written: &str, text: usize, offset: usize) -> Result<Node, toml::de::Error> {
    let value = DeValue::parse(written)?;
    let span = value.span();
    Ok(Node {
        value: value_of(value.get_ref(), text, offset),
        place: Place { text, start: offset + span.start, end: offset + span.end },
    })
}

fn table_value(table: &DeTable<'_>, text: usize, offset: usize) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| {
            let (k, v) = (key.span(), value.span());
            Entry {
                key: key.get_ref().to_string(),
                key_place: Place { text, start: offset + k.start, end: offset + k.end },
                node: Node {
                    value: value_of(value.get_ref(), text, offset),
                    place: Place { text, start: offset + v.start, end: offset + v.end },
                },
            }
        })
        .collect();
    // The parser sorts by name; the order of the document is the order of the report.
    entries.sort_by_key(|entry| entry.key_place.start);
    Value::Table(entries)
}

fn value_of(value: &DeValue<'_>, text: usize, offset: usize) -> Value {
    match value {
        DeValue::String(written) => Value::Text(written.to_string()),
        DeValue::Integer(written) => Value::Whole(i128::from_str_radix(written.as_str(), written.radix()).ok()),
        DeValue::Float(written) => Value::Number(written.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node {
                    value: value_of(item.get_ref(), text, offset),
                    place: Place { text, start: offset + item.span().start, end: offset + item.span().end },
                })
                .collect(),
        ),
        DeValue::Table(table) => table_value(table, text, offset),
    }
}
