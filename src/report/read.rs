//! Reading a `result.json` back, and saying what is wrong with one that cannot be.

use super::result::{RunResult, SCHEMA_VERSION};
use serde_json::Value;
use serde_json::error::Category;

/// Why a text is no result that this program can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadResultError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The byte at which it is wrong, and the bytes that are.
    pub span: std::ops::Range<usize>,
}

/// Whether a text that is JSON is meant as a result: a scenario has no version and no provenance. Any of these keys is enough, so
/// that a file that was cut off is known as well.
pub fn is_result(text: &str) -> bool {
    ["\"schema_version\":", "\"provenance\":", "\"comparison_version\":"].iter().any(|key| text.contains(key))
}

/// The result in a text.
///
/// # Errors
/// It is cut off or no JSON, of another version, or lacks something.
pub fn read_result(text: &str) -> Result<RunResult, ReadResultError> {
    const AGAIN: &str = "run its scenario again: `queuelab run FILE` writes a new result.json";
    let whole: Value = serde_json::from_str(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let span = at.min(text.len().saturating_sub(1))..text.len().min(at + 1);
        let message = match error.classify() {
            Category::Eof => "the result is cut off here".to_owned(),
            _ => format!("not valid JSON: {}", without_position(&error.to_string())),
        };
        ReadResultError { message, help: AGAIN.to_owned(), span }
    })?;
    if whole.get("comparison_version").is_some() {
        let message = "this is a comparison, not the result of one scenario".to_owned();
        return Err(ReadResultError { message, help: "name the scenarios, or the result.json of each".to_owned(), span: 0..1 });
    }
    let version = whole.get("schema_version").and_then(Value::as_u64);
    if version != Some(u64::from(SCHEMA_VERSION)) {
        let key = text.find("\"schema_version\"").unwrap_or(0);
        let line = text[key..].find('\n').map_or(text.len(), |end| key + end);
        let found = version.map_or("no version that is a number".to_owned(), |version| format!("version {version}"));
        let program = whole.pointer("/provenance/program").and_then(Value::as_str).unwrap_or("another program");
        return Err(ReadResultError {
            message: format!("the result has {found}, and this program reads version {SCHEMA_VERSION}"),
            help: format!("it was written by {program}; {AGAIN}"),
            span: key..line,
        });
    }
    // From the text once more, because the error then says where.
    serde_json::from_str(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let message = format!("this is no complete result: {}", without_position(&error.to_string()));
        ReadResultError { message, help: AGAIN.to_owned(), span: at.min(text.len().saturating_sub(1))..text.len().min(at + 1) }
    })
}

fn without_position(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

/// The byte at a line and a column that both count from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}
