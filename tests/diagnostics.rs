//! What a user reads when a document is wrong: each `bad/NAME.toml` (or `.json`) with the whole message in `NAME.expected`.
//!
//! A document may begin with lines `#set PATH=VALUE`, which are given as overrides. After a change of wording, run with
//! `QUEUELAB_BLESS=1` and read the difference.

use queuelab::scenario::{Document, ReadError, Severity, read, resolve};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn folder() -> &'static Path {
    Path::new("tests/bad")
}

fn documents() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the folder of broken scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml" || extension == "json")).collect();
    paths.sort();
    paths
}

/// Everything that the document is told.
fn rendered(path: &Path) -> String {
    let document = match read(path) {
        Ok(document) => document,
        Err(error) => return error.to_string(),
    };
    let overrides: Vec<String> = document.text.lines().map_while(|line| line.strip_prefix("#set ")).map(str::to_owned).collect();
    match resolve(&document, &overrides) {
        Err(problems) => problems.render(false),
        Ok(resolved) => resolved.warnings.render(false),
    }
}

#[test]
fn every_broken_scenario_is_told_place_cause_and_cure() {
    let documents = documents();
    assert!(documents.len() >= 100, "only {} broken scenarios", documents.len());
    let bless = std::env::var_os("QUEUELAB_BLESS").is_some();
    let mut differing = Vec::new();
    for path in documents {
        let found = rendered(&path);
        let expected_path = path.with_extension("expected");
        if bless {
            fs::write(&expected_path, &found).expect("write the expected message");
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if found != expected {
            differing.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
fn every_broken_scenario_is_refused_or_warned_about() {
    for path in documents() {
        let Ok(document) = read(&path) else { continue };
        let overrides: Vec<String> =
            document.text.lines().map_while(|line| line.strip_prefix("#set ")).map(str::to_owned).collect();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        match resolve(&document, &overrides) {
            Ok(resolved) => {
                assert!(name.starts_with("warning-"), "{name} was accepted");
                assert!(!resolved.warnings.is_empty(), "{name} brought no warning");
                assert!(resolved.warnings.iter().all(|problem| problem.severity == Severity::Warning));
            }
            Err(problems) => {
                assert!(!name.starts_with("warning-"), "{name} was refused:\n{problems}");
                assert!(!problems.is_empty(), "{name} was refused without a reason");
                for problem in problems.iter() {
                    assert!(problems.position(problem).is_some(), "{name}: no place for {problem:?}");
                }
            }
        }
    }
}

fn problem_of(path: &Path) -> String {
    match read(path) {
        Err(ReadError::Problem(problems)) => problems.render(false),
        other => panic!("{}: {other:?}", path.display()),
    }
}

#[test]
fn text_that_is_not_utf8_is_shown_where_it_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("latin1.toml");
    fs::write(&path, b"title = \"K\xe4se\"\n").expect("write");
    let message = problem_of(&path);
    assert!(message.contains("not UTF-8") && message.contains("latin1.toml:1:11"), "{message}");
}

#[test]
fn a_huge_file_is_refused_without_reading_it_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("huge.toml");
    let mut file = fs::File::create(&path).expect("create");
    let block = b"# this file is far too large\n".repeat(40_000);
    for _ in 0..100 * (1 << 20) / block.len() + 1 {
        file.write_all(&block).expect("write");
    }
    let message = problem_of(&path);
    assert!(message.contains("larger than 16 MiB"), "{message}");
}

#[test]
fn a_folder_is_no_scenario() {
    let message = problem_of(folder());
    assert!(message.contains("is a folder"), "{message}");
}

#[test]
fn a_missing_file_is_the_machines_business() {
    assert!(matches!(read(Path::new("tests/bad/no-such.toml")), Err(ReadError::Io { .. })));
}

#[test]
fn colours_change_nothing_but_the_colours() {
    let document = read(&folder().join("queue-unknown.toml")).expect("readable");
    let problems = resolve(&document, &[]).expect_err("a problem");
    let coloured = problems.render(true);
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, escaped)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = escaped.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    assert_eq!(plain, problems.render(false));
}

#[test]
fn thousands_of_entities_are_too_many() {
    let mut text = "[run]\nduration = \"1s\"\n[producers.web]\narrivals = { poisson = \"1/s\" }\npublish = \"q0\"\n".to_owned();
    for number in 0..=10_000 {
        text += &format!("[queues.q{number}]\n");
    }
    let document = Document { name: "many".to_owned(), path: None, text };
    let problems = resolve(&document, &[]).expect_err("too many").render(false);
    assert!(problems.contains("there are 10001 of a kind; at most 10,000"), "{problems}");
}

#[test]
fn a_long_list_of_problems_is_cut() {
    let text = (0..1_000).map(|number| format!("key{number} = 1\n")).collect();
    let document = Document { name: "noise".to_owned(), path: None, text };
    let problems = resolve(&document, &[]).expect_err("a thousand problems");
    assert!(problems.len() > 1_000);
    assert!(problems.render(false).trim_end().ends_with("more"));
}

#[test]
fn all_problems_of_a_document_come_at_once() {
    let text = r#"
[run]
duration = 10
[producers.web]
arrivals = { possion = "240/s" }
publish = "jbos"
[queues.jobs]
max_lenght = 5
[consumers.workers]
queue = "job"
count = 0
service = "8"
[goals]
wait = "consumers.workers.wiat.p99 < 1s"
"#;
    let document = Document { name: "many".to_owned(), path: None, text: text.to_owned() };
    let problems = resolve(&document, &[]).expect_err("many problems");
    assert_eq!(problems.len(), 8, "{problems}");
}
