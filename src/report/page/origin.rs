//! Where a result comes from: the command that makes it again, the program, the scenario as it was written, and the raw numbers.

use crate::experiment::Reached;
use crate::report::quantity::{Kind, plainly};
use crate::report::result::Provenance;
use maud::{Markup, html};

/// Where any result comes from.
pub(in crate::report) struct Origin<'a> {
    /// The commands that make it again, one a line.
    pub commands: Vec<String>,
    /// What else it hangs on, and what that is.
    pub facts: Vec<(&'static str, Markup)>,
    /// Names and texts of the scenarios.
    pub scenarios: Vec<(String, &'a str)>,
}

impl Origin<'_> {
    /// The section.
    pub fn section(&self) -> Markup {
        html! {
            p { "The same version gives the same numbers again, to the last digit:" }
            pre.command { code { (self.commands.join("\n")) } }
            dl { @for (what, fact) in &self.facts { dt { (what) } dd { (fact) } } }
            @for (file, text) in self.scenarios.iter().filter(|(_, text)| !text.trim().is_empty()) {
                details.print {
                    summary { "The scenario, " code { (file) } }
                    pre.source { code { (text) } }
                }
            }
        }
    }
}

/// The section of a run.
pub(in crate::report) fn origin(name: &str, provenance: &Provenance, precision: Option<&Reached>) -> Markup {
    let file = file(name, &provenance.scenario);
    let mut facts = vec![
        ("Program", html! { (provenance.program) " on " (provenance.target) }),
        ("Seed", html! { (provenance.seed) }),
        ("Replications", html! { (provenance.replications) }),
        ("Intervals", html! { (plainly(provenance.confidence, Kind::Share)) }),
    ];
    facts.extend(changed(&provenance.overrides));
    facts.push(("SHA-256 of the scenario", hash(&provenance.scenario_sha256)));
    let commands = vec![command(&file, provenance, precision)];
    Origin { commands, facts, scenarios: vec![(file, &provenance.scenario)] }.section()
}

/// What was set; nothing where nothing was.
pub(in crate::report) fn changed(overrides: &[String]) -> Option<(&'static str, Markup)> {
    (!overrides.is_empty()).then(|| ("Changed", html! { @for set in overrides { code { (set) } " " } }))
}

/// A checksum.
pub(in crate::report) fn hash(sum: &str) -> Markup {
    html! { code.hash { (sum) } }
}

/// A line of options behind a command: a name and its value, quoted for a shell.
pub(in crate::report) fn options<'a>(all: impl IntoIterator<Item = (&'a str, String)>) -> String {
    all.into_iter().map(|(name, value)| format!(" --{name} {}", quoted(&value))).collect()
}

/// `--set` for each override.
pub(in crate::report) fn sets(overrides: &[String]) -> String {
    options(overrides.iter().map(|set| ("set", set.clone())))
}

/// A precision as it is asked for.
pub(in crate::report) fn percent(share: f64) -> String {
    format!("{}%", short(share * 100.0))
}

/// The name of the scenario's file: a document in braces is JSON.
pub(in crate::report) fn file(name: &str, text: &str) -> String {
    let ending = if text.trim_start().starts_with('{') { "json" } else { "toml" };
    format!("{name}.{ending}")
}

/// The command that makes a run again.
pub(in crate::report) fn command(file: &str, provenance: &Provenance, precision: Option<&Reached>) -> String {
    let how = match precision {
        Some(reached) => ("precision", percent(reached.asked)),
        None => ("replications", provenance.replications.to_string()),
    };
    let options = options([("seed", provenance.seed.to_string()), how]);
    format!("queuelab run {}{options}{}", quoted(file), sets(&provenance.overrides))
}

/// Without the last digits of binary fractions.
fn short(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

/// A word for a POSIX shell.
pub(in crate::report) fn quoted(word: &str) -> String {
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
                summary { code { (name) } ", " (text.lines().count().saturating_sub(1)) " rows of numbers with their intervals, in SI units" }
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
