//! What was simulated, in a sentence: for the head of table, Markdown and charts.

use super::quantity::{Kind, plainly};
use super::result::RunResult;
use crate::units::Span;

/// How often, how long, and after what: replications, measured seconds, seconds of warm-up.
type Course = (u32, Option<f64>, f64);

/// More different courses than these are not listed.
const MOST_COURSES: usize = 8;
/// More queues than these are not named.
const MOST_NAMES: usize = 4;

/// `10 replications × 10min measured after 1min warm-up, seed 1`; with ranges where the parts of the model differ.
pub(super) fn plan(result: &RunResult) -> String {
    let courses = courses(result);
    format!("{}, seed {}", described(&courses.keys()), result.provenance.seed)
}

/// A line for each course that some parts of the model took, where they differ: `jobs, mails: 10 replications × ...`.
pub(super) fn parts(result: &RunResult) -> Vec<String> {
    let courses = courses(result);
    if courses.0.len() < 2 {
        return Vec::new();
    }
    let line = |(course, names): &(Course, Vec<String>)| {
        let named = names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(" and {more} more queues") } else { String::new() };
        format!("{named}{more}: {}", described(&[*course]))
    };
    let mut lines: Vec<String> = courses.0.iter().take(MOST_COURSES).map(line).collect();
    if courses.0.len() > MOST_COURSES {
        lines.push(format!("and {} more, which result.json lists as `parts`", courses.0.len() - MOST_COURSES));
    }
    lines
}

/// Every course that was taken, with the names of the queues of the parts that took it.
struct Courses(Vec<(Course, Vec<String>)>);

impl Courses {
    fn keys(&self) -> Vec<Course> {
        self.0.iter().map(|(course, _)| *course).collect()
    }
}

fn courses(result: &RunResult) -> Courses {
    let provenance = &result.provenance;
    if result.summary.parts.is_empty() {
        return Courses(vec![((provenance.replications, provenance.duration, provenance.warmup), Vec::new())]);
    }
    let mut all: Vec<(Course, Vec<String>)> = Vec::new();
    for part in &result.summary.parts {
        let course = (part.replications, part.duration, part.warmup);
        let names = part.queues().map(str::to_owned);
        match all.iter_mut().find(|(other, _)| *other == course) {
            Some((_, others)) => others.extend(names),
            None => all.push((course, names.collect())),
        }
    }
    Courses(all)
}

/// The sentence of some courses.
fn described(courses: &[Course]) -> String {
    let of = |number: fn(&Course) -> f64| -> (f64, f64) {
        let numbers = || courses.iter().map(number);
        (numbers().fold(f64::INFINITY, f64::min), numbers().fold(f64::NEG_INFINITY, f64::max))
    };
    let times = match of(|course| f64::from(course.0)) {
        (1.0, 1.0) => "1 replication".to_owned(),
        (least, most) if least == most => format!("{least} replications"),
        (least, most) => format!("{least} to {most} replications"),
    };
    let span = |(least, most): (f64, f64)| {
        if least == most { length(most) } else { format!("{} to {}", length(least), length(most)) }
    };
    let measured = match courses.iter().any(|course| course.1.is_none()) {
        false => format!(" × {} measured", span(of(|course| course.1.unwrap_or(0.0)))),
        true => " until all work is done".to_owned(),
    };
    let warmup = match of(|course| course.2) {
        (least, most) if least < most && least == 0.0 => format!(" after up to {} warm-up", length(most)),
        (least, most) if most > 0.0 => format!(" after {} warm-up", span((least, most))),
        _ => ", no warm-up".to_owned(),
    };
    format!("{times}{measured}{warmup}")
}

/// A length of time as the user would write it, or rounded where that takes too many digits.
fn length(seconds: f64) -> String {
    let exact = Span::from_secs_f64(seconds).to_string().replace("us", "µs");
    if exact.chars().count() <= 7 { exact } else { plainly(seconds, Kind::Time) }
}

/// What the numbers behind ± are, where there are any.
pub(super) fn intervals(result: &RunResult) -> Option<String> {
    let any = result.summary.metrics.values().any(|reading| reading.value.low < reading.value.high);
    let percent = plainly(result.provenance.confidence, Kind::Share);
    any.then(|| format!("± is half of a {percent} interval"))
}

/// `precision: 2 % asked, 1.7 % reached after 25 replications`, where one was asked for.
pub(super) fn precision(result: &RunResult) -> Option<String> {
    let precision = result.precision.as_ref()?;
    let share = |share: f64| plainly(share, Kind::Share);
    let reached = match precision.reached {
        Some(reached) => format!("{} reached", share(reached)),
        None => "no interval".to_owned(),
    };
    Some(format!("precision: {} asked, {reached} after {} replications", share(precision.asked), precision.replications))
}

/// The title, or else the name.
pub(super) fn title(result: &RunResult) -> &str {
    result.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&result.name)
}
