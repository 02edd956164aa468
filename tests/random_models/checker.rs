//! An observer with its own books, kept as plainly as can be, that checks every transition against the rules of the model.

use queuelab::engine::{MessageSlot, Observer, Origin, Outcome, Subject, Transition};
use queuelab::model::{ConsumerPool, Discipline, Model, PoolId, Prefetch, Priority, QueueId, Work};
use queuelab::random::Stream;
use queuelab::units::{Span, Time};

use std::collections::{BTreeMap, HashMap, VecDeque};

/// The seed of every world that is watched; all are replication 0.
pub const SEED: u64 = 7;

/// A number of messages over time, kept naively.
#[derive(Debug, Clone, Default)]
pub struct Naive {
    value: u64,
    pub max: u64,
    spent: BTreeMap<u64, u64>,
}

impl Naive {
    pub fn integral(&self) -> u128 {
        self.spent.iter().map(|(&height, &span)| u128::from(height) * u128::from(span)).sum()
    }

    /// The smallest height that is not exceeded during the share `q` of the time.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total: u64 = self.spent.values().sum();
        let mut below = 0;
        self.spent.iter().filter(|&(_, &span)| span > 0).find_map(|(&height, &span)| {
            below += span;
            (below as f64 >= q * total as f64).then_some(height as f64)
        })
    }

    fn restart(&mut self) {
        *self = Naive { value: self.value, max: self.value, spent: BTreeMap::new() };
    }
}

/// A message in the system.
#[derive(Debug, Clone)]
struct Live {
    producer: u32,
    /// Its number among the messages of its producer.
    index: u64,
    born: Time,
    waited: u64,
    /// The pool that works or last worked on it.
    pool: Option<u32>,
}

/// A message that waits in a queue: since when, and which it is where that can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Waiting {
    since: Time,
    slot: Option<u32>,
}

/// Work that is being done.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Job {
    started: Time,
    /// How long it must take: drawn once more, from the streams that belong to pool and producer.
    takes: Span,
}

/// What the next transition must be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Due {
    Nothing,
    /// A lost message ends.
    End {
        outcome: Outcome,
        slot: Option<u32>,
        waited: Span,
        /// The queue in which it was ready, if it was.
        from: Option<u32>,
    },
}

pub struct Checker<'m> {
    model: &'m Model,
    now: Time,
    live: HashMap<u32, Live>,
    /// Messages made so far, by producer.
    made: Vec<u64>,
    ready: Vec<VecDeque<Waiting>>,
    /// The work that is being done, for each pool.
    working: Vec<Vec<Job>>,
    /// The message that was created and is being published; `None` for one that a pool passes on.
    current: Option<u32>,
    due: Due,
    created: u64,
    finished: u64,
    lost: u64,
    levels: BTreeMap<String, Naive>,
    latencies: BTreeMap<String, Vec<u64>>,
    counters: BTreeMap<String, u64>,
}

impl<'m> Checker<'m> {
    pub fn new(model: &'m Model) -> Checker<'m> {
        let queues = model.queues.iter().map(|queue| &queue.name);
        let names = queues.flat_map(|name| ["ready", "unacked", "backlog"].map(|kind| format!("queues.{name}.{kind}")));
        let busy = model.pools.iter().map(|pool| format!("consumers.{}.busy", pool.name));
        Checker {
            model,
            now: Time::ZERO,
            live: HashMap::new(),
            made: vec![0; model.producers.len()],
            ready: vec![VecDeque::new(); model.queues.len()],
            working: vec![Vec::new(); model.pools.len()],
            current: None,
            due: Due::Nothing,
            created: 0,
            finished: 0,
            lost: 0,
            levels: names.chain(busy).map(|name| (name, Naive::default())).collect(),
            latencies: BTreeMap::new(),
            counters: BTreeMap::new(),
        }
    }

    /// Forgets what was measured, not what is in the system.
    pub fn restart(&mut self, now: Time) {
        self.pass(now);
        self.levels.values_mut().for_each(Naive::restart);
        self.latencies.clear();
        self.counters.clear();
    }

    pub fn finish(&mut self, now: Time) {
        self.pass(now);
        assert_eq!(self.created, self.finished + self.lost + self.in_system(), "messages went astray");
    }

    pub fn counts(&self) -> (u64, u64, u64) {
        (self.created, self.finished, self.lost)
    }

    pub fn in_system(&self) -> u64 {
        self.live.len() as u64
    }

    pub fn levels(&self) -> &BTreeMap<String, Naive> {
        &self.levels
    }

    pub fn latencies(&self) -> &BTreeMap<String, Vec<u64>> {
        &self.latencies
    }

    pub fn counters(&self) -> &BTreeMap<String, u64> {
        &self.counters
    }

    /// Numerator and denominator of a rate or a share, where the checker knows it.
    pub fn ratio(&self, name: &str, measured: Span) -> Option<(f64, f64)> {
        let count = |name: String| self.counters.get(&name).copied().unwrap_or(0) as f64;
        let (entity, kind) = name.rsplit_once('.')?;
        if kind == "ratio" {
            let (queue, outcome) = entity.rsplit_once('.')?;
            let known = queue.starts_with("queues.") && ["dropped", "rejected", "expired"].contains(&outcome);
            return known.then(|| (count(format!("{entity}.count")), count(format!("{queue}.published.count"))));
        }
        if kind == "utilization" {
            let pool = self.model.pools.iter().find(|pool| entity == format!("consumers.{}", pool.name))?;
            let busy = self.levels[&format!("{entity}.busy")].integral() as f64 / 1e9;
            return Some((busy, f64::from(pool.workers()) * measured.as_secs_f64()));
        }
        let counted = if kind == "throughput" { format!("{name}.count") } else { format!("{entity}.count") };
        (kind == "rate" || kind == "throughput").then(|| (count(counted), measured.as_secs_f64()))
    }

    fn queue_name(&self, at: u32, kind: &str) -> String {
        format!("queues.{}.{kind}", self.model.queues[at as usize].name)
    }

    fn count(&mut self, name: String) {
        *self.counters.entry(name).or_default() += 1;
    }

    fn observe(&mut self, name: String, span: Span) {
        self.latencies.entry(name).or_default().push(span.0);
    }

    fn value(&self, name: &str) -> u64 {
        self.levels[name].value
    }

    fn change(&mut self, name: &str, by: i64) {
        let level = self.levels.get_mut(name).expect("all levels are there from the start");
        level.value = level.value.checked_add_signed(by).unwrap_or_else(|| panic!("{name} falls below zero"));
        level.max = level.max.max(level.value);
    }

    /// Ready and unacknowledged messages move together at a refill, so that the backlog is set and not counted.
    fn settle(&mut self, queue: u32) {
        let both = self.value(&self.queue_name(queue, "ready")) + self.value(&self.queue_name(queue, "unacked"));
        let backlog = self.queue_name(queue, "backlog");
        let by = both as i64 - self.value(&backlog) as i64;
        self.change(&backlog, by);
    }

    /// The most that all consumers of a queue may hold.
    fn credit(&self, queue: u32) -> Option<u64> {
        let limits = self.model.pools_on(QueueId(queue)).map(|(_, pool)| match pool.prefetch {
            Prefetch::Limit(limit) => Some(u64::from(pool.count) * u64::from(limit)),
            Prefetch::Unlimited => None,
        });
        limits.sum()
    }

    /// Whether it can be told which message comes next, and not only how old it is: all come from producers, and nothing is
    /// drawn to choose among equals.
    fn tells(&self, queue: u32) -> bool {
        let passed_on = self.model.pools.iter().any(|pool| onward(pool) == Some(QueueId(queue)));
        let drawn = match self.model.queues[queue as usize].discipline {
            Discipline::Random => true,
            Discipline::Priority { .. } => {
                self.model.producers.iter().any(|producer| !matches!(producer.priority, Priority::Constant(_)))
            }
            Discipline::Fifo | Discipline::Lifo | Discipline::AdaptiveLifo { .. } => false,
        };
        !passed_on && !drawn
    }

    /// The time that a message needs of a worker of this pool.
    fn work(&self, pool: u32, live: &Live) -> Span {
        let (pool, producer) = (&self.model.pools[pool as usize], &self.model.producers[live.producer as usize]);
        match pool.work().expect("random models are plain") {
            Work::Drawn(distribution) => {
                let services = Stream::named(SEED, 0, &format!("consumers.{}", pool.name), "service");
                let messages = Stream::named(SEED, 0, &format!("producers.{}", producer.name), "messages");
                distribution.draw(services.of(messages).at(live.index))
            }
            Work::Carried { plus } => {
                let carried = producer.arrivals.trace().and_then(|trace| trace.carried.work.as_ref());
                carried.map_or(Span::ZERO, |work| work[live.index as usize]) + Span(*plus)
            }
        }
    }

    fn unbuffered(&self, queue: u32) -> bool {
        let mut pools = self.model.pools_on(QueueId(queue));
        pools.all(|(_, pool)| matches!(pool.prefetch, Prefetch::Limit(limit) if limit <= pool.concurrency))
    }

    /// Time passes up to `now`; what holds between events is checked.
    fn pass(&mut self, now: Time) {
        assert!(now >= self.now, "time runs backwards from {:?} to {now:?}", self.now);
        if now == self.now {
            return;
        }
        assert_eq!(self.due, Due::Nothing, "something is left undone at {:?}", self.now);
        let passed = (now - self.now).0;
        self.levels.values_mut().for_each(|level| *level.spent.entry(level.value).or_default() += passed);
        self.now = now;
        for queue in 0..self.model.queues.len() as u32 {
            let unacked = self.value(&self.queue_name(queue, "unacked"));
            let pools: Vec<PoolId> = self.model.pools_on(QueueId(queue)).map(|(id, _)| id).collect();
            let busy: usize = pools.iter().map(|pool| self.working[pool.0 as usize].len()).sum();
            assert!(busy as u64 <= unacked, "{busy} workers of queue {queue} are busy with {unacked} messages");
            if self.unbuffered(queue) {
                assert_eq!(busy as u64, unacked, "messages held without a buffer on queue {queue}");
            }
            if let [pool] = pools[..]
                && self.model.pools[pool.0 as usize].count == 1
            {
                let workers = u64::from(self.model.pools[pool.0 as usize].workers());
                assert_eq!(busy as u64, workers.min(unacked), "an idle worker beside a full buffer at queue {queue}");
            }
            let ttl = self.model.queues[queue as usize].ttl;
            if let (Some(ttl), Some(oldest)) = (ttl, self.ready[queue as usize].iter().map(|waiting| waiting.since).min()) {
                assert!(oldest + ttl >= now, "a message of queue {queue} outlived its time");
            }
        }
    }

    /// What holds at every transition.
    fn check_queue(&self, queue: u32) {
        let ready = self.value(&self.queue_name(queue, "ready"));
        let unacked = self.value(&self.queue_name(queue, "unacked"));
        assert_eq!(ready, self.ready[queue as usize].len() as u64);
        if let Some(limit) = self.model.queues[queue as usize].max_length {
            assert!(ready <= limit, "{ready} messages are ready in queue {queue}, which holds {limit}");
        }
        match self.credit(queue) {
            Some(credit) => {
                assert!(unacked <= credit, "{unacked} unacknowledged messages of queue {queue}, allowed are {credit}");
                assert!(ready == 0 || unacked == credit, "a message of queue {queue} waits although a consumer has credit");
            }
            None => assert_eq!(ready, 0, "a message of queue {queue} waits although a consumer has no limit"),
        }
    }

    /// Takes the message that is delivered next, which has waited for `waited`; gives which it is, where that can be told.
    fn deliver(&mut self, queue: u32, waited: Span) -> Option<u32> {
        let since = Time(self.now.0 - waited.0);
        let line = &mut self.ready[queue as usize];
        let taken = match self.model.queues[queue as usize].discipline {
            Discipline::Fifo => line.pop_front(),
            Discipline::Lifo => line.pop_back(),
            Discipline::AdaptiveLifo { above } if line.len() as u64 > above => line.pop_back(),
            Discipline::AdaptiveLifo { .. } => line.pop_front(),
            Discipline::Random => {
                let at = line.iter().position(|waiting| waiting.since == since);
                at.and_then(|at| line.remove(at)).map(|waiting| Waiting { slot: None, ..waiting })
            }
            Discipline::Priority { max_priority } => {
                // The oldest of the highest priority, where all priorities are known; else any of that age.
                let known: Option<Vec<u8>> =
                    line.iter().map(|waiting| waiting.slot.and_then(|slot| priority(self.model, &self.live[&slot]))).collect();
                let next = known.map(|known| {
                    let level = |at: usize| known[at].min(max_priority);
                    (0..known.len()).rev().max_by_key(|&at| level(at)).expect("something is ready")
                });
                match next {
                    Some(at) => line.remove(at),
                    None => {
                        let at = line.iter().position(|waiting| waiting.since == since);
                        at.and_then(|at| line.remove(at)).map(|waiting| Waiting { slot: None, ..waiting })
                    }
                }
            }
        };
        let taken = taken.unwrap_or_else(|| panic!("queue {queue} delivers a message that it does not have"));
        assert_eq!(taken.since, since, "queue {queue} delivers another message than the one whose turn it is");
        taken.slot
    }

    /// A message goes to a consumer; gives which it is, where that can be told.
    fn dispatch(&mut self, queue: u32, waited: Span, stored: bool, refill: bool) -> Option<u32> {
        let slot = if stored { self.deliver(queue, waited) } else { self.current.take() };
        assert!(stored || waited == Span::ZERO);
        if stored {
            self.change(&self.queue_name(queue, "ready"), -1);
        }
        if !refill {
            self.change(&self.queue_name(queue, "unacked"), 1);
        }
        self.settle(queue);
        self.check_queue(queue);
        self.count(self.queue_name(queue, "delivered.count"));
        self.observe(self.queue_name(queue, "wait"), waited);
        slot
    }

    /// Takes a ready message that is lost, and checks that it is its turn.
    fn lose(&mut self, queue: u32, outcome: Outcome, slot: u32, entered: Time) {
        let rules = &self.model.queues[queue as usize];
        let line = &mut self.ready[queue as usize];
        let oldest = line.iter().map(|waiting| waiting.since).min().expect("a lost message was ready");
        // A message that was passed on is told by its age.
        let known = line.iter().position(|waiting| waiting.slot == Some(slot));
        let at = known.or_else(|| line.iter().position(|waiting| waiting.slot.is_none() && waiting.since == entered));
        let at = at.expect("a lost message was ready");
        line.remove(at);
        let by_priority = matches!(rules.discipline, Discipline::Priority { .. });
        match outcome {
            Outcome::Expired => {
                let ttl = rules.ttl.expect("only a queue with a time to live expires messages");
                assert!(entered == oldest && oldest + ttl <= self.now, "a message of queue {queue} expires before its time");
            }
            Outcome::Dropped => assert!(by_priority || entered == oldest, "queue {queue} drops another than its head"),
            other => panic!("a ready message of queue {queue} is {other:?}"),
        }
    }

    fn end(&mut self, slot: MessageSlot, outcome: Outcome, message: &queuelab::engine::Message) {
        let live = self.live.remove(&slot.0).unwrap_or_else(|| panic!("{slot:?} ends twice"));
        assert_eq!((message.producer, message.index, message.born), (live.producer, live.index, live.born));
        assert_eq!(message.waited.0, live.waited, "the sum of its waits");
        let producer = format!("producers.{}", self.model.producers[live.producer as usize].name);
        if outcome == Outcome::Completed {
            let pool = live.pool.expect("a completed message was worked on");
            assert_eq!(onward(&self.model.pools[pool as usize]), None, "a message ends where it should go on");
            self.finished += 1;
            self.observe(format!("{producer}.completion"), self.now - live.born);
            self.observe(format!("{producer}.wait"), message.waited);
        } else {
            self.lost += 1;
            self.count(format!("{producer}.failed.count"));
        }
    }
}

/// The priority of a message, where the model says it.
fn priority(model: &Model, live: &Live) -> Option<u8> {
    match model.producers[live.producer as usize].priority {
        Priority::Constant(priority) => Some(priority),
        _ => None,
    }
}

impl Observer for Checker<'_> {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        self.pass(now);
        let due = std::mem::replace(&mut self.due, Due::Nothing);
        match (due, &transition) {
            (Due::Nothing, _) | (Due::End { .. }, Transition::Ended { .. }) => {}
            other => panic!("out of order: {other:?}"),
        }
        match transition {
            Transition::Created { producer, slot, .. } => {
                let index = self.made[producer as usize];
                self.made[producer as usize] += 1;
                let old = self.live.insert(slot.0, Live { producer, index, born: now, waited: 0, pool: None });
                assert!(old.is_none(), "{slot:?} is created while it is in the system");
                self.created += 1;
                self.current = Some(slot.0);
                let name = &self.model.producers[producer as usize].name;
                // Nobody waits for a publication: its response is there at once.
                let response = format!("producers.{name}.response");
                let offered = format!("producers.{name}.offered.count");
                self.observe(response, Span::ZERO);
                self.count(offered);
            }
            Transition::Published { queue, .. } => {
                if let Some(slot) = self.current {
                    let producer = &self.model.producers[self.live[&slot].producer as usize];
                    assert_eq!(producer.handler.publishes(), Some(QueueId(queue)), "published to another queue");
                }
                self.count(self.queue_name(queue, "published.count"));
            }
            Transition::Stored { queue } => {
                let slot = self.current.take().filter(|_| self.tells(queue));
                self.ready[queue as usize].push_back(Waiting { since: now, slot });
                self.change(&self.queue_name(queue, "ready"), 1);
                self.settle(queue);
                self.check_queue(queue);
            }
            Transition::Dispatched { queue, waited, stored, refill, .. } => {
                self.dispatch(queue, waited, stored, refill);
            }
            Transition::Started { pool, queue, subject, waited, from, resumed, .. } => {
                let slot = message_slot(subject);
                let model = self.model;
                let place = &model.pools[pool as usize];
                assert_eq!(queue, place.queue.0);
                let has_buffer = !matches!(place.prefetch, Prefetch::Limit(limit) if limit <= place.concurrency);
                let buffered = match from {
                    Origin::Buffer(buffered) => {
                        assert!(has_buffer, "a buffer where there is none");
                        buffered
                    }
                    Origin::Queue | Origin::Publisher => {
                        assert!(!has_buffer, "a worker passes by its consumer's buffer");
                        let which = self.dispatch(queue, waited, from == Origin::Queue, resumed);
                        assert!(
                            which.is_none_or(|which| which == slot.0),
                            "another message starts than the one whose turn it is"
                        );
                        Span::ZERO
                    }
                };
                let live = self.live.get_mut(&slot.0).expect("work on a message that is in the system");
                let came_from = match live.pool {
                    Some(before) => onward(&model.pools[before as usize]),
                    None => model.producers[live.producer as usize].handler.publishes(),
                };
                assert_eq!(came_from, Some(place.queue), "{slot:?} is worked on where it was not sent");
                assert!(buffered <= waited);
                live.waited += waited.0;
                live.pool = Some(pool);
                let live = self.live[&slot.0].clone();
                let takes = self.work(pool, &live);
                self.working[pool as usize].push(Job { started: now, takes });
                let name = format!("consumers.{}", place.name);
                self.observe(format!("{name}.wait"), waited);
                self.observe(format!("{name}.buffer_wait"), buffered);
                let busy = self.working[pool as usize].len() as u64;
                assert!(busy <= u64::from(place.workers()), "{busy} workers of {name} are busy");
                let by = busy as i64 - self.value(&format!("{name}.busy")) as i64;
                self.change(&format!("{name}.busy"), by);
            }
            Transition::Finished { pool, queue, service, sojourn, resumes, refilled, .. } => {
                let job = Job { started: Time(now.0 - service.0), takes: service };
                let at = self.working[pool as usize].iter().position(|&at| at == job);
                let at = at.unwrap_or_else(|| panic!("pool {pool} finishes what it did not begin"));
                self.working[pool as usize].swap_remove(at);
                assert!(sojourn >= service);
                self.current = None;
                let name = format!("consumers.{}", self.model.pools[pool as usize].name);
                // A worker that goes on at once was never idle.
                if !resumes {
                    self.change(&format!("{name}.busy"), -1);
                }
                self.count(format!("{name}.throughput.count"));
                self.observe(format!("{name}.service"), service);
                self.observe(format!("{name}.sojourn"), sojourn);
                if !refilled {
                    self.change(&self.queue_name(queue, "unacked"), -1);
                }
                self.settle(queue);
                self.check_queue(queue);
                self.count(self.queue_name(queue, "acked.count"));
            }
            Transition::Lost { queue, outcome, waited, stored, .. } => {
                let slot = if stored { None } else { self.current.take() };
                if stored {
                    self.change(&self.queue_name(queue, "ready"), -1);
                    self.settle(queue);
                }
                let kind = format!("{outcome:?}.count").to_lowercase();
                self.count(self.queue_name(queue, &kind));
                self.due = Due::End { outcome, slot, waited, from: stored.then_some(queue) };
            }
            Transition::Ended { subject, outcome, message, .. } => {
                let slot = message_slot(subject);
                match due {
                    Due::End { outcome: expected, slot: which, waited, from } => {
                        assert_eq!(outcome, expected);
                        assert_eq!(message.entered + waited, now);
                        assert!(which.is_none_or(|which| which == slot.0), "another message ends than the one lost");
                        if let Some(queue) = from {
                            self.lose(queue, outcome, slot.0, message.entered);
                            self.check_queue(queue);
                        }
                    }
                    _ => assert_eq!(outcome, Outcome::Completed),
                }
                if outcome == Outcome::Completed {
                    // Where nobody waits, what comes to a good end is what is worked off.
                    self.count(format!("producers.{}.goodput.count", self.model.producers[message.producer as usize].name));
                }
                self.end(slot, outcome, message);
            }
            other => panic!("a plain model never does this: {other:?}"),
        }
    }
}

/// The slot of a message of a plain model.
fn message_slot(subject: Subject) -> MessageSlot {
    match subject {
        Subject::Message(slot) => slot,
        Subject::Family(_) => panic!("random models are plain"),
    }
}

/// Where a pool passes its messages on to.
fn onward(pool: &ConsumerPool) -> Option<QueueId> {
    pool.plain().expect("random models are plain").publish
}
