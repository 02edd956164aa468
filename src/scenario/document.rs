//! What a document may say: its tables and keys. What they mean is settled in `resolve`.
//!
//! The doc comments here are what a user reads in an editor, because the JSON Schema is made of them.

use super::arrivals_form::ArrivalsForm;
use super::broker_form::{
    AckForm, BatchForm, Broker, CarriedKey, ConfirmForm, DeadLetterForm, Exchange, FailureForm, LifetimeForm, OnFailureForm,
    OnFullForm, ProtocolForm, RedeliveryForm, ReturnsForm, SettlementsForm, SizeForm, StorageForm, WeightedKey,
};
use super::costs::Costs;
use super::decode::{Decode, Entities, Field, Keys, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::distribution_form::Distribution;
use super::quantity::{Positive, Share, Weight, Whole};
use super::schema::{self, Definitions};
use super::service_form::{Cache, FaultForm, Host, Lock, Service};
use super::step_form::Step;
use super::tree::{Node, Value};
use crate::units::{Bytes, Span};

/// Workers of a pool, and what else is counted one by one.
pub(super) const MOST_WORKERS: u64 = 1_000_000;

table! {
    /// One system and how to simulate it.
    Scenario "scenario" {
        /// A line that says what this is, shown above the results.
        "title" optional title: String,
        /// How long, how often and from which seed to simulate.
        "run" optional run: Run,
        /// Where messages come from, by name.
        "producers" optional producers: Entities<Producer>,
        /// Nodes that queues and exchanges are on, by name.
        "brokers" optional brokers: Entities<Broker>,
        /// What gives messages to queues, by name.
        "exchanges" optional exchanges: Entities<Exchange>,
        /// Where messages wait, by name.
        "queues" optional queues: Entities<Queue>,
        /// Who takes messages from queues and works on them, by name.
        "consumers" optional consumers: Entities<Consumer>,
        /// Who is called and answers, by name.
        "services" optional services: Entities<Service>,
        /// Processors that consumers and services share, by name.
        "hosts" optional hosts: Entities<Host>,
        /// Locks and permits, by name.
        "locks" optional locks: Entities<Lock>,
        /// Caches, by name.
        "caches" optional caches: Entities<Cache>,
        /// What goes wrong, at a time or at random.
        "faults" optional faults: Vec<At<FaultForm>>,
        /// Service levels, by name: "METRIC OP VALUE", such as "consumers.workers.wait.p99 < 100ms".
        "goals" optional goals: Entities<String>,
        /// Rules of monitoring, by name: "SERIES OP VALUE for TIME", such as "queues.orders.ready > 1000 for 30s".
        "alerts" optional alerts: Entities<String>,
        /// The same system with other values, by name, to be compared with it.
        "variants" optional variants: Entities<VariantForm>,
        /// What one of something costs, by its path in quotes, for `queuelab size`: "consumers.workers.count" = 1.0.
        "costs" optional costs: Costs,
    }
    later ["topics"]
}

table! {
    /// The same system with other values.
    VariantForm "variant" {
        /// A line that says what this variant is.
        "title" optional title: String,
        /// The values that differ, by path: { "consumers.workers.count" = 4 }.
        "set" required set: super::variants::Settings,
    }
}

table! {
    /// How to simulate.
    Run "[run] table" {
        /// Simulated time that is measured, after the warm-up. May be left out with stop = "drained" when every producer ends.
        "duration" optional duration: Span,
        /// What is simulated first and not measured: "auto" finds it from the data, "none", or a time such as "30s".
        "warmup" optional warmup: WarmupForm,
        /// Independent repetitions; 10 unless told otherwise.
        "replications" optional replications: Whole<1, 100_000>,
        /// The number that all randomness comes from; 1 unless told otherwise.
        "seed" optional seed: Whole<0, { u64::MAX }>,
        /// "empty": the start from an empty system is what you want to see, and nothing of it is cut.
        "start" optional start: Start,
        /// When a replication ends.
        "stop" optional stop: StopForm,
        /// A replication that needs more events than this is refused.
        "max_events" optional max_events: Whole<1, { u64::MAX }>,
        /// Confidence of the intervals; "95%" unless told otherwise.
        "confidence" optional confidence: Share,
        /// Width of a bin of the time series; some 200 bins a run unless told otherwise.
        "bin" optional bin: Span,
        /// Replications are added until half the width of the intervals is this share of their estimates, such as "2%".
        "precision" optional precision: Share,
        /// The metrics that should be known so well, such as ["consumers.workers.wait.p99"]; those of the goals unless told
        /// otherwise, and without goals the mean sojourn of every pool.
        "precision_on" optional precision_on: Vec<At<String>>,
        /// Events after which the search for precision ends, reached or not; 1,000,000,000 unless told otherwise.
        "budget" optional budget: Whole<1, { u64::MAX }>,
        /// Whether replications come in pairs, the second with the random numbers 1 - u where the first has u, and each pair
        /// counts as one; false unless told otherwise.
        "antithetic" optional antithetic: bool,
    }
}

words! {
    /// How a run starts.
    Start "a start" {
        /// from an empty system, which is what you want to see.
        "empty" => Empty,
    }
}

words! {
    /// When a replication ends.
    StopForm "a way to stop" {
        /// after warm-up and duration.
        "duration" => Duration,
        /// when all producers have ended and all their messages are done.
        "drained" => Drained,
    }
}

/// `"auto"`, `"none"` or a time.
#[derive(Debug, Clone, Copy)]
pub(super) enum WarmupForm {
    Auto,
    None,
    Fixed(Span),
}

impl Decode for WarmupForm {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "auto" => Some(WarmupForm::Auto),
            Value::Text(text) if text == "none" => Some(WarmupForm::None),
            Value::Text(text) if text.trim().starts_with(char::is_alphabetic) => {
                let problem = Problem::error(node.place, format!("`{text}` is not a warm-up"));
                let close = super::names::closest(text, ["auto", "none"]).map(|word| format!("did you mean `{word}`?"));
                log.push(problem.help(close.unwrap_or_else(|| "write \"auto\", \"none\" or a time such as \"30s\"".to_owned())));
                None
            }
            _ => Span::decode(node, log).map(WarmupForm::Fixed),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "anyOf": [{ "enum": ["auto", "none"] }, Span::schema(definitions)] })
    }
}

table! {
    /// A source of messages.
    Producer "producer" {
        /// When its messages are born, whatever became of those before (an open producer).
        "arrivals" optional arrivals: ArrivalsForm,
        /// So many clients, each of which thinks, sends, waits for the answer, and thinks again (a closed producer).
        "clients" optional clients: Whole<1, MOST_WORKERS>,
        /// The time from an answer to the next request of a client.
        "think" optional think: Distribution,
        /// Of what arrives, so many are under way at a time, and the others wait for one of these callers; no limit unless told
        /// otherwise.
        "callers" optional callers: Whole<1, MOST_WORKERS>,
        /// The queue or exchange that it publishes to.
        "publish" optional publish: String,
        /// The service that it calls.
        "call" optional call: String,
        /// The long form of `publish` and `call`: what is done for each message, such as [{ call = "db" }, { publish = "mail" }].
        "steps" optional steps: Vec<At<Step>>,
        /// The keys of its messages, for exchanges, caches and consistent hashing: a text, one of several, or keys by popularity.
        /// Each message has its own for caches, and none for exchanges, unless told otherwise.
        "key" optional key: KeyForm,
        /// Priority of its messages: 0 (the default) is the lowest and 255 the highest.
        "priority" optional priority: PriorityForm,
        /// It ends after so many messages; without this, only with its arrivals.
        "messages" optional messages: Whole<1, { u64::MAX }>,
        /// Bytes of a message, such as "1KiB"; none unless told otherwise.
        "size" optional size: SizeForm,
        /// How long a message may be ready before it expires; for ever unless told otherwise.
        "ttl" optional ttl: LifetimeForm,
        /// The headers of every message, by name.
        "headers" optional headers: Entities<String>,
        /// Whether its messages are kept through a crash where their queue is on disk; true unless told otherwise.
        "persistent" optional persistent: bool,
        /// Whether a message that no queue gets is returned and has failed; false unless told otherwise.
        "mandatory" optional mandatory: bool,
        /// What it waits for after it has published; "off" unless told otherwise.
        "confirm" optional confirm: ConfirmForm,
        /// The most unconfirmed messages; no limit unless told otherwise, 1 with confirm = "sync".
        "window" optional window: Whole<1, 10_000_000>,
        /// Messages that may wait at the producer for its window or a blocked connection; no limit unless told otherwise.
        "buffer" optional buffer: Whole<0, { u64::MAX }>,
        /// What becomes of one more; "block" unless told otherwise.
        "on_full" optional on_full: OnFullForm,
        /// Messages are sent together, when there are so many or the first has waited long enough.
        "batch" optional batch: BatchForm,
        /// So many messages make a transaction, which is committed before the next begins; none unless told otherwise.
        "transaction" optional transaction: Whole<1, 10_000_000>,
        /// All who name the same connection share it, and what blocks it.
        "connection" optional connection: String,
        /// The protocol whose rules it keeps; "amqp-0-9-1" unless told otherwise.
        "protocol" optional protocol: ProtocolForm,
        /// With MQTT: at most once (0), at least once (1, unless told otherwise) or exactly once (2).
        "qos" optional qos: Whole<0, 2>,
        /// With MQTT: the broker's limit for unconfirmed messages; 65,535 unless told otherwise.
        "receive_maximum" optional receive_maximum: Whole<1, 65_535>,
    }
}

shapes! {
    /// The keys of a producer's messages.
    KeyForm "a key" bare Constant(String) {
        /// By popularity: key k is as likely as 1 / k^exponent.
        "zipf" => Zipf(Zipf),
        /// All as likely.
        "uniform" => Uniform(EvenKeys),
        /// One of several texts.
        "choose" => Choose(Vec<At<WeightedKey>>),
        /// What the trace says.
        "carried" => Carried(CarriedKey),
    }
}

table! {
    /// Keys by popularity.
    Zipf "zipf" {
        /// How many different ones.
        "keys" required keys: Whole<1, 100_000_000>,
        /// How much more popular the first ones are; 1 unless told otherwise, 0 is all the same.
        "exponent" optional exponent: Weight,
    }
}

table! {
    /// Keys that are all as likely.
    EvenKeys "uniform" {
        /// How many different ones.
        "keys" required keys: Whole<1, 100_000_000>,
    }
}

table! {
    /// A broker's queue.
    Queue "queue" {
        /// Which ready message is delivered next; "fifo" unless told otherwise.
        "discipline" optional discipline: DisciplineForm,
        /// The highest priority that discipline = "priority" tells apart, 9 unless told otherwise; higher ones count as this.
        "max_priority" optional max_priority: Whole<1, 255>,
        /// The most ready messages that it holds; those that consumers hold do not count. No limit unless told otherwise.
        "max_length" optional max_length: Whole<0, { u64::MAX }>,
        /// What happens to a message too many; "drop-head" unless told otherwise.
        "overflow" optional overflow: OverflowForm,
        /// A message that has been ready for longer than this expires.
        "ttl" optional ttl: Span,
        /// The broker that it is on; without one it costs nothing.
        "broker" optional broker: String,
        /// Where it keeps its messages; "memory" unless told otherwise.
        "storage" optional storage: StorageForm,
        /// With storage = "quorum" or "replicated": on how many nodes; 3 unless told otherwise.
        "members" optional members: Whole<1, 1_000>,
        /// The most bytes of ready messages that it holds; no limit unless told otherwise.
        "max_bytes" optional max_bytes: Bytes,
        /// The queue or exchange for what is rejected, expired or too many; without it that is lost.
        "dead_letter" optional dead_letter: DeadLetterForm,
        /// A message that came back more often than this is a dead letter; no limit unless told otherwise.
        "delivery_limit" optional delivery_limit: Whole<0, 1_000_000>,
        /// Whether only one consumer gets messages at a time; false unless told otherwise.
        "single_active_consumer" optional single_active_consumer: bool,
        /// Where a message stands that comes back; "position" unless told otherwise, "first" with storage = "quorum".
        "returns" optional returns: ReturnsForm,
        /// When it acts on what a consumer says of a message; "at-once" unless told otherwise, "logged" with storage = "quorum".
        "settlements" optional settlements: SettlementsForm,
    }
}

words! {
    /// Which ready message is delivered next.
    DisciplineForm "a discipline" {
        /// the oldest.
        "fifo" => Fifo,
        /// the youngest.
        "lifo" => Lifo,
        /// any, each as likely as the other.
        "random" => Random,
        /// the oldest of the highest priority.
        "priority" => Priority,
    }
}

words! {
    /// What happens to a message too many.
    OverflowForm "an overflow" {
        /// the message at the head goes.
        "drop-head" => DropHead,
        /// the new message is refused.
        "reject-publish" => RejectPublish,
        /// the new message is refused, and is a dead letter.
        "reject-publish-dlx" => RejectPublishDlx,
    }
}

table! {
    /// A pool of equal consumers on one queue.
    Consumer "consumer" {
        /// The queue that it takes messages from.
        "queue" required queue: String,
        /// Number of consumers; 1 unless told otherwise.
        "count" optional count: Whole<1, MOST_WORKERS>,
        /// Messages that one consumer works on at a time; 1 unless told otherwise.
        "concurrency" optional concurrency: Whole<1, MOST_WORKERS>,
        /// Unacknowledged messages that one consumer may hold; 0 is no limit. As many as it works on unless told otherwise.
        "prefetch" optional prefetch: Whole<0, MOST_WORKERS>,
        /// The time that a message needs of a worker.
        "service" optional service: Distribution,
        /// The queue that a finished message goes on to; without it the message ends here.
        "publish" optional publish: String,
        /// The long form of `service` and `publish`: what is done for a message, such as
        /// [{ work = "8ms" }, { call = "db" }, { publish = "next" }].
        "steps" optional steps: Vec<At<Step>>,
        /// When a message is acknowledged, and so what becomes of it in a crash; "manual" unless told otherwise.
        "ack" optional ack: AckForm,
        /// The host whose processors do its work; without one each worker has a processor of its own.
        "host" optional host: String,
        /// Time after each message before the next of its buffer can begin; none unless told otherwise.
        "overhead" optional overhead: Distribution,
        /// What the work of each consumer is multiplied with, one number a consumer; 1 unless told otherwise.
        "slowness" optional slowness: Vec<At<Positive>>,
        /// Which deliveries fail after their work, such as "3%"; none unless told otherwise.
        "failure" optional failure: FailureForm,
        /// What is done with a message that failed; "reject" unless told otherwise.
        "on_failure" optional on_failure: OnFailureForm,
        /// Instead: it is published again, so often in all.
        "retry" optional retry: RedeliveryForm,
        /// Consumers of higher priority are served first; 0 unless told otherwise.
        "priority" optional priority: Whole<0, 1_000_000>,
        /// A connection is dead when two frames are missing, one of which is sent each half of this; without it only a closed
        /// socket is noticed, or what TCP gives up after 11 minutes.
        "heartbeat" optional heartbeat: Span,
        /// Whether it can send no heartbeat while it works; false unless told otherwise.
        "blocking" optional blocking: bool,
        /// All who name the same connection share it, and what blocks it.
        "connection" optional connection: String,
        /// The protocol whose rules it keeps; "amqp-0-9-1" unless told otherwise.
        "protocol" optional protocol: ProtocolForm,
        /// With MQTT: at most once (0), at least once (1, unless told otherwise) or exactly once (2).
        "qos" optional qos: Whole<0, 2>,
    }
    later ["topic", "autoscale"]
}

shapes! {
    /// The priority of a producer's messages.
    PriorityForm "a priority" bare Constant(Whole<0, 255>) {
        /// Every number from min to max, each as likely.
        "uniform" => Uniform(super::distribution_form::UniformCounts),
        /// 1, 2, 3 ... with a mean: each next one less likely by the same factor.
        "geometric" => Geometric(super::distribution_form::GeometricCounts),
        /// One of several numbers.
        "discrete" => Discrete(Vec<At<super::distribution_form::WeightedCount>>),
        /// What the trace says of each message.
        "carried" => Carried(CarriedPriority),
    }
}

words! {
    /// What a priority can be carried as.
    CarriedPriority "what a priority can be drawn from" {
        /// the column that the trace names under carry.priority.
        "priority" => Priority,
    }
}
