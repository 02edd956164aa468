//! The agenda: what happens next.
//!
//! A winner tree with one leaf a slot. Every producer, worker and expiry timer owns a slot and has at most one event
//! pending, so arming, re-arming and cancelling are all one [`Agenda::set`], which leaves nothing dead behind and allocates
//! nothing. The order of events is (time, phase, sequence); time and phase are packed into one 64-bit key, so that a climb
//! compares single numbers. Equal keys are rare: a climb that meets one is done again, looking at the sequence.

use crate::units::Time;
use std::hint::select_unpredictable;

/// What kind of event it is; at one instant the smaller comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A worker finishes a message.
    Completion = 0,
    /// A ready message's time to live is over.
    Expiry = 1,
    /// A producer sends.
    Arrival = 2,
}

/// Keys from here on belong to slots without an event: each slot has its own, so that no two of them are equal.
pub(super) const NEVER: u64 = 1 << 63;
/// The bits of the key that hold the phase; `Time::LATEST` leaves room for them.
const PHASE_BITS: u32 = 2;

/// A node: the smallest key below it, and the slot that holds it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub key: u64,
    pub slot: u32,
}

/// The leaf of a slot without an event.
fn idle(slot: usize) -> Node {
    Node { key: NEVER + slot as u64, slot: slot as u32 }
}

/// The pending events, at most one a slot.
#[derive(Debug)]
pub struct Agenda {
    /// A complete binary tree: node 1 is the root, the children of i are 2i and 2i + 1, the leaves come last.
    nodes: Vec<Node>,
    /// Number of leaves, a power of two.
    leaves: usize,
    /// The place of each slot in the order of those that are set: decides between equal keys.
    sequence: Vec<i64>,
    /// The last number given behind all others, and the last one given before them.
    counter: i64,
    before: i64,
}

impl Agenda {
    /// An agenda for so many slots, none of them armed.
    pub fn new(slots: usize) -> Agenda {
        let leaves = slots.next_power_of_two().max(2);
        let mut nodes: Vec<Node> = (0..2 * leaves).map(|at| idle(at.saturating_sub(leaves))).collect();
        // An inner node holds the first slot below it, which has the smallest key of idle slots.
        for at in (1..leaves).rev() {
            nodes[at] = nodes[2 * at];
        }
        Agenda { nodes, leaves, sequence: vec![0; leaves], counter: 0, before: 0 }
    }

    /// Arms a slot for an instant that is not after [`Time::LATEST`]; whatever it held before is cancelled. An event at
    /// `LATEST` itself never comes.
    #[inline(always)]
    pub fn set(&mut self, slot: usize, at: Time, phase: Phase) {
        debug_assert!(at <= Time::LATEST, "an event after the end of time");
        self.stamp(slot);
        self.climb(slot, Agenda::key(at, phase));
    }

    /// Gives a slot the next place in the order of all settings.
    #[inline(always)]
    fn stamp(&mut self, slot: usize) {
        self.counter += 1;
        self.sequence[slot] = self.counter;
    }

    /// Arms a slot with a key that [`Agenda::key`] gave, as the last of its equals.
    #[inline(never)]
    pub(super) fn put(&mut self, slot: usize, key: u64) {
        self.stamp(slot);
        self.climb(slot, key);
    }

    /// The same, as the first of its equals.
    #[inline(never)]
    pub(super) fn put_before(&mut self, slot: usize, key: u64) {
        self.before -= 1;
        self.sequence[slot] = self.before;
        self.climb(slot, key);
    }

    /// The key of a slot.
    pub(super) fn key_of(&self, slot: usize) -> u64 {
        self.nodes[self.leaves + slot].key
    }

    /// The key of an event.
    #[inline(always)]
    pub fn key(at: Time, phase: Phase) -> u64 {
        at.0 << PHASE_BITS | phase as u64
    }

    /// Cancels what a slot holds, if anything.
    #[inline(always)]
    pub fn clear(&mut self, slot: usize) {
        self.climb(slot, NEVER + slot as u64);
    }

    /// Whether the slot is armed.
    #[inline(always)]
    pub fn armed(&self, slot: usize) -> bool {
        self.nodes[self.leaves + slot].key < NEVER
    }

    /// The key of the next event, its slot and its phase bits; the event stays until its slot is set or cleared.
    #[inline(always)]
    pub fn next(&self) -> (u64, usize) {
        let root = self.nodes[1];
        (root.key, root.slot as usize)
    }

    /// Whether no slot is armed.
    pub fn is_empty(&self) -> bool {
        self.nodes[1].key >= NEVER
    }

    /// The smallest key that does not lie before `time`.
    #[inline(always)]
    pub fn key_at(time: Time) -> u64 {
        time.0 << PHASE_BITS
    }

    /// The instant of a key.
    #[inline(always)]
    pub fn time_of(key: u64) -> Time {
        Time(key >> PHASE_BITS)
    }

    #[inline(always)]
    fn climb(&mut self, slot: usize, key: u64) {
        let nodes = &mut self.nodes[..];
        // A power of two, so that the mask changes no index; it tells the compiler that all of them are in bounds.
        let mask = nodes.len().wrapping_sub(1);
        let mut at = self.leaves + slot;
        let mut winner = Node { key, slot: slot as u32 };
        let mut tie = false;
        nodes[at & mask] = winner;
        while at > 1 {
            let rival = nodes[(at ^ 1) & mask];
            tie |= rival.key == winner.key;
            // No branch: which of two wins is as good as random, and a wrong guess costs more than the whole climb.
            let less = rival.key < winner.key;
            winner = Node {
                key: select_unpredictable(less, rival.key, winner.key),
                slot: select_unpredictable(less, rival.slot, winner.slot),
            };
            at >>= 1;
            nodes[at & mask] = winner;
        }
        if tie {
            self.climb_with_ties(slot);
        }
    }

    /// The same climb for a leaf that met its equal: the older setting wins.
    #[cold]
    #[inline(never)]
    fn climb_with_ties(&mut self, slot: usize) {
        let mut at = self.leaves + slot;
        let mut winner = self.nodes[at];
        while at > 1 {
            let rival = self.nodes[at ^ 1];
            let rank = |node: Node| (node.key, self.sequence[node.slot as usize]);
            if rank(rival) < rank(winner) {
                winner = rival;
            }
            at >>= 1;
            self.nodes[at] = winner;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What keeps events in order.
    pub trait Events {
        fn new(slots: usize) -> Self;
        fn set(&mut self, slot: usize, at: Time, phase: Phase);
        fn clear(&mut self, slot: usize);
        /// The first event, if there is one.
        fn first(&mut self) -> Option<(u64, usize)>;
    }

    impl Events for Agenda {
        fn new(slots: usize) -> Agenda {
            Agenda::new(slots)
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

    /// Against a sorted set of (key, sequence, slot): the same order, ties included, under random arming and cancelling, with and
    /// without a look between them.
    pub fn keeps_the_order<E: Events>() {
        let mut state = 1u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for slots in [1usize, 2, 3, 7, 64, 1000] {
            let mut agenda = E::new(slots);
            let mut oracle: BTreeSet<(u64, u64, usize)> = BTreeSet::new();
            let mut held: Vec<Option<(u64, u64, usize)>> = vec![None; slots];
            for sequence in 1..=20_000u64 {
                let slot =
                    if random(2) == 0 && !oracle.is_empty() { oracle.first().unwrap().2 } else { random(slots as u64) as usize };
                if let Some(old) = held[slot].take() {
                    oracle.remove(&old);
                }
                if random(5) < 2 {
                    agenda.clear(slot);
                } else {
                    let phase = [Phase::Completion, Phase::Expiry, Phase::Arrival][random(3) as usize];
                    // Few distinct times, so that most settings tie with another.
                    let at = Time(random(20));
                    agenda.set(slot, at, phase);
                    let entry = (Agenda::key_at(at) + phase as u64, sequence, slot);
                    oracle.insert(entry);
                    held[slot] = Some(entry);
                }
                if random(3) > 0 {
                    assert_eq!(agenda.first(), oracle.first().map(|&(key, _, slot)| (key, slot)));
                }
            }
        }
    }

    #[test]
    fn gives_events_in_the_order_of_time_phase_and_sequence() {
        keeps_the_order::<Agenda>();
    }
}
