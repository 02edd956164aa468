//! The agenda of worlds with handlers or brokers: the next few events in order, and a winner tree of the others.
//!
//! The same order of the same events as in [`Agenda`], by another structure, because other things happen here. Whatever is on its way
//! over a link or in work is one setting and one clearing of a slot, most slots are idle, and mostly a handful of events is pending: a
//! winner tree pays its whole height for each of the two, while in a short sorted list the first is taken by forgetting it, and another
//! is inserted by moving a few. What does not find room there goes to the tree, and comes back when its time is near (as in the
//! bottom of a ladder queue: Tang, Goh, Thng 2005, "Ladder queue: an O(1) priority queue structure for large-scale discrete event
//! simulation").

use super::agenda::{Agenda, NEVER, Node, Phase};
use crate::units::Time;

/// Events in the sorted list.
const ROOM: usize = 16;

/// Where the event of a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    Near,
    Far,
}

/// The pending events, at most one a slot.
#[derive(Debug)]
pub struct Pending {
    /// The first events, the very first at the end.
    near: [Node; ROOM],
    len: usize,
    /// All others; none of them comes before one that is near.
    far: Agenda,
    /// The key of the first of those.
    limit: u64,
    places: Vec<Place>,
}

impl Pending {
    /// An agenda for so many slots, none of them armed.
    pub fn new(slots: usize) -> Pending {
        let near = [Node { key: NEVER, slot: 0 }; ROOM];
        let far = Agenda::new(slots);
        Pending { near, len: 0, limit: far.next().0, far, places: vec![Place::Nowhere; slots] }
    }

    /// Arms a slot for an instant that is not after [`Time::LATEST`]; whatever it held before is cancelled.
    #[inline(always)]
    pub fn set(&mut self, slot: usize, at: Time, phase: Phase) {
        debug_assert!(at <= Time::LATEST, "an event after the end of time");
        self.put(slot, Agenda::key(at, phase));
    }

    /// Arms a slot with a key that [`Agenda::key`] gave; one that holds it already keeps its place among equals.
    #[inline(always)]
    pub fn set_key(&mut self, slot: usize, key: u64) {
        let held = match self.places[slot] {
            Place::Nowhere => NEVER,
            Place::Near => self.near[self.find(slot)].key,
            Place::Far => self.far.key_of(slot),
        };
        if held != key {
            self.put(slot, key);
        }
    }

    /// Cancels what a slot holds, if anything.
    #[inline(always)]
    pub fn clear(&mut self, slot: usize) {
        if self.places[slot] != Place::Nowhere {
            self.take_out(slot);
            self.places[slot] = Place::Nowhere;
        }
    }

    /// Takes out the event that [`Pending::next`] gave, of this slot.
    #[inline(always)]
    pub fn take_first(&mut self, slot: usize) {
        debug_assert!(self.len > 0 && self.near[self.len - 1].slot as usize == slot, "not what is next");
        self.len = self.len.saturating_sub(1);
        self.places[slot] = Place::Nowhere;
    }

    /// Whether the slot is armed.
    #[inline(always)]
    pub fn armed(&self, slot: usize) -> bool {
        self.places[slot] != Place::Nowhere
    }

    /// The key of the next event and its slot; the event stays until it is taken or its slot is set or cleared.
    #[inline(always)]
    pub fn next(&mut self) -> (u64, usize) {
        if self.len == 0 {
            self.fetch();
        }
        // Where nothing is pending, what the first place holds is an event that never comes.
        let first = self.near[self.len.saturating_sub(1) % ROOM];
        (first.key, first.slot as usize)
    }

    /// Whether no slot is armed.
    pub fn is_empty(&self) -> bool {
        self.len == 0 && self.far.is_empty()
    }

    /// The first of those that are far comes near.
    #[inline(never)]
    fn fetch(&mut self) {
        let (key, slot) = self.far.next();
        self.near[0] = Node { key, slot: slot as u32 };
        if key < NEVER {
            self.len = 1;
            self.places[slot] = Place::Near;
            self.clear_far(slot);
        }
    }

    #[inline]
    fn clear_far(&mut self, slot: usize) {
        self.far.clear(slot);
        self.limit = self.far.next().0;
    }

    #[inline(always)]
    fn put(&mut self, slot: usize, key: u64) {
        let place = &mut self.places[slot];
        if *place != Place::Nowhere {
            return self.put_again(slot, key);
        }
        // What was set before comes before it among equals.
        if self.len == ROOM || key >= self.limit {
            return self.put_far(slot, key);
        }
        *place = Place::Near;
        self.insert(slot, key);
    }

    /// Puts the event of a slot that holds another.
    #[inline(never)]
    fn put_again(&mut self, slot: usize, key: u64) {
        self.take_out(slot);
        if self.len == ROOM || key >= self.limit {
            return self.put_far(slot, key);
        }
        self.places[slot] = Place::Near;
        self.insert(slot, key);
    }

    #[inline(always)]
    fn insert(&mut self, slot: usize, key: u64) {
        let mut at = self.len;
        self.len += 1;
        while at > 0 && self.near[(at - 1) % ROOM].key <= key {
            self.near[at % ROOM] = self.near[(at - 1) % ROOM];
            at -= 1;
        }
        self.near[at % ROOM] = Node { key, slot: slot as u32 };
    }

    /// Puts an event among those that are far, or in the place of the last of those that are near.
    #[inline(never)]
    fn put_far(&mut self, slot: usize, key: u64) {
        let last = self.near[0];
        if self.len < ROOM || key >= last.key {
            self.places[slot] = Place::Far;
            self.far.put(slot, key);
            self.limit = self.far.next().0;
            return;
        }
        self.places[last.slot as usize] = Place::Far;
        // What is near was set before all of its equals that are far, and the last of those that are near moves first.
        self.far.put_before(last.slot as usize, last.key);
        self.limit = self.far.next().0;
        self.near.copy_within(1.., 0);
        self.len -= 1;
        self.places[slot] = Place::Near;
        self.insert(slot, key);
    }

    /// Takes out the event of a slot that has one.
    #[inline(always)]
    fn take_out(&mut self, slot: usize) {
        // Mostly it is the first: the one that happens.
        if self.len > 0 && self.near[(self.len - 1) % ROOM].slot as usize == slot {
            self.len -= 1;
        } else {
            self.take_out_of_many(slot);
        }
    }

    #[inline(never)]
    fn take_out_of_many(&mut self, slot: usize) {
        if self.places[slot] == Place::Far {
            return self.clear_far(slot);
        }
        let at = self.find(slot);
        self.near.copy_within(at + 1..self.len, at);
        self.len -= 1;
    }

    /// Where among those that are near the event of a slot is.
    #[inline]
    fn find(&self, slot: usize) -> usize {
        let at = self.near[..self.len].iter().rposition(|node| node.slot as usize == slot);
        at.expect("the event of a slot is where its place says")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::agenda::tests::{Events, keeps_the_order};

    impl Events for Pending {
        fn new(slots: usize) -> Pending {
            Pending::new(slots)
        }
        fn set(&mut self, slot: usize, at: Time, phase: Phase) {
            self.set(slot, at, phase);
        }
        fn clear(&mut self, slot: usize) {
            self.clear(slot);
        }
        fn first(&mut self) -> Option<(u64, usize)> {
            let (key, slot) = self.next();
            assert_eq!(self.is_empty(), key >= NEVER);
            (key < NEVER).then_some((key, slot))
        }
    }

    #[test]
    fn gives_events_in_the_order_of_time_phase_and_sequence() {
        keeps_the_order::<Pending>();
    }
}
