//! The loop: takes the next event, moves the clock, and lets the noun that owns the slot act.

use super::agenda::{Agenda, Phase};
use super::observer::Observer;
use super::world::World;
use crate::units::Time;
use std::rc::Rc;
use thiserror::Error;

/// Events at one instant beyond which a run is not believed to move on.
const EVENTS_AT_ONE_INSTANT: u64 = 1_000_000;
/// Messages in the system beyond which a run is stopped before the machine runs out of memory: about 6 GB.
pub(super) const MESSAGES_IN_SYSTEM: u64 = 100_000_000;

/// So often it is looked whether workers wait for each other, and the less often the more tasks there are to look at.
const EVENTS_BETWEEN_LOOKS: u64 = 10_000;
const EVENTS_PER_TASK: u64 = 20;

/// Why a run was stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Halt {
    /// The clock does not move.
    #[error(
        "more than {EVENTS_AT_ONE_INSTANT} events happen at one instant, {at}: is there work that takes no time, or a batch of that size?"
    )]
    Standstill {
        /// The instant.
        at: Time,
    },
    /// The backlog has outgrown the machine.
    #[error(
        "{MESSAGES_IN_SYSTEM} messages are in the system at {at}: it is offered more than it can do; bound a queue, or simulate less time"
    )]
    Overgrown {
        /// The instant.
        at: Time,
    },
    /// Workers wait for each other.
    #[error(
        "nothing can go on any more for some workers at {at}: {circle}; break the circle, give a pool more workers, or calls a timeout"
    )]
    Deadlock {
        /// The instant at which it was noticed.
        at: Time,
        /// Who waits for whom.
        circle: String,
    },
    /// The document's own limit.
    #[error("max_events = {limit} is reached at {at}: raise it, or simulate less time")]
    TooManyEvents {
        /// The limit.
        limit: u64,
        /// The instant.
        at: Time,
    },
}

impl World {
    /// Simulates all events before `until`.
    ///
    /// # Errors
    /// When the clock stands still, the backlog outgrows the machine, or more than `max_events` are needed in all.
    pub fn advance<O: Observer>(&mut self, until: Time, max_events: u64, observer: &mut O) -> Result<(), Halt> {
        while !self.advance_a_while(until, max_events, observer)? {}
        Ok(())
    }

    /// The same, but no more than a million events; whether `until` is reached.
    ///
    /// # Errors
    /// Those of [`World::advance`].
    pub fn advance_a_while<O: Observer>(&mut self, until: Time, max_events: u64, observer: &mut O) -> Result<bool, Halt> {
        let end = Agenda::key_at(until.min(Time::LATEST));
        if self.next_event().0 >= end {
            return self.look_for_deadlock().map(|()| true);
        }
        if self.tally.events >= max_events {
            return Err(Halt::TooManyEvents { limit: max_events, at: self.now });
        }
        let before = self.now;
        let budget = EVENTS_AT_ONE_INSTANT.min(max_events - self.tally.events);
        let used = match self.plain {
            true => self.advance_by::<true, O>(end, budget, observer),
            false => self.advance_by::<false, O>(end, budget, observer),
        };
        self.tally.events += used;
        if used == EVENTS_AT_ONE_INSTANT && self.now == before {
            return Err(Halt::Standstill { at: self.now });
        }
        if self.in_system() > MESSAGES_IN_SYSTEM {
            return Err(Halt::Overgrown { at: self.now });
        }
        self.look_for_deadlock()?;
        Ok(self.next_event().0 >= end)
    }

    /// Looks whether workers wait for each other: now and then, and when nothing can happen any more.
    fn look_for_deadlock(&mut self) -> Result<(), Halt> {
        let tasks = self.handlers.tasks.live() as u64;
        if tasks == 0 || self.tally.events < self.handlers.look_again && !self.is_over() {
            return Ok(());
        }
        self.handlers.look_again = self.tally.events + EVENTS_BETWEEN_LOOKS.max(EVENTS_PER_TASK * tasks);
        match self.deadlock() {
            Some(circle) => Err(Halt::Deadlock { at: self.now, circle }),
            None => Ok(()),
        }
    }

    /// Whether nothing can happen any more, but for faults that nobody would notice.
    pub fn is_over(&self) -> bool {
        let empty = if self.plain { self.agenda.is_empty() } else { self.pending.is_empty() };
        empty || self.handlers.endangered && self.is_left_to_faults()
    }

    /// The key of the next event, and its slot.
    fn next_event(&mut self) -> (u64, usize) {
        if self.plain { self.agenda.next() } else { self.pending.next() }
    }

    /// Sets a slot of the agenda for an instant.
    #[inline(always)]
    pub(super) fn arm<const PLAIN: bool>(&mut self, slot: usize, at: Time, phase: Phase) {
        if PLAIN { self.agenda.set(slot, at, phase) } else { self.pending.set(slot, at, phase) }
    }

    /// Clears a slot of the agenda.
    #[inline(always)]
    pub(super) fn disarm<const PLAIN: bool>(&mut self, slot: usize) {
        if PLAIN { self.agenda.clear(slot) } else { self.pending.clear(slot) }
    }

    /// Whether a slot of the agenda is set.
    #[inline(always)]
    pub(super) fn armed<const PLAIN: bool>(&self, slot: usize) -> bool {
        if PLAIN { self.agenda.armed(slot) } else { self.pending.armed(slot) }
    }

    /// At most `budget` events with keys below `end`; gives their number. What is `PLAIN` is compiled without a look at what only
    /// handlers can bring about.
    #[inline(never)]
    fn advance_by<const PLAIN: bool, O: Observer>(&mut self, end: u64, budget: u64, observer: &mut O) -> u64 {
        let producers = self.producers.len();
        let workers = producers + self.workers.len();
        let timers = self.handlers.slot;
        let code = (!PLAIN).then(|| Rc::clone(&self.handlers.code));
        let mut fingerprint = self.tally.fingerprint;
        let mut used = 0;
        while used < budget {
            let (key, slot) = if PLAIN { self.agenda.next() } else { self.pending.next() };
            if key >= end {
                break;
            }
            used += 1;
            let time = Agenda::time_of(key);
            debug_assert!(time >= self.now, "time runs backwards");
            self.now = time;
            // The multiplier of Knuth's linear congruential generator MMIX: any odd number with mixed bits will do.
            fingerprint = (fingerprint.rotate_left(5) ^ key ^ ((slot as u64) << 48)).wrapping_mul(6_364_136_223_846_793_005);
            // What happens is no longer pending; but the slot of timers keeps its place for the next of them.
            if !PLAIN && slot != timers {
                self.pending.take_first(slot);
            }
            if slot < producers {
                self.arrive::<PLAIN, O>(slot, observer);
            } else if slot < workers {
                self.finish::<PLAIN, O>(slot - producers, observer);
            } else if !PLAIN && slot > timers {
                self.link_fires(slot, observer);
            } else if !PLAIN && slot == timers {
                self.fire(observer);
            } else {
                self.expire::<PLAIN, O>(self.expiring[slot - workers], observer);
            }
            if !PLAIN
                && !self.handlers.runnable.is_empty()
                && let Some(code) = &code
            {
                self.run_tasks(code, observer);
            }
        }
        self.tally.fingerprint = fingerprint;
        used
    }
}
