//! A sweep as a page: where the knee lies, the points, charts, and how to make it again.

use super::chart::pictures;
use super::seen::Sweep;
use super::text::{MOST_ROWS, description, knees, rows};
use crate::report::chart::Canvas;
use crate::report::page::{figures, origin, shell, tables};
use crate::report::quantity::{Kind, plainly};
use crate::report::result::Verdict;
use maud::{Markup, html};
use rayon::prelude::*;

/// The page; `csv` is the text of `sweep.csv`, where that is small enough to stand in it. The same sweep gives the same bytes.
pub fn sweep_page(sweep: &Sweep, csv: Option<&str>) -> String {
    let plan = &sweep.plan;
    let title = plan.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&plan.name);
    let drawn = |(at, picture): (usize, super::chart::Picture)| {
        let name = format!("sweep-{at}");
        figures::drawn(&name, &picture.draw(Canvas::WIDE), &picture.draw(Canvas::NARROW))
    };
    let charts: Vec<Markup> = pictures(sweep).into_par_iter().enumerate().map(drawn).collect();
    let raw = csv.map_or_else(
        || html! { p { code { "sweep.csv" } " beside this page has them." } },
        |text| origin::raw(&[("sweep.csv", text.to_owned())]),
    );
    let sections = [
        shell::section("verdict", "Verdict", verdict(sweep)),
        shell::section("charts", "Charts", html! { @for chart in charts { (chart) } }),
        shell::section("numbers", "Points", points(sweep)),
        shell::section("origin", "Where this comes from", origin_of(sweep)),
        shell::section("raw", "Raw numbers", raw),
    ];
    let head = html! { h1 { (title) } p.facts { "Sweep: " (description(sweep)) "." } };
    shell::page(title, head, sections.into_iter().flatten().collect())
}

/// At how many points the goals are met, what is not stable, and the knees.
fn verdict(sweep: &Sweep) -> Markup {
    let judged = sweep.points.iter().filter_map(|seen| seen.goals).count();
    let met = sweep.points.iter().filter(|seen| seen.goals == Some(Verdict::Met)).count();
    let unstable = sweep.points.iter().filter(|seen| seen.state.is_some()).count();
    let look = if met == judged { "good" } else { "open" };
    html! {
        @if judged > 0 { p.sentence.(look) { "All goals are met at " (met) " of " (judged) " points." } }
        @if unstable > 0 { p { "At " (unstable) " of " (sweep.points.len()) " points there is no steady value, or none that could be told." } }
        @if judged == 0 && unstable == 0 && sweep.knees.is_empty() { p.sentence.plain { "Every point is stable; no goals are set." } }
        @if !sweep.knees.is_empty() { ul.findings { @for knee in knees(sweep) { li { (shell::words(&knee)) } } } }
    }
}

fn points(sweep: &Sweep) -> Markup {
    html! {
        (tables::rows("points", &rows(sweep)))
        @if sweep.points.len() > MOST_ROWS {
            p.facts { (MOST_ROWS) " of " (sweep.points.len()) " points are shown; " code { "sweep.csv" } " has all." }
        }
    }
}

fn origin_of(sweep: &Sweep) -> Markup {
    let plan = &sweep.plan;
    let file = origin::file(&plan.name, &plan.scenario);
    let how = match plan.precision {
        Some(share) => ("precision", origin::percent(share)),
        None => ("replications", plan.replications.to_string()),
    };
    let varied = plan.grid.iter().map(|varied| ("vary", format!("{}={}", varied.path, varied.values.join(","))));
    let named = plan.shown != sweep.metrics;
    let metrics = sweep.metrics.iter().filter(|_| named).map(|metric| ("metric", metric.clone()));
    let options = origin::options(varied.chain([("seed", plan.seed.to_string()), how.clone()]).chain(metrics));
    let command = format!("queuelab sweep {}{options}{}", origin::quoted(&file), origin::sets(&plan.overrides));
    let mut facts = vec![
        ("Program", html! { (plan.program) }),
        ("Seed", html! { (plan.seed) }),
        if how.0 == "precision" {
            ("Precision", html! { (how.1) })
        } else {
            ("Replications", html! { (how.1) " of each point" })
        },
        ("Intervals", html! { (plainly(plan.confidence, Kind::Share)) }),
    ];
    facts.extend(origin::changed(&plan.overrides));
    facts.push(("SHA-256 of the scenario", origin::hash(&plan.scenario_sha256)));
    origin::Origin { commands: vec![command], facts, scenarios: vec![(file, &plan.scenario)] }.section()
}
