//! Who is where at one instant, and for how long: the part of the messages' time that an edge of the measured window cuts off.
//!
//! A walk over the messages in the system, from outside; nothing is kept for it while they move.

use super::message::MessageSlot;
use super::slab::NONE;
use super::world::World;
use crate::units::Time;

/// Messages at one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Crowd {
    /// How many.
    pub messages: u64,
    /// How long they have been there, all together, in message-nanoseconds.
    pub age: u128,
}

/// Messages at a queue and in the hands of its consumers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AtQueue {
    /// Ready; since they entered the queue.
    pub ready: Crowd,
    /// Held by consumers; since they entered the queue.
    pub held: Crowd,
    /// Of these, in buffers; since they were dispatched.
    pub buffered: Crowd,
}

/// Messages that the workers of a pool have in work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AtPool {
    /// Since they entered the queue.
    pub entered: Crowd,
    /// Since their work began.
    pub started: Crowd,
}

/// All messages in the system at one instant; the default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// One for each of an observer's queues; none in an empty system.
    pub queues: Vec<AtQueue>,
    /// One for each of an observer's pools; none in an empty system.
    pub pools: Vec<AtPool>,
    /// All of them that are at a queue or in work, since they were born.
    pub born: Crowd,
}

impl Crowd {
    fn add(&mut self, since: Time, now: Time) {
        self.messages += 1;
        self.age += u128::from((now - since).0);
    }
}

impl World {
    /// Where the messages are at `now`, which is not before the last event nor after the next.
    pub fn presence(&self, now: Time) -> Presence {
        let records = |highest: Option<u32>| highest.map_or(0, |highest| highest as usize + 1);
        let mut queues = vec![AtQueue::default(); records(self.queues.iter().map(|queue| queue.record).max())];
        let mut pools = vec![AtPool::default(); records(self.pools.iter().map(|pool| pool.record).max())];
        let mut born = Crowd::default();
        for queue in &self.queues {
            for message in queue.line.iter().map(|slot| &self.messages[slot]).filter(|message| !message.ghost) {
                queues[queue.record as usize].ready.add(message.entered, now);
                born.add(message.born, now);
            }
        }
        // A consumer does not know its queue; its workers do.
        let mut served = vec![0; self.consumers.len()];
        for worker in &self.workers {
            let place = &self.pools[worker.pool as usize];
            let (queue, pool) = (place.records_at as usize, place.record as usize);
            if worker.consumer != NONE {
                served[worker.consumer as usize] = queue;
            }
            if worker.message != NONE {
                let message = &self.messages[MessageSlot(worker.message)];
                if worker.consumer == NONE || !self.brokers.active {
                    queues[queue].held.add(message.entered, now);
                }
                pools[pool].entered.add(message.entered, now);
                pools[pool].started.add(worker.started, now);
                born.add(message.born, now);
            }
        }
        if self.brokers.active {
            self.held_by_clients(&served, &mut queues, &mut born, now);
            return Presence { queues, pools, born };
        }
        for (consumer, queue) in self.consumers.iter().zip(served) {
            for message in consumer.buffer.iter().map(|slot| &self.messages[MessageSlot(slot)]) {
                queues[queue].held.add(message.entered, now);
                queues[queue].buffered.add(message.dispatched, now);
                born.add(message.born, now);
            }
        }
        Presence { queues, pools, born }
    }

    /// What the consumers of brokers' queues hold, since it was dispatched.
    fn held_by_clients(&self, served: &[usize], queues: &mut [AtQueue], born: &mut Crowd, now: Time) {
        for (client, &queue) in self.brokers.clients.iter().zip(served) {
            let mut at = client.first;
            while at != NONE {
                let extra = &self.brokers.extras[at as usize];
                if !extra.settled {
                    queues[queue].held.add(extra.dispatched, now);
                }
                born.add(self.messages[MessageSlot(at)].born, now);
                at = extra.behind;
            }
        }
    }
}
