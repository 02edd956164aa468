//! What the callers of a producer do: they run its handler for a message, hear how it ended, and turn to the next.
//!
//! The life of everything that a message causes is told here too: its family.

use super::agenda::Phase;
use super::frame::Verdict;
use super::handlers::{Family, Handlers, Wake};
use super::message::{Asker, Message, MessageSlot};
use super::observer::{Observer, Outcome, Subject, Transition};
use super::slab::NONE;
use super::task::Owner;
use super::world::{Callers, World};
use crate::units::{Span, Time};

impl Callers {
    /// Messages that wait for a caller.
    pub fn waiting(&self) -> usize {
        if let Callers::Few { line, .. } = self { line.len() } else { 0 }
    }
}

impl Handlers {
    /// Messages that callers are busy with.
    pub fn calling(&self) -> usize {
        let tasks = self.tasks.numbers();
        tasks.into_iter().filter(|&task| matches!(self.tasks[task].owner, Owner::Caller { .. })).count()
    }
}

impl World {
    /// A message of an open producer needs a caller.
    #[inline(always)]
    pub(super) fn find_caller<O: Observer>(&mut self, producer: usize, slot: MessageSlot, observer: &mut O) {
        let publisher = self.producers[producer].publisher;
        if publisher != NONE {
            return self.publish_made(publisher, slot, observer);
        }
        match &mut self.producers[producer].callers {
            Callers::Few { free: 0, line, .. } => return line.push(slot.0),
            Callers::Few { free, .. } => *free -= 1,
            Callers::Any { .. } => {}
            Callers::Nobody | Callers::Clients { .. } => unreachable!("only open producers with handlers look for callers"),
        }
        self.run_handler(producer as u32, 0, slot, observer);
    }

    /// A caller begins with a message.
    #[inline(always)]
    fn run_handler<O: Observer>(&mut self, producer: u32, client: u32, slot: MessageSlot, observer: &mut O) {
        let program = match self.producers[producer as usize].callers {
            Callers::Any { program } | Callers::Few { program, .. } | Callers::Clients { program, .. } => program,
            Callers::Nobody => unreachable!("a producer without a handler has no callers"),
        };
        if self.brokers.active {
            self.describe(slot);
        }
        self.found_family(slot, observer);
        self.task(program, slot, Owner::Caller { producer, client }, NONE, Time::LATEST);
    }

    /// A caller has come to the end of the handler.
    #[inline(always)]
    pub(super) fn respond<O: Observer>(
        &mut self,
        producer: u32,
        client: u32,
        slot: MessageSlot,
        began: Time,
        verdict: Verdict,
        observer: &mut O,
    ) {
        let now = self.now;
        let (response, observed) = (now - self.messages[slot].born, now - began);
        observer.record(now, Transition::Responded { producer, slot, response, observed, verdict });
        self.end::<false, O>(slot, if verdict == Verdict::Ok { Outcome::Completed } else { Outcome::Failed }, observer);
        match &mut self.producers[producer as usize].callers {
            Callers::Few { free, line, .. } => match line.pop() {
                Some(next) => self.run_handler(producer, 0, MessageSlot(next), observer),
                None => *free += 1,
            },
            Callers::Clients { .. } => self.think(producer, client),
            Callers::Any { .. } | Callers::Nobody => {}
        }
    }

    /// All clients of a closed producer begin to think.
    pub(super) fn think_first(&mut self, producer: usize) {
        if let Callers::Clients { sent, .. } = &self.producers[producer].callers {
            for client in 0..sent.len() as u32 {
                self.think(producer as u32, client);
            }
        }
    }

    /// A client thinks, and sends when it has done so.
    fn think(&mut self, producer: u32, client: u32) {
        let Callers::Clients { think, thoughts, sent, .. } = &self.producers[producer as usize].callers else { return };
        let index = sent[client as usize] * sent.len() as u64 + u64::from(client);
        let until = self.now + think.draw(thoughts.at(index));
        if until < self.arrivals_end {
            self.set_timer(until, Phase::Arrival, Wake::Client { producer, client });
        }
    }

    /// A client has thought and sends its next message.
    pub(super) fn client_sends<O: Observer>(&mut self, producer: u32, client: u32, observer: &mut O) {
        let Callers::Clients { sent, .. } = &mut self.producers[producer as usize].callers else { return };
        let index = sent[client as usize] * sent.len() as u64 + u64::from(client);
        sent[client as usize] += 1;
        if let Some(slot) = self.make::<false, O>(producer as usize, index, observer) {
            self.run_handler(producer, client, slot, observer);
        }
    }

    /// A message becomes the first of its family.
    #[inline(always)]
    pub(super) fn found_family<O: Observer>(&mut self, slot: MessageSlot, observer: &mut O) {
        // What is done again after a lost acknowledgement has ended for its producer already.
        let again = self.brokers.active && self.extra(slot).done;
        let family = Family { members: 1, counted: !again, ..Family::of(&self.messages[slot]) };
        let family = self.handlers.families.insert(family);
        self.messages[slot].family = family;
        self.handlers.members += 1;
        if again {
            self.brokers.shades -= 1;
            self.handlers.uncounted += 1;
            return;
        }
        observer.record(self.now, Transition::Founded { slot, family });
    }

    /// One more message that `parent` has caused: the request of a call to `called`, or one that nobody waits for.
    #[inline(always)]
    pub(super) fn child<O: Observer>(
        &mut self,
        parent: MessageSlot,
        identity: u64,
        asker: Asker,
        called: Option<u32>,
        observer: &mut O,
    ) -> MessageSlot {
        let &Message { born, producer, priority, family, .. } = &self.messages[parent];
        let (slot, child) = self.messages.take_in::<true>(self.now, producer, identity, priority);
        observer.record(self.now, Transition::Caused { parent, slot, called });
        (child.born, child.family, child.asker) = (born, family, asker);
        (child.ghost, child.returned) = (false, false);
        self.handlers.families[family].members += 1;
        self.handlers.members += 1;
        if self.brokers.active {
            let inherited = self.extra(parent).inherited();
            self.keep_extra(slot, inherited);
        }
        slot
    }

    /// A message that belongs to a family ends; the last of them ends the family.
    #[inline]
    pub(super) fn leave_family<O: Observer>(&mut self, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let (family, waited) = (self.messages[slot].family, self.messages[slot].waited);
        self.messages.remove(slot);
        self.handlers.members -= 1;
        self.shrink_family(family, waited, outcome, observer);
    }

    /// A family loses a member that has waited for so long.
    #[inline]
    pub(super) fn shrink_family<O: Observer>(&mut self, id: u32, waited: Span, outcome: Outcome, observer: &mut O) {
        let family = &mut self.handlers.families[id];
        family.waited = family.waited + waited;
        family.members -= 1;
        if family.outcome == Outcome::Completed {
            family.outcome = outcome;
        }
        if family.members == 0 {
            self.end_family(id, observer);
        }
    }

    #[inline(never)]
    fn end_family<O: Observer>(&mut self, id: u32, observer: &mut O) {
        let family = &self.handlers.families[id];
        let (outcome, producer, message) = (family.outcome, family.producer, family.as_message());
        let counted = family.counted;
        self.handlers.families.remove(id);
        if !counted {
            self.handlers.uncounted -= 1;
            return;
        }
        observer.record(self.now, Transition::Ended { producer, subject: Subject::Family(id), outcome, message: &message });
        if outcome == Outcome::Completed {
            self.tally.finished += 1;
        } else {
            self.tally.lost += 1;
        }
    }
}
