//! Producers, queues and consumers, from the document to the model; names become ids.

use super::decode::Field;
use super::diagnostic::{At, Place, Problem};
use super::document::{
    Consumer, DisciplineForm, KeyForm, MOST_WORKERS, OverflowForm, PriorityForm, Producer as ProducerForm, Queue as QueueForm,
    Scenario,
};
use super::lookup::Kind;
use super::quantity::{Whole, grouped};
use super::resolve::{Resolver, list};
use super::steps::{Like, Limit, Links, Owner, Walk};
use crate::model::{
    Ack, Arrivals, Call, Confirm, ConsumerPool, Discipline, Handler, HostId, Keys, Overflow, Prefetch, Priority, Producer, Queue,
    QueueId, Semantics, Sending, Session, Step, Until,
};
use crate::random::Counts;
use crate::units::Rate;

/// As RabbitMQ advises: few priorities, each costs a queue of its own.
const MAX_PRIORITY: u8 = 9;

/// How a producer is connected.
pub(super) struct ProducerLinks {
    pub links: Links,
    /// Whether its arrivals could be read.
    pub sound: bool,
}

/// How a pool is connected; no queue where the document is broken.
pub(super) struct PoolLinks {
    pub queue: Option<usize>,
    pub links: Links,
}

impl Resolver<'_> {
    /// The queues of the model.
    pub(super) fn queues(&mut self, scenario: &Scenario) -> Vec<Queue> {
        let mut resolved = Vec::new();
        for named in list(&scenario.queues) {
            let name = named.name.value.clone();
            let mut queue = Queue {
                name,
                discipline: Discipline::Fifo,
                max_length: None,
                overflow: Overflow::DropHead,
                ttl: None,
                semantics: Semantics::default(),
            };
            if let Some(form) = &named.entity {
                self.queue_rules(&mut queue, &form.value);
                queue.semantics = self.semantics(&form.value, scenario);
            }
            resolved.push(queue);
        }
        resolved
    }

    /// The highest priority that is told apart, where priorities are.
    pub(super) fn max_priority(&mut self, field: &Field<Whole<1, 255>>, used: bool) -> u8 {
        if let (Some(at), false) = (field.given(), used) {
            let problem = Problem::error(at.place, "`max_priority` has no effect without discipline = \"priority\"");
            self.log.push(problem.help("add `discipline = \"priority\"`, or remove `max_priority`"));
        }
        field.value().map_or(MAX_PRIORITY, |whole| whole.0 as u8)
    }

    fn queue_rules(&mut self, queue: &mut Queue, form: &QueueForm) {
        let max_priority = self.max_priority(&form.max_priority, form.discipline.value() == Some(&DisciplineForm::Priority));
        queue.discipline = match form.discipline.value() {
            None | Some(DisciplineForm::Fifo) => Discipline::Fifo,
            Some(DisciplineForm::Lifo) => Discipline::Lifo,
            Some(DisciplineForm::Random) => Discipline::Random,
            Some(DisciplineForm::Priority) => Discipline::Priority { max_priority },
        };
        queue.max_length = form.max_length.value().map(|whole| whole.0);
        queue.overflow = match form.overflow.value() {
            None | Some(OverflowForm::DropHead) => Overflow::DropHead,
            Some(OverflowForm::RejectPublish | OverflowForm::RejectPublishDlx) => Overflow::RejectPublish,
        };
        if let (Some(at), true) = (form.overflow.given(), form.max_length.is_missing() && form.max_bytes.is_missing()) {
            let problem = Problem::warning(at.place, "a queue without `max_length` never overflows");
            self.log.push(problem.help("add `max_length = 1000`, or remove `overflow`"));
        }
        queue.ttl = form.ttl.value().copied();
    }

    /// The producers of the model, and how each is connected.
    pub(super) fn producers(&mut self, scenario: &Scenario) -> (Vec<Producer>, Vec<ProducerLinks>) {
        let mut producers = Vec::new();
        let mut links = Vec::new();
        if scenario.producers.is_missing() || scenario.producers.value().is_some_and(|producers| producers.list.is_empty()) {
            let problem = Problem::error(Place::start_of(0), "nothing sends messages: the document has no producers");
            self.log.push(problem.help("add a table [producers.web] with `arrivals` and `publish`"));
        }
        for named in list(&scenario.producers) {
            let name = named.name.value.clone();
            let Some(At { value: form, place }) = &named.entity else {
                links.push(ProducerLinks { links: Links::default(), sound: false });
                producers.push(stand_in_producer(name));
                continue;
            };
            let mut walk = Walk::new(scenario, format!("producers.{name}"));
            let arrivals = self.source(form, *place, &walk.path);
            let sending = self.sending(form, arrivals.as_ref(), &walk.path.clone());
            let handler = self.producer_handler(form, *place, &sending, &mut walk);
            let priority = self.priority(form, arrivals.as_ref());
            links.push(ProducerLinks { links: walk.links, sound: arrivals.is_some() });
            producers.push(Producer {
                arrivals: arrivals.unwrap_or(stand_in_producer(String::new()).arrivals),
                callers: form.callers.value().map(|whole| whole.0 as u32),
                handler,
                priority: priority.unwrap_or(Priority::Constant(0)),
                keys: form.key.value().and_then(keys),
                messages: form.messages.value().map(|whole| whole.0),
                sending,
                name,
            });
        }
        (producers, links)
    }

    /// When a producer sends: open arrivals, or clients that wait for answers.
    fn source(&mut self, form: &ProducerForm, place: Place, path: &str) -> Option<Arrivals> {
        if let (Some(clients), Some(arrivals)) = (form.clients.given(), form.arrivals.given()) {
            let problem = Problem::error(clients.place, "a producer has `arrivals` or `clients`, and here are both");
            let problem = problem.related(arrivals.place, "sends whatever becomes of what was sent before");
            self.log.push(problem.label("send when they have their answers").help("keep one of the two"));
        }
        if let (Some(think), true) = (form.think.given(), form.clients.is_missing()) {
            let problem = Problem::error(think.place, "`think` has no effect without `clients`");
            self.log.push(problem.help("add `clients = 50`: so many think, send, wait for the answer, and think again"));
        }
        if let (Some(callers), Some(clients)) = (form.callers.given(), form.clients.given()) {
            let problem = Problem::error(callers.place, "`clients` wait for their answers by themselves, and need no `callers`");
            self.log.push(problem.related(clients.place, "the clients").help("remove one of the two"));
        }
        if let Some(clients) = form.clients.given() {
            if form.think.is_missing() {
                let problem = Problem::error(clients.place, "`think` is missing beside these clients");
                self.log.push(problem.help("say how long a client waits before it asks again: think = { exponential = \"1s\" }"));
            }
            let think = form.think.given().and_then(|at| self.distribution(at, &format!("{path}.think")))?;
            self.warn_without_mean(&think, clients.place);
            return Some(Arrivals::Closed { clients: clients.value.0 as u32, think });
        }
        if form.arrivals.is_missing() && form.clients.is_missing() {
            let problem = Problem::error(place, "`arrivals` is missing in this producer");
            let help = "add `arrivals = ...` (when its messages are born), or `clients` and `think` (who wait for answers)";
            self.log.push(problem.help(help));
        }
        form.arrivals.given().and_then(|at| self.arrivals(at, &format!("{path}.arrivals")))
    }

    fn producer_handler(&mut self, form: &ProducerForm, place: Place, sending: &Sending, walk: &mut Walk<'_>) -> Handler {
        let (publish, call) = (form.publish.given(), form.call.given());
        if let Some(steps) = form.steps.given() {
            self.no_short_form(steps.place, publish.or(call).map(|at| at.place));
            return self.handler(&steps.value, Owner::Producer, walk);
        }
        if let (Some(publish), Some(call)) = (publish, call) {
            let problem = Problem::error(call.place, "`publish` and `call` do not say which comes first");
            let help = format!("write steps = [{{ call = \"{}\" }}, {{ publish = \"{}\" }}]", call.value, publish.value);
            self.log.push(problem.related(publish.place, "and this").help(help));
            return Handler::default();
        }
        if form.publish.is_missing() && form.call.is_missing() && form.steps.is_missing() {
            let problem = Problem::error(place, "`publish` is missing in this producer");
            let help = "name the queue or exchange that it publishes to: publish = \"jobs\"; or the service that it calls: call = \"db\"";
            self.log.push(problem.help(help));
        }
        let until = if sending.confirm == Confirm::Sync { Until::Confirmed } else { Until::Sent };
        let publish = publish.and_then(|name| self.publish(name, Like::default(), until, walk));
        let call =
            call.and_then(|name| self.callee(name, Limit::None, walk)).map(|service| Step::Call(Box::new(Call::plain(service))));
        Handler(publish.or(call).into_iter().collect())
    }

    pub(super) fn no_short_form(&mut self, steps: Place, short: Option<Place>) {
        if let Some(short) = short {
            let problem = Problem::error(short, "this is the short form of `steps`, and both are given");
            self.log.push(problem.related(steps, "the long form").help("keep one of the two"));
        }
    }

    fn priority(&mut self, form: &ProducerForm, arrivals: Option<&Arrivals>) -> Option<Priority> {
        let at = form.priority.given()?;
        match &at.value {
            PriorityForm::Constant(number) => Some(Priority::Constant(number.0 as u8)),
            PriorityForm::Uniform(uniform) => self.uniform_counts(uniform, 0, 255).map(Priority::Drawn),
            PriorityForm::Geometric(geometric) => self.geometric(geometric).map(Priority::Drawn),
            PriorityForm::Discrete(values) => self.discrete_counts(values, at.place, 0, 255).map(Priority::Drawn),
            PriorityForm::Carried(_) => {
                let carries =
                    arrivals.is_none_or(|arrivals| arrivals.trace().is_some_and(|trace| trace.carried.priority.is_some()));
                if !carries {
                    let problem = Problem::error(at.place, "the messages of this producer carry no priority");
                    self.log.push(problem.help("name the column in the trace: carry = { priority = \"class\" }"));
                }
                carries.then_some(Priority::Carried)
            }
        }
    }

    /// The pools of the model, and how each is connected.
    pub(super) fn pools(&mut self, scenario: &Scenario) -> (Vec<ConsumerPool>, Vec<PoolLinks>) {
        let mut pools = Vec::new();
        let mut links = Vec::new();
        for named in list(&scenario.consumers) {
            let name = named.name.value.clone();
            let Some(At { value: form, place }) = &named.entity else {
                links.push(PoolLinks { queue: None, links: Links::default() });
                pools.push(stand_in_pool(name));
                continue;
            };
            let mut walk = Walk::new(scenario, format!("consumers.{name}"));
            let queue = form.queue.given();
            let queue = queue.and_then(|at| self.find(Kind::Queue, At { value: &at.value, place: at.place }, scenario));
            let handler = self.consumer_handler(form, *place, &mut walk);
            let host = self.host(&form.host, &mut walk);
            let (count, concurrency) = self.workers(&form.count, &form.concurrency, "consumers", "messages");
            let (ack, session) = self.session(form, count, &walk.path.clone());
            links.push(PoolLinks { queue, links: walk.links });
            pools.push(ConsumerPool {
                queue: QueueId(queue.map_or(0, |queue| queue as u32)),
                count,
                concurrency,
                prefetch: self.prefetch(form, concurrency),
                ack,
                handler,
                host,
                session,
                name,
            });
        }
        (pools, links)
    }

    /// What a consumer does, from its short or its long form.
    fn consumer_handler(&mut self, form: &Consumer, place: Place, walk: &mut Walk<'_>) -> Handler {
        if let Some(steps) = form.steps.given() {
            self.no_short_form(steps.place, form.service.given().map(|at| at.place));
            self.no_short_form(steps.place, form.publish.given().map(|at| at.place));
            return self.handler(&steps.value, Owner::Consumer, walk);
        }
        if form.service.is_missing() && form.steps.is_missing() {
            let problem = Problem::error(place, "`service` is missing in this consumer");
            self.log.push(problem.help("write the time that a message needs of a worker: service = { exponential = \"10ms\" }"));
        }
        let service = form.service.given().map(|at| At { value: &at.value, place: at.place });
        let service = service.and_then(|at| self.work(at, "service", walk)).map(Step::Work);
        let publish = form.publish.given().and_then(|name| self.publish(name, Like::default(), Until::Sent, walk));
        Handler(service.into_iter().chain(publish).collect())
    }

    /// The host of a pool or a service.
    pub(super) fn host(&mut self, field: &Field<String>, walk: &mut Walk<'_>) -> Option<HostId> {
        let at = field.given()?;
        walk.links.host = self.find(Kind::Host, At { value: &at.value, place: at.place }, walk.scenario);
        walk.links.host.map(|host| HostId(host as u32))
    }

    /// How many there are, and on how many things each works at a time.
    pub(super) fn workers(
        &mut self,
        count: &Field<Whole<1, MOST_WORKERS>>,
        concurrency: &Field<Whole<1, MOST_WORKERS>>,
        who: &str,
        what: &str,
    ) -> (u32, u32) {
        let number = |field: &Field<Whole<1, MOST_WORKERS>>| field.value().map_or(1, |whole| whole.0);
        let (many, each) = (number(count), number(concurrency));
        if many.saturating_mul(each) > MOST_WORKERS
            && let Some(at) = concurrency.given()
        {
            let message =
                format!("{many} {who} that work on {each} {what} each are {} workers", grouped(many.saturating_mul(each)));
            let problem = Problem::error(at.place, message).label(format!("at most {}", grouped(MOST_WORKERS)));
            let related = count.given().map(|count| count.place);
            let problem = problem.help("lower one of the two");
            self.log.push(match related {
                Some(place) => problem.related(place, "times this"),
                None => problem,
            });
        }
        (many as u32, each as u32)
    }

    fn prefetch(&mut self, form: &Consumer, concurrency: u32) -> Prefetch {
        let Some(at) = form.prefetch.given() else { return Prefetch::Limit(concurrency) };
        match at.value.0 as u32 {
            0 => Prefetch::Unlimited,
            limit => {
                if limit < concurrency {
                    let message = format!("a consumer that may hold {limit} never works on {concurrency} at a time");
                    let mut problem = Problem::warning(at.place, message);
                    if let Some(concurrency) = form.concurrency.given() {
                        problem = problem.related(concurrency.place, "more than it may hold");
                    }
                    self.log.push(problem.help(format!("make `prefetch` at least {concurrency}, or leave it out")));
                }
                Prefetch::Limit(limit)
            }
        }
    }
}

/// Keys by popularity.
fn keys(form: &KeyForm) -> Option<Keys> {
    match form {
        KeyForm::Zipf(zipf) => Some(Keys {
            count: zipf.keys.value().map_or(1, |whole| whole.0 as u32),
            exponent: zipf.exponent.value().map_or(1.0, |weight| weight.0),
        }),
        KeyForm::Uniform(even) => Some(Keys { count: even.keys.value().map_or(1, |whole| whole.0 as u32), exponent: 0.0 }),
        // These are texts, for exchanges.
        KeyForm::Constant(_) | KeyForm::Choose(_) | KeyForm::Carried(_) => None,
    }
}

/// Takes the place of what could not be read; it never leaves this room.
fn stand_in_producer(name: String) -> Producer {
    Producer {
        name,
        arrivals: Arrivals::Poisson { rate: Rate(1.0) },
        callers: None,
        handler: Handler::default(),
        priority: Priority::Constant(0),
        keys: None,
        messages: None,
        sending: Sending::default(),
    }
}

/// Takes the place of what could not be read; it never leaves this room.
fn stand_in_pool(name: String) -> ConsumerPool {
    ConsumerPool {
        name,
        queue: QueueId(0),
        count: 1,
        concurrency: 1,
        prefetch: Prefetch::Limit(1),
        ack: Ack::Manual,
        handler: Handler::default(),
        host: None,
        session: Session::default(),
    }
}

/// The highest priority that can be drawn, where it is known.
pub(super) fn highest(priority: &Priority) -> Option<u32> {
    match priority {
        Priority::Constant(number) => Some(u32::from(*number)),
        Priority::Drawn(Counts::Constant(number)) => Some(*number),
        Priority::Drawn(Counts::Uniform { max, .. }) => Some(*max),
        Priority::Drawn(Counts::Discrete { values }) => values.iter().map(|part| part.of).max(),
        Priority::Drawn(Counts::Geometric { .. }) | Priority::Carried => None,
    }
}
