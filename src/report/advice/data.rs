//! Advice about numbers that are not known well enough, and what would make them so.

use super::{matters, warning};
use crate::experiment::stability::Verdict;
use crate::experiment::{Cut, Summary};
use crate::model::{Goal, Model, Warmup};
use crate::report::quantity::{Kind, plainly, sentence};
use crate::report::result::{self, Warning};
use crate::report::verdict;
use crate::stats::{DEPENDENT_BATCHES, Estimate, Refusal};
use crate::units::Span;
use std::collections::BTreeSet;

/// Observations beyond a percentile that a replication should have before the percentile is worth reading.
const OBSERVATIONS_BEYOND: f64 = 10.0;
/// The percentiles far out: suffix, name, and share of observations beyond.
const FAR_PERCENTILES: [(&str, &str, f64); 3] = [("p99", "p99", 0.01), ("p999", "p99.9", 0.001), ("p9999", "p99.99", 0.0001)];
/// How much longer a run is proposed where nobody can tell how long it must be.
const LONGER: f64 = 4.0;
/// Replications where one run is not enough.
const REPLICATIONS: u32 = 10;
/// More data than what is needed on average, so that a little bad luck does not undo it.
const SPARE: f64 = 1.2;
/// Beyond so many times the data, more of them are no advice.
const HOPELESS: f64 = 1000.0;

/// A length of time in words.
fn length(span: Span) -> String {
    plainly(span.as_secs_f64(), Kind::Time)
}

/// Up to two names, and how many more there are.
fn named(names: &[&str]) -> String {
    let first: Vec<String> = names.iter().take(2).map(|name| format!("`{name}`")).collect();
    let others = match names.len().saturating_sub(2) {
        0 => String::new(),
        1 => " and 1 more".to_owned(),
        more => format!(" and {more} more"),
    };
    format!("{}{others}", first.join(", "))
}

/// Far percentiles that are shown or judged, with too few observations beyond them: one warning for each percentile, naming the
/// quantities.
pub(super) fn few_samples(model: &Model, summary: &Summary) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut told = BTreeSet::new();
    for (suffix, percentile, beyond) in FAR_PERCENTILES {
        let mut scarce: Vec<(&str, f64)> = Vec::new();
        for (metric, shape) in &summary.distributions {
            let samples = shape.count as f64 / summary.replications(metric).max(1) as f64 * beyond;
            // What is too few for p99 is too few for all that lies further out.
            let few = shape.count > 0 && samples.round() < OBSERVATIONS_BEYOND;
            if few && matters(model, summary, &format!("{metric}.{suffix}")) && told.insert(metric) {
                scarce.push((metric, samples));
            }
        }
        let Some((metric, worst)) = scarce.iter().copied().reduce(|one, other| if other.1 < one.1 { other } else { one }) else {
            continue;
        };
        let names: Vec<&str> = scarce.iter().map(|(metric, _)| *metric).collect();
        let ends = model.producers.iter().any(|producer| producer.messages.is_some() || producer.arrivals.ends());
        let planned = model.plan.duration.map(|duration| duration.as_secs_f64());
        let cure = match summary.part(metric).map_or(planned, |part| part.duration) {
            Some(duration) if !ends => {
                let needed = duration * OBSERVATIONS_BEYOND / worst;
                format!("a `run.duration` of {} would do", plainly(needed, Kind::Time))
            }
            _ => "let the producers send more messages".to_owned(),
        };
        let seen = if worst < 1.0 { "less than 1 observation".to_owned() } else { format!("{worst:.0} observations") };
        warnings.push(warning(
            "few-samples",
            format!("{percentile} of {} rests on {seen} beyond it in a replication: {cure}", named(&names)),
        ));
    }
    warnings
}

/// Numbers of one long run that have no interval because what it does is remembered for longer than its batches last.
pub(super) fn correlated(model: &Model, summary: &Summary) -> Option<Warning> {
    // No length is enough where a backlog grows for ever.
    let grows = summary.stability.iter().any(|seen| seen.verdict == Verdict::Overloaded);
    if summary.replicates.len() != 1 || grows {
        return None;
    }
    let refused = Refusal::Correlated.to_string();
    let dependent = |value: &Estimate| value.reason.as_ref().is_some_and(|why| *why == refused || why == DEPENDENT_BATCHES);
    let metrics = summary.metrics.iter().filter(|(metric, reading)| dependent(&reading.value) && matters(model, summary, metric));
    let names: Vec<&str> = metrics.map(|(metric, _)| metric.as_str()).collect();
    let duration = model.plan.duration.filter(|_| !names.is_empty())?;
    let load = summary.stability.iter().filter_map(|seen| seen.load.estimate).reduce(f64::max);
    let load = load.map_or(String::new(), |load| format!(" (the highest load is {})", plainly(load, Kind::Share)));
    Some(warning(
        "correlated",
        format!(
            "{} {} no interval, because one run of {} forgets too slowly{load}, so that its batches are still correlated: try a \
             `run.duration` of {}, or `run.replications = {REPLICATIONS}`",
            named(&names),
            if names.len() == 1 { "has" } else { "have" },
            length(duration),
            plainly(duration.as_secs_f64() * LONGER, Kind::Time),
        ),
    ))
}

/// A warm-up that could not be told, is longer than what is measured, or was not over when the run was.
pub(super) fn warm_up(model: &Model, summary: &Summary, at: usize, cut: Cut) -> Option<Warning> {
    let part = summary.parts.get(at);
    let whose = part.map_or(String::new(), |part| {
        let names: Vec<String> = part.queues().map(|name| format!("`{name}`")).collect();
        format!(" of {}", names.join(", "))
    });
    let warm_up = |message: String| Some(warning("warm-up", message));
    let span = cut.span();
    let over = summary.replicates.iter().filter(|replicate| replicate.simulated < span.as_secs_f64()).count();
    if over > 0 && part.is_none() {
        let (of, within) = (summary.replicates.len(), length(span));
        return warm_up(format!(
            "{over} of {of} replications were over before their warm-up of {within} was: nothing of them was measured; \
             set `run.warmup = \"none\"`, or let the producers send for longer"
        ));
    }
    let planned = model.plan.duration.map(|duration| duration.as_secs_f64());
    let duration = Span::from_secs_f64(part.map_or(planned, |part| part.duration)?);
    match cut {
        Cut::Unsure(_) if summary.stability.iter().any(|seen| seen.verdict == Verdict::Overloaded) => None,
        Cut::Unsure(_) => warm_up(format!(
            "the backlog{whose} had not settled by the middle of the run, so that its warm-up cannot be told: {span} were cut; try a \
             `run.duration` of {}, or `run.start = \"empty\"` if the start is what you want to see",
            plainly(duration.as_secs_f64() * LONGER, Kind::Time)
        )),
        Cut::Found(_) | Cut::Given(_) if span > duration => {
            let shorter = if matches!(model.plan.warmup, Warmup::Fixed(_)) { ", or shorten `run.warmup`" } else { "" };
            warm_up(format!(
                "the warm-up{whose} of {} is longer than the {} that are measured: most of the work is thrown away; a `run.duration` of \
                 {} would use two thirds of it{shorter}",
                length(span),
                length(duration),
                plainly(2.0 * span.as_secs_f64(), Kind::Time)
            ))
        }
        Cut::Floor(_) | Cut::Found(_) | Cut::Given(_) => None,
    }
}

/// Goals that are undecided because the interval is wider than the distance between the estimate and what is wanted.
pub(super) fn wide_intervals(model: &Model, summary: &Summary) -> Vec<Warning> {
    model.goals.iter().filter_map(|goal| wide_interval(model, summary, goal)).collect()
}

fn wide_interval(model: &Model, summary: &Summary, goal: &Goal) -> Option<Warning> {
    let reading = summary.metrics.get(&goal.metric)?;
    let value = &reading.value;
    let (estimate, low, high) = (value.estimate?, value.low?, value.high?);
    let judged = verdict::judge(std::slice::from_ref(goal), &summary.metrics);
    let (half, distance) =
        if goal.value > estimate { (high - estimate, goal.value - estimate) } else { (estimate - low, estimate - goal.value) };
    if judged[0].verdict != result::Verdict::Inconclusive || half <= 0.0 {
        return None;
    }
    let found = sentence(value, Kind::of(&reading.unit));
    // Half-widths shrink with the square root of the data.
    let factor = (half / distance).powi(2) * SPARE;
    let replications = summary.replicates.len();
    let cure = if factor.is_nan() || factor > HOPELESS {
        format!(
            "the two are so near that {} would be needed; set the goal further away, or take it as a matter of luck",
            if factor.is_finite() {
                format!("about {} times the data", plainly(factor.round(), Kind::Plain))
            } else {
                "data without end".to_owned()
            }
        )
    } else if model.plan.precision.relative.is_some() {
        format!(
            "`run.precision = \"{}\"` would likely settle it",
            plainly(distance / estimate / SPARE, Kind::Share).replace(' ', "")
        )
    } else if replications > 1 {
        let needed = (replications as f64 * factor).ceil();
        format!("about {needed:.0} replications (now {replications}) would likely settle it")
    } else {
        let duration = model.plan.duration?.as_secs_f64();
        format!("a `run.duration` of about {} would likely settle it", plainly(duration * factor, Kind::Time))
    };
    let message = format!(
        "the goal `{}` is undecided, because the interval of {found} holds what is wanted ({}): {cure}",
        goal.name, goal.expression
    );
    Some(warning("wide-interval", message))
}
