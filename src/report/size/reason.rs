//! Why nothing in a range will do, and what would help.

use super::result::{Fate, Sizing, Tried, tightest};
use crate::experiment::Reading;
use crate::model::{Comparison, Goal, Load, Model};
use crate::report::quantity::{Kind, plainly};
use indexmap::IndexMap;

/// A metric that changes by less than this share from the smallest to the largest value does not hang on it.
const HARDLY: f64 = 0.05;

/// The goal that lies below what the work itself takes, whatever waits: reason and advice. `model` and its `metrics` are those at the largest
/// value.
pub fn below_the_work(model: &Model, metrics: &IndexMap<String, Reading>) -> Option<(String, String)> {
    model.goals.iter().find_map(|goal| {
        let upper = matches!(goal.comparison, Comparison::Less | Comparison::LessOrEqual);
        let (what, least) = least_time(model, metrics, goal).filter(|_| upper)?;
        if least <= goal.value {
            return None;
        }
        let (least, wanted) = (plainly(least, Kind::Time), plainly(goal.value, Kind::Time));
        let reason = format!(
            "`{}` wants {} within {wanted}, which lies below the service time itself: {what} is {least} when nothing waits",
            goal.name, goal.metric
        );
        Some((reason, format!("More of it cannot help: make the work faster, or ask for more than {least}.")))
    })
}

/// The least that a latency can be, and what that is.
fn least_time(model: &Model, metrics: &IndexMap<String, Reading>, goal: &Goal) -> Option<(String, f64)> {
    let mut parts = goal.metric.splitn(4, '.');
    let (table, name, kind, statistic) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let service = |table: &str, name: &str| {
        let metric = format!("{table}.{name}.service.{statistic}");
        let value = metrics.get(&metric).and_then(|reading| reading.value.low.or(reading.value.estimate))?;
        Some((metric, value))
    };
    match (table, kind) {
        ("consumers" | "services", "sojourn") => service(table, name),
        ("producers", "completion" | "response") => {
            let at = model.producers.iter().position(|producer| producer.name == name)?;
            let producer = &model.producers[at];
            let calls = (kind == "response" && statistic == "mean")
                .then(|| ("its handler".to_owned(), Load::of(model).producers[at].response))
                .filter(|(_, time)| *time > 0.0);
            // What passes through a pool is there for no less than its service.
            let on_route = model.route(&producer.handler).into_iter().filter(|_| kind == "completion" && model.is_plain());
            let pools = on_route.filter_map(|queue| {
                let mut pools = model.pools_on(queue).map(|(_, pool)| pool);
                let alone = pools.next().filter(|_| pools.next().is_none())?;
                service("consumers", &alone.name)
            });
            calls.into_iter().chain(pools).max_by(|one, other| one.1.total_cmp(&other.1))
        }
        _ => None,
    }
}

/// What the values that were tried say: how far the largest is from the goal, and whether more helps at all.
pub fn too_small(sizing: &Sizing) -> (String, String) {
    let simulated: Vec<&Tried> = sizing.tried.iter().filter(|tried| tried.fate != Fate::Unstable).collect();
    let Some(largest) = simulated.last() else {
        return ("nothing could be simulated".to_owned(), "Choose another range.".to_owned());
    };
    let Some(tight) = tightest(&largest.goals) else {
        return ("a goal is missed at every value".to_owned(), "Choose another range.".to_owned());
    };
    let values: Vec<String> = largest.values.iter().map(|(path, value)| format!("{path} = {value}")).collect();
    let reason =
        format!("even with {} {} is {}, {} the goal", values.join(" and "), tight.metric, tight.found(), tight.distance());
    let of = |tried: &Tried| {
        let goal = tried.goals.iter().find(|goal| goal.name == tight.name)?;
        goal.reading.as_ref()?.value.estimate
    };
    let ends = simulated.first().and_then(|first| of(first)).zip(of(largest)).filter(|_| simulated.len() > 1);
    match ends {
        Some((first, last)) if (first - last).abs() <= HARDLY * last.abs() => {
            (reason, "It hardly changes with the size: something else holds it back. Look at the utilization and the waits of the other parts.".to_owned())
        }
        _ => (reason, "Widen the range, or make the work faster.".to_owned()),
    }
}
