//! A sizing as a page: the answer, its margin and its neighbours, what was tried, a chart against each goal, and how to make it
//! again.

use super::chart::pictures;
use super::files::size_csv;
use super::result::{GoalFound, Sizing};
use super::text::{how, neighbour_in_words, rows};
use crate::report::chart::Canvas;
use crate::report::page::{figures, origin, shell, tables, verdict};
use crate::report::quantity::{Kind, plainly};
use maud::{Markup, html};

/// The page. The same sizing gives the same bytes.
pub fn size_page(sizing: &Sizing) -> String {
    let title = sizing.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&sizing.name);
    let (wide, narrow) = (pictures(sizing, Canvas::WIDE), pictures(sizing, Canvas::NARROW));
    let charts = wide.iter().zip(&narrow).enumerate();
    let charts = charts.map(|(at, ((_, wide), (_, narrow)))| figures::drawn(&format!("size-{at}"), wide, narrow));
    let tried = html! { @if !sizing.tried.is_empty() { (tables::rows("values that were tried", &rows(sizing))) } };
    let sections = [
        shell::section("verdict", "Verdict", answer(sizing)),
        shell::section("charts", "Charts", html! { @for chart in charts { (chart) } }),
        shell::section("numbers", "Numbers", tried),
        shell::section("origin", "Where this comes from", origin_of(sizing)),
        shell::section("raw", "Raw numbers", origin::raw(&[("size.csv", size_csv(sizing))])),
    ];
    let head = html! { h1 { (title) } p.facts { "Size: " (how(sizing)) "." } };
    shell::page(title, head, sections.into_iter().flatten().collect())
}

/// The sentence, the goals with their margins, and the neighbours.
fn answer(sizing: &Sizing) -> Markup {
    let look = match (sizing.values.is_empty(), sizing.sure) {
        (true, _) => "bad",
        (false, true) => "good",
        (false, false) => "open",
    };
    let named = sizing.values.len() > 1;
    let more = sizing.one_more.iter().map(|neighbour| ("good", neighbour_in_words("more", neighbour, named)));
    let less = sizing
        .one_less
        .iter()
        .map(|neighbour| (if neighbour.met { "good" } else { "bad" }, neighbour_in_words("less", neighbour, named)));
    let beside: Vec<(&str, String)> = more.chain(less).filter(|(_, said)| !said.is_empty()).collect();
    html! {
        p.sentence.(look) { (sizing.answer()) }
        @if let Some(advice) = &sizing.advice { p { (shell::words(advice)) } }
        ul.goals {
            @for goal in &sizing.goals { (verdict::goal(&goal.name, &goal.expression, goal.verdict, &found(goal))) }
        }
        @if !beside.is_empty() {
            h3.of { "One more, one less" }
            ul.goals { @for (look, said) in &beside { li.(look) { div { (said.trim()) } } } }
        }
        @if !sizing.sure && !sizing.values.is_empty() {
            p { "A goal lies within the tolerance of " (plainly(sizing.provenance.tolerance, Kind::Share))
                " at the answer or at the next smaller value: there the two are as good as each other." }
        }
    }
}

/// What was found, and how far inside the goal.
fn found(goal: &GoalFound) -> String {
    match goal.distance() {
        distance if distance.is_empty() => goal.found(),
        distance => format!("{}, {distance}", goal.found()),
    }
}

fn origin_of(sizing: &Sizing) -> Markup {
    let provenance = &sizing.provenance;
    let file = origin::file(&sizing.name, &provenance.scenario);
    let paths: String = provenance.ranges.keys().map(|path| format!(" {}", origin::quoted(path))).collect();
    let ranges = provenance.ranges.values().map(|values| ("range", written(values)));
    let how = [("tolerance", origin::percent(provenance.tolerance)), ("seed", provenance.seed.to_string())];
    let options = origin::options(ranges.chain(how));
    let command = format!("queuelab size {}{paths}{options}{}", origin::quoted(&file), origin::sets(&provenance.overrides));
    let mut facts = vec![
        ("Program", html! { (provenance.program) }),
        ("Seed", html! { (provenance.seed) }),
        ("Confidence", html! { (plainly(provenance.confidence, Kind::Share)) }),
        ("Tolerance", html! { (plainly(provenance.tolerance, Kind::Share)) }),
        ("Events", html! { (plainly(provenance.events as f64, Kind::Plain)) }),
    ];
    facts.extend(origin::changed(&provenance.overrides));
    facts.push(("SHA-256 of the scenario", origin::hash(&provenance.scenario_sha256)));
    origin::Origin { commands: vec![command], facts, scenarios: vec![(file, &provenance.scenario)] }.section()
}

/// Values as `--range` takes them: `1..64` for whole numbers that follow each other.
fn written(values: &[String]) -> String {
    let whole: Option<Vec<u64>> = values.iter().map(|value| value.parse().ok()).collect();
    match whole.as_deref() {
        Some([first, .., last]) if last.checked_sub(*first) == Some(values.len() as u64 - 1) => format!("{first}..{last}"),
        _ => values.join(","),
    }
}
