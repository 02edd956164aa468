//! What a document may say: its tables and keys. What they mean is settled in `resolve`.
//!
//! The doc comments here are what a user reads in an editor, because the JSON Schema is made of them.

use super::costs::Costs;
use super::decode::{Decode, Entities, Field, Keys, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::distribution_form::{Counts, Distribution};
use super::quantity::{Share, Weight, Whole};
use super::schema::{self, Definitions};
use super::service_form::{Cache, FaultForm, Host, Lock, Service};
use super::step_form::Step;
use super::tree::{Node, Value};
use crate::units::{Rate, Span};

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
        /// What one of something costs, by its path in quotes, for `queuelab size`: "consumers.workers.count" = 1.0.
        "costs" optional costs: Costs,
    }
    later ["exchanges", "topics", "brokers", "variants"]
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
        /// The queue that it publishes to.
        "publish" optional publish: String,
        /// The service that it calls.
        "call" optional call: String,
        /// The long form of `publish` and `call`: what is done for each message, such as [{ call = "db" }, { publish = "mail" }].
        "steps" optional steps: Vec<At<Step>>,
        /// The keys of its messages, for caches and consistent hashing; each has its own unless told otherwise.
        "key" optional key: KeyForm,
        /// Priority of its messages: 0 (the default) is the lowest and 255 the highest.
        "priority" optional priority: PriorityForm,
        /// It ends after so many messages; without this, only with its arrivals.
        "messages" optional messages: Whole<1, { u64::MAX }>,
    }
    later ["size", "window", "confirm"]
}

shapes! {
    /// The keys of a producer's messages.
    KeyForm "a distribution of keys" {
        /// By popularity: key k is as likely as 1 / k^exponent.
        "zipf" => Zipf(Zipf),
        /// All as likely.
        "uniform" => Uniform(EvenKeys),
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
    }
    later ["broker", "max_bytes", "dead_letter", "delivery_limit", "single_active_consumer"]
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
    }
    later ["topic", "failure", "retry", "autoscale"]
}

words! {
    /// When a message is acknowledged.
    AckForm "a way to acknowledge" {
        /// when its work is done: in a crash it goes back to its queue.
        "manual" => Manual,
        /// when it is dispatched: in a crash it is lost.
        "auto" => Auto,
    }
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

/// When messages are born.
#[derive(Debug, Clone)]
pub(super) struct ArrivalsForm(pub ArrivalsShape);

shapes! {
    /// An arrival process that does not look at the system.
    ArrivalsShape "an arrival process" {
        /// Independent of each other, at this rate: exponential gaps.
        "poisson" => Poisson(Rate),
        /// At equal gaps.
        "constant" => Constant(Rate),
        /// With independent gaps of any distribution.
        "renewal" => Renewal(Distribution),
        /// A Poisson process whose rate changes at random between phases.
        "mmpp" => Mmpp(Mmpp),
        /// At every arrival of another process, several messages at once.
        "batch" => Batch(Box<Batch>),
        /// A Poisson process whose rate follows a plan.
        "profile" => Profile(super::decode::ListOr<Segment, RepeatedProfile>),
        /// Recorded instants.
        "trace" => Trace(TraceForm),
    }
}

impl Decode for ArrivalsForm {
    /// As the shape, but `{ profile = [...], repeat = true }` is read as `{ profile = { segments = [...], repeat = true } }`.
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        if let Value::Table(entries) = &node.value
            && entries.iter().any(|entry| entry.key == "repeat")
            && let Some(profile) = entries.iter().find(|entry| entry.key == "profile")
            && matches!(profile.node.value, Value::List(_))
        {
            let mut inner = entries.clone();
            for entry in inner.iter_mut().filter(|entry| entry.key == "profile") {
                entry.key = "segments".to_owned();
            }
            let inner = Node { value: Value::Table(inner), place: node.place };
            let profile = RepeatedProfile::decode(&inner, log)?;
            return Some(ArrivalsForm(ArrivalsShape::Profile(super::decode::ListOr::Form(profile))));
        }
        ArrivalsShape::decode(node, log).map(ArrivalsForm)
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        let mut repeating = schema::Table::new(&["A rate profile that starts again when it ends."]);
        let segments = <Vec<At<Segment>>>::schema(definitions);
        repeating.key("profile", true, &["The segments, one after the other."], segments);
        repeating.key("repeat", true, &["Whether it starts again when it ends."], bool::schema(definitions));
        let shape = ArrivalsShape::schema(definitions);
        schema::choice(&["When messages are born."], vec![shape, repeating.finish(&[])])
    }
}

table! {
    /// A Markov-modulated Poisson process.
    Mmpp "mmpp" {
        /// The rate of arrivals in each phase.
        "rates" required rates: Vec<At<Rate>>,
        /// The mean of the exponential stay in each phase.
        "stay" required stay: Vec<At<Span>>,
        /// Where each phase leads: a row of probabilities for each; without it the phases follow each other in a circle.
        "next" optional next: Vec<At<Vec<At<Share>>>>,
    }
}

table! {
    /// Several messages at a time.
    Batch "batch" {
        /// When the batches come.
        "arrivals" required arrivals: ArrivalsForm,
        /// How many messages a batch has.
        "size" required size: Counts,
    }
}

table! {
    /// A stretch of a rate profile, at one rate or from one rate to another.
    Segment "segment" {
        /// How long it lasts.
        "for" required length: Span,
        /// The rate throughout.
        "rate" optional rate: Rate,
        /// The rate at its start.
        "from" optional from: Rate,
        /// The rate at its end.
        "to" optional to: Rate,
    }
    forms [["for", "rate"], ["for", "from", "to"]]
}

table! {
    /// A rate profile that may start again when it ends.
    RepeatedProfile "profile" {
        /// The segments, one after the other.
        "segments" required segments: Vec<At<Segment>>,
        /// Whether it starts again when it ends.
        "repeat" optional repeat: bool,
    }
}

table! {
    /// Recorded arrivals from a file.
    TraceForm "trace" {
        /// A .csv or .csv.gz file with a header; relative to the scenario file.
        "path" required path: String,
        /// The column with the times.
        "column" required column: String,
        /// The unit of the times and of the work; "s" unless told otherwise.
        "unit" optional unit: TimeUnit,
        /// "first": times count from the first row. Without it they count from the start of the run.
        "origin" optional origin: Origin,
        /// What each message carries.
        "carry" optional carry: Carry,
    }
}

table! {
    /// Columns that the messages of a trace carry.
    Carry "carry" {
        /// The column with the time that each message needs of a worker; drawn by service = { carried = "work" }.
        "work" optional work: String,
        /// The unit of the work; that of the trace unless told otherwise.
        "work_unit" optional work_unit: TimeUnit,
        /// The column with the priority, from 0 to 255; drawn by priority = { carried = "priority" }.
        "priority" optional priority: String,
        /// The column with the size in bytes.
        "size" optional size: String,
        /// The column with the routing key.
        "key" optional key: String,
    }
}

words! {
    /// A unit of time.
    TimeUnit "a unit of time" {
        /// nanoseconds.
        "ns" => Nanoseconds,
        /// microseconds.
        "us" => Microseconds,
        /// milliseconds.
        "ms" => Milliseconds,
        /// seconds.
        "s" => Seconds,
        /// minutes.
        "min" => Minutes,
        /// hours.
        "h" => Hours,
        /// days.
        "d" => Days,
    }
}

words! {
    /// From where recorded times count.
    Origin "an origin" {
        /// from the first row.
        "first" => First,
    }
}
