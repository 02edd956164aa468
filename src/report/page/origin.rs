//! Where a result comes from: the command that makes it again, the program, the scenario as it was written, and the raw numbers.

use crate::experiment::Reached;
use crate::report::quantity::{Kind, plainly};
use crate::report::result::Provenance;
use maud::{Markup, html};

/// The section.
pub(in crate::report) fn origin(name: &str, provenance: &Provenance, precision: Option<&Reached>) -> Markup {
    let file = file(name, &provenance.scenario);
    html! {
        p { "The same version gives the same numbers again, to the last digit:" }
        pre.command { code { (command(&file, provenance, precision)) } }
        dl {
            dt { "Program" } dd { (provenance.program) " on " (provenance.target) }
            dt { "Seed" } dd { (provenance.seed) }
            dt { "Replications" } dd { (provenance.replications) }
            dt { "Intervals" } dd { (plainly(provenance.confidence, Kind::Share)) }
            @if !provenance.overrides.is_empty() {
                dt { "Changed" } dd { @for set in &provenance.overrides { code { (set) } " " } }
            }
            dt { "SHA-256 of the scenario" } dd { code.hash { (provenance.scenario_sha256) } }
        }
        @if !provenance.scenario.trim().is_empty() {
            details.print {
                summary { "The scenario, " code { (file) } }
                pre.source { code { (provenance.scenario) } }
            }
        }
    }
}

/// The name of the scenario's file: a document in braces is JSON.
fn file(name: &str, text: &str) -> String {
    let ending = if text.trim_start().starts_with('{') { "json" } else { "toml" };
    format!("{name}.{ending}")
}

/// The command that makes the result again.
fn command(file: &str, provenance: &Provenance, precision: Option<&Reached>) -> String {
    let mut words = vec!["queuelab".to_owned(), "run".to_owned(), quoted(file), "--seed".to_owned(), provenance.seed.to_string()];
    match precision {
        Some(reached) => words.extend(["--precision".to_owned(), format!("{}%", short(reached.asked * 100.0))]),
        None => words.extend(["--replications".to_owned(), provenance.replications.to_string()]),
    }
    for set in &provenance.overrides {
        words.extend(["--set".to_owned(), quoted(set)]);
    }
    words.join(" ")
}

/// Without the last digits of binary fractions.
fn short(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-/=:,+%@".contains(sign);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.to_owned();
    }
    // A name that begins with a dash would be an option.
    let lead = if word.starts_with('-') { "./" } else { "" };
    format!("'{lead}{}'", word.replace('\'', "'\\''"))
}

/// Files with the raw numbers, to be looked into and copied.
pub(in crate::report) fn raw(files: &[(&str, String)]) -> Markup {
    html! {
        @for (name, text) in files {
            details {
                summary { code { (name) } ", " (text.lines().count().saturating_sub(1)) " numbers with their intervals, in SI units" }
                pre.source { code { (text) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(quoted("mm3.toml"), "mm3.toml");
        assert_eq!(quoted("queues.a b.ttl=1s"), "'queues.a b.ttl=1s'");
        assert_eq!(quoted("it's $(x)"), "'it'\\''s $(x)'");
        assert_eq!(quoted("-rf.toml"), "'./-rf.toml'");
        assert_eq!(file("a", " {\"run\": 1}"), "a.json");
        assert_eq!(short(0.1 * 0.2 * 100.0), 2.0);
    }
}
