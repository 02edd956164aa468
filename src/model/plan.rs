//! How a model is simulated.

use crate::units::Span;

/// How long, how often, from which seed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPlan {
    /// Simulated time that is measured, after the warm-up. `None` only with [`Stop::Drained`].
    pub duration: Option<Span>,
    /// What is simulated first and not measured.
    pub warmup: Warmup,
    /// Independent repetitions, each from an empty system; at least 1.
    pub replications: u32,
    /// The number that all randomness comes from.
    pub seed: u64,
    /// When a replication ends.
    pub stop: Stop,
    /// A replication that needs more events than this is refused.
    pub max_events: Option<u64>,
    /// Confidence of the intervals, between 0 and 1.
    pub confidence: f64,
    /// Width of a bin of the time series; `None` takes about 200 bins a run.
    pub bin: Option<Span>,
    /// The start from an empty system is what the user wants to see: nothing is ever cut.
    pub terminating: bool,
    /// How well it should be known; replications are then as many as that needs.
    pub precision: Precision,
    /// Replication 2k + 1 draws 1 - u wherever replication 2k draws u, and the two count as one.
    pub antithetic: bool,
    /// Whether means are corrected by what is known of arrivals and work, where the rule for that holds.
    pub controls: bool,
}

/// How well something should be known, and what that may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// Half the width of an interval over its estimate; `None`: the plan's replications are run, whatever comes out.
    pub relative: Option<f64>,
    /// Full names of the metrics that should be known so well; none: those of the goals, or else the mean sojourn of every pool.
    pub metrics: Vec<String>,
    /// Events after which the search ends.
    pub budget: u64,
}

impl Precision {
    /// Events that take a machine of today about a minute.
    pub const BUDGET: u64 = 1_000_000_000;
}

impl Default for Precision {
    fn default() -> Precision {
        Precision { relative: None, metrics: Vec::new(), budget: Precision::BUDGET }
    }
}

/// What is simulated before the measurement begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warmup {
    /// Found from the data.
    Auto,
    /// Nothing.
    None,
    /// So much time.
    Fixed(Span),
}

/// When a replication ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// After warm-up and duration.
    Duration,
    /// When all producers have ended (or the duration is over, which ends them) and all messages are done.
    Drained,
}
