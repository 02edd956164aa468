//! The result as JSON: objects over many lines, lists of numbers on one, so that a person can read it and `diff` it.

use super::result::RunResult;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// The whole result as JSON, ending with a newline. The same result gives the same bytes.
pub fn json(result: &RunResult) -> String {
    pretty(result)
}

/// Any value in the same layout, ending with a newline.
pub fn pretty<T: Serialize>(value: &T) -> String {
    let mut out = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut out, Layout::default()));
    // Maps with text as keys and finite or null numbers are all that these types hold, and a vector takes every byte.
    written.expect("plain data can be written as JSON");
    out.push(b'\n');
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Writes any value in the same layout, ending with a newline.
///
/// # Errors
/// `out` cannot be written, or the value cannot be read.
pub fn pretty_into<T: Serialize>(value: &T, mut out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut out, Layout::default()))?;
    out.write_all(b"\n")
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Object {
        empty: bool,
    },
    /// `tall`: some element is an object, so that elements stand on lines of their own.
    Array {
        tall: bool,
    },
}

/// Breaks lines in objects and before objects in arrays, nowhere else.
#[derive(Debug, Default)]
struct Layout {
    around: Vec<Inside>,
}

impl Layout {
    fn new_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        self.around
            .iter()
            .filter(|inside| !matches!(inside, Inside::Array { tall: false }))
            .try_for_each(|_| out.write_all(b"  "))
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.around.push(Inside::Array { tall: false });
        out.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b",") }
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.around.pop() == Some(Inside::Array { tall: true }) {
            self.new_line(out)?;
        }
        out.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if let Some(Inside::Array { tall }) = self.around.last_mut() {
            *tall = true;
            self.new_line(out)?;
        }
        self.around.push(Inside::Object { empty: true });
        out.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if let Some(Inside::Object { empty }) = self.around.last_mut() {
            *empty = false;
        }
        if !first {
            out.write_all(b",")?;
        }
        self.new_line(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.around.pop() == Some(Inside::Object { empty: false }) {
            self.new_line(out)?;
        }
        out.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_on_one_line_and_objects_do_not() {
        let value = serde_json::json!({
            "a": [1.5, 2, null], "b": [[0.5, 1.0], [0.9, 2.0]], "c": [{ "x": 1 }, { "y": [] }], "d": {}, "e": [],
        });
        let text = pretty(&value);
        assert_eq!(
            text,
            "{\n  \"a\": [1.5,2,null],\n  \"b\": [[0.5,1.0],[0.9,2.0]],\n  \"c\": [\n    {\n      \"x\": 1\n    },\n    {\n      \
             \"y\": []\n    }\n  ],\n  \"d\": {},\n  \"e\": []\n}\n"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
