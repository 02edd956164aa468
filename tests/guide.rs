//! The guide keeps its word: every command in it runs, and prints the lines that stand below it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command line is split into; single quotes keep together.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut quoted, mut open): (Vec<String>, bool, bool) = (Vec::new(), false, false);
    for sign in line.chars() {
        if sign == ' ' && !quoted {
            open = false;
            continue;
        }
        if !open {
            found.push(String::new());
            open = true;
        }
        match sign {
            '\'' => quoted = !quoted,
            other => found.last_mut().unwrap().push(other),
        }
    }
    found
}

/// The commands of a page, each with the lines of the block of text that follows it.
fn commands(page: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut block = None;
    for line in page.lines() {
        match (block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some(kind.trim()),
            (Some(_), Some(_)) => block = None,
            (Some("sh"), None) if line.starts_with("queuelab ") => found.push((line.to_owned(), Vec::new())),
            (Some("text"), None) => found.last_mut().expect("a command before the text").1.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

#[test]
fn every_command_of_the_guide_prints_what_it_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    for entry in fs::read_dir(root.join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join("scenarios").join(path.file_name().unwrap())).unwrap();
        }
    }
    let page = fs::read_to_string(root.join("docs/guide.md")).unwrap();
    let commands = commands(&page);
    assert!(commands.len() >= 7, "only {} commands", commands.len());
    for (command, shown) in commands {
        let arguments = words(command.strip_prefix("queuelab ").unwrap());
        let run = Command::new(env!("CARGO_BIN_EXE_queuelab"))
            .args(&arguments)
            .current_dir(folder.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
        // A missed goal is an answer; nothing else is allowed to go wrong.
        assert!(matches!(run.status.code(), Some(0 | 1)), "{command}\n{out}{err}");
        for line in shown {
            // The last line of an excerpt may end before the line of the output does.
            let found = out.lines().any(|printed| printed == line || (line.ends_with('.') && printed.starts_with(&line)));
            assert!(found, "{command}\ndoes not print\n{line}\nbut\n{out}");
        }
    }
}

#[test]
fn command_lines_are_split_as_a_shell_does() {
    assert_eq!(words("a 'b c'd  e"), ["a", "b cd", "e"]);
}
