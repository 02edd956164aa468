//! What stands between those who publish and those who consume: nodes with links, processors, disks and memory; and the
//! exchanges that decide which queues get a message.

use super::{BrokerId, ExchangeId, QueueId};
use crate::random::Distribution;
use crate::units::Span;

/// A broker: one node or a cluster of equal ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Broker {
    /// The user's name for it.
    pub name: String,
    /// The row of the table of presets that filled in what the document leaves out.
    pub preset: Option<&'static str>,
    /// At least 1; queues are dealt out to them in the order of the document.
    pub nodes: u32,
    /// Between its clients and a node, one way.
    pub network: Network,
    /// Bytes per second of each connection; `None`: a message takes no time to be sent.
    pub bandwidth: Option<f64>,
    /// Between two of its nodes, one way.
    pub between: Distribution,
    /// What its work costs a node; `None`: nothing.
    pub cpu: Option<Costs>,
    /// The disk of each node; `None`: writing takes no time.
    pub disk: Option<Disk>,
    /// Bytes of messages that the broker may hold before all who publish to it are stopped; `None`: no limit.
    pub memory_limit: Option<u64>,
    /// Bytes of messages on its disks before the same happens; `None`: no limit.
    pub disk_limit: Option<u64>,
    /// How often it looks at them.
    pub alarm_check: Span,
    /// By so much is a message late that expires.
    pub expiry_lag: Span,
    /// So long is a replicated queue without a leader when its own has crashed.
    pub election: Span,
    /// So long after a consumer's socket was closed it notices.
    pub close_lag: Span,
    /// It looks once in each heartbeat whether a consumer was heard of, and gives the connection up after so many looks in a row
    /// that found nothing. `None`: when two frames are missing, of which one is due each half of a heartbeat.
    pub heartbeat_checks: Option<u32>,
    /// Messages of one publisher that a node takes in before it has dealt with them, and after how many dealt with it takes
    /// more: the credit flow from connection to queue. `None`: it takes all.
    pub flow: Option<Flow>,
}

/// One-way delays between a client and a node; a connection keeps the order of what is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// A message on its way to the node.
    pub publish: Distribution,
    /// A confirm on its way back.
    pub confirm: Distribution,
    /// A message on its way to a consumer.
    pub deliver: Distribution,
    /// An acknowledgement on its way to the node.
    pub ack: Distribution,
}

/// A sender stops when `limit` of its messages are not dealt with, and goes on when there are `refill` fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// At least 1.
    pub limit: u32,
    /// From 1 to `limit`.
    pub refill: u32,
}

/// What a node's processors do for each message. A node works in batches: an idle one needs a wake-up, takes all that has
/// come, and does not sleep before nothing is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Processors; at least 1. Queues are dealt out to them.
    pub cores: u32,
    /// Once for each time that an idle processor gets something to do.
    pub wakeup: Wakeup,
    /// For each message that is published.
    pub publish: Span,
    /// For each confirm that is sent.
    pub confirm: Span,
    /// For each message that is delivered.
    pub deliver: Span,
    /// For each acknowledgement.
    pub ack: Span,
    /// As well for each message that is published to a queue on disk.
    pub store: Span,
    /// For each byte of a message, on each of its ways in and out; nanoseconds.
    pub per_byte: f64,
}

/// What it costs to wake a processor up: `warm + cold (1 - exp(-slept / after))`, because caches and clocks cool down in its
/// sleep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wakeup {
    /// After the shortest sleep.
    pub warm: Span,
    /// How much more after the longest.
    pub cold: Span,
    /// The time constant; more than zero where `cold` is.
    pub after: Span,
}

/// A disk. What is to be safe on it waits for a write; whatever comes during one joins the next (group commit).
#[derive(Debug, Clone, PartialEq)]
pub struct Disk {
    /// When data are forced to it.
    pub sync: Sync,
    /// How long that takes.
    pub fsync: Distribution,
    /// The most messages that one write takes; `None`: all.
    pub cap: Option<u32>,
    /// Bytes per second; `None`: only `fsync` takes time.
    pub bandwidth: Option<f64>,
}

/// When data are forced to disk, and so what a crash of the node loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// Never: a write is done when the operating system has it, and a crash of the machine loses all since the last `Span`.
    Interval(Span),
    /// One for all that waits.
    Batch,
    /// One for each message.
    Always,
}

/// Where a queue keeps its messages: when a publication is confirmed, and what is left after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// In memory: confirmed at once, lost in a crash of its node.
    #[default]
    Memory,
    /// On the disk of its node: confirmed when written, or when a consumer has acknowledged it before.
    Disk,
    /// On a majority of so many nodes: confirmed, and delivered, when the k-th fastest of all disks has it, k = n/2 + 1, the
    /// leader's among them (Raft).
    Quorum {
        /// At least 1.
        members: u32,
    },
    /// In the page cache of a majority of so many nodes, without fsync: a stream, or a replicated log.
    Replicated {
        /// At least 1.
        members: u32,
    },
}

/// Where a message goes: one queue, or an exchange that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlet {
    /// The default exchange of AMQP: the queue of that name.
    Queue(QueueId),
    /// As the exchange's bindings say.
    Exchange(ExchangeId),
}

/// An exchange: routes what is published to it by its key, and holds nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The user's name for it.
    pub name: String,
    /// The broker that it is on; `None`: one that costs nothing.
    pub broker: Option<BrokerId>,
    /// By which rule.
    pub kind: ExchangeKind,
    /// Where to; at least one.
    pub bindings: Vec<Binding>,
    /// Where what fits no binding goes.
    pub alternate: Option<Outlet>,
}

/// How an exchange compares a message with its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// The same key.
    Direct,
    /// All bindings, whatever the key.
    Fanout,
    /// A pattern of words between dots: `*` is one word, `#` any number (AMQP 0-9-1, 3.1.3.3).
    Topic,
    /// The headers of the message.
    Headers,
    /// One binding, by the hash of the key; its share is its weight.
    ConsistentHash,
    /// One binding after another (a shared subscription of MQTT).
    RoundRobin,
}

/// One line of an exchange's routing table.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// Where what fits goes.
    pub to: Outlet,
    /// The key or the pattern.
    pub key: String,
    /// The headers that a message must have.
    pub headers: Vec<(String, String)>,
    /// One of the headers is enough.
    pub any: bool,
    /// The share of a consistent hash.
    pub weight: u32,
}

impl Binding {
    /// Whether a message with this key and these headers fits, for the kinds that look at one binding at a time.
    pub fn fits(&self, kind: ExchangeKind, key: &str, headers: &[(String, String)]) -> bool {
        match kind {
            ExchangeKind::Direct => self.key == key,
            ExchangeKind::Fanout | ExchangeKind::ConsistentHash | ExchangeKind::RoundRobin => true,
            ExchangeKind::Topic => topic_fits(&words(&self.key), &words(key)),
            ExchangeKind::Headers if self.any => self.headers.iter().any(|wanted| headers.contains(wanted)),
            ExchangeKind::Headers => self.headers.iter().all(|wanted| headers.contains(wanted)),
        }
    }
}

fn words(key: &str) -> Vec<&str> {
    if key.is_empty() { Vec::new() } else { key.split('.').collect() }
}

fn topic_fits(pattern: &[&str], words: &[&str]) -> bool {
    match pattern.split_first() {
        None => words.is_empty(),
        Some((&"#", rest)) => (0..=words.len()).any(|taken| topic_fits(rest, &words[taken..])),
        Some((&"*", rest)) => !words.is_empty() && topic_fits(rest, &words[1..]),
        Some((word, rest)) => words.first() == Some(word) && topic_fits(rest, &words[1..]),
    }
}

impl Network {
    /// No delay on any way.
    pub fn none() -> Network {
        let none = || Distribution::Constant { value: 0.0 };
        Network { publish: none(), confirm: none(), deliver: none(), ack: none() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_fit_as_amqp_says() {
        let fits = |pattern: &str, key: &str| topic_fits(&words(pattern), &words(key));
        for (pattern, key, expected) in [
            ("orders.*.eu", "orders.new.eu", true),
            ("orders.*.eu", "orders.new.old.eu", false),
            ("orders.#", "orders", true),
            ("orders.#", "orders.new.eu", true),
            ("#.eu", "orders.new.eu", true),
            ("#", "", true),
            ("*", "", false),
            ("#.new.#", "orders.new", true),
            ("*.*", "orders", false),
        ] {
            assert_eq!(fits(pattern, key), expected, "{pattern} and {key}");
        }
    }
}
