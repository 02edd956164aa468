//! `report.html`: one file with everything that a reader needs, and nothing from anywhere else.
//!
//! A page is put together from parts, which reports of other commands use too: [`shell`] around everything, [`verdict`],
//! [`tables`], [`figures`] and [`origin`]. Every text goes through maud, which escapes it; what it takes as it is are drawings,
//! which escape their own, and the style sheet and the script, which are ours.
//!
//! A chart is in the page twice, for a wide sheet and for a narrow one, and the style sheet shows one of them: that takes no
//! script, and a phone gets a chart instead of a small picture of one. All colours are variables, so that light and dark are one
//! drawing. The script adds what paper cannot do and is not needed to read.

pub(in crate::report) mod figures;
mod glance;
pub(in crate::report) mod origin;
pub(in crate::report) mod shell;
pub(in crate::report) mod tables;
pub(in crate::report) mod verdict;

use super::chart::CHARTS;
use super::result::RunResult;
use super::{csv, preamble};
use maud::{Markup, html};
use rayon::prelude::*;

/// The page of a run. The same result gives the same bytes.
pub fn page(result: &RunResult) -> String {
    let title = preamble::title(result);
    let (system, charts) = CHARTS.split_at(1);
    let system = figures::figure(result, &system[0]);
    let charts: Vec<Option<Markup>> = charts.par_iter().map(|chart| figures::figure(result, chart)).collect();
    let sections = [
        shell::section("verdict", "Verdict", verdict::verdict(result)),
        shell::section("system", "The system", html! { @if let Some(system) = system { (system) } }),
        shell::section("numbers", "Numbers", tables::tables(result)),
        shell::section("charts", "Charts", html! { @for chart in charts.into_iter().flatten() { (chart) } }),
        shell::section("warnings", "Warnings", warnings(result)),
        shell::section(
            "origin",
            "Where this comes from",
            origin::origin(&result.name, &result.provenance, result.precision.as_ref()),
        ),
        shell::section("raw", "Raw numbers", origin::raw(&[("summary.csv", csv::csv(result))])),
    ];
    shell::page(title, html! { (head(result)) }, sections.into_iter().flatten().collect())
}

/// What was simulated.
fn head(result: &RunResult) -> Markup {
    let mut facts = vec![preamble::plan(result)];
    facts.extend(preamble::intervals(result));
    facts.extend(preamble::precision(result));
    html! {
        h1 { (preamble::title(result)) }
        p.facts { (facts.join("; ")) "." }
        @for part in preamble::parts(result) { p.facts { (part) } }
        @if !result.faults.is_empty() {
            ul.faults { @for fault in &result.faults { li { "Fault: " (shell::words(&fault.what)) "." } } }
        }
    }
}

/// Advice, the gravest first.
fn warnings(result: &RunResult) -> Markup {
    html! {
        @if !result.warnings.is_empty() {
            ul.warnings { @for warning in &result.warnings { li { (shell::words(&warning.message)) } } }
        }
    }
}
