//! What is known of a few messages: a trace for each, made of spans.

use crate::units::Time;

/// What a span is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// The message of a producer, with all that it causes.
    Message,
    /// From whoever publishes it to the queue: waiting to be sent, the way, routing, copies to replicas.
    Publish,
    /// Ready in a queue, or before a service.
    Wait,
    /// On the way from the queue to a consumer.
    Deliver,
    /// In the buffer of a consumer.
    Buffer,
    /// A worker of a consumer or of a service works on it.
    Work,
    /// From the end of the work until the queue hears what became of it.
    Settle,
    /// A request at a service, from its arrival there until it leaves the worker.
    Request,
    /// From the birth of the message until its publisher hears that it is safe.
    Confirm,
    /// The same until a step of a handler has the reply to what it has published.
    Reply,
}

impl SpanKind {
    /// Whether it may end after what it is a part of: a publisher and a broker hear of a message that is done already.
    pub fn late(self) -> bool {
        matches!(self, SpanKind::Settle | SpanKind::Confirm | SpanKind::Reply)
    }
}

/// A span of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSpan {
    /// What it is about.
    pub kind: SpanKind,
    /// Position of the span that it is a part of; `None`: it is the root. It lies within that span, unless it is [late](SpanKind::late).
    pub parent: Option<u32>,
    /// Position of the span that caused it and was over before it was: it is then a part of one further up.
    pub cause: Option<u32>,
    /// Whose time it is, as the names of metrics begin: `queues.jobs`, `consumers.workers`, `services.db`, `producers.web`.
    pub entity: String,
    /// The queue, for what happens at one.
    pub queue: Option<String>,
    /// What kind of broker has that queue.
    pub system: Option<&'static str>,
    /// Number of the worker in its pool, from 0.
    pub worker: Option<u32>,
    /// How often the message has been given to a consumer of this queue, this time included; 1 the first time.
    pub attempt: u32,
    /// When it began.
    pub start: Time,
    /// When it ended; of what went on at the end of the run, that end.
    pub end: Time,
    /// Why it did not end well: `expired`, `broken off` ...
    pub fault: Option<&'static str>,
}

/// A message and its spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTrace {
    /// Its producer.
    pub producer: String,
    /// Its number among its producer's messages, from 0.
    pub index: u64,
    /// What kind of broker it goes through first, as presets are named: `rabbitmq`.
    pub system: Option<&'static str>,
    /// Where its producer publishes, if it does nothing else.
    pub destination: Option<String>,
    /// How it ended; `None`: it was in the system at the end of the run.
    pub outcome: Option<&'static str>,
    /// The root first; every parent stands before its children.
    pub spans: Vec<TraceSpan>,
    /// What happened to it at an instant, in order: `retry`, `fallback` ...
    pub events: Vec<(Time, &'static str)>,
}

/// Ends what has not ended.
pub(super) fn close_all(trace: &mut MessageTrace, end: Time, why: &'static str) {
    for span in trace.spans.iter_mut().filter(|span| span.end == Time::LATEST) {
        (span.end, span.fault) = (end, span.fault.or(Some(why)));
    }
}

/// Makes every span a part of the nearest one above it that contains it: a request whose caller has given up, or what a handler has
/// published, goes on when its cause is over.
pub(super) fn hang_up(spans: &mut [TraceSpan]) {
    for at in 1..spans.len() {
        let (start, end, kind) = (spans[at].start, spans[at].end, spans[at].kind);
        let mut parent = spans[at].parent;
        while let Some(above) = parent.filter(|_| !kind.late()) {
            let over = &spans[above as usize];
            if over.start <= start && end <= over.end {
                break;
            }
            parent = over.parent;
        }
        if parent != spans[at].parent && parent.is_some() {
            spans[at].cause = spans[at].parent;
            spans[at].parent = parent;
        }
    }
}
