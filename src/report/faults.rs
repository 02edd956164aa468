//! What goes wrong in a model, in words: for the result, the text of `check` and the charts.

use super::describe::distribution;
use super::quantity::{Kind, plainly, significant, trimmed};
use super::result::FaultNote;
use crate::model::{Fault, FaultKind, FaultTimes, Model, Target};
use crate::units::{Span, Time};

/// All faults of a model, in the order of the document.
pub fn faults(model: &Model) -> Vec<FaultNote> {
    model.faults.iter().map(|fault| note(model, fault)).collect()
}

fn note(model: &Model, fault: &Fault) -> FaultNote {
    let (name, what) = kind(model, &fault.kind);
    let seconds = |at: Time| (at - Time::ZERO).as_secs_f64();
    let (from, until, when) = match &fault.times {
        FaultTimes::At { at, length: None } => (Some(seconds(*at)), None, format!("from {} on", moment(*at))),
        FaultTimes::At { at, length: Some(length) } => {
            let until = Time(at.0.saturating_add(length.0));
            (Some(seconds(*at)), Some(seconds(until)), format!("from {} to {}", moment(*at), moment(until)))
        }
        FaultTimes::Every { between, length } => {
            let (between, length) = (distribution(between), distribution(length));
            (None, None, format!("again and again, after {between} for {length},"))
        }
    };
    FaultNote { name, what: format!("{when} {what}"), from, until }
}

/// An instant, counted from the start of the run.
fn moment(at: Time) -> String {
    let exact = Span(at.0).to_string().replace("us", "µs");
    if exact.chars().count() <= 8 { exact } else { plainly(Span(at.0).as_secs_f64(), Kind::Time) }
}

/// A few words, and a clause.
fn kind(model: &Model, kind: &FaultKind) -> (String, String) {
    let name = |target: &Target| target_name(model, *target);
    match kind {
        FaultKind::Crash { target, count: None, .. } => {
            (format!("{} is down", name(target)), format!("`{}` is down", name(target)))
        }
        FaultKind::Crash { target, count: Some(count), .. } => {
            (format!("{count} of {} down", name(target)), format!("{count} of `{}` are down", name(target)))
        }
        FaultKind::Pause { target } => (format!("{} stands still", name(target)), format!("`{}` stands still", name(target))),
        FaultKind::Slow { target, factor } => {
            let factor = trimmed(&significant(*factor, 3));
            (format!("{} is slow", name(target)), format!("`{}` takes {factor} times as long", name(target)))
        }
        FaultKind::Loss { target, probability } => {
            let share = plainly(*probability, Kind::Share);
            (format!("loss to {}", name(target)), format!("{share} of what is sent to `{}` is lost on the way", name(target)))
        }
        FaultKind::DiskStall { target, count } => {
            let name = name(target);
            match count {
                None => (format!("{name}: disk stalls"), format!("no disk of `{name}` writes")),
                Some(1) => (format!("{name}: a disk stalls"), format!("the disk of one node of `{name}` does not write")),
                Some(count) => {
                    (format!("{name}: {count} disks stall"), format!("the disks of {count} nodes of `{name}` do not write"))
                }
            }
        }
        FaultKind::Partition { from, to } => (
            format!("{} cut off from {}", name(from), name(to)),
            format!("nothing comes through between `{}` and `{}`", name(from), name(to)),
        ),
    }
}

fn target_name(model: &Model, target: Target) -> &str {
    match target {
        Target::Pool(id) => &model.pools[id.0 as usize].name,
        Target::Service(id) => &model.service(id).name,
        Target::Host(id) => &model.hosts[id.0 as usize].name,
        Target::Queue(id) => &model.queue(id).name,
        Target::Broker(id) => &model.brokers[id.0 as usize].name,
        Target::Producer(id) => &model.producers[id.0 as usize].name,
    }
}
