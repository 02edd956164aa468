//! The rules of the house, held by reading the source: which room may import which, and what may stand where.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may import. A change here is a decision for a commit message.
const ROOMS: &[(&str, &str)] = &[
    ("units", ""),
    ("stats", ""),
    ("random", "units"),
    ("model", "units random"),
    ("scenario", "units random model"),
    ("engine", "units random model"),
    ("measure", "units model engine stats"),
    ("experiment", "units random model engine measure stats"),
    ("theory", "units random model stats"),
    ("report", "units random model measure stats theory experiment"),
    ("cli", "units stats random model scenario theory engine measure experiment report"),
];

/// Rooms whose contents reach a result: nothing there may depend on the order of a hash table.
const ORDERED: &str = "engine measure experiment report random";
/// Functions of the platform's mathematical library, which differ between platforms; no draw and no event may hang on them.
/// `sqrt` is exact everywhere, and `log10` only rounds numbers in the texts of refusals.
const UNPINNED: &[&str] = &[
    ".ln(", ".log(", ".log2(", ".ln_1p(", ".exp(", ".exp2(", ".exp_m1(", ".powf(", ".powi(", ".sin(", ".cos(", ".tan(", ".tanh(",
    ".cbrt(", "f64::ln", "f64::exp", "f64::pow",
];
const MOST_LINES: usize = 500;

/// The code without comments and the contents of texts and characters; line breaks stay.
fn code_of(source: &str) -> String {
    let (mut code, mut rest) = (String::new(), source);
    while let Some(first) = rest.chars().next() {
        let raw = rest.strip_prefix('r').map(|behind| behind.len() - behind.trim_start_matches('#').len());
        let raw = raw.filter(|&hashes| rest[1 + hashes..].starts_with('"') && !code.ends_with(|c: char| c.is_alphanumeric()));
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(hashes) = raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = hashes + 2;
            rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len())
        } else if first == '"' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|&(_, c)| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |(at, _)| at + 1)
        } else if rest.starts_with("'\"'") || rest.starts_with("'/'") {
            3
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..skipped].chars().filter(|&c| c == '\n'));
        rest = &rest[skipped..];
    }
    code
}

/// The names that follow `crate::`, each branch of a group `{a::b, c::{d, e}}` counted.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let behind = code[at + path.len()..].trim_start();
        let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if !behind.starts_with('{') {
            found.push(name(behind));
            continue;
        }
        // The names on the first level of the group.
        let (mut depth, mut expects_name) = (0, false);
        for (at, c) in behind.char_indices() {
            match c {
                '{' => (depth, expects_name) = (depth + 1, depth == 0),
                '}' if depth == 1 => break,
                '}' => depth -= 1,
                ',' => expects_name = depth == 1,
                _ if expects_name && !c.is_whitespace() => {
                    found.push(name(&behind[at..]));
                    expects_name = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// The code before the first `#[cfg(test)]` that opens a module: tests stand last in a file.
fn without_tests(code: &str) -> &str {
    code.split("#[cfg(test)]\nmod tests {").next().unwrap_or(code)
}

/// Everything that a file of this room does against the rules.
fn offences(room: &str, source: &str, is_test: bool) -> Vec<String> {
    let code = code_of(source);
    let lines = source.lines().count();
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("`{room}` is no room of the house")];
    };
    let mut found = Vec::new();
    let mut forbid = |bad: bool, what: String| {
        if bad {
            found.push(what)
        }
    };
    for import in imports(&code) {
        let known = import == room || allowed.split(' ').any(|name| name == import);
        forbid(!known, format!("`{room}` may not import `{import}`"));
    }
    forbid(lines > MOST_LINES, format!("{lines} lines are more than {MOST_LINES}"));
    let words = |code: &str, word: &str| code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == word);
    forbid(words(&code, "unsafe"), "unsafe".to_owned());
    for word in ["HashMap", "HashSet"] {
        forbid(ORDERED.split(' ').any(|name| name == room) && words(&code, word), format!("{word} where order matters"));
    }
    if room != "cli" {
        for word in ["Instant", "SystemTime"] {
            forbid(words(&code, word), format!("a wall clock outside `cli`: {word}"));
        }
    }
    if ["random", "engine"].contains(&room) && !is_test {
        for function in UNPINNED {
            forbid(without_tests(&code).contains(function), format!("{function} is not the same on every platform"));
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_file_keeps_the_rules_of_its_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut read = 0;
    for file in files(&root).iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let inside = file.strip_prefix(&root).unwrap();
        if inside.components().count() < 2 {
            continue;
        }
        let room = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let is_test = inside.components().any(|part| part.as_os_str() == "tests");
        let source = fs::read_to_string(file).unwrap();
        found.extend(offences(room, &source, is_test).into_iter().map(|what| format!("src/{}: {what}", inside.display())));
        read += 1;
    }
    assert!(read > 80, "only {read} files were read");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The test above would see what it is meant to see.
#[test]
fn the_rules_can_be_broken() {
    let cases: &[(&str, &str, &str)] = &[
        ("engine", "use crate::report::Style;", "may not import `report`"),
        ("engine", "fn f() { crate::cli::run(); }", "may not import `cli`"),
        ("engine", "use crate::{model::{Model, Queue}, units::Time, scenario};", "may not import `scenario`"),
        ("model", "pub(in crate::engine) fn f() {}", "may not import `engine`"),
        ("experiment", "use crate::{\n    model::Model, // a remark, with a comma\n    scenario::Document,\n};", "`scenario`"),
        ("units", "use crate::model;", "`model`"),
        ("kitchen", "", "no room"),
        ("measure", "use std::collections::{BTreeMap, HashMap};", "HashMap"),
        ("report", "fn f() { unsafe { g() } }", "unsafe"),
        ("engine", "use std::time::Instant;", "wall clock"),
        ("random", "fn f(x: f64) -> f64 { x.ln() }", ".ln("),
        ("engine", "fn f(x: f64) -> f64 { x.powi(2) }", ".powi("),
        ("random", "#[cfg(test)]\nuse x::y;\nfn f(x: f64) -> f64 { x.exp() }", ".exp("),
    ];
    for (room, source, expected) in cases {
        let found = offences(room, source, false);
        assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
    }
    assert!(offences("cli", &"\n".repeat(501), false)[0].contains("501 lines"));
}

#[test]
fn what_is_allowed_is_no_offence() {
    let cases: &[(&str, &str)] = &[
        ("engine", "use crate::model::{self, Model};\nuse crate::{units::{Span, Time}, random};"),
        ("engine", "// use crate::report;\n/* crate::cli */ const A: &str = \"crate::report \\\" unsafe\";"),
        ("engine", "const A: &str = r#\"say \"crate::cli\" \"#; const B: char = '\"'; // crate::cli"),
        ("random", "fn f(x: f64) -> f64 { x.sqrt() }\n#[cfg(test)]\nmod tests { fn g(x: f64) -> f64 { x.ln() } }"),
        ("scenario", "use std::collections::HashMap;"),
        ("cli", "use std::time::Instant; use crate::{engine, report::{csv, json}};"),
        ("report", "use std::time::Duration;"),
    ];
    for (room, source) in cases {
        assert_eq!(offences(room, source, false), Vec::<String>::new(), "{source}");
    }
}
