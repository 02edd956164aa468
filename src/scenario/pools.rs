//! Producers, queues and consumers, from the document to the model; names become ids.

use super::decode::Named;
use super::diagnostic::{At, Place, Problem};
use super::distribution_form::Distribution as Form;
use super::document::{
    Consumer, DisciplineForm, OverflowForm, PriorityForm, Producer as ProducerForm, Queue as QueueForm, Scenario,
    Step as StepForm,
};
use super::names;
use super::quantity::grouped;
use super::resolve::{Resolver, list};
use crate::model::{
    Ack, Arrivals, ConsumerPool, Discipline, Handler, Overflow, Prefetch, Priority, Producer, Queue, QueueId, Work,
};
use crate::random::{Counts, Distribution};
use crate::units::Rate;

/// As RabbitMQ advises: few priorities, each costs a queue of its own.
const MAX_PRIORITY: u8 = 9;

/// How many work in a pool at most, over all its consumers.
const MOST_WORKERS: u64 = super::document::MOST_WORKERS;

/// Takes the place of work that could not be read.
const NO_WORK: Work = Work::Drawn(Distribution::Constant { value: 1.0 });

/// After so many problems no more advice is looked for.
const MOST_ADVICE: usize = 200;

/// Which queue an entity is connected to, where it is known, and where the document says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub queue: usize,
    pub place: Place,
}

/// How a producer is connected; `None` where the document is broken.
pub(super) struct ProducerLinks {
    pub publish: Option<Link>,
    /// Whether its arrivals could be read.
    pub sound: bool,
}

/// How a pool is connected; `None` where there is nothing or the document is broken.
pub(super) struct PoolLinks {
    pub queue: Option<Link>,
    pub publish: Option<Link>,
}

/// The steps of a consumer that are simulated so far.
struct PlainForm<'a> {
    service: Option<At<&'a Form>>,
    publish: Option<At<&'a String>>,
}

impl Resolver<'_> {
    /// The queue with this name; unknown ones are reported.
    fn queue(&mut self, name: At<&String>, queues: &[Named<QueueForm>]) -> Option<Link> {
        let found = queues.iter().position(|queue| queue.name.value == *name.value);
        if found.is_none() && !self.unreadable.contains(&"queues") {
            let known = queues.iter().map(|queue| queue.name.value.as_str());
            let nothing = format!("add a table [queues.{}]", name.value);
            // Comparing every wrong name with every name takes minutes when both are thousands, and nobody reads on so far.
            let advice = (self.log.len() < MOST_ADVICE).then(|| names::advice(name.value, known, &nothing));
            self.log.push(Problem::error(name.place, format!("there is no queue `{}`", name.value)).maybe_help(advice));
        }
        found.map(|queue| Link { queue, place: name.place })
    }

    /// The queues of the model.
    pub(super) fn queues(&mut self, queues: &[Named<QueueForm>]) -> Vec<Queue> {
        let mut resolved = Vec::with_capacity(queues.len());
        for named in queues {
            let name = named.name.value.clone();
            let mut queue =
                Queue { name, discipline: Discipline::Fifo, max_length: None, overflow: Overflow::DropHead, ttl: None };
            if let Some(form) = &named.entity {
                self.queue_rules(&mut queue, &form.value);
            }
            resolved.push(queue);
        }
        resolved
    }

    fn queue_rules(&mut self, queue: &mut Queue, form: &QueueForm) {
        let max_priority = form.max_priority.value().map_or(MAX_PRIORITY, |whole| whole.0 as u8);
        queue.discipline = match form.discipline.value() {
            None | Some(DisciplineForm::Fifo) => Discipline::Fifo,
            Some(DisciplineForm::Lifo) => Discipline::Lifo,
            Some(DisciplineForm::Random) => Discipline::Random,
            Some(DisciplineForm::Priority) => Discipline::Priority { max_priority },
        };
        if let Some(at) = form.max_priority.given()
            && (form.discipline.is_missing() || form.discipline.value().is_some_and(|d| *d != DisciplineForm::Priority))
        {
            let problem = Problem::error(at.place, "`max_priority` has no effect without discipline = \"priority\"");
            self.log.push(problem.help("add `discipline = \"priority\"`, or remove `max_priority`"));
        }
        queue.max_length = form.max_length.value().map(|whole| whole.0);
        queue.overflow = match form.overflow.value() {
            None | Some(OverflowForm::DropHead) => Overflow::DropHead,
            Some(OverflowForm::RejectPublish) => Overflow::RejectPublish,
        };
        if let (Some(at), true) = (form.overflow.given(), form.max_length.is_missing()) {
            let problem = Problem::warning(at.place, "a queue without `max_length` never overflows");
            self.log.push(problem.help("add `max_length = 1000`, or remove `overflow`"));
        }
        queue.ttl = form.ttl.value().copied();
    }

    /// The producers of the model, and where each publishes.
    pub(super) fn producers(&mut self, scenario: &Scenario, queues: &[Named<QueueForm>]) -> (Vec<Producer>, Vec<ProducerLinks>) {
        let mut producers = Vec::new();
        let mut links = Vec::new();
        if scenario.producers.is_missing() || scenario.producers.value().is_some_and(|producers| producers.list.is_empty()) {
            let problem = Problem::error(Place::start_of(0), "nothing sends messages: the document has no producers");
            self.log.push(problem.help("add a table [producers.web] with `arrivals` and `publish`"));
        }
        for named in list(&scenario.producers) {
            let name = named.name.value.clone();
            let Some(At { value: form, place }) = &named.entity else {
                links.push(ProducerLinks { publish: None, sound: false });
                producers.push(stand_in_producer(name));
                continue;
            };
            let path = format!("producers.{name}");
            let arrivals = form.arrivals.given().and_then(|at| self.arrivals(at, &format!("{path}.arrivals")));
            let publish = self.producer_publishes(form, *place).and_then(|name| self.queue(name, queues));
            let priority = self.priority(form, arrivals.as_ref());
            links.push(ProducerLinks { publish, sound: arrivals.is_some() });
            producers.push(Producer {
                arrivals: arrivals.unwrap_or(stand_in_producer(String::new()).arrivals),
                callers: None,
                handler: Handler::publishing(QueueId(publish.map_or(0, |link| link.queue as u32))),
                priority: priority.unwrap_or(Priority::Constant(0)),
                keys: None,
                messages: form.messages.value().map(|whole| whole.0),
                name,
            });
        }
        (producers, links)
    }

    fn producer_publishes<'a>(&mut self, form: &'a ProducerForm, place: Place) -> Option<At<&'a String>> {
        let Some(steps) = form.steps.given() else {
            if form.publish.is_missing() && form.steps.is_missing() {
                let problem = Problem::error(place, "`publish` is missing in this producer");
                self.log.push(problem.help("name the queue that it publishes to: publish = \"jobs\""));
            }
            return form.publish.given().map(|at| At { value: &at.value, place: at.place });
        };
        self.no_short_form(steps.place, form.publish.given().map(|at| at.place));
        match steps.value.as_slice() {
            [At { value: StepForm::Publish(queue), place }] => Some(At { value: queue, place: *place }),
            _ => {
                let problem = Problem::error(steps.place, "a producer's only step is to publish, once, in this version");
                self.log.push(problem.help("write publish = \"jobs\""));
                None
            }
        }
    }

    fn no_short_form(&mut self, steps: Place, short: Option<Place>) {
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
    pub(super) fn pools(&mut self, scenario: &Scenario, queues: &[Named<QueueForm>]) -> (Vec<ConsumerPool>, Vec<PoolLinks>) {
        let mut pools = Vec::new();
        let mut links = Vec::new();
        for named in list(&scenario.consumers) {
            let name = named.name.value.clone();
            let Some(At { value: form, place }) = &named.entity else {
                links.push(PoolLinks { queue: None, publish: None });
                pools.push(stand_in_pool(name));
                continue;
            };
            let queue = form.queue.given().and_then(|at| self.queue(At { value: &at.value, place: at.place }, queues));
            let handler = self.handler(form, *place);
            let service = handler.service.and_then(|at| {
                let at = At { value: at.value.clone(), place: at.place };
                self.work(&at, &format!("consumers.{name}.service"))
            });
            let publish = handler.publish.and_then(|name| self.queue(name, queues));
            let (count, concurrency) = self.workers(form);
            links.push(PoolLinks { queue, publish });
            pools.push(ConsumerPool {
                queue: QueueId(queue.map_or(0, |link| link.queue as u32)),
                count,
                concurrency,
                prefetch: self.prefetch(form, concurrency),
                ack: Ack::Manual,
                handler: Handler::working(service.unwrap_or(NO_WORK), publish.map(|link| QueueId(link.queue as u32))),
                host: None,
                name,
            });
        }
        (pools, links)
    }

    /// What a consumer does, from its short or its long form.
    fn handler<'a>(&mut self, form: &'a Consumer, place: Place) -> PlainForm<'a> {
        let Some(steps) = form.steps.given() else {
            if form.service.is_missing() && form.steps.is_missing() {
                let problem = Problem::error(place, "`service` is missing in this consumer");
                self.log
                    .push(problem.help("write the time that a message needs of a worker: service = { exponential = \"10ms\" }"));
            }
            return PlainForm {
                service: form.service.given().map(|at| At { value: &at.value, place: at.place }),
                publish: form.publish.given().map(|at| At { value: &at.value, place: at.place }),
            };
        };
        self.no_short_form(steps.place, form.service.given().map(|at| at.place));
        self.no_short_form(steps.place, form.publish.given().map(|at| at.place));
        match steps.value.as_slice() {
            [At { value: StepForm::Work(work), place }] => {
                PlainForm { service: Some(At { value: work.as_ref(), place: *place }), publish: None }
            }
            [At { value: StepForm::Work(work), place: work_place }, At { value: StepForm::Publish(queue), place }] => PlainForm {
                service: Some(At { value: work.as_ref(), place: *work_place }),
                publish: Some(At { value: queue, place: *place }),
            },
            _ => {
                let message = "the steps of a consumer are one `work` and then at most one `publish`, in this version";
                self.log.push(Problem::error(steps.place, message).help("write `service = ...` and `publish = ...`"));
                PlainForm { service: None, publish: None }
            }
        }
    }

    fn work(&mut self, at: &At<Form>, path: &str) -> Option<Work> {
        match carried(&at.value) {
            Some(plus) => Some(Work::Carried { plus }),
            None => {
                let drawn = self.distribution(at, path)?;
                self.warn_without_mean(&drawn, at.place);
                Some(Work::Drawn(drawn))
            }
        }
    }

    fn workers(&mut self, form: &Consumer) -> (u32, u32) {
        let count = form.count.value().map_or(1, |whole| whole.0);
        let concurrency = form.concurrency.value().map_or(1, |whole| whole.0);
        if count.saturating_mul(concurrency) > MOST_WORKERS
            && let Some(at) = form.concurrency.given()
        {
            let workers = grouped(count.saturating_mul(concurrency));
            let message = format!("{count} consumers that work on {concurrency} messages each are {workers} workers");
            let problem = Problem::error(at.place, message).label(format!("at most {}", grouped(MOST_WORKERS)));
            let related = form.count.given().map(|count| count.place);
            let problem = problem.help("lower one of the two");
            self.log.push(match related {
                Some(place) => problem.related(place, "times this"),
                None => problem,
            });
        }
        (count as u32, concurrency as u32)
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

/// The constant on top of carried work, when this is carried work.
fn carried(form: &Form) -> Option<u64> {
    match form {
        Form::Carried(_) => Some(0),
        Form::Shifted(shifted) => {
            let plus = carried(shifted.of.value()?)?;
            Some(plus.saturating_add(shifted.by.value().map_or(0, |by| by.0)))
        }
        _ => None,
    }
}

/// Takes the place of what could not be read; it never leaves this room.
fn stand_in_producer(name: String) -> Producer {
    Producer {
        name,
        arrivals: Arrivals::Poisson { rate: Rate(1.0) },
        callers: None,
        handler: Handler::publishing(QueueId(0)),
        priority: Priority::Constant(0),
        keys: None,
        messages: None,
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
        handler: Handler::working(NO_WORK, None),
        host: None,
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
