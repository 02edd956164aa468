//! Presets as a user meets them: in `queuelab presets`, and beside every result that rests on one.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const SMALL: &str = r#"
[run]
duration = "5s"
replications = 2
[brokers.rabbit]
preset = "rabbitmq-quorum"
[producers.web]
arrivals = { poisson = "100/s" }
publish = "jobs"
confirm = "async"
[queues.jobs]
broker = "rabbit"
[consumers.workers]
queue = "jobs"
service = "1ms"
"#;

/// The program with a scenario on standard input.
fn queuelab(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read it may have gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn printed(arguments: &[&str], input: &str) -> String {
    let output = queuelab(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn all_presets_and_one_with_its_sources() {
    let all = printed(&["presets"], "");
    assert!(all.lines().any(|line| line.starts_with("rabbitmq-classic ") && line.contains("★★☆")), "{all}");
    assert!(all.lines().any(|line| line.starts_with("rabbitmq-quorum ") && line.contains("☆☆☆")), "{all}");
    let one = printed(&["presets", "rabbitmq-quorum-slow-ssd"], "");
    assert!(one.contains("disk.fsync") && one.contains("\"6.455ms\"") && one.contains("NUC 11"), "{one}");
    assert!(one.contains("delivery_limit") && one.contains("documented"), "{one}");
    let all: Value = serde_json::from_str(&printed(&["presets", "--format", "json"], "")).unwrap();
    let rows = all.as_array().unwrap();
    assert!(rows.len() >= 13, "{}", rows.len());
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let one: Value = serde_json::from_str(&printed(&["presets", name, "--format", "json"], "")).unwrap();
        assert_eq!(&one, row);
        let unfounded = row["facts"].as_array().unwrap().iter().filter(|fact| fact["source"].as_str().is_none_or(str::is_empty));
        assert_eq!(unfounded.count(), 0, "{name}");
    }
}

#[test]
fn an_unknown_preset_is_answered_with_the_closest() {
    let output = queuelab(&["presets", "rabitmq-quorum"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `rabbitmq-quorum`?"));
}

#[test]
fn a_result_says_on_which_preset_it_rests() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for arguments in [&["run", "-", "--no-files"][..], &["run", "-", "--no-files", "--format", "markdown"], &["check", "-"]] {
        let text = words(&printed(arguments, SMALL)).replace('\\', "");
        let expected = "times and rates at `rabbit` (rabbitmq-quorum ☆☆☆, nobody measured between and disk.fsync) rest on a preset \
                        that was measured on NUC 11";
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    for arguments in [&["run", "-", "--no-files", "--format", "json"][..], &["check", "-", "--format", "json"]] {
        let found: Value = serde_json::from_str(&printed(arguments, SMALL)).unwrap();
        let rests = &found["presets"][0];
        assert_eq!((rests["broker"].as_str(), rests["preset"].as_str()), (Some("rabbit"), Some("rabbitmq-quorum")));
        assert_eq!((rests["stars"].as_u64(), rests["assumed"][1].as_str()), (Some(0), Some("disk.fsync")));
    }
    // Without a preset nothing is said.
    let plain = SMALL.replace("preset = \"rabbitmq-quorum\"\n", "");
    assert!(!printed(&["run", "-", "--no-files"], &plain).contains("preset"));
    let found: Value = serde_json::from_str(&printed(&["run", "-", "--no-files", "--format", "json"], &plain)).unwrap();
    assert!(found.get("presets").is_none());
}
