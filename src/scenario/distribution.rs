//! From what the document says to a distribution that can be drawn from; what had to be solved for is noted.

use super::arrivals_form::TimeUnit;
use super::decode::{Field, ListOr};
use super::diagnostic::{At, Place, Problem};
use super::distribution_form::{self as form, Distribution as Form};
use super::quantity::SignedRate;
use super::resolve::Resolver;
use super::solved::length;
use super::{trace, weights};
use crate::random::{self, Branch, Distribution, Part, SolveError};
use crate::units::Span;

/// So many phases; matrices grow with the square of it.
const MOST_PHASES: usize = 100;

impl Resolver<'_> {
    /// The distribution that is written here; `path` names it in the notes. `None`: a problem has been reported.
    pub(super) fn distribution(&mut self, at: &At<Form>, path: &str) -> Option<Distribution> {
        let place = at.place;
        match &at.value {
            Form::Constant(span) => Some(Distribution::Constant { value: nanos(span) }),
            Form::Exponential(mean) => {
                let mean = self.above_zero(&At { value: *mean, place }, "the mean of an exponential")?;
                Some(Distribution::Exponential { mean })
            }
            Form::Uniform(uniform) => {
                let (min, max) = (uniform.min.given()?, uniform.max.given()?);
                self.ordered(&[("min", min), ("max", max)])?;
                Some(Distribution::Uniform { min: nanos(&min.value), max: nanos(&max.value) })
            }
            Form::Triangular(t) => {
                let (min, mode, max) = (t.min.given()?, t.mode.given()?, t.max.given()?);
                self.ordered(&[("min", min), ("mode", mode), ("max", max)])?;
                Some(Distribution::Triangular { min: nanos(&min.value), mode: nanos(&mode.value), max: nanos(&max.value) })
            }
            Form::Normal(normal) => self.normal(normal, path),
            Form::Lognormal(f) => self.lognormal(f, place, path),
            Form::Gamma(f) => self.gamma(f, place, path),
            Form::Weibull(f) => self.weibull(f, place, path),
            Form::Pareto(f) => self.pareto(f, place, path),
            Form::Erlang(erlang) => {
                let stages = erlang.stages.value()?.0 as u32;
                Some(Distribution::Erlang { stages, mean: self.above_zero(erlang.mean.given()?, "the mean of an Erlang")? })
            }
            Form::Hyperexponential(ListOr::List(branches)) => self.hyperexponential(branches, place),
            Form::Hyperexponential(ListOr::Form(f)) => self.spread(f, place, path),
            Form::Coxian(stages) => self.coxian(stages, place),
            Form::PhaseType(phases) => self.phase_type(phases, place),
            Form::Empirical(file) => self.empirical(file),
            Form::Discrete(values) => self.discrete(values, place),
            Form::Mixture(parts) => self.mixture(parts, place, path),
            Form::Shifted(shifted) => {
                let of = self.distribution(shifted.of.given()?, &format!("{path}.shifted"));
                Some(Distribution::Shifted { by: nanos(shifted.by.value()?), of: Box::new(of?) })
            }
            Form::Truncated(truncated) => {
                let of = self.distribution(truncated.of.given()?, &format!("{path}.truncated"));
                let max = self.above_zero(truncated.max.given()?, "the maximum");
                self.solved(random::truncated(max?, of?), place)
            }
            Form::Carried(_) => {
                let problem = Problem::error(place, "only work can be carried by messages");
                self.log.push(problem.help("write a distribution here, or use `carried` alone or inside `shifted`"));
                None
            }
        }
    }

    fn normal(&mut self, normal: &form::Normal, path: &str) -> Option<Distribution> {
        let mean = nanos(normal.mean.value()?);
        let sd = self.above_zero(normal.sd.given()?, "the standard deviation")?;
        let cut = Distribution::Normal { mean, sd };
        // Beyond four standard deviations the cut changes no digit that is shown.
        if mean < 4.0 * sd {
            let before = format!("normal with mean {} and sd {}, cut at 0", length(mean), length(sd));
            self.notes.push(format!("{path}: {before}, has mean {}", length(cut.mean())));
        }
        Some(cut)
    }

    fn discrete(&mut self, values: &[At<form::WeightedSpan>], place: Place) -> Option<Distribution> {
        let each = values.iter().map(|at| Some((nanos(at.value.value.value()?), at.value.weight.value()?.0)));
        let parts = self.parts(each.collect::<Option<_>>()?, place)?;
        self.solved(random::discrete(parts), place)
    }

    fn mixture(&mut self, parts: &[At<form::MixturePart>], place: Place, path: &str) -> Option<Distribution> {
        let mut each = Vec::with_capacity(parts.len());
        for (number, part) in parts.iter().enumerate() {
            let of = part.value.of.given().and_then(|of| {
                let of = At { value: (*of.value).clone(), place: of.place };
                self.distribution(&of, &format!("{path}.mixture[{number}]"))
            });
            each.push(of.zip(part.value.weight.value().map(|weight| weight.0)));
        }
        let parts = self.parts(each.into_iter().collect::<Option<_>>()?, place)?;
        self.solved(random::mixture(parts), place)
    }

    fn hyperexponential(&mut self, branches: &[At<form::Branch>], place: Place) -> Option<Distribution> {
        let given: Option<Vec<f64>> = branches.iter().map(|at| at.value.probability.value().map(|p| p.0)).collect();
        let means: Vec<Option<f64>> =
            branches.iter().map(|at| self.above_zero(at.value.mean.given()?, "the mean of a branch")).collect();
        let shares = weights::probabilities(&given?, place, "the probabilities", &mut self.log)?;
        let means: Option<Vec<f64>> = means.into_iter().collect();
        let branches = shares.into_iter().zip(means?).map(|(probability, mean)| Branch { probability, mean });
        let branches = branches.filter(|branch| branch.probability > 0.0).collect();
        self.solved(random::hyperexponential(branches), place)
    }

    fn coxian(&mut self, stages: &[At<form::CoxianStage>], place: Place) -> Option<Distribution> {
        if stages.len() > MOST_PHASES {
            self.log.push(Problem::error(
                place,
                format!("{} stages are more than the {MOST_PHASES} that are possible", stages.len()),
            ));
            return None;
        }
        let mut each = Vec::with_capacity(stages.len());
        for (number, stage) in stages.iter().enumerate() {
            let last = number + 1 == stages.len();
            let mean = stage.value.mean.given().and_then(|mean| self.above_zero(mean, "the mean of a stage"));
            let continues = match &stage.value.continues {
                Field::Given(at) if last && at.value.0 > 0.0 => {
                    self.log.push(Problem::error(at.place, "nothing follows the last stage").help("leave `continue` out here"));
                    None
                }
                Field::Missing if !last => {
                    let problem = Problem::error(stage.place, "without `continue` the next stage is never reached");
                    self.log.push(problem.help("write how often the next stage follows: continue = \"30%\""));
                    None
                }
                field => Some(field.value().map_or(0.0, |share| share.0)),
            };
            each.push(mean.zip(continues));
        }
        let stages: Option<Vec<(f64, f64)>> = each.into_iter().collect();
        self.solved(random::coxian(&stages?), place)
    }

    fn phase_type(&mut self, phases: &form::PhaseType, place: Place) -> Option<Distribution> {
        let (initial, rates) = (phases.initial.given()?, phases.rates.given()?);
        let n = initial.value.len();
        if n > MOST_PHASES {
            self.log.push(Problem::error(initial.place, format!("{n} phases are more than the {MOST_PHASES} that are possible")));
            return None;
        }
        let start: Vec<f64> = initial.value.iter().map(|share| share.value.0).collect();
        let start = weights::probabilities(&start, initial.place, "the initial probabilities", &mut self.log);
        if rates.value.len() != n || rates.value.iter().any(|row| row.value.len() != n) {
            let message = format!("`rates` must be {n} rows of {n} rates, one for each phase in `initial`");
            let problem = Problem::error(rates.place, message).related(initial.place, format!("{n} phases"));
            self.log.push(problem.help("for two phases: rates = [[\"-4/s\", \"2/s\"], [\"0/s\", \"-3/s\"]]"));
            return None;
        }
        let sound = self.generator(&rates.value);
        let start = start?;
        if !sound {
            return None;
        }
        let rates = rates.value.iter().map(|row| row.value.iter().map(|rate| rate.value.0 / 1e9).collect()).collect();
        self.solved(random::phase_type(start, rates), place)
    }

    /// Whether these rows are a generator: a negative diagonal that covers the rest of its row.
    fn generator(&mut self, rates: &[At<Vec<At<SignedRate>>>]) -> bool {
        let mut sound = true;
        for (i, row) in rates.iter().enumerate() {
            let mut onward = 0.0;
            for (j, rate) in row.value.iter().enumerate() {
                onward += if i == j { 0.0 } else { rate.value.0 };
                if (i == j) != (rate.value.0 < 0.0) && rate.value.0 != 0.0 || (i == j && rate.value.0 == 0.0) {
                    sound = false;
                    let message = if i == j { "the diagonal must be negative" } else { "off the diagonal no rate is negative" };
                    self.log.push(Problem::error(rate.place, message).help(
                        "row i holds the rates from phase i to the others, and on the diagonal minus the whole rate of leaving it",
                    ));
                }
            }
            let leaving = -row.value[i].value.0;
            if sound && onward > leaving * (1.0 + 1e-9) {
                sound = false;
                let message = format!("the rates to other phases sum to {onward}/s, more than the {leaving}/s of leaving");
                self.log.push(Problem::error(row.place, message).help("make the diagonal minus the sum of the others, or lower"));
            }
        }
        sound
    }

    fn empirical(&mut self, file: &form::Empirical) -> Option<Distribution> {
        let (path, column) = (file.path.given()?, file.column.given()?);
        let kind = trace::Kind::Length(file.unit.value().copied().unwrap_or(TimeUnit::Seconds));
        let smooth = file.smooth.value().copied().unwrap_or(false);
        let cells = trace::read(self.folder, path, &[trace::Column { name: column, kind }], &mut self.log)?;
        let values = cells.into_iter().flat_map(|cells| match cells {
            trace::Cells::Lengths(lengths) => lengths.into_iter().map(|nanos| nanos as f64).collect(),
            _ => Vec::new(),
        });
        let values: Vec<f64> = values.collect();
        self.solved(random::empirical(values, smooth), path.place)
    }

    /// Things and their weights, scaled; those that weigh nothing are left out.
    pub(super) fn parts<T>(&mut self, each: Vec<(T, f64)>, place: Place) -> Option<Vec<Part<T>>> {
        let weights: Vec<f64> = each.iter().map(|(_, weight)| *weight).collect();
        let shares = weights::shares(&weights, place, &mut self.log)?;
        let parts = each.into_iter().zip(shares).map(|((of, _), weight)| Part { weight, of });
        Some(parts.filter(|part| part.weight > 0.0).collect())
    }

    /// The length in nanoseconds of a span that must not be zero.
    pub(super) fn above_zero(&mut self, span: &At<Span>, what: &str) -> Option<f64> {
        if span.value == Span::ZERO {
            let problem = Problem::error(span.place, format!("{what} must be above 0"));
            self.log.push(problem.help("write a longer time, such as \"8ms\"; no time at all is the constant \"0s\""));
            return None;
        }
        Some(nanos(&span.value))
    }

    /// Checks that spans do not fall, and that the last is above the first.
    fn ordered(&mut self, spans: &[(&str, &At<Span>)]) -> Option<()> {
        let (first, last) = (spans[0], spans[spans.len() - 1]);
        for pair in spans.windows(2) {
            let ((low_name, low), (high_name, high)) = (pair[0], pair[1]);
            if low.value > high.value {
                let message = format!("{low_name} ({}) must be below {high_name} ({})", low.value, high.value);
                let problem = Problem::error(low.place, message).related(high.place, format!("{high_name} is lower"));
                self.log.push(problem.help("swap the two"));
                return None;
            }
        }
        if first.1.value == last.1.value {
            self.log.push(Problem::error(last.1.place, "min and max are the same").help("write the constant instead"));
            return None;
        }
        Some(())
    }

    /// What the solver says, at the place of the distribution.
    pub(super) fn solved(&mut self, solved: Result<Distribution, SolveError>, place: Place) -> Option<Distribution> {
        match solved {
            Ok(distribution) => Some(distribution),
            Err(error) => {
                self.log.push(Problem::error(place, error.cause).help(error.cure));
                None
            }
        }
    }
}

pub(super) fn nanos(span: &Span) -> f64 {
    span.0 as f64
}
