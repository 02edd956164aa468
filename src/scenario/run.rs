//! The `[run]` table: how a model is simulated.

use super::decode::Field;
use super::diagnostic::{At, Place, Problem};
use super::document::{Run, Scenario, StopForm, WarmupForm};
use super::resolve::{Resolver, list};
use crate::model::{Precision, RunPlan, Stop, Warmup};
use crate::units::{Span, Time};

/// Finer series are no help to anyone and fill the memory.
pub(super) const MOST_BINS: u64 = 100_000;

const REPLICATIONS: u32 = 10;
const SEED: u64 = 1;
const CONFIDENCE: f64 = 0.95;
/// An interval as wide as its estimate says nothing.
const COARSEST: f64 = 0.5;

impl Resolver<'_> {
    /// How the model is simulated.
    pub(super) fn plan(&mut self, scenario: &Scenario) -> RunPlan {
        let Some(At { value: run, place }) = scenario.run.given() else {
            if scenario.run.is_missing() {
                self.log.push(
                    Problem::error(Place::start_of(0), "the document does not say how long to simulate")
                        .help("add a table `[run]` with `duration = \"10min\"`"),
                );
            }
            return RunPlan {
                duration: None,
                warmup: Warmup::Auto,
                replications: REPLICATIONS,
                seed: SEED,
                stop: Stop::Duration,
                max_events: None,
                confidence: CONFIDENCE,
                bin: None,
                terminating: false,
                precision: Precision::default(),
                antithetic: false,
                controls: true,
            };
        };
        let terminating = run.start.value().is_some();
        let plan = RunPlan {
            duration: self.positive(&run.duration, "the duration"),
            warmup: self.warmup(run, terminating),
            replications: run.replications.value().map_or(REPLICATIONS, |whole| whole.0 as u32),
            seed: run.seed.value().map_or(SEED, |whole| whole.0),
            stop: match run.stop.value() {
                Some(StopForm::Drained) => Stop::Drained,
                Some(StopForm::Duration) | None => Stop::Duration,
            },
            max_events: run.max_events.value().map(|whole| whole.0),
            confidence: self.confidence(run),
            bin: self.positive(&run.bin, "the bin"),
            terminating,
            precision: self.precision(run),
            antithetic: self.antithetic(run),
            controls: true,
        };
        self.length(run, *place, &plan, scenario);
        plan
    }

    fn positive(&mut self, field: &Field<Span>, what: &str) -> Option<Span> {
        let at = field.given()?;
        if at.value == Span::ZERO {
            self.log.push(Problem::error(at.place, format!("{what} must be above 0")).help("write a length of time: \"10min\""));
        }
        Some(at.value)
    }

    fn warmup(&mut self, run: &Run, terminating: bool) -> Warmup {
        let warmup = match run.warmup.value() {
            Some(WarmupForm::Fixed(Span::ZERO)) | Some(WarmupForm::None) => Warmup::None,
            Some(WarmupForm::Fixed(span)) => Warmup::Fixed(*span),
            Some(WarmupForm::Auto) | None if terminating => Warmup::None,
            Some(WarmupForm::Auto) | None => Warmup::Auto,
        };
        if let (true, Some(at), Some(start)) = (terminating, run.warmup.given(), run.start.given())
            && !matches!(at.value, WarmupForm::None)
        {
            let problem = Problem::error(at.place, "there is no warm-up where the start itself is what you want to see");
            self.log.push(problem.related(start.place, "nothing is cut, because of this").help("remove one of the two"));
        }
        warmup
    }

    fn confidence(&mut self, run: &Run) -> f64 {
        let Some(at) = run.confidence.given() else { return CONFIDENCE };
        if at.value.0 < 0.5 || at.value.0 >= 1.0 {
            let problem = Problem::error(at.place, "a confidence is at least 50% and below 100%");
            self.log.push(problem.help("95% is what most people use"));
        }
        at.value.0
    }

    /// The precision that is asked for; its metrics are resolved with the goals.
    fn precision(&mut self, run: &Run) -> Precision {
        if let Some(At { value: share, place }) = run.precision.given() {
            if share.0 <= 0.0 || share.0 > COARSEST {
                let problem = Problem::error(*place, "a precision is above 0% and at most 50%");
                self.log.push(
                    problem.help("2% is half the width of an interval over its estimate; each halving costs four times the work"),
                );
            }
            if let Some(replications) = run.replications.given() {
                let problem = Problem::error(*place, "a precision decides how many replications are run");
                self.log.push(problem.related(replications.place, "and so does this").help("remove one of the two"));
            }
        }
        Precision {
            relative: run.precision.value().map(|share| share.0),
            metrics: Vec::new(),
            budget: run.budget.value().map_or(Precision::BUDGET, |whole| whole.0),
        }
    }

    /// Whether replications come in antithetic pairs.
    fn antithetic(&mut self, run: &Run) -> bool {
        let Some(&At { value: true, place }) = run.antithetic.given() else { return false };
        if let Some(replications) = run.replications.given().filter(|replications| replications.value.0 % 2 == 1) {
            let problem = Problem::error(replications.place, "antithetic replications come in pairs, and this number is odd");
            let next = replications.value.0 + 1;
            self.log.push(problem.related(place, "because of this").help(format!("write {next}, or leave out `antithetic`")));
        }
        true
    }

    /// Whether the run has an end, and one that can be reached.
    fn length(&mut self, run: &Run, place: Place, plan: &RunPlan, scenario: &Scenario) {
        if run.duration.is_missing() {
            if plan.stop == Stop::Duration {
                self.log
                    .push(Problem::error(place, "`duration` is missing in this [run] table").help("add `duration = \"10min\"`"));
            } else {
                self.drained_without_duration(run, scenario);
            }
        }
        let warmup = match plan.warmup {
            Warmup::Fixed(span) => span,
            Warmup::Auto | Warmup::None => Span::ZERO,
        };
        if let (Some(duration), Some(at)) = (plan.duration, run.duration.given())
            && duration.0.saturating_add(warmup.0) > Time::LATEST.0
        {
            self.log.push(Problem::error(at.place, "warm-up and duration together exceed the 73 years that can be simulated"));
        }
        if let (Some(duration), Some(bin)) = (plan.duration, run.bin.given())
            && bin.value > Span::ZERO
        {
            if bin.value > duration {
                let message = format!("a bin of {} is longer than the run of {duration}", bin.value);
                self.log.push(Problem::warning(bin.place, message).help("make it shorter, so that the series has points"));
            } else if duration.0 / bin.value.0 > MOST_BINS {
                let message = format!("a run of {duration} has more than 100,000 bins of {}", bin.value);
                let least = Span(duration.0 / MOST_BINS + 1);
                self.log.push(Problem::error(bin.place, message).help(format!("make the bin at least {least}")));
            }
        }
    }

    /// Without a duration every producer must end by itself.
    fn drained_without_duration(&mut self, run: &Run, scenario: &Scenario) {
        let place = run.stop.given().map_or(Place::start_of(0), |at| at.place);
        for producer in list(&scenario.producers) {
            let Some(At { value: form, .. }) = &producer.entity else { continue };
            let endless = match (form.arrivals.given(), form.clients.given()) {
                (Some(arrivals), _) if !arrivals.value.0.ends() => (arrivals.place, "these arrivals go on for ever"),
                (None, Some(clients)) => (clients.place, "these clients go on for ever"),
                _ => continue,
            };
            if form.messages.is_missing() {
                let name = &producer.name.value;
                self.log.push(
                    Problem::error(place, format!("the run never ends, because the producer `{name}` never does"))
                        .related(endless.0, endless.1)
                        .help(format!("give [run] a `duration`, or `{name}` a number of `messages`")),
                );
            }
        }
    }
}
