//! What surrounds a call, from the document to the model. The order of the keys is the order of nesting.

use super::decode::Field;
use super::diagnostic::{At, Place, Problem};
use super::headed::{Ordered, ShortOr};
use super::quantity::{Positive, Share};
use super::resolve::Resolver;
use super::step_form::{
    Backoff, BreakerForm, BudgetForm, BudgetOfForm, BulkheadForm, CallStep, HedgeForm, JitterForm, JitterWord, RateLimitForm,
    RetryForm, RetryOnForm, TimeLimit, WindowForm,
};
use crate::model::{Breaker, BudgetOf, Bulkhead, Hedge, Jitter, Layer, RateLimit, Retry, RetryBudget, RetryOn, Timeout, Window};
use crate::units::{Rate, Span};

const MILLISECOND: u64 = 1_000_000;

/// Resilience4j's `RetryConfig`: 3 attempts, 500 ms apart; growing pauses grow by 1.5 (`IntervalFunction`).
const ATTEMPTS: u32 = 3;
const PAUSE: Span = Span(500 * MILLISECOND);
const FACTOR: f64 = 1.5;

/// The example of gRPC's proposal A6, "Client retries": 10 tokens, and a tenth for each success.
const TOKENS: f64 = 10.0;
const TOKEN_RATIO: f64 = 0.1;

/// Envoy's retry budget: 20 % of the active requests. The burst is what Finagle reserves for a second: 10 retries.
const BUDGET_SHARE: f64 = 0.2;
const BURST: f64 = 10.0;

/// Resilience4j's `CircuitBreakerConfig`: of the last 100 calls 50 % failed; open for 60 s; then 10 calls decide.
const WINDOW: u32 = 100;
const FAILURES: f64 = 0.5;
const OPEN: Span = Span(60_000 * MILLISECOND);
const PROBES: u32 = 10;

/// Resilience4j's `BulkheadConfig`: 25 at a time, and nobody waits.
const PLACES: u32 = 25;

/// Resilience4j's `RateLimiterConfig`: one waits 5 s for a permit.
const RATE_WAIT: Span = Span(5_000 * MILLISECOND);

/// gRPC's proposal A6 begins hedging with a second copy.
const COPIES: u32 = 2;

impl Resolver<'_> {
    /// The layers around a call, outermost first.
    pub(super) fn layers(&mut self, form: &Ordered<CallStep>) -> Vec<Layer> {
        let call = &form.of;
        for (key, field) in [("cancel", &call.cancel), ("propagate", &call.propagate)] {
            if let (Some(at), true, true) = (field.given(), call.timeout.is_missing(), call.deadline.is_missing()) {
                let problem = Problem::error(at.place, format!("`{key}` has no effect without `timeout` or `deadline`"));
                self.log.push(problem.help("add a time limit, or remove this"));
            }
        }
        let mut layers = Vec::new();
        let mut limits: Vec<(&str, Timeout, Place)> = Vec::new();
        for key in &form.keys {
            let layer = match key.value.as_str() {
                "timeout" => call.timeout.given().and_then(|at| self.time_limit(at, call, false)).map(Layer::Timeout),
                "deadline" => call.deadline.given().and_then(|at| self.time_limit(at, call, true)).map(Layer::Timeout),
                "retry" => call.retry.given().and_then(|at| self.retry(at)).map(Layer::Retry),
                "breaker" => call.breaker.given().and_then(|at| self.breaker(&at.value)).map(Layer::Breaker),
                "bulkhead" => call.bulkhead.given().map(|at| Layer::Bulkhead(bulkhead(&at.value))),
                "rate_limit" => call.rate_limit.given().and_then(|at| self.rate_limit(at)).map(Layer::RateLimit),
                "hedge" => call.hedge.given().and_then(|at| self.hedge(at)).map(Layer::Hedge),
                _ => None,
            };
            if let Some(Layer::Timeout(limit)) = &layer {
                self.outlasted(&key.value, *limit, key.place, &limits);
                limits.push((&key.value, *limit, key.place));
            }
            layers.extend(layer);
        }
        layers
    }

    /// A limit inside one that is over sooner never ends anything.
    fn outlasted(&mut self, key: &str, limit: Timeout, place: Place, outer: &[(&str, Timeout, Place)]) {
        for (name, around, around_place) in outer.iter().filter(|(_, around, _)| around.after <= limit.after) {
            let message = format!("this `{key}` of {} never ends anything: `{name}` around it is over sooner", limit.after);
            self.log.push(
                Problem::warning(place, message)
                    .label("inside, because it stands behind")
                    .related(*around_place, format!("outside, {}", around.after))
                    .help(format!("write `{key}` before `{name}`: the order of the keys is that of nesting, outermost first")),
            );
        }
    }

    fn time_limit(&mut self, at: &At<ShortOr<Span, TimeLimit>>, call: &CallStep, propagate: bool) -> Option<Timeout> {
        let (after, cancel, told) = match &at.value {
            ShortOr::Short(after) => (At { value: *after, place: at.place }, None, None),
            ShortOr::Table(form) => (form.after.given()?.clone(), form.cancel.value(), form.propagate.value()),
        };
        self.above_zero(&after, "the time that a call may take")?;
        Some(Timeout {
            after: after.value,
            cancel: cancel.or(call.cancel.value()).copied().unwrap_or(false),
            propagate: told.or(call.propagate.value()).copied().unwrap_or(propagate),
        })
    }

    fn retry(&mut self, at: &At<ShortOr<super::quantity::Whole<1, 1_000>, RetryForm>>) -> Option<Retry> {
        let plain = |max_attempts| Retry {
            max_attempts,
            base: PAUSE,
            factor: 1.0,
            cap: None,
            jitter: Jitter::None,
            on: RetryOn::Any,
            budget: None,
        };
        let form = match &at.value {
            ShortOr::Short(attempts) => return Some(plain(attempts.0 as u32)),
            ShortOr::Table(form) => form,
        };
        let mut retry = plain(form.max_attempts.value().map_or(ATTEMPTS, |whole| whole.0 as u32));
        match form.backoff.value() {
            None => {}
            Some(ShortOr::Short(pause)) => retry.base = *pause,
            Some(ShortOr::Table(backoff)) => self.backoff(backoff, &mut retry)?,
        }
        retry.jitter = match form.jitter.value() {
            None | Some(JitterForm::Word(JitterWord::None)) => Jitter::None,
            Some(JitterForm::Word(JitterWord::Full)) => Jitter::Full,
            Some(JitterForm::Word(JitterWord::Equal)) => Jitter::Equal,
            Some(JitterForm::Word(JitterWord::Decorrelated)) => Jitter::Decorrelated,
            Some(JitterForm::Spread(share)) => Jitter::Spread(share.0),
        };
        retry.on = match form.on.value() {
            None | Some(RetryOnForm::Any) => RetryOn::Any,
            Some(RetryOnForm::Timeout) => RetryOn::Timeout,
            Some(RetryOnForm::Error) => RetryOn::Error,
        };
        retry.budget = form.budget.value().map(|budget| match budget {
            BudgetForm::Tokens(tokens) => {
                RetryBudget::Tokens { max: number(&tokens.max, TOKENS), ratio: number(&tokens.ratio, TOKEN_RATIO) }
            }
            BudgetForm::Ratio(ratio) => RetryBudget::Ratio {
                ratio: ratio.share.value().map_or(BUDGET_SHARE, |share| share.0),
                of: match ratio.of.value() {
                    None | Some(BudgetOfForm::Requests) => BudgetOf::Requests,
                    Some(BudgetOfForm::Successes) => BudgetOf::Successes,
                },
                burst: number(&ratio.burst, BURST),
            },
        });
        Some(retry)
    }

    fn backoff(&mut self, form: &Backoff, retry: &mut Retry) -> Option<()> {
        retry.base = form.base.value().copied().unwrap_or(PAUSE);
        retry.factor = number(&form.factor, FACTOR);
        retry.cap = form.cap.value().copied();
        if let Some(at) = form.factor.given().filter(|at| at.value.0 < 1.0) {
            let problem = Problem::error(at.place, format!("pauses that grow by {} would shrink", at.value.0));
            self.log.push(problem.help("a factor is at least 1: 2 doubles each pause"));
            return None;
        }
        if let Some(cap) = form.cap.given().filter(|cap| cap.value < retry.base) {
            let message = format!("the longest pause ({}) is below the first ({})", cap.value, retry.base);
            self.log.push(Problem::error(cap.place, message).help("raise `cap`, or lower `base`"));
            return None;
        }
        Some(())
    }

    fn breaker(&mut self, form: &BreakerForm) -> Option<Breaker> {
        let window = match form.window.value() {
            None => Window::Calls(WINDOW),
            Some(WindowForm::Calls(calls)) => Window::Calls(*calls),
            Some(WindowForm::Time(span)) => Window::Time(*span),
        };
        if let (Window::Time(span), Some(at)) = (window, form.window.given()) {
            self.above_zero(&At { value: span, place: at.place }, "the window of a breaker")?;
        }
        let most = if let Window::Calls(calls) = window { calls } else { u32::MAX };
        if let Some(at) = form.min_calls.given().filter(|at| at.value.0 > u64::from(most)) {
            let message = format!("a window of {most} calls never has {}: this breaker never opens", at.value.0);
            self.log.push(Problem::error(at.place, message).help(format!("write {most} or less, or widen `window`")));
            return None;
        }
        let failure_ratio = self.some_share(&form.failures, FAILURES, "opens at no failure at all, and so is always open")?;
        let slow = match form.slow.value() {
            None => None,
            Some(slow) => {
                let after = slow.after.given()?;
                self.above_zero(after, "the time of a slow call")?;
                let share = self.some_share(&slow.share, 1.0, "opens at no slow call at all, and so is always open")?;
                Some((after.value, share))
            }
        };
        let open = form.open.value().copied().unwrap_or(OPEN);
        if let Some(at) = form.open.given() {
            self.above_zero(at, "the time for which a breaker is open")?;
        }
        Some(Breaker {
            window,
            min_calls: form.min_calls.value().map_or(WINDOW.min(most), |whole| whole.0 as u32),
            failure_ratio,
            slow,
            open,
            probes: form.probes.value().map_or(PROBES, |whole| whole.0 as u32),
        })
    }

    /// A share that is not zero.
    fn some_share(&mut self, field: &Field<Share>, otherwise: f64, zero: &str) -> Option<f64> {
        let Some(at) = field.given() else { return Some(otherwise) };
        if at.value.0 > 0.0 {
            return Some(at.value.0);
        }
        self.log.push(Problem::error(at.place, format!("a breaker with 0% {zero}")).help("write a share such as \"50%\""));
        None
    }

    fn rate_limit(&mut self, at: &At<ShortOr<Rate, RateLimitForm>>) -> Option<RateLimit> {
        let (rate, burst, wait) = match &at.value {
            ShortOr::Short(rate) => (At { value: *rate, place: at.place }, 1.0, Some(RATE_WAIT)),
            ShortOr::Table(form) => {
                if let Some(burst) = form.burst.given().filter(|burst| burst.value.0 < 1.0) {
                    let problem = Problem::error(burst.place, "a bucket that never holds a whole token lets nothing through");
                    self.log.push(problem.help("write 1 or more"));
                    return None;
                }
                let wait = form.wait.value().map_or(Some(RATE_WAIT), |patience| patience.0);
                (form.rate.given()?.clone(), number(&form.burst, 1.0), wait)
            }
        };
        if rate.value.0 <= 0.0 {
            let problem = Problem::error(rate.place, "a rate of 0 never lets anything through");
            self.log.push(problem.help("write a rate above 0, or remove the limit"));
            return None;
        }
        Some(RateLimit { rate: rate.value, burst, wait })
    }

    fn hedge(&mut self, at: &At<ShortOr<Span, HedgeForm>>) -> Option<Hedge> {
        let (after, max, cancel) = match &at.value {
            ShortOr::Short(after) => (At { value: *after, place: at.place }, COPIES, true),
            ShortOr::Table(form) => (
                form.after.given()?.clone(),
                form.max.value().map_or(COPIES, |whole| whole.0 as u32),
                form.cancel.value().copied().unwrap_or(true),
            ),
        };
        Some(Hedge { after: after.value, max, cancel })
    }
}

fn bulkhead(form: &ShortOr<super::quantity::Whole<1, { u32::MAX as u64 }>, BulkheadForm>) -> Bulkhead {
    match form {
        ShortOr::Short(max) => Bulkhead { max: max.0 as u32, queue: 0, wait: None },
        ShortOr::Table(form) => {
            let queue = if form.wait.is_missing() { 0 } else { u32::MAX };
            Bulkhead {
                max: form.max.value().map_or(PLACES, |whole| whole.0 as u32),
                queue: form.queue.value().map_or(queue, |whole| whole.0 as u32),
                wait: form.wait.value().and_then(|patience| patience.0),
            }
        }
    }
}

fn number(field: &Field<Positive>, otherwise: f64) -> f64 {
    field.value().map_or(otherwise, |positive| positive.0)
}
