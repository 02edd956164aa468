//! Presets for people: the table of all, one with the ground of each number, and what stands beside a result that rests on one.

use super::json::pretty;
use super::result::RestsOn;
use super::style::{Role, Style, width, wrapped};
use crate::model::{Fact, Ground, Model, PRESETS, Preset, Trust};
use serde_json::{Value, json};

/// What the stars mean.
const LEGEND: &str = "★★★ measured with all settings and in agreement with Little's law, ★★☆ measured by a vendor or fitted, ★☆☆ old or \
                      vague, ☆☆☆ partly assumed. A preset has the stars of its least trusted number. `queuelab presets NAME` shows \
                      each number with its source.";
/// Where the text behind a name begins at most.
const MOST_INDENT: usize = 34;

/// The brokers of a model whose numbers come from a preset.
pub fn rests_on(model: &Model) -> Vec<RestsOn> {
    let of = |broker: &crate::model::Broker| {
        let preset = Preset::named(broker.preset?)?;
        Some(RestsOn {
            broker: broker.name.clone(),
            preset: preset.name.to_owned(),
            stars: preset.stars(),
            hardware: preset.hardware().into_iter().map(str::to_owned).collect(),
            assumed: preset.assumed().into_iter().map(str::to_owned).collect(),
        })
    };
    model.brokers.iter().filter_map(of).collect()
}

/// The same as notes of `check`, each ending with a newline.
pub fn rests_on_notes(model: &Model, style: Style) -> String {
    let notes = rests_on_sentences(&rests_on(model)).into_iter().flat_map(|note| {
        let lines = wrapped(&style.signs(&format!("note: {note}")), style.width);
        lines.into_iter().map(|line| line + "\n").collect::<Vec<_>>()
    });
    notes.collect()
}

/// A sentence for all brokers that rest on measurements on the same hardware.
pub(super) fn rests_on_sentences(found: &[RestsOn]) -> Vec<String> {
    let mut groups: Vec<(&[String], Vec<String>)> = Vec::new();
    for RestsOn { broker, preset, stars, hardware, assumed } in found {
        let assumed = if assumed.is_empty() { String::new() } else { format!(", nobody measured {}", listed(assumed)) };
        let text = format!("`{broker}` ({preset} {}{assumed})", sky(*stars));
        match groups.iter_mut().find(|(on, _)| *on == hardware.as_slice()) {
            Some((_, brokers)) => brokers.push(text),
            None => groups.push((hardware, vec![text])),
        }
    }
    let sentence = |(hardware, brokers): &(&[String], Vec<String>)| {
        let what = if brokers.len() == 1 { "a preset that was" } else { "presets that were" };
        format!("times and rates at {} rest on {what} measured on {}", listed(brokers), hardware.join("; "))
    };
    groups.iter().map(sentence).collect()
}

fn listed(names: &[String]) -> String {
    match names {
        [head @ .., last] if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        one => one.concat(),
    }
}

/// So many stars of three.
fn sky(stars: u8) -> String {
    (1..=3).map(|star| if star <= stars { '★' } else { '☆' }).collect()
}

/// All presets, a line or two each.
pub fn presets(style: Style) -> String {
    let name_width = PRESETS.iter().map(|preset| width(preset.name)).max().unwrap_or(0).min(MOST_INDENT);
    let head = format!("{:<name_width$}  trust  what it is", "preset");
    let mut lines = vec![style.paint(Role::Heading, &head)];
    for preset in PRESETS {
        let about = wrapped(preset.about, style.width.saturating_sub(name_width + 9));
        for (at, line) in about.iter().enumerate() {
            let (name, stars) = if at == 0 { (preset.name, sky(preset.stars())) } else { ("", String::new()) };
            lines.push(format!("{name:<name_width$}  {stars:<5}  {line}"));
        }
    }
    lines.push(String::new());
    lines.extend(wrapped(LEGEND, style.width));
    style_all(lines, style)
}

/// One preset: what it is, and each number with its ground.
pub fn preset(preset: &Preset, style: Style) -> String {
    let mut grounds: Vec<&Ground> = Vec::new();
    for fact in preset.facts {
        if !grounds.iter().any(|known| same(known, fact.ground)) {
            grounds.push(fact.ground);
        }
    }
    let source = |fact: &Fact| grounds.iter().position(|known| same(known, fact.ground)).map_or(0, |at| at + 1);
    let mut lines = vec![style.paint(Role::Heading, &format!("{} — {}", preset.name, preset.about))];
    let stars = match preset.assumed().as_slice() {
        [] => format!("{} as its least trusted number", sky(preset.stars())),
        assumed => {
            let assumed: Vec<String> = assumed.iter().map(|&key| key.to_owned()).collect();
            format!("{} because nobody measured {}", sky(preset.stars()), listed(&assumed))
        }
    };
    for (head, text) in [("trust", stars), ("gives", preset.check.to_owned())] {
        let text = wrapped(&text, style.width.saturating_sub(7));
        lines.extend(text.iter().enumerate().map(|(at, line)| format!("{:<5}  {line}", if at == 0 { head } else { "" })));
    }
    let queues = |fact: &&Fact| fact.key.starts_with("queues.");
    let value_width = preset.facts.iter().map(|fact| width(fact.value)).max().unwrap_or(0);
    let key_width = preset.facts.iter().map(|fact| width(fact.key.trim_start_matches("queues."))).max().unwrap_or(0);
    for (title, of_queues) in [("[brokers.NAME]", false), ("[queues.NAME]", true)] {
        let facts: Vec<&Fact> = preset.facts.iter().filter(|fact| queues(fact) == of_queues).collect();
        if facts.is_empty() {
            continue;
        }
        lines.extend([String::new(), style.paint(Role::Heading, title)]);
        for fact in facts {
            let key = fact.key.trim_start_matches("queues.");
            let trust = match fact.ground.trust {
                Trust::Documented => "documented".to_owned(),
                Trust::Measured(stars) => sky(stars),
                Trust::Assumed => "assumed".to_owned(),
            };
            let head = format!("{key:<key_width$} = {:<value_width$}  {trust:<10}  [{}]", fact.value, source(fact));
            let room = style.width.saturating_sub(width(&head) + 1);
            if width(fact.how) <= room {
                lines.push(format!("{head} {}", fact.how).trim_end().to_owned());
            } else {
                lines.push(head);
                lines.extend(wrapped(fact.how, style.width.saturating_sub(6)).iter().map(|line| format!("      {line}")));
            }
        }
    }
    lines.push(String::new());
    for (at, ground) in grounds.iter().enumerate() {
        let on = if ground.hardware.is_empty() { String::new() } else { format!(", on {}", ground.hardware) };
        let text = wrapped(&format!("{}{on}", ground.source), style.width.saturating_sub(4));
        lines.extend(text.iter().enumerate().map(|(line, text)| match line {
            0 => format!("[{}] {text}", at + 1),
            _ => format!("    {text}"),
        }));
    }
    style_all(lines, style)
}

/// The same source; how far it is believed differs by number.
fn same(one: &Ground, other: &Ground) -> bool {
    (one.source, one.hardware) == (other.source, other.hardware)
}

/// Lines with the signs that the terminal has. Colours are around whole lines, and stay.
fn style_all(lines: Vec<String>, style: Style) -> String {
    let plain = |line: String| if line.starts_with('\u{1b}') { line } else { style.signs(&line) };
    let mut text = lines.into_iter().map(plain).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// Presets for programs, ending with a newline: one as an object, all as a list.
pub fn presets_json(one: Option<&Preset>) -> String {
    match one {
        Some(preset) => pretty(&preset_json(preset)),
        None => pretty(&PRESETS.iter().map(preset_json).collect::<Vec<Value>>()),
    }
}

fn preset_json(preset: &Preset) -> Value {
    let fact = |fact: &Fact| {
        let trust = match fact.ground.trust {
            Trust::Documented => "documented",
            Trust::Measured(_) => "measured",
            Trust::Assumed => "assumed",
        };
        json!({
            "key": fact.key, "value": fact.value, "trust": trust, "stars": fact.ground.trust.stars(),
            "source": fact.ground.source, "hardware": fact.ground.hardware, "how": fact.how,
        })
    };
    json!({
        "name": preset.name, "about": preset.about, "check": preset.check, "stars": preset.stars(),
        "hardware": preset.hardware(), "assumed": preset.assumed(), "facts": preset.facts.iter().map(fact).collect::<Vec<Value>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_every_number_with_its_source() {
        for row in PRESETS {
            let text = preset(row, Style::PLAIN);
            for fact in row.facts {
                let key = fact.key.trim_start_matches("queues.");
                let line = text.lines().find(|line| line.starts_with(key) && line.contains(&format!("= {}", fact.value)));
                assert!(line.is_some_and(|line| line.contains('[')), "{}: {key}\n{text}", row.name);
            }
            assert!(text.lines().all(|line| width(line) <= Style::PLAIN.width), "{text}");
        }
    }

    #[test]
    fn a_guess_is_called_one() {
        let rests = |broker: &str, assumed: &[&str], hardware: &str| RestsOn {
            broker: broker.to_owned(),
            preset: "p".to_owned(),
            stars: if assumed.is_empty() { 2 } else { 0 },
            hardware: vec![hardware.to_owned()],
            assumed: assumed.iter().map(|&key| key.to_owned()).collect(),
        };
        let found = [rests("a", &[], "x"), rests("b", &["between", "disk.fsync"], "y"), rests("c", &[], "x")];
        let expected = [
            "times and rates at `a` (p ★★☆) and `c` (p ★★☆) rest on presets that were measured on x",
            "times and rates at `b` (p ☆☆☆, nobody measured between and disk.fsync) rest on a preset that was measured on y",
        ];
        assert_eq!(rests_on_sentences(&found), expected);
    }
}
