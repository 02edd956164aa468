//! A comparison as comma-separated values: one row for each metric of each design.

use super::super::csv::{number, written};
use super::{Comparison, Difference};
use crate::stats::Estimate;

/// The names of the columns.
const COLUMNS: [&str; 18] = [
    "metric",
    "design",
    "estimate",
    "low",
    "high",
    "unit",
    "baseline",
    "difference",
    "difference_low",
    "difference_high",
    "relative",
    "relative_low",
    "relative_high",
    "finding",
    "visible",
    "paired",
    "reason",
    "method",
];

/// Every compared metric of every design, with its difference from the baseline; this is `comparison.csv`.
///
/// Columns: `metric`, `design`, its `estimate` with `low` and `high` in `unit`; `baseline` and what follows are empty in the rows of
/// the baseline: `difference` (design minus baseline), `relative` (the same as a share of the baseline's value), each with its
/// interval; `finding` (`lower`, `higher`, `no-difference`, `same`, `unknown`, `only-in-baseline`, `only-in-design`), `visible` (the
/// difference that would have been found nine times in ten), `paired` (`true` or `false`), `reason` (why a number is absent) and
/// `method` (how the interval of the difference was made).
pub fn comparison_csv(comparison: &Comparison) -> String {
    let rows = comparison.metrics.iter().flat_map(|metric| {
        comparison.designs.iter().filter_map(move |design| {
            let found = comparison.of_metric(metric).find(|found| found.design == design.name);
            let reading = design.summary.metrics.get(metric);
            if reading.is_none() && found.is_none() {
                return None;
            }
            let value = reading.map_or_else(Estimate::default, |reading| reading.value.clone());
            let unit = reading.map_or_else(|| found.map_or("", |found| &found.unit), |reading| &reading.unit);
            let own = [
                metric.clone(),
                design.name.clone(),
                number(value.estimate),
                number(value.low),
                number(value.high),
                unit.to_owned(),
            ];
            let of = found.map_or_else(|| std::array::from_fn(|_| String::new()), against);
            let mut row: [String; 18] = std::array::from_fn(|_| String::new());
            row.iter_mut().zip(own.into_iter().chain(of)).for_each(|(cell, text)| *cell = text);
            Some(row)
        })
    });
    written(COLUMNS, rows)
}

/// The columns about the difference.
fn against(found: &Difference) -> [String; 12] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (change, relative) = (&found.change, &found.relative);
    let finding = serde_json::to_value(found.finding).ok().and_then(|word| word.as_str().map(str::to_owned));
    [
        found.baseline.clone(),
        number(change.estimate),
        number(change.low),
        number(change.high),
        number(relative.estimate),
        number(relative.low),
        number(relative.high),
        finding.unwrap_or_default(),
        number(found.visible),
        found.paired.to_string(),
        text(&change.reason),
        text(&change.method),
    ]
}
