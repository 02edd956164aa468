//! Calls of services, and what makes them resilient.
//!
//! Algorithms and defaults are those of gRPC, Envoy, Finagle and Resilience4j, as said at each.

use super::{ServiceId, Step};
use crate::random::Distribution;
use crate::units::{Rate, Span};

/// A synchronous call: the worker waits for the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Who is asked.
    pub service: ServiceId,
    /// One-way delay of request and of answer, each drawn by itself; `None`: that of the service.
    pub network: Option<Distribution>,
    /// Setting up a connection, before each attempt is sent.
    pub connect: Option<Distribution>,
    /// What surrounds the call, outermost first: the order of the document.
    pub layers: Vec<Layer>,
    /// What is done instead when all fails; without it the handler fails.
    pub fallback: Option<Vec<Step>>,
}

impl Call {
    /// A call with nothing around it.
    pub fn plain(service: ServiceId) -> Call {
        Call { service, network: None, connect: None, layers: Vec::new(), fallback: None }
    }
}

/// One layer around a call. What fails inside a layer comes to it; it tries again, or passes the failure on.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Whatever is inside fails when it takes longer.
    Timeout(Timeout),
    /// Whatever is inside is tried again when it fails.
    Retry(Retry),
    /// Whatever is inside is not tried while it is known to fail.
    Breaker(Breaker),
    /// No more than so many at a time are inside.
    Bulkhead(Bulkhead),
    /// No more than so many a second go inside.
    RateLimit(RateLimit),
    /// Whatever is inside is done once more when it takes long; the first answer counts.
    Hedge(Hedge),
}

/// A limit of the time that something may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timeout {
    /// From entering the layer; more than zero.
    pub after: Span,
    /// Whether what was sent is called back when the time is over: it leaves the queue or the worker where it is. Otherwise it
    /// is served, and nobody wants the answer.
    pub cancel: bool,
    /// Whether the service and those that it calls know of it: their calls end at this instant too, and a service that sheds
    /// by deadline drops what has no time left.
    pub propagate: bool,
}

/// Tries again after a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// The pause before the first retry.
    pub base: Span,
    /// Each next pause is longer by this factor; at least 1.
    pub factor: f64,
    /// No pause is longer.
    pub cap: Option<Span>,
    /// How pauses are made random.
    pub jitter: Jitter,
    /// What is worth a retry.
    pub on: RetryOn,
    /// How many retries there may be, over all that pass here.
    pub budget: Option<RetryBudget>,
}

/// How a pause of x is made random (Brooker 2015, "Exponential backoff and jitter").
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// x.
    None,
    /// Uniform between 0 and x.
    Full,
    /// x/2, and uniform between 0 and x/2 on top.
    Equal,
    /// Uniform between the base and three times the last pause, up to the cap.
    Decorrelated,
    /// Uniform between (1 - j) x and (1 + j) x; gRPC: 0.2.
    Spread(f64),
}

/// Which failures are worth a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOn {
    /// All.
    Any,
    /// A timeout inside.
    Timeout,
    /// All but a timeout.
    Error,
}

/// A bound on retries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RetryBudget {
    /// gRPC (proposal A6): tokens begin at `max`; a failure takes one, a success gives `ratio`; a retry needs more than half.
    Tokens {
        /// The most tokens; gRPC's example: 10.
        max: f64,
        /// What a success gives; gRPC's example: 0.1.
        ratio: f64,
    },
    /// Each first attempt, or each success, gives `ratio` of a token, up to `burst`; a retry takes one (Finagle's form).
    Ratio {
        /// Between 0 and 1, or more.
        ratio: f64,
        /// What gives tokens.
        of: BudgetOf,
        /// The most tokens, and how many there are at the start.
        burst: f64,
    },
}

/// What fills a retry budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetOf {
    /// First attempts.
    Requests,
    /// Attempts that succeeded.
    Successes,
}

/// A circuit breaker (Resilience4j): closed, open, half-open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// What it looks at.
    pub window: Window,
    /// It does not open before it has seen so many; at least 1.
    pub min_calls: u32,
    /// It opens when this share failed.
    pub failure_ratio: f64,
    /// It opens when this share took longer than this.
    pub slow: Option<(Span, f64)>,
    /// How long it stays open.
    pub open: Span,
    /// Then so many are let through, and decide; at least 1.
    pub probes: u32,
}

/// What a breaker looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// The last so many calls.
    Calls(u32),
    /// The calls that ended in the last so long, in ten slices.
    Time(Span),
}

/// A limit on how many are inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bulkhead {
    /// So many at a time; at least 1.
    pub max: u32,
    /// So many may wait for a place.
    pub queue: u32,
    /// So long; `None`: as long as it takes.
    pub wait: Option<Span>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Tokens a second; more than zero.
    pub rate: Rate,
    /// The most tokens, and how many there are at the start; at least 1.
    pub burst: f64,
    /// Who finds no token waits for one, in order, if it takes no longer than this; zero: fails at once. `None`: waits as long
    /// as it takes.
    pub wait: Option<Span>,
}

/// Sends copies of what takes long (Dean, Barroso 2013, "The tail at scale").
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hedge {
    /// A further copy after each such time without an answer.
    pub after: Span,
    /// Copies in all, the first included; at least 2.
    pub max: u32,
    /// Whether the others are called back when one has answered.
    pub cancel: bool,
}
