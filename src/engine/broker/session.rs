//! Sessions of consumers: they end when a process dies, when its connection is believed to be dead, or when its broker is; what
//! was held comes back, or is lost where it was acknowledged by being sent.

use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::units::Span;

/// How long it takes until a connection is given up that nobody closed and that has no heartbeats: the retransmissions of
/// TCP on Linux with their defaults (RabbitMQ, "Detecting dead TCP connections with heartbeats": about eleven minutes).
const TCP_GIVES_UP: Span = Span(660_000_000_000);

impl World {
    /// The process of a consumer dies, and what it was at with it. `silent`: its socket stays open.
    pub(in crate::engine) fn client_dies<O: Observer>(&mut self, consumer: u32, silent: bool, observer: &mut O) {
        let client = &mut self.brokers.clients[consumer as usize];
        client.up = false;
        let (home, auto) = (client.home, client.auto);
        self.drop_work(consumer, observer);
        if auto {
            self.lose_held(consumer, observer);
        }
        let broker = self.brokers.queues[home as usize].broker;
        let lag = if silent {
            let life = self.brokers.clients[consumer as usize].life;
            self.until_given_up(consumer, u64::from(consumer) << 32 | u64::from(life)).unwrap_or(TCP_GIVES_UP)
        } else if broker == NONE {
            Span::ZERO
        } else {
            self.brokers.states[broker as usize].close_lag
        };
        let life = self.brokers.clients[consumer as usize].life;
        if lag.0 == 0 {
            return self.notice_death(consumer, life, observer);
        }
        self.set_timer(self.now + lag, Phase::Expiry, Wake::Notice { consumer, life });
    }

    /// How long after the last that it heard of a consumer a broker gives the connection up; `None`: they exchange no
    /// heartbeats. `occasion` tells one silence from another.
    fn until_given_up(&self, consumer: u32, occasion: u64) -> Option<Span> {
        let client = &self.brokers.clients[consumer as usize];
        let session = self.session(client.pool);
        let heartbeat = session.heartbeat?;
        let phase = session.beats.at(occasion).uniform();
        let broker = self.brokers.queues[client.home as usize].broker;
        let checks = if broker == NONE { None } else { self.brokers.states[broker as usize].heartbeat_checks };
        // The least time, and by what of that it may be longer.
        let (least, spread) = match checks {
            // A look still sees the last bytes, at some time within a heartbeat, and those after it see nothing.
            Some(checks) => (Span(heartbeat.0.saturating_mul(u64::from(checks))), heartbeat),
            // Frames come every half of it, and two are missing at some time in the second half.
            None => (Span(heartbeat.0 / 2), Span(heartbeat.0 / 2)),
        };
        Some(Span(least.0.saturating_add((phase * spread.0 as f64) as u64)))
    }

    /// The broker notices that a consumer is gone.
    pub(in crate::engine) fn notice_death<O: Observer>(&mut self, consumer: u32, life: u32, observer: &mut O) {
        let client = &self.brokers.clients[consumer as usize];
        if client.life == life && client.known {
            self.close_session(consumer, observer);
        }
    }

    /// A consumer is there again.
    pub(in crate::engine) fn client_returns<O: Observer>(&mut self, consumer: u32, observer: &mut O) {
        let client = &self.brokers.clients[consumer as usize];
        // A new connection of the same consumer: the old one is closed, if nobody has noticed that yet.
        if client.known {
            self.close_session(consumer, observer);
        }
        let client = &mut self.brokers.clients[consumer as usize];
        (client.up, client.known) = (true, true);
        let home = client.home;
        let mut idle = NONE;
        for at in self.workers_of(consumer) {
            if self.workers[at].message == NONE && !self.pending.armed(self.producers.len() + at) {
                self.workers[at].next_idle = idle;
                idle = at as u32;
            }
        }
        self.consumers[consumer as usize].idle = idle;
        let state = &mut self.brokers.queues[home as usize];
        if state.single_active && state.active == NONE {
            state.active = consumer;
        }
        if !state.down {
            self.offer_credit(consumer);
            self.serve(home, observer);
        }
    }

    /// The workers of a consumer.
    fn workers_of(&self, consumer: u32) -> std::ops::Range<usize> {
        let first = self.workers.iter().position(|worker| worker.consumer == consumer).unwrap_or(0);
        let number = self.workers[first..].iter().take_while(|worker| worker.consumer == consumer).count();
        first..first + number
    }

    /// A consumer breaks off what it works on, and forgets what it has.
    pub(super) fn drop_work<O: Observer>(&mut self, consumer: u32, observer: &mut O) {
        for at in self.workers_of(consumer) {
            self.break_off_delivery(at, observer);
            self.pending.clear(self.producers.len() + at);
        }
        self.forget(consumer);
    }

    /// What a consumer has in its buffer is of no use any more, and neither is what it has not said.
    fn forget(&mut self, consumer: u32) {
        let holder = &mut self.consumers[consumer as usize];
        holder.idle = NONE;
        while holder.buffer.pop().is_some() {}
        let client = &mut self.brokers.clients[consumer as usize];
        client.unsaid = 0;
        if let Some(timer) = client.timer.take() {
            self.cancel_timer(timer);
        }
    }

    fn break_off_delivery<O: Observer>(&mut self, at: usize, observer: &mut O) {
        let worker = self.workers[at];
        if worker.message == NONE {
            return;
        }
        if worker.task != NONE {
            self.stop(worker.task, false, true, observer);
        }
        (self.workers[at].message, self.workers[at].task) = (NONE, NONE);
        let place = &self.pools[worker.pool as usize];
        let (pool, queue) = (place.record, place.records_at);
        let slot = MessageSlot(worker.message);
        let (service, sojourn) = (self.now - worker.started, self.now - self.messages[slot].entered);
        let (resumes, refilled) = (false, true);
        observer.record(self.now, Transition::BrokenOff { pool, queue, slot, service, sojourn, resumes, refilled });
    }

    /// What was acknowledged by being sent is lost with the one who had it.
    fn lose_held<O: Observer>(&mut self, consumer: u32, observer: &mut O) {
        let client = &mut self.brokers.clients[consumer as usize];
        client.life += 1;
        let home = client.home;
        let queue = self.brokers.queues[home as usize].queue;
        let record = self.queues[queue as usize].record;
        loop {
            let first = self.brokers.clients[consumer as usize].first;
            if first == NONE {
                return;
            }
            self.drop_from_list(consumer, MessageSlot(first));
            observer.record(self.now, Transition::LostInCrash { queue: record });
            self.leave(MessageSlot(first), Outcome::Failed, observer);
        }
    }

    /// The broker closes a session: everything that the consumer held comes back, and counts as a failed delivery.
    pub(super) fn close_session<O: Observer>(&mut self, consumer: u32, observer: &mut O) {
        let client = &mut self.brokers.clients[consumer as usize];
        let home = client.home;
        let auto = client.auto;
        client.known = false;
        client.life += 1;
        self.leave_ring(home, consumer);
        if auto {
            self.lose_held(consumer, observer);
        }
        loop {
            let last = self.brokers.clients[consumer as usize].last;
            if last == NONE {
                break;
            }
            self.take_back(consumer, MessageSlot(last), false, observer);
            self.come_back(home, MessageSlot(last), true, observer);
        }
        self.consumers[consumer as usize].held = 0;
        self.serve(home, observer);
    }

    /// A consumer gets nothing more; where it was the active one, the next takes its place.
    pub(super) fn leave_ring(&mut self, home: u32, consumer: u32) {
        let taker = self.workers.len() as u32 + consumer;
        let state = &mut self.brokers.queues[home as usize];
        self.queues[state.queue as usize].takers.retain(|other| other != taker);
        if state.single_active && state.active == consumer {
            let clients = &self.brokers.clients;
            let next = state.consumers.iter().copied().find(|&other| clients[other as usize].known && other != consumer);
            state.active = next.unwrap_or(NONE);
            if let Some(next) = next {
                self.offer_credit(next);
            }
        }
    }

    /// A consumer that cannot send heartbeats while it works begins to work.
    pub(super) fn begin_silence(&mut self, consumer: u32) {
        let client = &self.brokers.clients[consumer as usize];
        let life = client.life;
        let began = self.workers[self.workers_of(consumer).start].started;
        let Some(span) = self.until_given_up(consumer, began.0) else { return };
        self.set_timer(self.now + span, Phase::Expiry, Wake::Silence { consumer, life, since: self.now });
    }

    /// A consumer has been silent for so long that its broker closes the connection: what it works on comes back to the queue,
    /// and it works on in vain.
    pub(in crate::engine) fn silence_ends<O: Observer>(
        &mut self,
        consumer: u32,
        life: u32,
        since: crate::units::Time,
        observer: &mut O,
    ) {
        let client = &self.brokers.clients[consumer as usize];
        let worker = self.workers_of(consumer).start;
        let still = self.workers[worker].message != NONE && self.workers[worker].started == since;
        if client.life != life || !client.known || !still {
            return;
        }
        let runs_on = self.workers[worker].task == NONE;
        self.break_off_delivery(worker, observer);
        self.forget(consumer);
        self.close_session(consumer, observer);
        // It notices when it is done, and connects again; a handler of steps is stopped where it is.
        if !runs_on {
            self.pending.clear(self.producers.len() + worker);
            self.client_returns(consumer, observer);
        }
    }
}
