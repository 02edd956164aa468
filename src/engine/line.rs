//! Ready messages of one queue, and which of them comes next.

use super::fifo::Fifo;
use super::message::MessageSlot;
use crate::model::Discipline;
use std::collections::VecDeque;

/// The ready messages of a queue in the order that its discipline needs.
#[derive(Debug)]
pub enum Line {
    /// First in, first out: the oldest in front.
    Fifo(Fifo),
    /// Last in, first out: the oldest in front, the next at the back.
    Lifo(Fifo),
    /// The oldest in front, the next at the back while there are more than so many.
    Adaptive(Fifo, u64),
    /// Any message may come next.
    Random(Bag),
    /// One line for each priority.
    Priority(Levels),
}

/// Messages in no particular order, from which any can be taken; arrivals are remembered in order.
#[derive(Debug, Default)]
pub struct Bag {
    /// The messages, each with its number of arrival.
    held: Vec<(MessageSlot, u64)>,
    /// For arrival number `first + i`: where that message stands in `held`, or `GONE`.
    places: VecDeque<u32>,
    first: u64,
}

/// The place of a message that has left a bag.
const GONE: u32 = u32::MAX;

/// A line for each priority and a bit for each line that is not empty.
#[derive(Debug)]
pub struct Levels {
    lines: Vec<Fifo>,
    occupied: [u64; 4],
    len: usize,
}

impl Line {
    /// An empty line for this discipline.
    pub fn new(discipline: Discipline) -> Line {
        match discipline {
            Discipline::Fifo => Line::Fifo(Fifo::new()),
            Discipline::Lifo => Line::Lifo(Fifo::new()),
            Discipline::AdaptiveLifo { above } => Line::Adaptive(Fifo::new(), above),
            Discipline::Random => Line::Random(Bag::default()),
            Discipline::Priority { max_priority } => {
                let lines = (0..=max_priority).map(|_| Fifo::new()).collect();
                Line::Priority(Levels { lines, occupied: [0; 4], len: 0 })
            }
        }
    }

    /// Number of messages.
    #[inline(always)]
    pub fn len(&self) -> usize {
        // The usual case first, as below.
        if let Line::Fifo(line) = self {
            return line.len();
        }
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => line.len(),
            Line::Random(bag) => bag.held.len(),
            Line::Priority(levels) => levels.len,
        }
    }

    /// All messages, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = MessageSlot> {
        let (lines, bag): (&[Fifo], &[_]) = match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => (std::slice::from_ref(line), &[]),
            Line::Random(bag) => (&[], &bag.held),
            Line::Priority(levels) => (&levels.lines, &[]),
        };
        lines.iter().flat_map(Fifo::iter).map(MessageSlot).chain(bag.iter().map(|&(message, _)| message))
    }

    /// Adds a message.
    #[inline(always)]
    pub fn push(&mut self, message: MessageSlot, priority: u8) {
        if let Line::Fifo(line) = self {
            return line.push(message.0);
        }
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => line.push(message.0),
            Line::Random(bag) => bag.push(message),
            Line::Priority(levels) => levels.push(message, priority),
        }
    }

    /// Gives a message back that was taken: it stands where it stood, behind those that are older.
    pub fn put_back(&mut self, message: MessageSlot, priority: u8, older: impl Fn(MessageSlot) -> bool) {
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => put_back(line, message, older),
            Line::Random(bag) => bag.push(message),
            Line::Priority(levels) => levels.put_back(message, priority, older),
        }
    }

    /// Takes the message that is delivered next. `pick` chooses among n with equal chances; only the random discipline asks.
    #[inline(always)]
    pub fn pop(&mut self, pick: impl FnOnce(usize) -> usize) -> Option<MessageSlot> {
        // The usual case first: a jump table over all disciplines would cost more than the rest.
        if let Line::Fifo(line) = self {
            return line.pop().map(MessageSlot);
        }
        match self {
            Line::Fifo(line) => line.pop().map(MessageSlot),
            Line::Lifo(line) => line.pop_back().map(MessageSlot),
            Line::Adaptive(line, above) if line.len() as u64 > *above => line.pop_back().map(MessageSlot),
            Line::Adaptive(line, _) => line.pop().map(MessageSlot),
            Line::Random(bag) if bag.held.is_empty() => None,
            Line::Random(bag) => Some(bag.take(pick(bag.held.len()))),
            Line::Priority(levels) => levels.pop(),
        }
    }

    /// Takes the message at the head, which is what `drop-head` drops: under priorities the one that would be delivered
    /// next (as RabbitMQ does), otherwise the oldest.
    pub fn pop_head(&mut self) -> Option<MessageSlot> {
        match self {
            Line::Priority(levels) => levels.pop(),
            other => other.pop_oldest(|_| 0),
        }
    }

    /// The messages at the head: under priorities one for each, otherwise the oldest.
    pub fn heads(&self) -> impl Iterator<Item = MessageSlot> {
        let (lines, bag): (&[Fifo], Option<MessageSlot>) = match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => (std::slice::from_ref(line), None),
            Line::Random(bag) => (&[], bag.oldest().map(|place| bag.held[place].0)),
            Line::Priority(levels) => (&levels.lines, None),
        };
        lines.iter().filter_map(Fifo::front).map(MessageSlot).chain(bag)
    }

    /// Keeps those that it is told to keep, in their order.
    pub fn retain(&mut self, keep: impl Fn(MessageSlot) -> bool) {
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => line.retain(|id| keep(MessageSlot(id))),
            Line::Random(bag) => {
                while let Some(place) = bag.held.iter().position(|(message, _)| !keep(*message)) {
                    bag.take(place);
                }
            }
            Line::Priority(levels) => {
                for level in 0..levels.lines.len() {
                    levels.lines[level].retain(|id| keep(MessageSlot(id)));
                    if levels.lines[level].is_empty() {
                        levels.occupied[level >> 6] &= !(1 << (level & 63));
                    }
                }
                levels.len = levels.lines.iter().map(Fifo::len).sum();
            }
        }
    }

    /// Takes out one of the heads.
    pub fn remove_head(&mut self, head: MessageSlot) {
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => {
                line.pop();
            }
            Line::Random(bag) => {
                if let Some(place) = bag.oldest() {
                    bag.take(place);
                }
            }
            Line::Priority(levels) => {
                if let Some(level) = levels.lines.iter().position(|line| line.front() == Some(head.0)) {
                    levels.pop_from(level);
                }
            }
        }
    }

    /// The messages that could be the oldest; `age` orders them (smaller is older).
    pub fn oldest(&mut self, age: impl Fn(MessageSlot) -> u64) -> Option<MessageSlot> {
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => line.front().map(MessageSlot),
            Line::Random(bag) => bag.oldest().map(|place| bag.held[place].0),
            Line::Priority(levels) => levels.oldest(age).and_then(|level| levels.lines[level].front()).map(MessageSlot),
        }
    }

    /// Takes the oldest message.
    pub fn pop_oldest(&mut self, age: impl Fn(MessageSlot) -> u64) -> Option<MessageSlot> {
        match self {
            Line::Fifo(line) | Line::Lifo(line) | Line::Adaptive(line, _) => line.pop().map(MessageSlot),
            Line::Random(bag) => bag.oldest().map(|place| bag.take(place)),
            Line::Priority(levels) => levels.oldest(age).map(|level| levels.pop_from(level)),
        }
    }
}

impl Bag {
    fn push(&mut self, message: MessageSlot) {
        let number = self.first + self.places.len() as u64;
        self.places.push_back(self.held.len() as u32);
        self.held.push((message, number));
    }

    fn take(&mut self, place: usize) -> MessageSlot {
        let (message, number) = self.held.swap_remove(place);
        self.places[(number - self.first) as usize] = GONE;
        if let Some(&(_, moved)) = self.held.get(place) {
            self.places[(moved - self.first) as usize] = place as u32;
        }
        // Keeps the list of arrivals as short as the stay of its oldest message.
        while self.places.front() == Some(&GONE) {
            self.places.pop_front();
            self.first += 1;
        }
        message
    }

    fn oldest(&self) -> Option<usize> {
        self.places.front().map(|&place| place as usize)
    }
}

/// Of a line with the oldest in front, few are older than what was taken from it: what came back before.
fn put_back(line: &mut Fifo, message: MessageSlot, older: impl Fn(MessageSlot) -> bool) {
    let mut before = Vec::new();
    while let Some(front) = line.front().filter(|&front| older(MessageSlot(front))) {
        before.push(front);
        line.pop();
    }
    line.push_front(message.0);
    before.into_iter().rev().for_each(|front| line.push_front(front));
}

impl Levels {
    #[inline(always)]
    fn push(&mut self, message: MessageSlot, priority: u8) {
        let level = usize::from(priority).min(self.lines.len() - 1);
        self.lines[level].push(message.0);
        self.occupied[level >> 6] |= 1 << (level & 63);
        self.len += 1;
    }

    fn put_back(&mut self, message: MessageSlot, priority: u8, older: impl Fn(MessageSlot) -> bool) {
        let level = usize::from(priority).min(self.lines.len() - 1);
        put_back(&mut self.lines[level], message, older);
        self.occupied[level >> 6] |= 1 << (level & 63);
        self.len += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<MessageSlot> {
        let word = self.occupied.iter().rposition(|&bits| bits != 0)?;
        let level = (word << 6) + 63 - self.occupied[word].leading_zeros() as usize;
        Some(self.pop_from(level))
    }

    #[inline(always)]
    fn pop_from(&mut self, level: usize) -> MessageSlot {
        let message = MessageSlot(self.lines[level].pop().expect("the bit of an empty level is clear"));
        if self.lines[level].is_empty() {
            self.occupied[level >> 6] &= !(1 << (level & 63));
        }
        self.len -= 1;
        message
    }

    fn oldest(&self, age: impl Fn(MessageSlot) -> u64) -> Option<usize> {
        let heads =
            self.lines.iter().enumerate().filter_map(|(level, line)| line.front().map(|head| (age(MessageSlot(head)), level)));
        heads.min().map(|(_, level)| level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(discipline: Discipline) -> Line {
        let mut line = Line::new(discipline);
        for (at, priority) in [(0, 1), (1, 0), (2, 5), (3, 1), (4, 0)] {
            line.push(MessageSlot(at), priority);
        }
        line
    }

    fn drain(mut line: Line, pick: impl Fn(usize) -> usize) -> Vec<u32> {
        std::iter::from_fn(|| line.pop(&pick)).map(|slot| slot.0).collect()
    }

    #[test]
    fn each_discipline_delivers_in_its_order() {
        assert_eq!(drain(fill(Discipline::Fifo), |_| 0), [0, 1, 2, 3, 4]);
        assert_eq!(drain(fill(Discipline::Lifo), |_| 0), [4, 3, 2, 1, 0]);
        // Priority 5 counts as the highest there is, 2.
        assert_eq!(drain(fill(Discipline::Priority { max_priority: 2 }), |_| 0), [2, 0, 3, 1, 4]);
        let mut random = drain(fill(Discipline::Random), |n| n / 2);
        assert_ne!(random, [0, 1, 2, 3, 4]);
        random.sort_unstable();
        assert_eq!(random, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_head_is_the_oldest_and_under_priorities_the_next() {
        for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Random] {
            assert_eq!(fill(discipline).pop_head(), Some(MessageSlot(0)), "{discipline:?}");
        }
        assert_eq!(fill(Discipline::Priority { max_priority: 9 }).pop_head(), Some(MessageSlot(2)));
    }

    #[test]
    fn the_oldest_is_found_wherever_it_stands() {
        for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Random, Discipline::Priority { max_priority: 9 }] {
            let mut line = fill(discipline);
            let age = |slot: MessageSlot| u64::from(slot.0);
            for expected in 0..5 {
                assert_eq!(line.oldest(age), Some(MessageSlot(expected)), "{discipline:?}");
                assert_eq!(line.pop_oldest(age), Some(MessageSlot(expected)), "{discipline:?}");
            }
            assert_eq!(line.len(), 0);
        }
    }

    #[test]
    fn a_bag_forgets_those_that_left() {
        let mut line = Line::new(Discipline::Random);
        for round in 0..1000u32 {
            line.push(MessageSlot(round), 0);
            line.push(MessageSlot(round), 0);
            line.pop(|n| n - 1);
            line.pop_oldest(|_| 0);
        }
        let Line::Random(bag) = line else { unreachable!() };
        assert!(bag.places.len() <= 2 && bag.held.is_empty());
    }
}
