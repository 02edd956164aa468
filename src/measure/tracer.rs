//! Spans of a few messages, as tracing systems know them: the observer behind `--trace`.
//!
//! A message of a producer is a trace. Its root is the message itself, from birth to completion; below it stand the waits in queues
//! and buffers, the work, the requests to services, and what those cause in turn. Memory is that of the messages that are followed.

use super::journal::outcome_name;
use crate::engine::{MessageSlot, Observer, Origin, Outcome, Subject, Transition};
use crate::model::{Confirm, Handler, Model, Outlet, Step};
use crate::units::{Span, Time};

/// What a span is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// The message of a producer, with all that it causes.
    Message,
    /// Ready in a queue, or before a service.
    Wait,
    /// In the buffer of a consumer.
    Buffer,
    /// A worker of a consumer or of a service works on it.
    Work,
    /// A request at a service, from its arrival there until it leaves the worker.
    Request,
    /// From the birth of the message until its publisher hears that it is safe.
    Confirm,
}

/// A span of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSpan {
    /// What it is about.
    pub kind: SpanKind,
    /// Position of the span that it is a part of; `None`: it is the root. It lies within that span, unless it is a confirm, which may
    /// come after the message is done.
    pub parent: Option<u32>,
    /// Position of the span that caused it and was over before it was: it is then a part of one further up.
    pub cause: Option<u32>,
    /// Whose time it is, as the names of metrics begin: `queues.jobs`, `consumers.workers`, `services.db`, `producers.web`.
    pub entity: String,
    /// The queue, for what happens at one.
    pub queue: Option<String>,
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
    /// What kind of broker it goes through first: the name of a preset.
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

/// What is known of a slot that a followed message, or something that it has caused, is in.
#[derive(Debug, Clone, Copy)]
struct Place {
    trace: usize,
    /// The span that its waits and its work are parts of: the root, or the request.
    owner: u32,
    /// What caused it, where that is not the owner.
    cause: Option<u32>,
    /// The last work on it, and whether that goes on.
    work: Option<u32>,
    working: bool,
    /// The queue it was in last, and how often it was given to a consumer there.
    queue: u32,
    attempts: u32,
}

impl Place {
    fn of(trace: usize, owner: u32, cause: Option<u32>) -> Place {
        Place { trace, owner, cause, work: None, working: false, queue: u32::MAX, attempts: 0 }
    }

    /// One more delivery from this queue.
    fn delivered(&mut self, queue: u32) {
        self.attempts = if self.queue == queue { self.attempts + 1 } else { 1 };
        self.queue = queue;
    }

    /// The span in which something happens to it.
    fn current(&self) -> u32 {
        self.work.filter(|_| self.working).unwrap_or(self.owner)
    }
}

/// Follows the first messages that are born at or after an instant.
#[derive(Debug)]
pub struct Tracer<'m> {
    model: &'m Model,
    begin: Time,
    limit: usize,
    /// By message slot; `None`: nobody who is followed.
    places: Vec<Option<Place>>,
    /// By family: its trace.
    families: Vec<Option<usize>>,
    traces: Vec<MessageTrace>,
    /// Messages that are still in the system.
    live: usize,
    /// Confirms that are still to come, by trace.
    unconfirmed: Vec<bool>,
    /// The first worker of each pool, and of each service behind them.
    first_worker: Vec<u32>,
}

impl<'m> Tracer<'m> {
    /// Follows the first `limit` messages of this model that are born at `begin` or later.
    pub fn new(model: &'m Model, begin: Time, limit: usize) -> Tracer<'m> {
        // Where brokers are, every consumer has all its workers, whatever its prefetch.
        let brokered = model.has_brokers();
        let pools = model.pools.iter().map(|pool| if brokered { pool.count * pool.concurrency } else { pool.workers() });
        let sizes = pools.chain(model.services.iter().map(|service| service.workers()));
        let first_worker = sizes.scan(0, |next, size| Some(std::mem::replace(next, *next + size))).collect();
        Tracer {
            model,
            begin,
            limit,
            places: Vec::new(),
            families: Vec::new(),
            traces: Vec::new(),
            live: 0,
            unconfirmed: Vec::new(),
            first_worker,
        }
    }

    /// Whether nothing that may still happen belongs to a message that is followed.
    pub fn is_done(&self) -> bool {
        self.traces.len() == self.limit && self.live == 0 && !self.unconfirmed.contains(&true)
    }

    /// The messages in order of birth; the run ended at `end`.
    pub fn finish(mut self, end: Time) -> Vec<MessageTrace> {
        for trace in &mut self.traces {
            if trace.outcome.is_none() {
                close_all(trace, end, "unfinished");
            }
            trace.spans.iter_mut().for_each(|span| span.end = span.end.min(end).max(span.start));
            hang_up(&mut trace.spans);
        }
        self.traces
    }

    fn place(&mut self, slot: MessageSlot) -> &mut Option<Place> {
        entry(&mut self.places, slot.0)
    }

    /// The place in this slot, if its message is followed and still in the system.
    fn followed(&self, slot: MessageSlot) -> Option<Place> {
        let place = (*self.places.get(slot.0 as usize)?)?;
        self.traces[place.trace].outcome.is_none().then_some(place)
    }

    /// The name of a queue, and of whom a wait there belongs to.
    fn queue(&self, queue: u32) -> (String, Option<String>) {
        let at = queue as usize;
        match at.checked_sub(self.model.queues.len()) {
            None => (format!("queues.{}", self.model.queues[at].name), Some(self.model.queues[at].name.clone())),
            Some(service) => (format!("services.{}", self.model.services[service].name), None),
        }
    }

    fn pool(&self, pool: u32) -> String {
        let at = pool as usize;
        match at.checked_sub(self.model.pools.len()) {
            None => format!("consumers.{}", self.model.pools[at].name),
            Some(service) => format!("services.{}", self.model.services[service].name),
        }
    }

    /// A span at a queue; its place among those of the trace.
    fn span(&mut self, place: &Place, kind: SpanKind, queue: u32, start: Time, end: Time) -> u32 {
        let (entity, name) = self.queue(queue);
        let spans = &mut self.traces[place.trace].spans;
        spans.push(TraceSpan {
            kind,
            parent: Some(place.owner),
            cause: place.cause,
            entity,
            queue: name,
            worker: None,
            attempt: place.attempts.max(1),
            start,
            end,
            fault: None,
        });
        spans.len() as u32 - 1
    }

    fn created(&mut self, now: Time, producer: u32, index: u64, slot: MessageSlot) {
        if now < self.begin || self.traces.len() == self.limit {
            *self.place(slot) = None;
            return;
        }
        let model = self.model;
        let maker = &model.producers[producer as usize];
        *self.place(slot) = Some(Place::of(self.traces.len(), 0, None));
        let (destination, system) =
            destination(model, &maker.handler).map_or((None, None), |(name, system)| (Some(name), system));
        self.traces.push(MessageTrace {
            producer: maker.name.clone(),
            index,
            system,
            destination,
            outcome: None,
            spans: vec![TraceSpan {
                kind: SpanKind::Message,
                parent: None,
                cause: None,
                entity: format!("producers.{}", maker.name),
                queue: None,
                worker: None,
                attempt: 1,
                start: now,
                end: Time::LATEST,
                fault: None,
            }],
            events: Vec::new(),
        });
        self.unconfirmed.push(maker.sending.confirm != Confirm::Off);
        self.live += 1;
    }

    fn caused(&mut self, now: Time, parent: MessageSlot, slot: MessageSlot, called: Option<u32>) {
        let place = self.followed(parent).map(|place| {
            let current = place.current();
            match called {
                Some(queue) => {
                    let above = Place { owner: current, cause: None, ..place };
                    let request = self.span(&above, SpanKind::Request, queue, now, Time::LATEST);
                    Place::of(place.trace, request, None)
                }
                // Nobody waits for it: what caused it may be over long before it is.
                None => {
                    let cause = if current == 0 { place.cause } else { Some(current) };
                    Place { queue: place.queue, attempts: place.attempts, ..Place::of(place.trace, 0, cause) }
                }
            }
        });
        *self.place(slot) = place;
    }

    /// The work on a message is over; of a request, so is the request.
    fn released(&mut self, now: Time, slot: MessageSlot, fault: Option<&'static str>) {
        let Some(mut place) = self.followed(slot) else { return };
        if let Some(work) = place.work {
            let span = &mut self.traces[place.trace].spans[work as usize];
            (span.end, span.fault) = (now, fault);
        }
        place.working = false;
        *self.place(slot) = Some(place);
        self.answered(now, &place, fault);
    }

    /// What owns this place ends, if that is a request.
    fn answered(&mut self, now: Time, place: &Place, fault: Option<&'static str>) {
        let owner = &mut self.traces[place.trace].spans[place.owner as usize];
        if owner.kind == SpanKind::Request {
            (owner.end, owner.fault) = (now, fault);
        }
    }

    /// What was done with a message did not go well.
    fn mark(&mut self, slot: MessageSlot, fault: &'static str) {
        let Some(place) = self.followed(slot) else { return };
        let spans = &mut self.traces[place.trace].spans;
        for at in place.work.into_iter().chain([place.owner].into_iter().filter(|owner| *owner != 0)) {
            spans[at as usize].fault = spans[at as usize].fault.or(Some(fault));
        }
    }

    fn happened(&mut self, now: Time, slot: MessageSlot, what: &'static str) {
        if let Some(place) = self.followed(slot) {
            self.traces[place.trace].events.push((now, what));
        }
    }

    fn ended(&mut self, now: Time, subject: Subject, outcome: Outcome) {
        let trace = match subject {
            Subject::Message(slot) => self.followed(slot).map(|place| place.trace),
            Subject::Family(family) => self.families.get_mut(family as usize).and_then(Option::take),
        };
        let Some(at) = trace else { return };
        let trace = &mut self.traces[at];
        let root = &mut trace.spans[0];
        root.end = now;
        root.fault = (outcome != Outcome::Completed).then(|| outcome_name(outcome));
        close_all(trace, now, "given up");
        trace.outcome = Some(outcome_name(outcome));
        // What was lost before a broker had it may never be confirmed.
        self.unconfirmed[at] &= outcome == Outcome::Completed;
        self.live -= 1;
    }
}

/// Where a handler publishes to, if that is all it does, and the preset of the broker there.
fn destination(model: &Model, handler: &Handler) -> Option<(String, Option<&'static str>)> {
    let outlet = match handler.0.as_slice() {
        [Step::Publish(queue)] => Outlet::Queue(*queue),
        [Step::Send(send)] => send.to,
        _ => return None,
    };
    let (name, broker) = match outlet {
        Outlet::Queue(queue) => (&model.queue(queue).name, model.queue(queue).semantics.broker),
        Outlet::Exchange(exchange) => {
            let exchange = &model.exchanges[exchange.0 as usize];
            (&exchange.name, exchange.broker)
        }
    };
    Some((name.clone(), broker.and_then(|broker| model.brokers[broker.0 as usize].preset)))
}

/// Ends what has not ended.
fn close_all(trace: &mut MessageTrace, end: Time, why: &'static str) {
    for span in trace.spans.iter_mut().filter(|span| span.end == Time::LATEST) {
        (span.end, span.fault) = (end, span.fault.or(Some(why)));
    }
}

/// Makes every span a part of the nearest one above it that contains it: a request whose caller has given up, or what a handler has
/// published, goes on when its cause is over.
fn hang_up(spans: &mut [TraceSpan]) {
    for at in 1..spans.len() {
        let (start, end, kind) = (spans[at].start, spans[at].end, spans[at].kind);
        let mut parent = spans[at].parent;
        while let Some(above) = parent.filter(|_| kind != SpanKind::Confirm) {
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

/// Entry `at` of a list that is as long as it has to be.
fn entry<T>(list: &mut Vec<Option<T>>, at: u32) -> &mut Option<T> {
    let at = at as usize;
    if at >= list.len() {
        list.resize_with(at + 1, || None);
    }
    &mut list[at]
}

impl Observer for Tracer<'_> {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        match transition {
            Transition::Created { producer, index, slot } => self.created(now, producer, index, slot),
            Transition::Caused { parent, slot, called } => self.caused(now, parent, slot, called),
            Transition::Founded { slot, family } => {
                let trace = self.followed(slot).map(|place| place.trace);
                *entry(&mut self.families, family) = trace;
            }
            Transition::Started { pool, queue, slot, worker, waited, from, .. } => {
                let Some(mut place) = self.followed(slot) else { return };
                place.delivered(queue);
                let buffered = if let Origin::Buffer(buffered) = from { buffered } else { Span::ZERO };
                let dispatched = Time(now.0 - buffered.0);
                let entered = Time(now.0 - waited.0);
                if entered < dispatched {
                    self.span(&place, SpanKind::Wait, queue, entered, dispatched);
                }
                let entity = self.pool(pool);
                if dispatched < now {
                    let buffer = self.span(&place, SpanKind::Buffer, queue, dispatched, now);
                    self.traces[place.trace].spans[buffer as usize].entity = entity.clone();
                }
                let work = self.span(&place, SpanKind::Work, queue, now, Time::LATEST);
                let span = &mut self.traces[place.trace].spans[work as usize];
                (span.entity, span.worker) = (entity, Some(worker - self.first_worker[pool as usize]));
                (place.work, place.working) = (Some(work), true);
                *self.place(slot) = Some(place);
            }
            Transition::Finished { slot, .. } => self.released(now, slot, None),
            Transition::BrokenOff { slot, .. } => self.released(now, slot, Some("broken off")),
            Transition::Withdrawn { queue, slot, sojourn, buffered } => {
                let Some(mut place) = self.followed(slot) else { return };
                place.delivered(queue);
                let (entered, dispatched) = (Time(now.0 - sojourn.0), Time(now.0 - buffered.0));
                for (kind, start, end) in [(SpanKind::Wait, entered, dispatched), (SpanKind::Buffer, dispatched, now)] {
                    let at = self.span(&place, kind, queue, start, end);
                    self.traces[place.trace].spans[at as usize].fault = Some("withdrawn");
                }
                *self.place(slot) = Some(place);
            }
            Transition::Lost { queue, slot: Some(slot), outcome, waited, .. } => {
                let Some(place) = self.followed(slot) else { return };
                let at = self.span(&place, SpanKind::Wait, queue, Time(now.0 - waited.0), now);
                let fault = Some(outcome_name(outcome));
                self.traces[place.trace].spans[at as usize].fault = fault;
                self.answered(now, &place, fault);
            }
            Transition::Failed { slot, .. } => self.mark(slot, "failed"),
            Transition::Wasted { slot, .. } => self.mark(slot, "nobody waited for it"),
            Transition::Retried { slot, .. } => self.happened(now, slot, "retry"),
            Transition::FellBack { slot, .. } => self.happened(now, slot, "fallback"),
            Transition::Refused { slot, .. } => self.happened(now, slot, "refused"),
            Transition::DeadLettered { slot, .. } => self.happened(now, slot, "dead-lettered"),
            Transition::Responded { slot, .. } => self.happened(now, slot, "response"),
            Transition::Confirmed { producer, index, after, refused } => {
                let Some(producer) = self.model.producers.get(producer as usize) else { return };
                let found = self.traces.iter().position(|trace| trace.producer == producer.name && trace.index == index);
                let Some(trace) = found else { return };
                self.unconfirmed[trace] = false;
                let start = Time(now.0 - after.0).max(self.traces[trace].spans[0].start);
                let entity = self.traces[trace].spans[0].entity.clone();
                self.traces[trace].spans.push(TraceSpan {
                    kind: SpanKind::Confirm,
                    parent: Some(0),
                    cause: None,
                    entity,
                    queue: None,
                    worker: None,
                    attempt: 1,
                    start,
                    end: now,
                    fault: refused.then_some("refused"),
                });
            }
            Transition::Ended { subject, outcome, .. } => self.ended(now, subject, outcome),
            _ => {}
        }
    }
}
