//! Distributions that are given the way people know them: by mean and coefficient of variation, or by two percentiles.
//!
//! The parameters are solved for in `random`; the notes say what came out.

use super::decode::Field;
use super::diagnostic::{At, Place, Problem};
use super::distribution::nanos;
use super::distribution_form as form;
use super::quantity::Positive;
use super::resolve::Resolver;
use crate::random::{self, Distribution, SolveError};
use crate::units::Span;

/// Standard deviations of a logarithm: the upper end is a coefficient of variation of 10^21.
const SIGMAS: (f64, f64) = (0.000_001, 10.0);
/// Shapes: below, nearly all draws are 0 and the rest beyond any time; above, they are constants.
const SHAPES: (f64, f64) = (0.05, 1_000_000.0);

/// What people know of a distribution.
struct Known<'a> {
    mean: &'a Field<Span>,
    cv: &'a Field<Positive>,
    p50: &'a Field<Span>,
    p99: &'a Field<Span>,
}

impl Resolver<'_> {
    pub(super) fn lognormal(&mut self, f: &form::Lognormal, place: Place, path: &str) -> Option<Distribution> {
        if let (Some(median), Some(sigma)) = (f.median.given(), f.sigma.given()) {
            let median = self.above_zero(median, "the median");
            let sigma = self.within_bounds(sigma, "sigma", SIGMAS)?;
            return Some(Distribution::Lognormal { mu: libm::log(median?), sigma });
        }
        let known = Known { mean: &f.mean, cv: &f.cv, p50: &f.p50, p99: &f.p99 };
        self.known(known, place, path, "lognormal", random::lognormal_mean_cv, random::lognormal_p50_p99)
    }

    pub(super) fn gamma(&mut self, f: &form::Gamma, place: Place, path: &str) -> Option<Distribution> {
        if let (Some(shape), Some(scale)) = (f.shape.given(), f.scale.given()) {
            let shape = self.within_bounds(shape, "the shape", SHAPES);
            let scale = self.above_zero(scale, "the scale")?;
            return Some(Distribution::Gamma { shape: shape?, scale });
        }
        let known = Known { mean: &f.mean, cv: &f.cv, p50: &f.p50, p99: &f.p99 };
        self.known(known, place, path, "gamma", random::gamma_mean_cv, random::gamma_p50_p99)
    }

    pub(super) fn weibull(&mut self, f: &form::Weibull, place: Place, path: &str) -> Option<Distribution> {
        if let (Some(shape), Some(scale)) = (f.shape.given(), f.scale.given()) {
            let shape = self.within_bounds(shape, "the shape", SHAPES);
            let scale = self.above_zero(scale, "the scale")?;
            return Some(Distribution::Weibull { shape: shape?, scale });
        }
        let known = Known { mean: &f.mean, cv: &f.cv, p50: &f.p50, p99: &f.p99 };
        self.known(known, place, path, "weibull", random::weibull_mean_cv, random::weibull_p50_p99)
    }

    pub(super) fn pareto(&mut self, f: &form::Pareto, place: Place, path: &str) -> Option<Distribution> {
        if let (Some(minimum), Some(shape)) = (f.minimum.given(), f.shape.given()) {
            let minimum = self.above_zero(minimum, "the minimum");
            let shape = self.within_bounds(shape, "the shape", SHAPES)?;
            return Some(Distribution::Pareto { minimum: minimum?, shape });
        }
        let known = Known { mean: &f.mean, cv: &f.cv, p50: &f.p50, p99: &f.p99 };
        self.known(known, place, path, "pareto", random::pareto_mean_cv, random::pareto_p50_p99)
    }

    pub(super) fn spread(&mut self, f: &form::Spread, place: Place, path: &str) -> Option<Distribution> {
        let known = Known { mean: &f.mean, cv: &f.cv, p50: &f.p50, p99: &f.p99 };
        let (by_mean, by_percentiles) = (random::hyperexponential_mean_cv, random::hyperexponential_p50_p99);
        self.known(known, place, path, "hyperexponential", by_mean, by_percentiles)
    }

    /// A distribution given by mean and coefficient of variation, or by two percentiles.
    fn known(
        &mut self,
        known: Known<'_>,
        place: Place,
        path: &str,
        shape: &str,
        by_mean: fn(f64, f64) -> Result<Distribution, SolveError>,
        by_percentiles: fn(f64, f64) -> Result<Distribution, SolveError>,
    ) -> Option<Distribution> {
        let by_moments = known.mean.given().is_some();
        let (given, solved) = if let (Some(mean), Some(cv)) = (known.mean.given(), known.cv.value()) {
            let nanos = self.above_zero(mean, "the mean")?;
            (format!("mean {} and cv {}", mean.value, cv.0), by_mean(nanos, cv.0))
        } else {
            let (p50, p99) = (known.p50.given()?, known.p99.given()?);
            let median = self.above_zero(p50, "the median")?;
            if p50.value >= p99.value {
                let message = format!("p50 ({}) must be below p99 ({})", p50.value, p99.value);
                let problem = Problem::error(p99.place, message).related(p50.place, "half of all are longer than this");
                self.log.push(problem.help("p99 is the time that only one in a hundred exceeds"));
                return None;
            }
            (format!("p50 {} and p99 {}", p50.value, p99.value), by_percentiles(median, nanos(&p99.value)))
        };
        let distribution = self.solved(solved, place)?;
        let rest = if by_moments { tail(&distribution) } else { moments(&distribution) };
        self.notes.push(format!("{path}: {shape} with {given} has {}; {rest}", parameters(&distribution)));
        Some(distribution)
    }

    /// Warns of a tail so heavy that the mean is infinite; asked of whole distributions, because a cut repairs it.
    pub(super) fn warn_without_mean(&mut self, distribution: &Distribution, place: Place) {
        if distribution.mean().is_infinite() {
            let problem = Problem::warning(place, "this distribution has no mean: its tail is too heavy");
            self.log.push(problem.help("no run is long enough to measure one: make the tail lighter, or put it in `truncated`"));
        }
    }

    /// A parameter that must be where the distribution can still be told from a constant and from nonsense.
    fn within_bounds(&mut self, number: &At<Positive>, what: &str, (low, high): (f64, f64)) -> Option<f64> {
        if (low..=high).contains(&number.value.0) {
            return Some(number.value.0);
        }
        let problem = Problem::error(number.place, format!("{what} is out of range"));
        self.log.push(problem.help(format!("write a number from {low} to {high}")));
        None
    }
}

/// What the mean and the coefficient of variation do not say.
fn tail(distribution: &Distribution) -> String {
    format!("its p50 is {} and its p99 {}", length(distribution.quantile(0.5)), length(distribution.quantile(0.99)))
}

/// What the percentiles do not say.
fn moments(distribution: &Distribution) -> String {
    let (mean, cv) = (distribution.mean(), distribution.scv().sqrt());
    match (mean.is_finite(), cv.is_finite()) {
        (true, true) => format!("its mean is {} and its cv {}", length(mean), short(cv)),
        (true, false) => format!("its mean is {} and its variance infinite", length(mean)),
        (false, _) => "it has no mean".to_owned(),
    }
}

/// A length as people read it, to four digits.
pub(super) fn length(nanos: f64) -> String {
    let units = [("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0)];
    let &(unit, scale) = units.iter().find(|(_, scale)| nanos >= *scale).unwrap_or(&units[3]);
    format!("{}{unit}", short(nanos / scale))
}

/// A number to four digits, without the zeros behind.
fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let places = (3 - libm::log10(number.abs()).floor() as i32).clamp(0, 9) as usize;
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The textbook parameters of a distribution that was solved for.
fn parameters(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Lognormal { mu, sigma } => format!("median {} and sigma {}", length(libm::exp(*mu)), short(*sigma)),
        Distribution::Gamma { shape, scale } | Distribution::Weibull { shape, scale } => {
            format!("shape {} and scale {}", short(*shape), length(*scale))
        }
        Distribution::Pareto { minimum, shape } => format!("minimum {} and shape {}", length(*minimum), short(*shape)),
        Distribution::Hyperexponential { branches } => branches
            .iter()
            .map(|branch| format!("{}% exponential of mean {}", short(branch.probability * 100.0), length(branch.mean)))
            .collect::<Vec<_>>()
            .join(" and "),
        Distribution::Exponential { mean } => format!("the exponential of mean {}", length(*mean)),
        other => format!("mean {}", length(other.mean())),
    }
}
