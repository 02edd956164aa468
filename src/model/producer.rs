//! Where messages come from.

use super::Handler;
use crate::random::{Counts, Distribution};
use crate::units::{Rate, Span, Time};
use std::sync::Arc;

/// A source of messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Producer {
    /// The user's name for it.
    pub name: String,
    /// When its messages are born.
    pub arrivals: Arrivals,
    /// Of open arrivals, so many are in its handler at a time, and the others wait for that; `None`: any number.
    pub callers: Option<u32>,
    /// What it does for each of them.
    pub handler: Handler,
    /// Priority of its messages.
    pub priority: Priority,
    /// The keys of its messages; `None`: each its own.
    pub keys: Option<Keys>,
    /// It ends after so many messages; `None`: never.
    pub messages: Option<u64>,
    /// How it deals with its broker.
    pub sending: Sending,
}

/// How a producer deals with its broker beyond the textbook's, and what its messages are like; the default is the textbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// What it waits for.
    pub confirm: Confirm,
    /// The most unconfirmed messages; `None`: any number.
    pub window: Option<u32>,
    /// Bytes of a message.
    pub size: Size,
    /// The routing key of a message.
    pub key: RoutingKey,
    /// The headers of every message.
    pub headers: Vec<(String, String)>,
    /// How long a message may be ready.
    pub ttl: Lifetime,
    /// Its messages are to survive a crash, where their queue keeps them on disk.
    pub persistent: bool,
    /// A message that no queue gets is returned, and has failed.
    pub mandatory: bool,
    /// Messages that wait at the producer, for a window or for a blocked connection; `None`: any number.
    pub buffer: Option<u64>,
    /// What becomes of one more.
    pub on_full: OnFull,
    /// Messages are sent together.
    pub batch: Option<Batching>,
    /// So many messages make a transaction, which ends before the next begins; `None`: no transactions.
    pub transaction: Option<u32>,
    /// Round trips of a confirm; 2 for MQTT QoS 2, else 1.
    pub trips: u32,
    /// What blocks one of its links blocks no other (AMQP 1.0).
    pub links: bool,
    /// Shares its connection, and what blocks it, with all of this name.
    pub connection: Option<String>,
}

impl Default for Sending {
    fn default() -> Sending {
        Sending {
            confirm: Confirm::Off,
            window: None,
            size: Size::Constant(0),
            key: RoutingKey::Constant(String::new()),
            headers: Vec::new(),
            ttl: Lifetime::Endless,
            persistent: true,
            mandatory: false,
            buffer: None,
            on_full: OnFull::Block,
            batch: None,
            transaction: None,
            trips: 1,
            links: false,
            connection: None,
        }
    }
}

/// What a producer waits for after it has published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// Nothing.
    Off,
    /// The confirm of each message, before the next step.
    Sync,
    /// Nothing, but it hears of each.
    Async,
}

/// The bytes of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Size {
    /// All the same.
    Constant(u64),
    /// Each as likely.
    Uniform {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// What the trace says.
    Carried,
}

/// The routing key of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum RoutingKey {
    /// All the same.
    Constant(String),
    /// One of several, by weight; at least one.
    Chosen(Vec<(String, f64)>),
    /// The number of the message's key, as drawn from [`Producer::keys`].
    Numbered,
    /// What the trace says.
    Carried,
}

/// How long a message may be ready before it expires.
#[derive(Debug, Clone, PartialEq)]
pub enum Lifetime {
    /// For ever.
    Endless,
    /// Drawn for each.
    Drawn(Distribution),
    /// What the trace says.
    Carried,
}

/// What becomes of a message when the producer's own buffer is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFull {
    /// It waits all the same: who sends is blocked.
    Block,
    /// It is dropped, and nobody is told.
    Drop,
    /// Sending fails.
    Fail,
}

/// Messages that are sent together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// When there are so many; at least 1.
    pub messages: u32,
    /// Or the first has waited for so long.
    pub linger: Span,
}

impl Producer {
    /// Whether it does more than to publish, so that somebody waits for its handler to end.
    pub fn calls(&self) -> bool {
        self.handler.sends().is_none() || self.callers.is_some() || matches!(self.arrivals, Arrivals::Closed { .. })
    }
}

/// The priority of a producer's messages: 0 is the lowest, as in AMQP.
// A tag of its own instead of a niche: it is read for every message.
#[repr(u8)]
#[derive(Debug, Clone, PartialEq)]
pub enum Priority {
    /// The same for all.
    Constant(u8),
    /// Drawn for each message, cut at 255.
    Drawn(Counts),
    /// What the trace says of each message.
    Carried,
}

/// Keys drawn by popularity: key k of n is as likely as 1 / k^exponent (Zipf).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keys {
    /// How many different ones; at least 1.
    pub count: u32,
    /// 0: all as likely.
    pub exponent: f64,
}

/// When messages are born. The first arrival comes one gap after the start.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// Exponential gaps.
    Poisson {
        /// Messages per second.
        rate: Rate,
    },
    /// Equal gaps: arrival k at k/rate.
    Constant {
        /// Messages per second.
        rate: Rate,
    },
    /// Independent gaps.
    Renewal {
        /// The time between two arrivals.
        gap: Distribution,
    },
    /// A Poisson process whose rate depends on a phase that changes at random; starts in its stationary distribution.
    Mmpp {
        /// At least one.
        phases: Vec<MmppPhase>,
    },
    /// At every arrival of another process, so many messages at once.
    Batch {
        /// When batches arrive.
        arrivals: Box<Arrivals>,
        /// Messages in a batch.
        size: Counts,
    },
    /// A Poisson process whose rate is a piecewise linear function of time.
    Profile {
        /// The stretches, one after another; at least one.
        segments: Vec<Segment>,
        /// Whether it starts again after the last, or ends.
        repeat: bool,
    },
    /// Recorded instants; ends with the last.
    Trace(Trace),
    /// Not open: each of a number of clients thinks, sends, waits for the answer, and thinks again.
    Closed {
        /// How many; at least 1.
        clients: u32,
        /// From an answer (or the start) to the next request.
        think: Distribution,
    },
}

/// A phase of a Markov-modulated Poisson process.
#[derive(Debug, Clone, PartialEq)]
pub struct MmppPhase {
    /// Arrivals per second while in this phase.
    pub rate: Rate,
    /// Mean of the exponential stay.
    pub stay: Span,
    /// Where it goes next: a probability for each phase.
    pub next: Vec<f64>,
}

/// A stretch of a rate profile: linear from one rate to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Its length; more than zero.
    pub length: Span,
    /// The rate at its start.
    pub from: Rate,
    /// The rate at its end.
    pub to: Rate,
}

/// Recorded arrivals, and what each message carried.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Where it was read from, as the document says it.
    pub path: String,
    /// Instants, never decreasing; at least one.
    pub times: Arc<[Time]>,
    /// Columns beside the times.
    pub carried: Carried,
}

/// What the messages of a trace carry: each column as long as the trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Carried {
    /// The time that a worker needs for the message.
    pub work: Option<Arc<[Span]>>,
    /// Its priority.
    pub priority: Option<Arc<[u8]>>,
    /// Its size in bytes.
    pub size: Option<Arc<[u64]>>,
    /// Its routing key.
    pub key: Option<Arc<[String]>>,
    /// How long it may be ready.
    pub ttl: Option<Arc<[Span]>>,
    /// How many of its deliveries fail.
    pub failures: Option<Arc<[u32]>>,
}

impl Arrivals {
    /// The trace behind this process, if it is one.
    pub fn trace(&self) -> Option<&Trace> {
        match self {
            Arrivals::Trace(trace) => Some(trace),
            _ => None,
        }
    }

    /// Whether the process ends by itself.
    pub fn ends(&self) -> bool {
        match self {
            Arrivals::Trace(_) => true,
            Arrivals::Profile { repeat, .. } => !repeat,
            Arrivals::Batch { arrivals, .. } => arrivals.ends(),
            _ => false,
        }
    }

    /// Whether the rate changes by plan, so that there is no steady state to wait for.
    pub fn varies_by_plan(&self) -> bool {
        match self {
            Arrivals::Trace(_) | Arrivals::Profile { .. } => true,
            Arrivals::Batch { arrivals, .. } => arrivals.varies_by_plan(),
            _ => false,
        }
    }

    /// The highest rate that the plan of the process reaches, in messages per second.
    pub fn peak_rate(&self) -> f64 {
        match self {
            Arrivals::Profile { segments, .. } => segments.iter().map(|s| s.from.0.max(s.to.0)).fold(0.0, f64::max),
            Arrivals::Batch { arrivals, size } => arrivals.peak_rate() * size.mean(),
            other => other.mean_rate(),
        }
    }

    /// Messages per second in the long run (over its own length, for one that ends; if all answers came at once, for clients).
    pub fn mean_rate(&self) -> f64 {
        match self {
            Arrivals::Poisson { rate } | Arrivals::Constant { rate } => rate.0,
            Arrivals::Renewal { gap } => 1e9 / gap.mean(),
            Arrivals::Mmpp { phases } => {
                let shares = stationary(phases);
                phases.iter().zip(shares).map(|(phase, share)| phase.rate.0 * share).sum()
            }
            Arrivals::Batch { arrivals, size } => arrivals.mean_rate() * size.mean(),
            Arrivals::Profile { segments, .. } => {
                let total: f64 = segments.iter().map(|s| s.length.as_secs_f64()).sum();
                segments.iter().map(|s| (s.from.0 + s.to.0) / 2.0 * s.length.as_secs_f64()).sum::<f64>() / total
            }
            Arrivals::Trace(trace) => {
                let last = trace.times.last().map_or(0.0, |t| t.as_secs_f64());
                if last > 0.0 { trace.times.len() as f64 / last } else { f64::INFINITY }
            }
            Arrivals::Closed { clients, think } => f64::from(*clients) * 1e9 / think.mean(),
        }
    }
}

/// The share of time that a Markov-modulated process spends in each phase.
///
/// Visits of the embedded chain by repeated squaring of (P + I)/2 (the same stationary vector, and no period), weighted by
/// the mean stays.
pub fn stationary(phases: &[MmppPhase]) -> Vec<f64> {
    let n = phases.len();
    let mut power: Vec<Vec<f64>> = phases
        .iter()
        .enumerate()
        .map(|(i, phase)| (0..n).map(|j| phase.next[j] / 2.0 + if i == j { 0.5 } else { 0.0 }).collect())
        .collect();
    for _ in 0..60 {
        let square: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| (0..n).map(|k| power[i][k] * power[k][j]).sum()).collect()).collect();
        power = square;
        for row in &mut power {
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= sum);
        }
    }
    let weighted: Vec<f64> = phases.iter().zip(&power[0]).map(|(phase, visits)| visits * phase.stay.0 as f64).collect();
    let sum: f64 = weighted.iter().sum();
    weighted.iter().map(|w| w / sum).collect()
}
