//! A first-in-first-out line of ids: ready messages, buffers, and consumers with credit.

/// A ring buffer whose room is a power of two; it grows, and never shrinks.
#[derive(Debug)]
pub struct Fifo {
    slots: Vec<u32>,
    head: usize,
    len: usize,
}

/// Room of a new line.
const ROOM: usize = 4;

impl Fifo {
    /// An empty line.
    pub fn new() -> Fifo {
        Fifo { slots: vec![0; ROOM], head: 0, len: 0 }
    }

    /// Number of ids.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an id at the back.
    #[inline(always)]
    pub fn push(&mut self, id: u32) {
        if self.len == self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len().wrapping_sub(1);
        self.slots[(self.head + self.len) & mask] = id;
        self.len += 1;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.slots.rotate_left(self.head);
        self.head = 0;
        self.slots.resize(2 * self.slots.len(), 0);
    }

    /// Adds an id in front.
    pub fn push_front(&mut self, id: u32) {
        if self.len == self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        self.head = self.head.wrapping_sub(1) & mask;
        self.slots[self.head] = id;
        self.len += 1;
    }

    /// Keeps those that it is told to keep, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        for _ in 0..self.len {
            if let Some(id) = self.pop()
                && keep(id)
            {
                self.push(id);
            }
        }
    }

    /// Takes the id in front.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let mask = self.slots.len().wrapping_sub(1);
        let id = self.slots[self.head & mask];
        self.head = (self.head + 1) & mask;
        self.len -= 1;
        Some(id)
    }

    /// Takes the id at the back.
    pub fn pop_back(&mut self) -> Option<u32> {
        let last = self.len.checked_sub(1)?;
        self.len = last;
        let mask = self.slots.len() - 1;
        Some(self.slots[(self.head + last) & mask])
    }

    /// All ids, from the front.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let mask = self.slots.len() - 1;
        (0..self.len).map(move |at| self.slots[(self.head + at) & mask])
    }

    /// The id in front.
    pub fn front(&self) -> Option<u32> {
        (self.len > 0).then(|| self.slots[self.head])
    }
}

/// A line of ids that is worked off to its end again and again.
#[derive(Debug)]
pub(super) struct Turns {
    ids: Vec<u32>,
    /// The first that has not had its turn.
    head: usize,
}

impl Turns {
    /// An empty line.
    pub fn new() -> Turns {
        Turns { ids: Vec::new(), head: 0 }
    }

    /// Whether nobody stands in it.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether everybody in it has had a turn.
    #[inline(always)]
    pub fn is_done(&self) -> bool {
        self.head == self.ids.len()
    }

    /// Adds an id at the back.
    #[inline(always)]
    pub fn push(&mut self, id: u32) {
        self.ids.push(id);
    }

    /// Takes the id in front.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<u32> {
        match self.ids.get(self.head) {
            Some(&id) => {
                self.head += 1;
                Some(id)
            }
            None => {
                self.ids.clear();
                self.head = 0;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Against the standard library's deque, through growth and wrapping.
    #[test]
    fn behaves_like_a_deque() {
        let (mut line, mut oracle) = (Fifo::new(), VecDeque::new());
        for step in 0..10_000u32 {
            // Drifts up and down, so that it grows and wraps.
            match step.wrapping_mul(2_654_435_761) >> 28 {
                0..=6 => {
                    line.push(step);
                    oracle.push_back(step);
                }
                7..=8 => assert_eq!(line.pop_back(), oracle.pop_back()),
                _ => assert_eq!(line.pop(), oracle.pop_front()),
            }
            assert_eq!((line.len(), line.front()), (oracle.len(), oracle.front().copied()));
            if step % 500 == 499 {
                assert!(line.iter().eq(oracle.iter().copied()));
            }
        }
    }

    #[test]
    fn turns_are_taken_in_order() {
        let (mut turns, mut oracle) = (Turns::new(), VecDeque::new());
        for step in 0..10_000u32 {
            // Mostly empty, sometimes with several in line.
            if step.wrapping_mul(2_654_435_761) >> 31 == 0 {
                turns.push(step);
                oracle.push_back(step);
            } else {
                let taken = turns.pop();
                assert_eq!(taken, oracle.pop_front());
                assert!(taken.is_some() || turns.is_empty());
                assert_eq!(turns.is_done(), oracle.is_empty());
            }
        }
    }
}
