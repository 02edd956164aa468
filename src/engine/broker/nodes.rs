//! Nodes that crash: what they held in memory is gone, what they had written comes back, a replicated queue goes on where a
//! majority is left, and whoever had not heard of a message sends it again.
//!
//! A confirm that a node had decided on still arrives: the little that could be sent twice for want of it is not modelled.

use super::Parcel;
use super::receipt::Receipt;
use super::storage::Stored;
use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::units::Time;

impl World {
    /// So many nodes of a broker go down, or all.
    pub(in crate::engine) fn nodes_crash<O: Observer>(&mut self, broker: u32, count: Option<u32>, observer: &mut O) {
        let state = &mut self.brokers.states[broker as usize];
        state.dead = count.unwrap_or(state.nodes).min(state.nodes);
        state.down = state.dead == state.nodes;
        let (dead, first, all, election) = (state.dead, state.first_disk, state.down, state.election);
        if first != NONE {
            (0..dead).for_each(|node| self.crash_disk(first + node, observer));
        }
        for home in self.queues_of(broker) {
            let queue = &self.brokers.queues[home as usize];
            let members = match &queue.stored {
                Stored::Replicas { followers, needed, .. } => Some((followers.len() as u32 + 1, *needed)),
                Stored::Memory | Stored::Disk(_) => None,
            };
            let nodes = self.brokers.states[broker as usize].nodes;
            let hit = queue.node < dead;
            // Members stand on the nodes behind the leader's, in turn.
            let alive = |members: u32| (0..members).filter(|member| (queue.node + member) % nodes >= dead).count() as u32;
            let survives = members.is_some_and(|(members, needed)| alive(members) >= needed);
            if !hit && (survives || members.is_none()) {
                continue;
            }
            self.close_queue(home, observer);
            if members.is_none() {
                self.lose_unsafe(home, observer);
            } else if survives {
                self.set_timer(self.now + election, Phase::Expiry, Wake::Elected { queue: home });
            }
        }
        if all {
            self.recall_messages(broker, observer);
        }
    }

    /// The nodes of a broker are back.
    pub(in crate::engine) fn nodes_return<O: Observer>(&mut self, broker: u32, observer: &mut O) {
        let state = &mut self.brokers.states[broker as usize];
        let (dead, first) = (std::mem::take(&mut state.dead), state.first_disk);
        state.down = false;
        if first != NONE {
            (0..dead).for_each(|node| self.wake_disk(first + node, observer));
        }
        for home in self.queues_of(broker) {
            self.open_queue(home, observer);
        }
        self.flush_all(broker, observer);
    }

    /// A replicated queue has a new leader, unless too many of its members have gone since.
    pub(in crate::engine) fn elected<O: Observer>(&mut self, home: u32, observer: &mut O) {
        let broker = self.brokers.queues[home as usize].broker;
        if !self.brokers.states[broker as usize].down {
            self.open_queue(home, observer);
        }
    }

    fn queues_of(&self, broker: u32) -> Vec<u32> {
        (0..self.brokers.queues.len() as u32).filter(|&home| self.brokers.queues[home as usize].broker == broker).collect()
    }

    /// A queue is not there for a while: the sessions of all its consumers end.
    fn close_queue<O: Observer>(&mut self, home: u32, observer: &mut O) {
        self.brokers.queues[home as usize].down = true;
        for consumer in self.brokers.queues[home as usize].consumers.clone() {
            if self.brokers.clients[consumer as usize].up {
                self.drop_work(consumer, observer);
            }
            if self.brokers.clients[consumer as usize].known {
                self.close_session(consumer, observer);
            }
        }
    }

    fn open_queue<O: Observer>(&mut self, home: u32, observer: &mut O) {
        if !std::mem::replace(&mut self.brokers.queues[home as usize].down, false) {
            return;
        }
        for consumer in self.brokers.queues[home as usize].consumers.clone() {
            if self.brokers.clients[consumer as usize].up {
                self.client_returns(consumer, observer);
            }
        }
        self.look_at_head(home, observer);
    }

    /// What a queue did not keep safe is lost; of what its publisher has not heard, that sends it again.
    fn lose_unsafe<O: Observer>(&mut self, home: u32, observer: &mut O) {
        let state = &self.brokers.queues[home as usize];
        let (queue, stored) = (state.queue, state.stored.clone());
        let synced = match stored {
            Stored::Disk(disk) if disk != NONE => self.brokers.disks[disk as usize].last_sync(self.now),
            _ => Time::LATEST,
        };
        let kept = |world: &World, slot: MessageSlot| {
            let extra = &world.brokers.extras[slot.0 as usize];
            !matches!(stored, Stored::Memory) && extra.persistent && extra.write == NONE && extra.since <= synced
        };
        let lost: Vec<MessageSlot> = self.queues[queue as usize].line.iter().filter(|&slot| !kept(self, slot)).collect();
        for slot in lost {
            self.queues[queue as usize].line.retain(|other| other != slot);
            self.take_off(home, slot);
            let record = self.queues[queue as usize].record;
            let waited = self.now - self.messages[slot].entered;
            let outcome = Outcome::Failed;
            observer.record(self.now, Transition::Lost { queue: record, slot: Some(slot), outcome, waited, stored: true });
            let write = self.extra(slot).write;
            let receipt = if write == NONE { NONE } else { std::mem::replace(&mut self.brokers.writes[write].receipt, NONE) };
            self.give_up_custody(home, slot, observer);
            if receipt != NONE && self.brokers.publishers[self.brokers.receipts[receipt].publisher as usize].hears {
                self.brokers.writes[write].slot = NONE;
                self.extra(slot).write = NONE;
                self.brokers.outbound += 1;
                self.return_to_sender(slot, receipt, observer);
                continue;
            }
            if receipt != NONE {
                self.safe(receipt, observer);
            }
            observer.record(self.now, Transition::LostInCrash { queue: record });
            self.leave(slot, outcome, observer);
        }
    }

    /// What was on its way to a broker, or in its hands, never came.
    fn recall_messages<O: Observer>(&mut self, broker: u32, observer: &mut O) {
        let is_ours = |world: &World, parcel: &Parcel| matches!(parcel, Parcel::Publish { publisher, .. } if world.brokers.publishers[*publisher as usize].broker == broker);
        let mut gone = Vec::new();
        for at in 0..self.brokers.links.len() {
            if self.brokers.links[at].parcels().any(|parcel| is_ours(self, parcel)) {
                gone.extend(self.empty_link(at));
            }
        }
        for at in 0..self.brokers.processors.len() {
            if self.brokers.processors[at].broker() == broker {
                gone.extend(self.brokers.processors[at].take_publications());
            }
        }
        for at in 0..self.brokers.states[broker as usize].publishers.len() {
            let publisher = self.brokers.states[broker as usize].publishers[at];
            let uncommitted = std::mem::take(&mut self.brokers.publishers[publisher as usize].uncommitted);
            gone.extend(uncommitted.into_iter().map(|slot| (publisher, slot)));
        }
        gone.extend(self.uncommitted_commands(broker));
        // Each publisher sends again in the order in which it sent before: the last comes to the front of its line first.
        for (publisher, slot) in gone.into_iter().rev() {
            let receipt = self.extra(slot).receipt;
            if receipt != NONE && self.brokers.publishers[publisher as usize].hears {
                self.return_to_sender(slot, receipt, observer);
                continue;
            }
            self.brokers.outbound -= 1;
            self.extra(slot).receipt = NONE;
            self.leave(slot, Outcome::Failed, observer);
            if receipt != NONE {
                self.brokers.receipts[receipt].refused = true;
                self.safe(receipt, observer);
            }
        }
    }

    /// A message is with its publisher again, which sends it as soon as it may.
    fn return_to_sender<O: Observer>(&mut self, slot: MessageSlot, receipt: u32, observer: &mut O) {
        let Receipt { publisher, .. } = self.brokers.receipts[receipt];
        self.extra(slot).receipt = NONE;
        let waiter = self.brokers.receipts[receipt].waiter;
        self.brokers.receipts.remove(receipt);
        let state = &mut self.brokers.publishers[publisher as usize];
        let producer = state.producer;
        state.outstanding -= 1;
        state.begun = state.begun.saturating_sub(1);
        state.line.push_front(slot.0);
        if state.batch.is_some() {
            state.due += 1;
        }
        observer.record(self.now, Transition::Unconfirmed { producer, more: false });
        observer.record(self.now, Transition::Buffered { producer, more: true });
        if waiter != NONE {
            let again = self.new_receipt(publisher, slot);
            self.brokers.receipts[again].waiter = waiter;
            self.handlers.tasks[waiter].waits = crate::engine::task::Waits::Receipt(again);
            self.extra(slot).receipt = again;
        }
        self.dealt_with(publisher, observer);
    }
}
