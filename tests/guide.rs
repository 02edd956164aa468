//! The guide is true: its commands run, from the folder of the repository, and print what stands below them.
//!
//! A block that opens with ```` ```sh ```` holds one command a line; the ```` ```text ```` block behind it, lines that it prints, in their
//! order, `…` standing for any that are left out. A status other than 0 is said behind the command: `# exit status 1`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::tempdir;

const GUIDE: &str = "docs/guide.md";

/// The fenced blocks of a page: what they open with, the line at which they begin, their lines.
fn blocks(page: &str) -> Vec<(&str, usize, Vec<&str>)> {
    let mut found = Vec::new();
    let mut open: Option<(&str, usize, Vec<&str>)> = None;
    for (number, line) in page.lines().enumerate() {
        match &mut open {
            None => open = line.strip_prefix("```").map(|kind| (kind, number + 2, Vec::new())),
            Some(_) if line == "```" => found.extend(open.take()),
            Some((_, _, lines)) => lines.push(line),
        }
    }
    found
}

/// The words of a command line, with the quotes of a shell.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for sign in command.chars() {
        match sign {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// Runs a command in a folder; gives what it prints.
fn run(folder: &Path, line: &str, at: usize) -> String {
    let (command, remark) = line.split_once(" # ").unwrap_or((line, ""));
    let status = remark.trim().strip_prefix("exit status ").map_or(0, |status| status.parse().unwrap());
    let words = words(command);
    assert_eq!(words[0], "queuelab", "{GUIDE}:{at}: only the program's own commands are run");
    let mut program = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    let output = program.current_dir(folder).args(&words[1..]).stdin(Stdio::null()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{GUIDE}:{at}: {line}\n{printed}\n{complaint}");
    printed
}

#[test]
fn its_commands_run_and_print_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempdir().unwrap();
    let scenarios = folder.path().join("scenarios");
    fs::create_dir(&scenarios).unwrap();
    for entry in fs::read_dir(root.join("scenarios")).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() {
            fs::copy(&entry, scenarios.join(entry.file_name().unwrap())).unwrap();
        }
    }
    let page = fs::read_to_string(root.join(GUIDE)).unwrap();
    let (mut commands, mut shown) = (0, 0);
    let mut printed = String::new();
    for (kind, at, lines) in blocks(&page) {
        match kind {
            "sh" => {
                printed = lines.iter().map(|line| run(folder.path(), line, at)).collect();
                commands += lines.len();
            }
            "text" => {
                let mut rest = printed.lines();
                for line in lines.iter().filter(|line| **line != "…") {
                    // The last line of an excerpt may end before the line of the output does.
                    let begins = |printed: &str| line.ends_with('.') && printed.starts_with(line);
                    let found = rest.any(|printed| printed.trim_end() == line.trim_end() || begins(printed));
                    assert!(found, "{GUIDE}:{at}: this is not printed, or not in this order:\n{line}\n\nprinted:\n{printed}");
                    shown += 1;
                }
            }
            _ => {}
        }
    }
    assert!(commands >= 6 && shown >= 30, "{commands} commands, {shown} lines");
    // What the guide shows as a picture of a comparison is one that a command of it draws.
    let pictures = page.split("](images/").skip(1).filter_map(|rest| rest.split(')').next());
    let pictures: Vec<&str> = pictures.filter(|picture| picture.contains("--")).collect();
    assert!(!pictures.is_empty());
    for picture in pictures {
        let drawn = folder.path().join("output").join(place(picture));
        assert!(drawn.is_file(), "no command of the guide draws {}", drawn.display());
        assert!(root.join("docs/images").join(picture).is_file(), "there is no docs/images/{picture}");
    }
}

/// Where a picture comes from: `checkout-sync--compare--differences.png` is `checkout-sync/compare/differences.png`.
fn place(picture: &str) -> std::path::PathBuf {
    picture.split("--").collect()
}
