//! Runs of scenarios and comparisons with what is known beforehand, shared by the tests of behaviours.

use queuelab::experiment::{self, Summary};
use queuelab::scenario::{Document, resolve};

/// Runs a scenario with overrides.
pub fn run(text: &str, overrides: &[&str]) -> Summary {
    let document = Document { name: "behaviour".to_owned(), path: None, text: text.to_owned() };
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let model = resolve(&document, &overrides).unwrap_or_else(|problems| panic!("{problems}")).model;
    experiment::run(&model, &|_, _| true).unwrap_or_else(|stopped| panic!("{stopped}")).summary
}

/// The estimate of a metric.
pub fn number(summary: &Summary, metric: &str) -> f64 {
    let value = &summary.metrics.get(metric).unwrap_or_else(|| panic!("there is no metric {metric}")).value;
    value.estimate.unwrap_or_else(|| panic!("{metric}: {:?}", value.reason))
}

/// Whether an estimate is within 2 % or three standard errors of the exact value, of an interval of which half is at most
/// `width` of the value.
pub fn agrees(summary: &Summary, metric: &str, exact: f64, width: f64) -> Result<(), String> {
    let found = number(summary, metric);
    let half = (summary.metrics[metric].value.high.unwrap_or(found) - found).abs();
    // Half an interval is 2.1 standard errors with 20 replications, 2.3 with 10.
    let off = (found - exact).abs();
    if half > width * exact {
        return Err(format!("{metric}: {found} is not known well enough, {half} to either side"));
    }
    if off > 0.02 * exact && off > 3.0 / 2.1 * half { Err(format!("{metric} is {found}, should be {exact}")) } else { Ok(()) }
}

pub fn check(summary: &Summary, metric: &str, exact: f64, width: f64) {
    agrees(summary, metric, exact, width).unwrap_or_else(|problem| panic!("{problem}"));
}

/// Equal but for the last digits of floating point, which is less than a nanosecond in all that is asked here.
pub fn exactly(summary: &Summary, metric: &str, exact: f64) {
    let found = number(summary, metric);
    assert!((found - exact).abs() <= exact * 1e-12, "{metric} is {found}, should be {exact}");
}
