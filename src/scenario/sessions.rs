//! How producers and consumers deal with their brokers, from the document to the model.

use super::broker_form::{AckWord, ConfirmForm, FailureForm, LifetimeForm, OnFailureForm, OnFullForm, ProtocolForm, SizeForm};
use super::brokers::headers;
use super::diagnostic::{At, Problem};
use super::document::{Consumer, KeyForm, Producer as ProducerForm};
use super::headed::ShortOr;
use super::resolve::Resolver;
use crate::model::{Ack, Arrivals, Batching, Confirm, Failure, Lifetime, OnFailure, OnFull, RoutingKey, Sending, Session, Size};
use crate::units::Bytes;

impl Resolver<'_> {
    /// How a producer deals with its broker, and what its messages are like.
    pub(super) fn sending(&mut self, form: &ProducerForm, arrivals: Option<&Arrivals>, path: &str) -> Sending {
        let mut sending = Sending::default();
        let trace = arrivals.and_then(Arrivals::trace);
        let carried = trace.map(|trace| trace.carried.clone()).unwrap_or_default();
        sending.confirm = match form.confirm.value() {
            None | Some(ConfirmForm::Off) => Confirm::Off,
            Some(ConfirmForm::Sync) => Confirm::Sync,
            Some(ConfirmForm::Async) => Confirm::Async,
        };
        self.protocol(form, &mut sending);
        let window = form.window.value().map(|whole| whole.0 as u32);
        // Closed producers wait one by one; an open one that waits for each confirm has one message out.
        let one = sending.confirm == Confirm::Sync && form.clients.is_missing() && form.callers.is_missing();
        sending.window = window.or(sending.window).or(one.then_some(1));
        if let (Some(at), Confirm::Off, true) = (form.window.given(), sending.confirm, form.transaction.is_missing()) {
            let problem = Problem::error(at.place, "a window of unconfirmed messages needs confirms");
            self.log.push(problem.help("add confirm = \"async\", or remove `window`"));
        }
        if let Some(at) = form.transaction.given() {
            sending.transaction = Some(at.value.0 as u32);
            if let Some(confirm) = form.confirm.given().filter(|confirm| confirm.value != ConfirmForm::Off) {
                let problem = Problem::error(confirm.place, "a channel has confirms or transactions, not both");
                self.log.push(problem.related(at.place, "transactions").help("remove one of the two"));
            }
        }
        if let Some(size) = form.size.given() {
            sending.size = self.size(size, carried.size.is_some());
        }
        if let Some(key) = form.key.given() {
            sending.key = self.routing_key(key, carried.key.is_some());
        }
        sending.headers = headers(&form.headers);
        if let Some(at) = form.ttl.given() {
            sending.ttl = match &at.value {
                LifetimeForm::Carried if carried.ttl.is_none() && arrivals.is_some() => {
                    let problem = Problem::error(at.place, "the messages of this producer carry no time to live");
                    self.log.push(problem.help("name the column in the trace: carry = { ttl = \"ttl_s\" }"));
                    Lifetime::Endless
                }
                LifetimeForm::Carried => Lifetime::Carried,
                LifetimeForm::Drawn(ttl) => {
                    let ttl = self.distribution(&At { value: (**ttl).clone(), place: at.place }, &format!("{path}.ttl"));
                    ttl.map_or(Lifetime::Endless, Lifetime::Drawn)
                }
            };
        }
        sending.persistent = form.persistent.value().copied().unwrap_or(sending.persistent);
        sending.mandatory = form.mandatory.value().copied().unwrap_or(false);
        sending.buffer = form.buffer.value().map(|whole| whole.0);
        sending.on_full = match form.on_full.value() {
            None | Some(OnFullForm::Block) => OnFull::Block,
            Some(OnFullForm::Drop) => OnFull::Drop,
            Some(OnFullForm::Fail) => OnFull::Fail,
        };
        match (form.buffer.given(), form.on_full.given()) {
            (None, Some(at)) if sending.on_full != OnFull::Block => {
                let problem = Problem::error(at.place, "a buffer without a limit is never full");
                self.log.push(problem.help("add `buffer = 1000`, or remove `on_full`"));
            }
            (Some(at), _) if sending.on_full == OnFull::Block => {
                let problem = Problem::warning(at.place, "a full buffer that blocks holds messages back all the same");
                self.log.push(problem.help("add on_full = \"drop\" or on_full = \"fail\", or remove `buffer`"));
            }
            _ => {}
        }
        sending.batch = form.batch.value().and_then(|batch| {
            let messages = batch.messages.value()?.0 as u32;
            Some(Batching { messages, linger: *batch.linger.value()? })
        });
        if let (Some(batch), Some(window)) = (sending.batch, sending.window)
            && batch.messages > window
            && let Some(at) = form.batch.given()
        {
            let message = format!("a batch of {} never fits into a window of {window}", batch.messages);
            self.log.push(Problem::warning(at.place, message).help("raise `window`, or make the batch smaller"));
        }
        sending.connection = form.connection.value().cloned();
        sending
    }

    fn protocol(&mut self, form: &ProducerForm, sending: &mut Sending) {
        let protocol = form.protocol.value().copied().unwrap_or(ProtocolForm::Amqp091);
        for (place, key) in
            [(form.qos.given().map(|at| at.place), "qos"), (form.receive_maximum.given().map(|at| at.place), "receive_maximum")]
        {
            if let (Some(place), false) = (place, protocol == ProtocolForm::Mqtt) {
                let problem = Problem::error(place, format!("`{key}` is a word of MQTT"));
                self.log.push(problem.help("add protocol = \"mqtt\", or remove it"));
            }
        }
        match protocol {
            ProtocolForm::Amqp091 | ProtocolForm::Stomp => {}
            ProtocolForm::Amqp10 => sending.links = true,
            ProtocolForm::Mqtt => {
                let qos = form.qos.value().map_or(1, |qos| qos.0);
                let window = form.receive_maximum.value().map_or(65_535, |whole| whole.0 as u32);
                if qos == 0 {
                    (sending.persistent, sending.confirm) = (false, Confirm::Off);
                    if let Some(at) = form.confirm.given().filter(|at| at.value != ConfirmForm::Off) {
                        let problem = Problem::error(at.place, "a message of QoS 0 is never confirmed");
                        self.log.push(problem.help("write qos = 1, or remove `confirm`"));
                    }
                } else {
                    if form.confirm.is_missing() {
                        sending.confirm = Confirm::Async;
                    }
                    (sending.window, sending.trips) = (Some(window), qos as u32);
                }
                if let Some(at) = form.transaction.given() {
                    let problem = Problem::error(at.place, "MQTT has no transactions");
                    self.log.push(problem.help("remove `transaction`, or choose another protocol"));
                }
            }
        }
    }

    fn size(&mut self, at: &At<SizeForm>, carried: bool) -> Size {
        match &at.value {
            SizeForm::Constant(size) => {
                self.message_size(&At { value: *size, place: at.place });
                Size::Constant(size.0)
            }
            SizeForm::Uniform(range) => {
                let (min, max) = (range.min.value().map_or(0, |at| at.0), range.max.value().map_or(0, |at| at.0));
                if min > max {
                    let problem = Problem::error(at.place, "the smallest size is above the largest");
                    self.log.push(problem.help("exchange `min` and `max`"));
                }
                Size::Uniform { min: min.min(max), max }
            }
            SizeForm::Carried(_) => {
                if !carried {
                    let problem = Problem::error(at.place, "the messages of this producer carry no size");
                    self.log.push(problem.help("name the column in the trace: carry = { size = \"bytes\" }"));
                }
                Size::Carried
            }
        }
    }

    /// A message of this size can be published.
    pub(super) fn message_size(&mut self, at: &At<Bytes>) {
        if at.value.0 > u64::from(u32::MAX) {
            let problem = Problem::error(at.place, "no broker takes a message of more than 4 GiB");
            self.log.push(problem.help("write a smaller size"));
        }
    }

    fn routing_key(&mut self, at: &At<KeyForm>, carried: bool) -> RoutingKey {
        match &at.value {
            KeyForm::Constant(key) => RoutingKey::Constant(key.clone()),
            KeyForm::Zipf(_) | KeyForm::Uniform(_) => RoutingKey::Numbered,
            KeyForm::Choose(keys) => {
                let of = |at: &At<super::broker_form::WeightedKey>| {
                    let weight = at.value.weight.value().map_or(1.0, |weight| weight.0);
                    at.value.value.value().map(|key| (key.clone(), weight))
                };
                let keys: Vec<(String, f64)> = keys.iter().filter_map(of).collect();
                if keys.iter().all(|(_, weight)| *weight <= 0.0) {
                    let problem = Problem::error(at.place, "none of these keys is ever chosen");
                    self.log.push(problem.help("give one of them a weight above 0"));
                }
                RoutingKey::Chosen(keys)
            }
            KeyForm::Carried(_) => {
                if !carried {
                    let problem = Problem::error(at.place, "the messages of this producer carry no key");
                    self.log.push(problem.help("name the column in the trace: carry = { key = \"customer\" }"));
                }
                RoutingKey::Carried
            }
        }
    }

    /// How a consumer deals with its broker; the way in which it acknowledges beside that.
    pub(super) fn session(&mut self, form: &Consumer, count: u32, path: &str) -> (Ack, Session) {
        let mut session = Session::default();
        let mut ack = Ack::Manual;
        match form.ack.value() {
            None | Some(ShortOr::Short(AckWord::Manual | AckWord::Client | AckWord::ClientIndividual)) => {}
            Some(ShortOr::Short(AckWord::Auto)) => ack = Ack::Auto,
            Some(ShortOr::Table(every)) => {
                session.ack_every = every.every.value().map_or(1, |whole| whole.0 as u32);
                session.ack_within = every.within.value().copied();
            }
        }
        let protocol = form.protocol.value().copied().unwrap_or(ProtocolForm::Amqp091);
        if let (Some(at), false) = (form.qos.given(), protocol == ProtocolForm::Mqtt) {
            let problem = Problem::error(at.place, "`qos` is a word of MQTT");
            self.log.push(problem.help("add protocol = \"mqtt\", or remove it"));
        }
        if protocol == ProtocolForm::Mqtt {
            match form.qos.value().map_or(1, |qos| qos.0) {
                0 => ack = Ack::Auto,
                qos => session.trips = qos as u32,
            }
        }
        let limit = form.prefetch.value().map_or(1, |prefetch| prefetch.0);
        if let (Some(at), true) =
            (form.ack.given(), limit > 0 && u64::from(session.ack_every) > limit.max(1) && session.ack_within.is_none())
        {
            let message = format!("a consumer that may hold {limit} never has {} to acknowledge at once", session.ack_every);
            let problem = Problem::error(at.place, message);
            self.log.push(problem.help(format!("write prefetch = {} or more, or add `within`", session.ack_every)));
        }
        session.overhead = form.overhead.given().and_then(|at| self.distribution(at, &format!("{path}.overhead")));
        if let Some(at) = form.slowness.given() {
            session.slowness = at.value.iter().map(|factor| factor.value.0).collect();
            if session.slowness.len() != count as usize {
                let message = format!("here are {} numbers for {count} consumers", session.slowness.len());
                self.log.push(Problem::error(at.place, message).help("write one number for each consumer"));
            }
        }
        session.failure = match form.failure.value() {
            None => Failure::Never,
            Some(FailureForm::Deliveries(share) | FailureForm::OfDeliveries(share)) => Failure::Deliveries(share.0),
            Some(FailureForm::OfMessages(share)) => Failure::Messages(share.0),
            Some(FailureForm::Carried(_)) => Failure::Carried,
        };
        session.on_failure = match form.on_failure.value() {
            None | Some(OnFailureForm::Reject) => OnFailure::Reject,
            Some(OnFailureForm::Requeue) => OnFailure::Requeue,
            Some(OnFailureForm::Nack) => OnFailure::Nack,
        };
        if let Some(retry) = form.retry.given() {
            if let Some(at) = form.on_failure.given() {
                let problem =
                    Problem::error(at.place, "a message that failed is retried or dealt with otherwise, and here are both");
                self.log.push(problem.related(retry.place, "retried").help("keep one of the two"));
            }
            let max_attempts = retry.value.max_attempts.value().map_or(1, |whole| whole.0 as u32);
            session.on_failure = OnFailure::Retry { max_attempts, delay: retry.value.delay.value().copied().unwrap_or_default() };
        }
        let fails = session.failure != Failure::Never || form.steps.given().is_some();
        for place in [form.on_failure.given().map(|at| at.place), form.retry.given().map(|at| at.place)].into_iter().flatten() {
            if !fails {
                let problem = Problem::warning(place, "no message of these consumers fails");
                self.log.push(problem.help("add failure = \"1%\", or steps of which one may fail"));
            }
        }
        if ack == Ack::Auto && session.on_failure != OnFailure::Reject {
            let place = form.on_failure.given().map(|at| at.place).or(form.retry.given().map(|at| at.place));
            if let Some(place) = place.filter(|_| !matches!(session.on_failure, OnFailure::Retry { .. })) {
                let problem = Problem::error(place, "what is acknowledged by being sent does not come back");
                self.log.push(problem.help("write ack = \"manual\", or let it be published again: retry = { max_attempts = 3 }"));
            }
        }
        session.priority = form.priority.value().map_or(0, |whole| whole.0 as i32);
        session.heartbeat = form.heartbeat.value().copied().filter(|heartbeat| heartbeat.0 > 0);
        session.blocking = form.blocking.value().copied().unwrap_or(false);
        if let (true, None, Some(at)) = (session.blocking, session.heartbeat, form.blocking.given()) {
            let problem = Problem::warning(at.place, "without heartbeats nobody notices that this consumer sends none");
            self.log.push(problem.help("add heartbeat = \"60s\""));
        }
        let concurrency = form.concurrency.value().map_or(1, |whole| whole.0);
        if let (true, true, Some(at)) = (session.blocking, concurrency > 1, form.concurrency.given()) {
            let problem = Problem::error(at.place, "a consumer that blocks its own heartbeats works on one message at a time");
            let problem = match form.blocking.given() {
                Some(blocking) => problem.related(blocking.place, "its work and its heartbeats share one thread"),
                None => problem,
            };
            self.log.push(
                problem.help("write more consumers (`count`) instead, or remove `blocking` where other threads do the work"),
            );
        }
        if let (Some(at), 0, true) = (form.prefetch.given(), limit, ack == Ack::Manual) {
            let (what, cure) = match protocol {
                ProtocolForm::Mqtt => ("MQTT forbids a receive maximum of 0", "65_535, which is MQTT's default"),
                ProtocolForm::Amqp10 => {
                    ("a link of AMQP 1.0 without credit gets no message", "170, which is what RabbitMQ grants")
                }
                ProtocolForm::Amqp091 | ProtocolForm::Stomp => ("", ""),
            };
            if !what.is_empty() {
                self.log.push(Problem::error(at.place, what).help(format!("write prefetch = {cure}")));
            }
        }
        session.connection = form.connection.value().cloned();
        (ack, session)
    }
}
