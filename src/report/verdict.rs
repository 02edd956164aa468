//! Goals judged on the end of the interval that hurts, so that a lucky run cannot pass.

use super::result::{GoalResult, Verdict};
use crate::experiment::Reading;
use crate::model::{Comparison, Goal};
use crate::stats::Estimate;
use indexmap::IndexMap;

/// Judges every goal by the estimate of its metric.
pub fn judge(goals: &[Goal], metrics: &IndexMap<String, Reading>) -> Vec<GoalResult> {
    goals
        .iter()
        .map(|goal| GoalResult {
            name: goal.name.clone(),
            expression: goal.expression.clone(),
            metric: goal.metric.clone(),
            verdict: metrics.get(&goal.metric).map_or(Verdict::Inconclusive, |reading| verdict(goal, &reading.value)),
        })
        .collect()
}

/// Met where both ends of the interval hold, missed where neither the value nor either end could.
fn verdict(goal: &Goal, value: &Estimate) -> Verdict {
    let holds = |number: f64| goal.comparison.holds(number, goal.value);
    // No metric is negative: one observation above zero proves that its mean is above zero, whatever the interval.
    let none_allowed = goal.value == 0.0 && matches!(goal.comparison, Comparison::Equal | Comparison::LessOrEqual);
    if none_allowed && value.estimate.is_some_and(|estimate| estimate > 0.0) {
        return Verdict::Missed;
    }
    let (Some(low), Some(high)) = (value.low, value.high) else {
        // An extreme that was seen is certain to be at least so extreme, and may be more so in the next run.
        let against = match goal.comparison {
            Comparison::Less | Comparison::LessOrEqual => goal.metric.ends_with(".max"),
            Comparison::Greater | Comparison::GreaterOrEqual => goal.metric.ends_with(".min"),
            Comparison::Equal => false,
        };
        let seen = value.estimate.is_some_and(|estimate| !holds(estimate));
        return if against && seen { Verdict::Missed } else { Verdict::Inconclusive };
    };
    let (hurts, helps) = match goal.comparison {
        Comparison::Less | Comparison::LessOrEqual => (holds(high), holds(low)),
        Comparison::Greater | Comparison::GreaterOrEqual => (holds(low), holds(high)),
        Comparison::Equal => (holds(low) && holds(high), low <= goal.value && goal.value <= high),
    };
    match (hurts, helps) {
        (true, _) => Verdict::Met,
        (false, false) => Verdict::Missed,
        (false, true) => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(comparison: Comparison, value: f64, estimate: Estimate) -> Verdict {
        let goal = Goal { name: "g".into(), expression: "m".into(), metric: "m".into(), comparison, value };
        let reading = Reading { value: estimate, unit: "s".into() };
        judge(&[goal], &IndexMap::from([("m".to_owned(), reading)]))[0].verdict
    }

    fn between(low: f64, high: f64) -> Estimate {
        Estimate { estimate: Some((low + high) / 2.0), low: Some(low), high: Some(high), reason: None, method: None }
    }

    #[test]
    fn the_end_that_hurts_decides() {
        use Comparison::*;
        use Verdict::*;
        for (comparison, value, low, high, verdict) in [
            (Less, 10.0, 8.0, 9.0, Met),
            (Less, 10.0, 9.0, 10.0, Inconclusive),
            (LessOrEqual, 10.0, 9.0, 10.0, Met),
            (Less, 10.0, 10.0, 11.0, Missed),
            (LessOrEqual, 10.0, 10.0, 11.0, Inconclusive),
            (Greater, 10.0, 11.0, 12.0, Met),
            (Greater, 10.0, 9.0, 11.0, Inconclusive),
            (GreaterOrEqual, 10.0, 8.0, 9.0, Missed),
            (Equal, 0.0, 0.0, 0.0, Met),
            (Equal, 5.0, 4.0, 6.0, Inconclusive),
            (Equal, 5.0, 6.0, 7.0, Missed),
            (Equal, 0.0, -1.0, 3.0, Missed),
            (LessOrEqual, 0.0, -1.0, 3.0, Missed),
        ] {
            assert_eq!(judged(comparison, value, between(low, high)), verdict, "{low}..{high} {comparison:?} {value}");
        }
    }

    #[test]
    fn without_interval_nothing_is_concluded() {
        let single = |value| Estimate { estimate: Some(value), ..Estimate::default() };
        assert_eq!(judged(Comparison::Less, 10.0, single(1.0)), Verdict::Inconclusive);
        assert_eq!(judged(Comparison::Less, 10.0, Estimate::default()), Verdict::Inconclusive);
        // A loss that happened cannot be undone by more replications.
        assert_eq!(judged(Comparison::Equal, 0.0, single(0.1)), Verdict::Missed);
        let goal = Goal {
            name: "g".into(),
            expression: "m".into(),
            metric: "no such metric".into(),
            comparison: Comparison::Less,
            value: 1.0,
        };
        assert_eq!(judge(&[goal], &IndexMap::new())[0].verdict, Verdict::Inconclusive);
    }
}
