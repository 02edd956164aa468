//! Refusing what no distribution has, in the words and units of the person who wrote it.

use crate::units::Span;

/// Why no distribution could be built: the cause, and what to write instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{cause}")]
pub struct SolveError {
    /// What is wrong.
    pub cause: String,
    /// What to write instead.
    pub cure: String,
}

impl SolveError {
    pub(super) fn new(cause: impl Into<String>, cure: impl Into<String>) -> SolveError {
        SolveError { cause: cause.into(), cure: cure.into() }
    }
}

/// Refuses a mean or a coefficient of variation that no distribution has.
pub fn check_mean_cv(name: &str, mean: f64, cv: f64) -> Result<(), SolveError> {
    positive_length(&format!("the mean of a {name} distribution"), mean)?;
    if !(cv > 0.0 && cv.is_finite()) {
        let cure = if cv == 0.0 {
            format!("write the constant \"{}\" for a length that never varies", length(mean))
        } else {
            format!("write `{name} = {{ mean = \"{}\", cv = 1.5 }}`", length(mean))
        };
        return Err(SolveError::new(format!("the cv of a {name} distribution must be a positive number, not {cv}"), cure));
    }
    // The square must be a normal number for the closed forms to hold.
    if !(1e-6..=1e6).contains(&cv) {
        return Err(SolveError::new(format!("a cv of {cv} is out of range"), "write a cv between 0.000001 and 1000000"));
    }
    Ok(())
}

/// Refuses a median and a 99th percentile that no distribution has; gives p99 / p50.
pub fn check_p50_p99(name: &str, p50: f64, p99: f64) -> Result<f64, SolveError> {
    positive_length(&format!("the p50 of a {name} distribution"), p50)?;
    positive_length(&format!("the p99 of a {name} distribution"), p99)?;
    let (shown50, shown99) = (length(p50), length(p99));
    if p50 > p99 {
        return Err(SolveError::new(
            format!("p50 above p99: half of all lengths cannot exceed {shown50} when 99 % are at most {shown99}"),
            format!("write `{{ p50 = \"{shown99}\", p99 = \"{shown50}\" }}`"),
        ));
    }
    // Anything closer is a rounding error, and would give a parameter without meaning.
    if p99 - p50 <= 1e-9 * p50 {
        return Err(SolveError::new(
            format!("p50 and p99 are both {shown50}"),
            format!("write the constant \"{shown50}\", or a p99 above p50"),
        ));
    }
    Ok(p99 / p50)
}

/// Refuses a p99 / p50 that this family does not reach.
pub fn check_ratio(name: &str, ratio: f64, least: f64, most: f64, p50: f64) -> Result<(), SolveError> {
    if ratio >= least && ratio <= most {
        return Ok(());
    }
    let advice = match name {
        "hyperexponential" if ratio < least => "; `gamma`, `weibull` and `lognormal` reach every ratio above 1",
        "hyperexponential" => "; `lognormal` and `weibull` reach every ratio above 1",
        _ => "",
    };
    Err(SolveError::new(
        format!(
            "no {name} distribution has a p99 of {} times its p50: the ratio can be from {} to {}",
            times(ratio),
            times(least),
            times(most)
        ),
        format!("with a p50 of {} write a p99 from {} to {}{advice}", length(p50), length(p50 * least), length(p50 * most)),
    ))
}

/// A ratio; next to 1 with what it has beyond 1.
fn times(ratio: f64) -> String {
    if ratio < 1.1 { format!("{ratio:.7}").trim_end_matches('0').trim_end_matches('.').to_owned() } else { digits(ratio) }
}

/// Refuses what is no positive length of time.
pub fn positive_length(what: &str, nanos: f64) -> Result<(), SolveError> {
    if nanos > 0.0 && nanos.is_finite() {
        return Ok(());
    }
    Err(SolveError::new(
        format!("{what} must be a positive length of time, not {}", length(nanos)),
        "write something like \"10ms\"",
    ))
}

/// A length of nanoseconds as people write it.
pub fn length(nanos: f64) -> String {
    if nanos.is_nan() {
        "NaN".to_owned()
    } else if nanos.is_infinite() {
        "infinite".to_owned()
    } else if nanos < 0.0 {
        format!("-{}", length(-nanos))
    } else {
        Span((nanos + 0.5) as u64).to_string()
    }
}

/// A number with four significant digits, or all digits of its whole part.
pub fn digits(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() { "NaN".to_owned() } else { "infinite".to_owned() };
    }
    let magnitude = if x == 0.0 { 0.0 } else { x.abs().log10().floor() };
    if magnitude > 14.0 {
        return format!("{x:.3e}");
    }
    let places = (3.0 - magnitude).clamp(0.0, 12.0) as usize;
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
