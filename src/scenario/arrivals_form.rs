//! What a document may say about when messages are born.

use super::decode::{Decode, Field, Keys, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::distribution_form::{Counts, Distribution};
use super::quantity::Share;
use super::schema::{self, Definitions};
use super::tree::{Node, Value};
use crate::units::{Rate, Span};

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
        "trace" => Trace(Box<TraceForm>),
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
        /// The column with the size in bytes; drawn by size = { carried = "size" }.
        "size" optional size: String,
        /// The column with the routing key; drawn by key = { carried = "key" }.
        "key" optional key: String,
        /// The column with the time to live, in the unit of the trace; drawn by ttl = { carried = "ttl" }.
        "ttl" optional ttl: String,
        /// The column that says how many deliveries of the message fail; drawn by failure = { carried = "failures" }.
        "failures" optional failures: String,
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
