//! The JSON Schema of a scenario (draft-07, which the editors' TOML tools read), from the declarations that decode it.

use super::decode::Decode;
use super::document::Scenario;
use serde_json::{Map, Value, json};

/// The schema of a whole document.
pub fn schema() -> Value {
    let mut definitions = Definitions::default();
    let root = Scenario::schema(&mut definitions);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "queuelab scenario",
        "allOf": [root],
        "definitions": definitions.list,
    })
}

/// The types that are named in a schema, because they are used more than once or contain themselves.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    list: Map<String, Value>,
}

impl Definitions {
    /// A reference to the type with this name, which is described when it is first asked for.
    pub fn named(&mut self, name: &str, describe: impl FnOnce(&mut Definitions) -> Value) -> Value {
        if !self.list.contains_key(name) {
            // Entered before it is described: a distribution may contain distributions.
            self.list.insert(name.to_owned(), Value::Null);
            let description = describe(self);
            self.list.insert(name.to_owned(), description);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }
}

/// A table while it is described.
pub(super) struct Table {
    description: String,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Table {
    pub fn new(doc: &[&str]) -> Table {
        Table { description: text(doc), properties: Map::new(), required: Vec::new() }
    }

    pub fn key(&mut self, key: &str, required: bool, doc: &[&str], of: Value) {
        // In draft-07 a `$ref` hides its neighbours, so that the description needs a level of its own.
        let described = match of {
            Value::Object(mut object) if !object.contains_key("$ref") => {
                object.insert("description".to_owned(), text(doc).into());
                Value::Object(object)
            }
            other => json!({ "description": text(doc), "allOf": [other] }),
        };
        self.properties.insert(key.to_owned(), described);
        if required {
            self.required.push(key.into());
        }
    }

    pub fn finish(self, forms: &[&[&str]]) -> Value {
        let mut table = json!({
            "type": "object",
            "description": self.description,
            "properties": self.properties,
            "additionalProperties": false,
        });
        if !self.required.is_empty() {
            table["required"] = self.required.into();
        }
        if !forms.is_empty() {
            table["oneOf"] = forms.iter().map(|form| json!({ "required": form })).collect();
        }
        table
    }
}

/// A table with one key that names what it is.
pub(super) fn tagged(key: &str, doc: &[&str], of: Value) -> Value {
    let mut table = Table::new(doc);
    table.key(key, true, doc, of);
    table.finish(&[])
}

/// One of several.
pub(super) fn choice(doc: &[&str], choices: Vec<Value>) -> Value {
    json!({ "description": text(doc), "anyOf": choices })
}

/// One of several words.
pub(super) fn words(doc: &[&str], words: &[(&str, &[&str])]) -> Value {
    let each: Vec<String> = words.iter().map(|(word, doc)| format!("`{word}`: {}", text(doc))).collect();
    let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({ "type": "string", "enum": list, "description": format!("{} {}", text(doc), each.join(" ")) })
}

/// A text with a unit.
pub(super) fn quantity(pattern: &str, description: &str, example: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "description": description, "examples": [example] })
}

fn text(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
