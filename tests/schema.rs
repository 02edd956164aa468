//! The JSON Schema accepts what the program accepts: every shipped scenario and template, and refuses plain mistakes.
//!
//! A validator for the part of draft-07 that the schema uses; a keyword that it does not know is an error, so that it cannot
//! pass by looking away.

use queuelab::scenario::{schema, templates};
use regex_lite::Regex;
use serde_json::{Value, json};
use std::path::Path;

/// Everything about `value` that the schema refuses; `at` says where it stands.
fn problems(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(schema) = schema.as_object() else {
        return if schema == &json!(false) { vec![format!("{at}: nothing may stand here")] } else { Vec::new() };
    };
    if let Some(reference) = schema.get("$ref") {
        let name = reference.as_str().unwrap().trim_start_matches('#');
        return problems(root, root.pointer(name).unwrap_or_else(|| panic!("{name} leads nowhere")), value, at);
    }
    let mut found = Vec::new();
    for (keyword, rule) in schema {
        let ok = match keyword.as_str() {
            "$schema" | "title" | "description" | "examples" | "definitions" | "default" => true,
            "type" => is_a(rule, value),
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > rule.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "minProperties" => value.as_object().is_none_or(|table| table.len() as u64 >= rule.as_u64().unwrap()),
            "required" => value
                .as_object()
                .is_none_or(|table| rule.as_array().unwrap().iter().all(|key| table.contains_key(key.as_str().unwrap()))),
            "anyOf" => rule.as_array().unwrap().iter().any(|choice| problems(root, choice, value, at).is_empty()),
            "oneOf" => rule.as_array().unwrap().iter().filter(|choice| problems(root, choice, value, at).is_empty()).count() == 1,
            "allOf" => {
                rule.as_array().unwrap().iter().for_each(|part| found.extend(problems(root, part, value, at)));
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(problems(root, rule, item, &format!("{at}[{index}]")));
                }
                true
            }
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        found.extend(problems(root, rule, inner, &format!("{at}.{key}")));
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if known.is_none_or(|known| !known.contains_key(key)) {
                        found.extend(problems(root, rule, inner, &format!("{at}.{key}")));
                    }
                }
                true
            }
            "propertyNames" => {
                for key in value.as_object().into_iter().flat_map(|table| table.keys()) {
                    found.extend(problems(root, rule, &json!(key), &format!("{at}.{key}")));
                }
                true
            }
            other => panic!("the validator does not know `{other}`"),
        };
        if !ok {
            found.push(format!("{at}: {value} does not satisfy {keyword} {rule}"));
        }
    }
    found
}

fn is_a(rule: &Value, value: &Value) -> bool {
    if let Some(list) = rule.as_array() {
        return list.iter().any(|rule| is_a(rule, value));
    }
    match rule.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("unknown type {other}"),
    }
}

fn judge(text: &str) -> Vec<String> {
    let document: toml::Value = toml::from_str(text).unwrap();
    let schema = schema();
    problems(&schema, &schema, &serde_json::to_value(document).unwrap(), "scenario")
}

#[test]
fn everything_that_is_shipped_satisfies_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut read = 0;
    for folder in ["scenarios", "tests/data/reference", "tests/data/real", "benches/scenarios"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                assert_eq!(judge(&std::fs::read_to_string(&path).unwrap()), Vec::<String>::new(), "{}", path.display());
                read += 1;
            }
        }
    }
    for template in templates() {
        assert_eq!(judge(template.text), Vec::<String>::new(), "{}", template.name);
        read += 1;
    }
    assert!(read > 100, "only {read} documents");
}

#[test]
fn plain_mistakes_do_not() {
    let good = templates()[0].text;
    for (right, wrong) in [
        ("\"10min\"", "\"10 minuten\""),
        ("\"10min\"", "600"),
        ("count = 3", "count = 0"),
        ("count = 3", "cuont = 3"),
        ("queue = \"jobs\"", ""),
        ("\"240/s\"", "\"240\""),
        ("[queues.jobs]", "[queue.jobs]"),
        ("exponential = \"10ms\"", "exponential = \"10ms\", constant = \"1ms\""),
    ] {
        let bad = good.replacen(right, wrong, 1);
        assert_ne!(bad, good, "{right}");
        assert!(!judge(&bad).is_empty(), "{wrong} satisfies the schema");
    }
}
