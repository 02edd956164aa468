//! What goes wrong: workers that crash, stand still or are slow, and links that lose what is sent.
//!
//! Pools that a fault may befall run their handlers as programs, so that plain servers know nothing of faults.

use super::agenda::Phase;
use super::build::BROKERED;
use super::frame::{State, Verdict};
use super::handlers::{Wake, mixed};
use super::message::MessageSlot;
use super::observer::{Observer, Origin, Outcome, Transition};
use super::service::workers_up;
use super::slab::NONE;
use super::task::{Owner, Waits};
use super::world::{Onward, Worker, World};
use crate::model::{Ack, Fault, FaultKind, FaultTimes, HostId, Model, QueueId, Target};
use crate::random::Stream;
use crate::units::Span;

/// A fault, and how it stands.
#[derive(Debug)]
pub(super) struct FaultState {
    pub fault: Fault,
    /// Draws when it comes and goes.
    pub stream: Stream,
    /// Whether it is there.
    pub active: bool,
    /// Whether it is known when it comes or goes next.
    pub armed: bool,
    /// How often it has come or gone.
    pub turns: u64,
    /// The workers that it has taken down.
    pub down: Vec<u32>,
}

/// What befalls a pool or a service: which of the engine's pools, and how many workers make one of its consumers or instances.
#[derive(Debug, Clone)]
pub(super) struct Victim {
    pub target: Target,
    pub pools: std::ops::Range<u32>,
    pub host: u32,
    pub unit: u32,
}

/// Whether some fault may befall this pool or service, or the host it runs on.
pub(super) fn endangered(model: &Model, target: Target, host: Option<HostId>) -> bool {
    model.faults.iter().any(|fault| match fault.kind {
        FaultKind::Crash { target: hit, .. } | FaultKind::Pause { target: hit } | FaultKind::Slow { target: hit, .. } => {
            hit == target || host.is_some_and(|host| hit == Target::Host(host))
        }
        FaultKind::Loss { .. } | FaultKind::Partition { .. } | FaultKind::DiskStall { .. } => false,
    })
}

/// Whether what this producer or pool publishes to this queue may be lost on the way.
pub(super) fn lossy(model: &Model, sender: Target, host: Option<HostId>, queue: QueueId) -> bool {
    let hit = Target::Queue(queue);
    let sends = |side: Target| side == sender || host.is_some_and(|host| side == Target::Host(host));
    model.faults.iter().any(|fault| match fault.kind {
        FaultKind::Loss { target, .. } => target == hit,
        FaultKind::Partition { from, to } => from == hit && sends(to) || to == hit && sends(from),
        _ => false,
    })
}

impl World {
    /// Sets the timers of all faults.
    pub(super) fn foresee_faults(&mut self) {
        for at in 0..self.handlers.faults.len() as u32 {
            self.arm_fault(at);
        }
    }

    /// Sets the timer for the next time at which a fault comes or goes.
    fn arm_fault(&mut self, at: u32) {
        let state = &self.handlers.faults[at as usize];
        let next = match &state.fault.times {
            FaultTimes::At { at, .. } if state.turns == 0 => Some(*at),
            FaultTimes::At { length, .. } if state.active => length.map(|length| self.now + length),
            FaultTimes::At { .. } => None,
            FaultTimes::Every { between, length } => {
                let draws = state.stream.at(state.turns);
                Some(self.now + if state.active { length.draw(draws) } else { between.draw(draws) })
            }
        };
        // What comes by chance does not keep a run going whose producers have ended.
        let endless = matches!(state.fault.times, FaultTimes::Every { .. }) && !state.active;
        if let Some(next) = next.filter(|next| !endless || *next < self.arrivals_end) {
            self.handlers.faults[at as usize].armed = true;
            self.set_timer(next, Phase::Expiry, Wake::Fault(at));
        }
    }

    /// Whether nothing will ever happen but faults: nothing is left on which they could have an effect, or what is left waits for
    /// something else, since all that came has gone again.
    pub(super) fn is_left_to_faults(&self) -> bool {
        self.leaves_to_faults(self.handlers.timers.len())
    }

    /// The same, with so many timers set.
    fn leaves_to_faults(&self, timers: usize) -> bool {
        let armed = self.handlers.faults.iter().filter(|fault| fault.armed);
        let (mut count, mut idle) = (0, true);
        for fault in armed {
            count += 1;
            idle &= !fault.active && matches!(fault.fault.times, FaultTimes::Every { .. });
        }
        let links = self.brokers.slot..self.brokers.slot + self.brokers.links.len();
        let others = (0..self.handlers.slot).chain(links).any(|slot| self.pending.armed(slot));
        count == timers && !others && (idle || self.in_system() == 0)
    }

    /// A fault comes or goes.
    pub(super) fn fault_fires<O: Observer>(&mut self, at: u32, observer: &mut O) {
        // Its own timer has been taken out.
        let done = self.leaves_to_faults(self.handlers.timers.len() + 1);
        self.handlers.faults[at as usize].armed = false;
        if done {
            return;
        }
        let state = &mut self.handlers.faults[at as usize];
        state.active = !state.active;
        state.turns += 1;
        let (kind, comes) = (state.fault.kind, state.active);
        match kind {
            FaultKind::Crash { target: Target::Broker(broker), count, .. } => {
                if comes {
                    self.nodes_crash(broker.0, count, observer)
                } else {
                    self.nodes_return(broker.0, observer)
                }
            }
            FaultKind::Crash { target, count, silent } if comes => self.crash(at, target, count, silent, observer),
            FaultKind::Crash { .. } => self.repair(at, observer),
            FaultKind::Pause { target } => self.change_speed(target, 1.0, if comes { 1 } else { -1 }),
            FaultKind::Slow { target, factor } => {
                self.change_speed(target, if comes { factor } else { 1.0 / factor }, 0);
            }
            FaultKind::DiskStall { target, count } => self.disks_stall(target, count, comes),
            // Whoever sends looks for these.
            FaultKind::Loss { .. } | FaultKind::Partition { .. } => {}
        }
        self.arm_fault(at);
    }

    /// The pools, services and instances that a fault of this target befalls.
    fn victims(&self, target: Target) -> Vec<Victim> {
        let hit = |victim: &&Victim| victim.target == target || matches!(target, Target::Host(host) if victim.host == host.0);
        self.handlers.victims.iter().filter(hit).cloned().collect()
    }

    /// Takes workers down: so many consumers or instances of each victim, or all.
    fn crash<O: Observer>(&mut self, fault: u32, target: Target, count: Option<u32>, silent: bool, observer: &mut O) {
        for victim in self.victims(target) {
            let most = count.map_or(usize::MAX, |count| (count * victim.unit) as usize);
            let workers: Vec<u32> = (0..self.workers.len() as u32)
                .filter(|&at| victim.pools.contains(&self.workers[at as usize].pool) && self.workers[at as usize].up)
                .take(most)
                .collect();
            if self.pools[victim.pools.start as usize].program == BROKERED {
                workers.iter().for_each(|&at| self.workers[at as usize].up = false);
                self.consumers_of(&workers).into_iter().for_each(|consumer| self.client_dies(consumer, silent, observer));
                self.handlers.faults[fault as usize].down.extend(workers);
                continue;
            }
            // Nobody of them takes anything more, not even what another of them gives back.
            for &worker in &workers {
                self.workers[worker as usize].up = false;
                let Worker { pool, consumer, .. } = self.workers[worker as usize];
                let taker = if consumer == NONE { worker } else { self.workers.len() as u32 + consumer };
                self.queues[self.pools[pool as usize].queue as usize].takers.retain(|other| other != taker);
            }
            for &worker in &workers {
                self.crash_worker(worker as usize, observer);
            }
            self.handlers.faults[fault as usize].down.extend(workers);
            for pool in victim.pools {
                self.refuse_waiting(pool, observer);
            }
        }
    }

    /// The consumers that these workers are of, each once.
    fn consumers_of(&self, workers: &[u32]) -> Vec<u32> {
        let mut consumers: Vec<u32> = workers.iter().map(|&at| self.workers[at as usize].consumer).collect();
        consumers.dedup();
        consumers
    }

    /// A worker is gone, and with it what its consumer holds.
    fn crash_worker<O: Observer>(&mut self, at: usize, observer: &mut O) {
        let worker = self.workers[at];
        let place = &self.pools[worker.pool as usize];
        let (record, records_at) = (place.record, place.records_at);
        if worker.message != NONE {
            let slot = MessageSlot(worker.message);
            if worker.task != NONE {
                self.stop(worker.task, false, true, observer);
            }
            self.pending.clear(self.producers.len() + at);
            (self.workers[at].message, self.workers[at].task) = (NONE, NONE);
            let (service, sojourn) = (self.now - worker.started, self.now - self.messages[slot].entered);
            let (resumes, refilled) = (false, false);
            let (pool, queue) = (record, records_at);
            observer.record(self.now, Transition::BrokenOff { pool, queue, slot, service, sojourn, resumes, refilled });
            self.give_up(worker.pool, slot, observer);
        }
        if worker.consumer != NONE {
            self.empty_buffer(worker.consumer, worker.pool, observer);
        }
    }

    /// What a crashed consumer holds goes back, or is lost.
    fn empty_buffer<O: Observer>(&mut self, consumer: u32, pool: u32, observer: &mut O) {
        let queue = self.pools[pool as usize].queue;
        while let Some(slot) = self.consumers[consumer as usize].buffer.pop_back() {
            let message = &self.messages[MessageSlot(slot)];
            let (sojourn, buffered) = (self.now - message.entered, self.now - message.dispatched);
            let record = self.queues[queue as usize].record;
            observer.record(self.now, Transition::Withdrawn { queue: record, slot: MessageSlot(slot), sojourn, buffered });
            self.give_up(pool, MessageSlot(slot), observer);
        }
        let holder = &mut self.consumers[consumer as usize];
        (holder.held, holder.idle) = (0, NONE);
    }

    /// What becomes of a message that a worker of this pool no longer works on.
    fn give_up<O: Observer>(&mut self, pool: u32, slot: MessageSlot, observer: &mut O) {
        let place = &self.pools[pool as usize];
        let queue = place.queue;
        if place.onward == Onward::Answer {
            observer.record(self.now, Transition::Failed { pool: place.record, slot });
            self.answer(slot, Verdict::Error, observer);
            return self.end::<false, O>(slot, Outcome::Completed, observer);
        }
        if place.ack == Ack::Auto {
            return self.end::<false, O>(slot, Outcome::Failed, observer);
        }
        let message = &mut self.messages[slot];
        message.give_back(self.now);
        let age = (message.since(), message.index);
        let (priority, state) = (message.priority, &mut self.queues[queue as usize]);
        observer.record(self.now, Transition::Returned { queue: state.record });
        let messages = &self.messages;
        state.line.put_back(slot, priority, |other| (messages[other].since(), messages[other].index) < age);
        // Its time to live goes on while it is held, and is looked at when it is ready again (RabbitMQ, "Time-to-live").
        if state.expires {
            self.expire::<false, O>(queue, observer);
        }
        self.offer(queue, observer);
    }

    /// Hands out ready messages for as long as someone has credit.
    pub(super) fn offer<O: Observer>(&mut self, queue: u32, observer: &mut O) {
        // Whoever takes is out of the way first: what is given up on the way may come again at once, and would be given to him.
        while let Some(taker) = self.queues[queue as usize].takers.pop() {
            let Some(slot) = self.take_ready::<false, O>(queue, observer) else {
                return self.queues[queue as usize].takers.push_front(taker);
            };
            let workers = self.workers.len() as u32;
            if taker < workers {
                self.start::<false, O>(taker as usize, slot, Origin::Queue, false, observer);
            } else {
                self.receive::<false, true, O>(queue, taker - workers, slot, observer);
            }
        }
    }

    /// Requests that wait where nobody is left to take them fail.
    fn refuse_waiting<O: Observer>(&mut self, pool: u32, observer: &mut O) {
        let place = &self.pools[pool as usize];
        let queue = place.queue;
        if place.onward != Onward::Answer || self.is_up(pool) {
            return;
        }
        while let Some(slot) = self.take_ready::<false, O>(queue, observer) {
            self.lose(queue, slot, Outcome::Rejected, true, observer);
        }
    }

    /// Whether a pool has a worker left.
    fn is_up(&self, pool: u32) -> bool {
        !self.handlers.endangered || workers_up(&self.workers, pool)
    }

    /// Brings back what a fault has taken down.
    fn repair<O: Observer>(&mut self, fault: u32, observer: &mut O) {
        let down = std::mem::take(&mut self.handlers.faults[fault as usize].down);
        let (brokered, down): (Vec<u32>, Vec<u32>) =
            down.into_iter().partition(|&at| self.pools[self.workers[at as usize].pool as usize].program == BROKERED);
        brokered.iter().for_each(|&at| self.workers[at as usize].up = true);
        self.consumers_of(&brokered).into_iter().for_each(|consumer| self.client_returns(consumer, observer));
        for &at in &down {
            let worker = &mut self.workers[at as usize];
            worker.up = true;
            let (pool, consumer) = (worker.pool, worker.consumer);
            let queue = self.pools[pool as usize].queue;
            if consumer == NONE {
                self.queues[queue as usize].takers.push(at);
            } else {
                let holder = &mut self.consumers[consumer as usize];
                let first = holder.idle == NONE;
                self.workers[at as usize].next_idle = std::mem::replace(&mut holder.idle, at);
                if first {
                    self.queues[queue as usize].takers.push(self.workers.len() as u32 + consumer);
                }
            }
        }
        for &at in &down {
            let queue = self.pools[self.workers[at as usize].pool as usize].queue;
            self.offer(queue, observer);
        }
    }

    /// Work takes `factor` times as long from now on, and there are so many pauses more.
    fn change_speed(&mut self, target: Target, factor: f64, pauses: i32) {
        if let Target::Host(host) = target {
            let (now, state) = (self.now, &mut self.handlers.hosts[host.0 as usize]);
            state.slowdown *= factor;
            state.pauses += pauses;
            let speed = if state.pauses > 0 { 0.0 } else { 1.0 / state.slowdown };
            state.processors.set_speed(now, speed);
            // Its timer is looked at when time goes on.
            self.wake_host(host.0);
            return;
        }
        for victim in self.victims(target) {
            for pool in victim.pools {
                let place = &mut self.pools[pool as usize];
                let before = place.speed();
                place.slowdown *= factor;
                place.pauses += pauses;
                let after = place.speed();
                self.retime(pool, before, after);
            }
        }
    }

    /// Moves the ends of what the workers of a pool are at.
    fn retime(&mut self, pool: u32, before: f64, after: f64) {
        for id in self.handlers.tasks.numbers() {
            let task = &mut self.handlers.tasks[id];
            if task.pool != pool {
                continue;
            }
            match task.waits {
                Waits::Worker | Waits::Timer(_) if task.working || before == 0.0 || after == 0.0 => {
                    let rest = (task.until - self.now).0 as f64;
                    task.left = if task.working { rest * before } else { rest };
                    match task.waits {
                        Waits::Timer(timer) => self.cancel_timer(timer),
                        _ => {
                            if let Owner::Worker(worker) = task.owner {
                                self.pending.clear(self.producers.len() + worker as usize);
                            }
                        }
                    }
                    self.handlers.tasks[id].waits = Waits::Suspended;
                }
                Waits::Suspended | Waits::Pause => {}
                _ => continue,
            }
            if after > 0.0 {
                let task = &self.handlers.tasks[id];
                match task.waits {
                    Waits::Pause => self.wake(id),
                    Waits::Suspended => {
                        let rest = if task.working { task.left / after } else { task.left };
                        self.hold(id, Span((rest + 0.5) as u64));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Whether what is sent from a caller to a service (way 2) or back (way 3) is lost on the way.
    pub(super) fn goes_astray(&mut self, id: u32, way: u64) -> bool {
        if self.handlers.faults.is_empty() {
            return false;
        }
        let frame = &self.handlers.frames[id];
        let site = &self.handlers.code.calls[frame.call as usize];
        let (caller, service) = (site.caller, Target::Service(site.call.service));
        let mut kept = 1.0;
        for state in self.handlers.faults.iter().filter(|state| state.active) {
            match state.fault.kind {
                FaultKind::Loss { target, probability } if self.is_at(service, target) => kept *= 1.0 - probability,
                FaultKind::Partition { from, to } if self.lies_between(caller, service, from, to) => kept = 0.0,
                _ => {}
            }
        }
        let lost = kept < 1.0 && site.network.at(mixed(frame.identity, way)).uniform() >= kept;
        if lost {
            self.handlers.frames[id].state = State::Astray;
        }
        lost
    }

    /// Whether a message that is published to a queue is lost on the way.
    pub(super) fn lost_on_the_way(&self, from: Target, queue: u32, identity: u64) -> bool {
        let queue = Target::Queue(QueueId(queue));
        self.handlers.faults.iter().filter(|state| state.active).any(|state| match state.fault.kind {
            FaultKind::Loss { target, probability } if target == queue => {
                state.stream.at(mixed(identity, 4)).uniform() < probability
            }
            FaultKind::Partition { from: one, to: other } => self.lies_between(from, queue, one, other),
            _ => false,
        })
    }

    /// The same for what goes through a broker.
    pub(super) fn lost_on_the_way_to(&self, from: Target, publisher: u32, identity: u64) -> bool {
        match self.brokers.publishers[publisher as usize].target {
            super::broker::Target::Queue(queue) => self.lost_on_the_way(from, queue, identity),
            super::broker::Target::Exchange(_) => false,
        }
    }

    /// Whether a pool, a service, a producer or a queue is at a place: itself, or the host that it is on.
    fn is_at(&self, who: Target, place: Target) -> bool {
        who == place
            || match place {
                Target::Host(host) => self.handlers.victims.iter().any(|victim| victim.target == who && victim.host == host.0),
                _ => false,
            }
    }

    /// Whether a partition cuts the way between two.
    fn lies_between(&self, one: Target, other: Target, from: Target, to: Target) -> bool {
        self.is_at(one, from) && self.is_at(other, to) || self.is_at(one, to) && self.is_at(other, from)
    }
}

/// The faults of a model, none of which has come yet. Each has a stream that is named after what it does and to whom, and its
/// number among equals, so that another fault moves no draw of the rest.
pub(super) fn states(model: &Model, stream: &dyn Fn(&str, &str) -> Stream) -> Vec<FaultState> {
    let mut names: Vec<String> = Vec::new();
    let mut states = Vec::with_capacity(model.faults.len());
    for fault in &model.faults {
        let name = name(model, fault);
        let nth = names.iter().filter(|other| **other == name).count() + 1;
        let stream = stream("faults", &format!("{name} {nth}"));
        names.push(name);
        states.push(FaultState { fault: fault.clone(), stream, active: false, armed: false, turns: 0, down: Vec::new() });
    }
    states
}

/// What a fault does and to whom, in the words of the document.
fn name(model: &Model, fault: &Fault) -> String {
    let of = |target: Target| match target {
        Target::Pool(at) => format!("consumers.{}", model.pools[at.0 as usize].name),
        Target::Service(at) => format!("services.{}", model.service(at).name),
        Target::Host(at) => format!("hosts.{}", model.hosts[at.0 as usize].name),
        Target::Queue(at) => format!("queues.{}", model.queue(at).name),
        Target::Producer(at) => format!("producers.{}", model.producers[at.0 as usize].name),
        Target::Broker(at) => format!("brokers.{}", model.brokers[at.0 as usize].name),
    };
    match fault.kind {
        FaultKind::Crash { target, .. } => format!("crash {}", of(target)),
        FaultKind::Pause { target } => format!("pause {}", of(target)),
        FaultKind::Slow { target, .. } => format!("slow {}", of(target)),
        FaultKind::Loss { target, .. } => format!("loss {}", of(target)),
        FaultKind::DiskStall { target, .. } => format!("disk_stall {}", of(target)),
        FaultKind::Partition { from, to } => format!("partition {} {}", of(from), of(to)),
    }
}
