//! Spans of a few messages, as tracing systems know them: the observer behind `--trace`.
//!
//! A message of a producer is a trace. Its root is the message itself, from birth to completion; below it stand the waits in queues
//! and buffers, the work, the requests to services, and what those cause in turn. Memory is that of the messages that are followed.

use super::journal::outcome_name;
use super::traces::{MessageTrace, SpanKind, TraceSpan, close_all, hang_up};
use crate::engine::{MessageSlot, Observer, Origin, Outcome, Subject, Transition};
use crate::model::{BrokerId, Confirm, Handler, Model, Outlet, Step};
use crate::units::{Span, Time};

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
    /// When somebody had it in hand who publishes it; `None`: it has come to a queue.
    sent: Option<Time>,
    /// Since when it is in its queue.
    ready: Time,
    /// When it was dispatched to a consumer that has not begun with it.
    given: Option<Time>,
    /// It was acknowledged by being sent.
    auto: bool,
    /// The queue is still to hear what became of it.
    open: bool,
}

impl Place {
    fn of(trace: usize, owner: u32, cause: Option<u32>) -> Place {
        let (queue, ready) = (u32::MAX, Time::ZERO);
        let (work, working, attempts, sent, given, auto, open) = (None, false, 0, None, None, false, false);
        Place { trace, owner, cause, work, working, queue, attempts, sent, ready, given, auto, open }
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
    /// Places of which a queue is still to hear.
    open: usize,
    brokered: bool,
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
            open: 0,
            brokered,
            first_worker,
        }
    }

    /// Whether nothing that may still happen belongs to a message that is followed.
    pub fn is_done(&self) -> bool {
        self.traces.len() == self.limit && self.live == 0 && self.open == 0 && !self.unconfirmed.contains(&true)
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

    fn put(&mut self, slot: MessageSlot, place: Option<Place>) {
        let old = std::mem::replace(entry(&mut self.places, slot.0), place);
        let open = |place: Option<Place>| usize::from(place.is_some_and(|place| place.open));
        self.open = self.open + open(place) - open(old);
    }

    /// The place in this slot, if its message is followed, be it done or not.
    fn known(&self, slot: MessageSlot) -> Option<Place> {
        *self.places.get(slot.0 as usize)?
    }

    /// The place in this slot, if its message is followed and still in the system.
    fn followed(&self, slot: MessageSlot) -> Option<Place> {
        let place = self.known(slot)?;
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

    /// What kind of broker a queue stands on.
    fn system(&self, queue: u32) -> Option<&'static str> {
        let queue = self.model.queues.get(queue as usize)?;
        kind_of(self.model, queue.semantics.broker)
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
        let ((entity, name), system) = (self.queue(queue), self.system(queue));
        let spans = &mut self.traces[place.trace].spans;
        spans.push(TraceSpan {
            kind,
            parent: Some(place.owner),
            cause: place.cause,
            entity,
            queue: name,
            system,
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
            self.put(slot, None);
            return;
        }
        let model = self.model;
        let maker = &model.producers[producer as usize];
        self.put(slot, Some(Place { sent: Some(now), ..Place::of(self.traces.len(), 0, None) }));
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
                system: None,
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
                    let (queue, attempts, sent) = (place.queue, place.attempts, Some(now));
                    Place { queue, attempts, sent, ..Place::of(place.trace, 0, cause) }
                }
            }
        });
        self.put(slot, place);
    }

    /// A message has come to a queue.
    fn published(&mut self, now: Time, queue: u32, slot: MessageSlot) {
        let Some(mut place) = self.followed(slot) else { return };
        place.ready = now;
        if let Some(sent) = place.sent.take().filter(|sent| *sent < now) {
            let at = self.span(&place, SpanKind::Publish, queue, sent, now);
            let MessageTrace { spans, destination, .. } = &mut self.traces[place.trace];
            spans[at as usize].entity = spans[place.cause.unwrap_or(place.owner) as usize].entity.clone();
            if let (None, Some(destination)) = (place.cause, destination) {
                // The exchange, where it is published to one: the queue behind it is not the publisher's business.
                spans[at as usize].queue = Some(destination.clone());
            }
        }
        self.put(slot, Some(place));
    }

    /// A queue hears what became of a message that it had given out.
    fn settled(&mut self, now: Time, queue: u32, slot: MessageSlot, acked: bool) {
        let Some(mut place) = self.known(slot) else { return };
        match (place.given, place.work) {
            (Some(_), _) if acked => place.auto = true,
            (Some(given), _) => {
                // The session was closed before a worker began with it.
                place.given = None;
                place.delivered(queue);
                self.withdrawn(&place, queue, [place.ready, given, now], SpanKind::Deliver);
            }
            (None, Some(work)) if place.open => {
                place.open = false;
                let spans = &self.traces[place.trace].spans;
                let (entity, end) = (spans[work as usize].entity.clone(), spans[work as usize].end);
                if end < now {
                    let at = self.span(&place, SpanKind::Settle, queue, end, now);
                    let span = &mut self.traces[place.trace].spans[at as usize];
                    (span.entity, span.fault) = (entity, (!acked).then_some("not acknowledged"));
                }
            }
            _ => {}
        }
        place.ready = now;
        self.put(slot, Some(place));
    }

    /// A message was in a queue, was given to a consumer, and came back before anybody had begun with it.
    fn withdrawn(&mut self, place: &Place, queue: u32, [entered, given, end]: [Time; 3], held: SpanKind) {
        for (kind, start, end) in [(SpanKind::Wait, entered, given), (held, given, end)] {
            let at = self.span(place, kind, queue, start, end);
            self.traces[place.trace].spans[at as usize].fault = Some("withdrawn");
        }
    }

    /// Whoever has published hears of it.
    fn heard(&mut self, now: Time, trace: usize, parent: u32, kind: SpanKind, since: Time, refused: bool) {
        let spans = &mut self.traces[trace].spans;
        let entity = spans[parent as usize].entity.clone();
        spans.push(TraceSpan {
            kind,
            parent: Some(parent),
            cause: None,
            entity,
            queue: None,
            system: None,
            worker: None,
            attempt: 1,
            start: since.max(spans[0].start),
            end: now,
            fault: refused.then_some("refused"),
        });
        self.unconfirmed[trace] &= kind != SpanKind::Confirm;
    }

    /// The work on a message is over; of a request, so is the request.
    fn released(&mut self, now: Time, slot: MessageSlot, fault: Option<&'static str>) {
        let Some(mut place) = self.followed(slot) else { return };
        if let Some(work) = place.work {
            let span = &mut self.traces[place.trace].spans[work as usize];
            (span.end, span.fault) = (now, fault);
        }
        place.working = false;
        self.put(slot, Some(place));
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
    Some((name.clone(), kind_of(model, broker)))
}

/// What begins the name of a broker's preset.
fn kind_of(model: &Model, broker: Option<BrokerId>) -> Option<&'static str> {
    let preset = model.brokers[broker?.0 as usize].preset?;
    Some(preset.split_once('-').map_or(preset, |(kind, _)| kind))
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
                let (entered, came) = (Time(now.0 - waited.0), Time(now.0 - buffered.0));
                place.open = self.brokered && place.given.is_some() && !place.auto;
                let given = place.given.take().unwrap_or(came).clamp(entered, came);
                if entered < given {
                    self.span(&place, SpanKind::Wait, queue, entered, given);
                }
                let entity = self.pool(pool);
                for (kind, start, end) in [(SpanKind::Deliver, given, came), (SpanKind::Buffer, came, now)] {
                    if start < end {
                        let at = self.span(&place, kind, queue, start, end);
                        self.traces[place.trace].spans[at as usize].entity = entity.clone();
                    }
                }
                let work = self.span(&place, SpanKind::Work, queue, now, Time::LATEST);
                let span = &mut self.traces[place.trace].spans[work as usize];
                (span.entity, span.worker) = (entity, Some(worker - self.first_worker[pool as usize]));
                (place.work, place.working) = (Some(work), true);
                self.put(slot, Some(place));
            }
            Transition::Finished { slot, .. } => self.released(now, slot, None),
            Transition::BrokenOff { slot, .. } => self.released(now, slot, Some("broken off")),
            Transition::Withdrawn { queue, slot, sojourn, buffered } => {
                let Some(mut place) = self.followed(slot) else { return };
                place.delivered(queue);
                place.given = None;
                let (entered, dispatched) = (Time(now.0 - sojourn.0), Time(now.0 - buffered.0));
                self.withdrawn(&place, queue, [entered, dispatched, now], SpanKind::Buffer);
                self.put(slot, Some(place));
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
                self.heard(now, trace, 0, SpanKind::Confirm, Time(now.0 - after.0), refused);
            }
            Transition::Heard { slot, since, reply, refused } => {
                let Some(place) = self.known(slot) else { return };
                let kind = if reply { SpanKind::Reply } else { SpanKind::Confirm };
                self.heard(now, place.trace, place.current(), kind, since, refused);
            }
            Transition::Published { queue, slot: Some(slot) } => self.published(now, queue, slot),
            Transition::Dispatched { slot, .. } => {
                let Some(place) = self.followed(slot) else { return };
                self.put(slot, Some(Place { given: Some(now), auto: false, ..place }));
            }
            Transition::Settled { queue, slot, acked, .. } => self.settled(now, queue, slot, acked),
            Transition::Ended { subject, outcome, .. } => self.ended(now, subject, outcome),
            _ => {}
        }
    }
}
