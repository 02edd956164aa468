//! What a document may say about brokers, exchanges, and how producers and consumers deal with them.

use super::decode::{Decode, Entities, Field, Keys, expected, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::distribution_form::Distribution;
use super::headed::ShortOr;
use super::presets::PresetName;
use super::quantity::{Bandwidth, Share, Weight, Whole};
use super::schema::{self, Definitions};
use super::tree::{Node, Value};
use crate::units::{Bytes, Span};

table! {
    /// A broker: one node or a cluster of equal ones, and what its work costs.
    Broker "broker" {
        /// A row of `queuelab presets`: it fills in what is left out here and in the queues on this broker.
        "preset" optional preset: PresetName,
        /// Number of nodes; 1 unless told otherwise. Queues are dealt out to them in the order of the document.
        "nodes" optional nodes: Whole<1, 1_000>,
        /// One-way delay between clients and a node: a time, a distribution, or one for each way. None unless told otherwise.
        "network" optional network: NetworkForm,
        /// What a connection carries in a time, such as "100MiB/s"; without it a message takes no time to be sent.
        "bandwidth" optional bandwidth: Bandwidth,
        /// One-way delay between two of its nodes; none unless told otherwise.
        "between" optional between: Distribution,
        /// What its work costs the processors of a node; nothing unless told otherwise.
        "cpu" optional cpu: CpuForm,
        /// The disk of each node; writing takes no time unless told otherwise.
        "disk" optional disk: DiskForm,
        /// Where the queues on it keep their messages, unless they say so themselves.
        "storage" optional storage: StorageForm,
        /// On how many nodes those are kept that are replicated, unless they say so themselves; 3 unless told otherwise.
        "replication" optional replication: Whole<1, 1_000>,
        /// Messages that weigh more than this stop all who publish; no limit unless told otherwise.
        "memory_limit" optional memory_limit: Bytes,
        /// The same for messages that are kept on disk.
        "disk_limit" optional disk_limit: Bytes,
        /// How often the broker looks at these limits; "2.5s" unless told otherwise.
        "alarm_check" optional alarm_check: Span,
        /// How late a message expires; not at all unless told otherwise.
        "expiry_lag" optional expiry_lag: Span,
        /// How long it takes until the closed connection of a consumer is noticed; no time unless told otherwise.
        "close_lag" optional close_lag: Span,
        /// It looks once in each `heartbeat` of a consumer whether anything came, and gives the connection up after so many looks
        /// in vain; when two frames are missing unless told otherwise.
        "heartbeat_checks" optional heartbeat_checks: Whole<1, 1_000>,
        /// How long a replicated queue is without a leader after its own has crashed; no time unless told otherwise.
        "election" optional election: Span,
        /// The credit flow of a publisher's connection: it stops when so many of its messages are not dealt with.
        "flow" optional flow: FlowForm,
    }
}

/// A delay, or one for each way.
#[derive(Debug, Clone)]
pub(super) enum NetworkForm {
    All(Box<Distribution>),
    Ways(Box<Ways>),
}

table! {
    /// One-way delays between clients and a node; those that are left out are none.
    Ways "network" {
        /// Of a message from its publisher.
        "publish" optional publish: Distribution,
        /// Of a confirm to the publisher.
        "confirm" optional confirm: Distribution,
        /// Of a message to a consumer.
        "deliver" optional deliver: Distribution,
        /// Of an acknowledgement from a consumer.
        "ack" optional ack: Distribution,
    }
}

impl Decode for NetworkForm {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        const WAYS: [&str; 4] = ["publish", "confirm", "deliver", "ack"];
        match &node.value {
            Value::Table(entries) if entries.iter().any(|entry| WAYS.contains(&entry.key.as_str())) => {
                Ways::decode(node, log).map(Box::new).map(NetworkForm::Ways)
            }
            _ => Distribution::decode(node, log).map(Box::new).map(NetworkForm::All),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "anyOf": [Distribution::schema(definitions), Ways::schema(definitions)] })
    }
}

table! {
    /// What a node's processors do for each message: an idle one is woken up, takes all that has come, and is done with all of it
    /// at the same time.
    CpuForm "cpu" {
        /// Processors of a node; 1 unless told otherwise.
        "cores" optional cores: Whole<1, 1_000>,
        /// Each time that an idle processor gets something to do: a time, or one that grows with how long it slept.
        "wakeup" optional wakeup: WakeupForm,
        /// For each message that is published.
        "publish" optional publish: Span,
        /// For each confirm.
        "confirm" optional confirm: Span,
        /// For each message that is delivered.
        "deliver" optional deliver: Span,
        /// For each acknowledgement.
        "ack" optional ack: Span,
        /// As well for each message that is published to a queue on disk.
        "store" optional store: Span,
        /// For each KiB of a message, when it comes and when it goes.
        "per_kib" optional per_kib: Span,
    }
}

/// A wake-up: always the same, or longer after a long sleep.
pub(super) type WakeupForm = ShortOr<Span, WakeupTable>;

table! {
    /// A wake-up that takes warm + cold (1 - exp(-slept / after)).
    WakeupTable "wakeup" {
        /// After the shortest sleep.
        "warm" required warm: Span,
        /// How much more after the longest.
        "cold" required cold: Span,
        /// The time constant of cooling down.
        "after" required after: Span,
    }
}

table! {
    /// A disk. What comes during a write joins the next one.
    DiskForm "disk" {
        /// How long it takes to force data to it; no time unless told otherwise.
        "fsync" optional fsync: Distribution,
        /// When that is done; "batch" unless told otherwise.
        "mode" optional mode: DiskMode,
        /// With mode = "interval": how often.
        "every" optional every: Span,
        /// The most messages that one write takes; all unless told otherwise.
        "cap" optional cap: Whole<1, 10_000_000>,
        /// What it writes in a time, such as "200MiB/s"; without it only `fsync` takes time.
        "bandwidth" optional bandwidth: Bandwidth,
    }
}

words! {
    /// When data are forced to disk.
    DiskMode "a way to force data to disk" {
        /// once for all messages that wait.
        "batch" => Batch,
        /// once for each message.
        "always" => Always,
        /// now and then, which nobody waits for; a crash loses what came since.
        "interval" => Interval,
        /// never: nobody waits for it, and a crash loses everything.
        "never" => Never,
    }
}

table! {
    /// The credit flow of a connection.
    FlowForm "flow" {
        /// It stops when so many messages are not dealt with.
        "limit" required limit: Whole<1, 10_000_000>,
        /// It goes on when so many of them are; as many as `limit` / 2 unless told otherwise.
        "refill" optional refill: Whole<1, 10_000_000>,
    }
}

table! {
    /// An exchange: it gives a message to the queues whose bindings fit, and holds nothing.
    Exchange "exchange" {
        /// Bindings with the same key as the message.
        "direct" optional direct: Vec<At<KeyBinding>>,
        /// All of these queues or exchanges, whatever the key.
        "fanout" optional fanout: Vec<At<String>>,
        /// Bindings whose pattern fits the key: words between dots, where * is one word and # any number of them.
        "topic" optional topic: Vec<At<KeyBinding>>,
        /// Bindings whose headers the message has.
        "headers" optional headers: Vec<At<HeadersBinding>>,
        /// One of these, by the hash of the key.
        "consistent_hash" optional consistent_hash: Vec<At<WeightedBinding>>,
        /// One of these after another.
        "round_robin" optional round_robin: Vec<At<String>>,
        /// The queue or exchange for what fits no binding; without it that is lost, or returned if it is mandatory.
        "alternate" optional alternate: String,
        /// The broker that it is on; unless told otherwise that of its queues, if they are on one.
        "broker" optional broker: String,
    }
}

table! {
    /// A binding by key.
    KeyBinding "binding" {
        /// The key, or the pattern.
        "key" required key: String,
        /// The queue or exchange.
        "to" required to: String,
    }
}

table! {
    /// A binding by headers.
    HeadersBinding "binding" {
        /// The headers that a message must have.
        "match" required headers: Entities<String>,
        /// One of them is enough; false unless told otherwise.
        "any" optional any: bool,
        /// The queue or exchange.
        "to" required to: String,
    }
}

table! {
    /// A binding by hash.
    WeightedBinding "binding" {
        /// The queue or exchange.
        "to" required to: String,
        /// Its share beside the others; 1 unless told otherwise.
        "weight" optional weight: Whole<1, 1_000_000>,
    }
}

table! {
    /// Where dead letters go.
    DeadLetterTo "dead_letter" {
        /// The queue or exchange.
        "to" required to: String,
        /// Their routing key; their own unless told otherwise.
        "key" optional key: String,
    }
}

/// A queue or exchange, or that and a key.
pub(super) type DeadLetterForm = ShortOr<String, DeadLetterTo>;

words! {
    /// Where a queue keeps its messages.
    StorageForm "a storage" {
        /// in memory: confirmed at once, lost in a crash.
        "memory" => Memory,
        /// on the disk of its node: confirmed when written.
        "disk" => Disk,
        /// on the disks of a majority of its members.
        "quorum" => Quorum,
        /// in the memory of a majority of its members.
        "replicated" => Replicated,
    }
}

words! {
    /// Where a message stands that comes back to its queue.
    ReturnsForm "a place for what comes back" {
        /// where it stood.
        "position" => Position,
        /// in front of all that have not been delivered yet.
        "first" => First,
        /// at the tail.
        "last" => Last,
    }
}

words! {
    /// When a queue acts on what a consumer says of a message.
    SettlementsForm "a way to settle" {
        /// as soon as it comes.
        "at-once" => AtOnce,
        /// as soon as a majority of its members has it in its log.
        "logged" => Logged,
    }
}

words! {
    /// What a producer waits for.
    ConfirmForm "a way to confirm" {
        /// nothing.
        "off" => Off,
        /// the confirm of each message, before the next is sent.
        "sync" => Sync,
        /// nothing, but it hears of each message.
        "async" => Async,
    }
}

words! {
    /// What becomes of a message when the producer's buffer is full.
    OnFullForm "a way to deal with a full buffer" {
        /// it waits all the same.
        "block" => Block,
        /// it is dropped, and nobody is told.
        "drop" => Drop,
        /// sending fails.
        "fail" => Fail,
    }
}

words! {
    /// The protocol whose rules a producer or consumer keeps.
    ProtocolForm "a protocol" {
        /// AMQP 0-9-1: what blocks one publisher blocks its connection.
        "amqp-0-9-1" => Amqp091,
        /// AMQP 1.0: links have credit of their own.
        "amqp-1-0" => Amqp10,
        /// MQTT: quality of service 0, 1 or 2.
        "mqtt" => Mqtt,
        /// STOMP: acknowledgements by receiving, cumulative, or of each message.
        "stomp" => Stomp,
    }
}

table! {
    /// Messages that are sent together.
    BatchForm "batch" {
        /// When there are so many.
        "messages" required messages: Whole<1, 10_000_000>,
        /// Or when the first has waited for so long.
        "linger" required linger: Span,
    }
}

shapes! {
    /// The bytes of a message.
    SizeForm "a size" bare Constant(Bytes) {
        /// Any number of bytes from min to max, each as likely.
        "uniform" => Uniform(SizeRange),
        /// What the trace says.
        "carried" => Carried(CarriedSize),
    }
}

table! {
    /// Sizes between two bounds.
    SizeRange "uniform" {
        /// The smallest.
        "min" required min: Bytes,
        /// The largest.
        "max" required max: Bytes,
    }
}

words! {
    /// What a size can be carried as.
    CarriedSize "what a size can be drawn from" {
        /// the column that the trace names under carry.size.
        "size" => Size,
    }
}

words! {
    /// What a key can be carried as.
    CarriedKey "what a key can be drawn from" {
        /// the column that the trace names under carry.key.
        "key" => Key,
    }
}

table! {
    /// One of several keys.
    WeightedKey "key" {
        /// The key.
        "value" required value: String,
        /// Its share beside the others; 1 unless told otherwise.
        "weight" optional weight: Weight,
    }
}

/// How long a message may be ready: a time, a distribution, or what the trace says.
#[derive(Debug, Clone)]
pub(super) enum LifetimeForm {
    Drawn(Box<Distribution>),
    Carried,
}

impl Decode for LifetimeForm {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::Table(entries) if entries.iter().any(|entry| entry.key == "carried") => {
                let entry = one_key(node, "a time to live", &["carried"], &[], log)?;
                word(&entry.node, "what a time to live can be drawn from", &["ttl"], log).map(|_| LifetimeForm::Carried)
            }
            _ => Distribution::decode(node, log).map(Box::new).map(LifetimeForm::Drawn),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        let carried = serde_json::json!({
            "type": "object", "required": ["carried"], "additionalProperties": false, "properties": { "carried": { "const": "ttl" } }
        });
        serde_json::json!({ "anyOf": [Distribution::schema(definitions), carried] })
    }
}

/// When a message is acknowledged: a word, or one acknowledgement for several.
pub(super) type AckForm = ShortOr<AckWord, AckEvery>;

words! {
    /// When a message is acknowledged.
    AckWord "a way to acknowledge" {
        /// when its work is done: in a crash it goes back to its queue.
        "manual" => Manual,
        /// when it is dispatched: in a crash it is lost.
        "auto" => Auto,
        /// STOMP's word for one acknowledgement of all messages up to this one; `{ every = N }` says for how many.
        "client" => Client,
        /// STOMP's word for "manual".
        "client-individual" => ClientIndividual,
    }
}

table! {
    /// One acknowledgement for several messages.
    AckEvery "ack" {
        /// After so many.
        "every" required every: Whole<1, 1_000_000>,
        /// Or when the first was done so long ago; no limit unless told otherwise.
        "within" optional within: Span,
    }
}

shapes! {
    /// Which deliveries fail.
    FailureForm "a failure" bare Deliveries(Share) {
        /// Each delivery with this probability.
        "deliveries" => OfDeliveries(Share),
        /// All deliveries of this share of the messages: poison.
        "messages" => OfMessages(Share),
        /// As many of each message as its trace says.
        "carried" => Carried(CarriedFailures),
    }
}

words! {
    /// What failures can be carried as.
    CarriedFailures "what failures can be drawn from" {
        /// the column that the trace names under carry.failures.
        "failures" => Failures,
    }
}

words! {
    /// What a consumer does with a message that failed.
    OnFailureForm "a way to deal with failures" {
        /// it is rejected for good: dead-lettered, or lost.
        "reject" => Reject,
        /// it comes back to its queue, and that counts for the delivery limit.
        "requeue" => Requeue,
        /// it comes back to its queue, and that does not count.
        "nack" => Nack,
    }
}

table! {
    /// A message that failed is published again, at the tail of its queue.
    RedeliveryForm "retry" {
        /// Deliveries in all; after the last the message is rejected.
        "max_attempts" required max_attempts: Whole<1, 1_000_000>,
        /// Before it is published again; none unless told otherwise.
        "delay" optional delay: Span,
    }
}

impl Decode for Bytes {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        let problem = match &node.value {
            Value::Text(text) => match text.parse() {
                Ok(bytes) => return Some(bytes),
                Err(error) => {
                    let error: crate::units::UnitError = error;
                    Problem::error(node.place, error.cause).maybe_help(error.cure)
                }
            },
            Value::Whole(Some(whole)) if *whole >= 0 => {
                let problem = Problem::error(node.place, "a size needs a unit, in quotes");
                problem.help(format!("write \"{whole}B\" or \"{whole}KiB\""))
            }
            _ => expected("a size", node).help("write a number and its unit: \"4KiB\""),
        };
        log.push(problem);
        None
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        schema::quantity("^\\s*[0-9_]*\\.?[0-9_]+\\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)\\s*$", "A size with its unit.", "4KiB")
    }
}
