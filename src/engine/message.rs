//! Messages in the system: a slab with a free list, so that the steady state allocates nothing.

use super::observer::Subject;
use super::slab::NONE;
use crate::units::{Span, Time};

/// Position of a message in the slab, for as long as it is in the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageSlot(pub u32);

/// A message that is somewhere in the system. It keeps identity and birth through all stages.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// The instant at which its producer meant to send it.
    pub born: Time,
    /// When it came to the queue (or the worker) where it is now.
    pub entered: Time,
    /// When it was dispatched to the consumer in whose buffer it is.
    pub dispatched: Time,
    /// How long it has waited for workers so far, over all stages.
    pub waited: Span,
    /// The time that it needs of a worker here; known while it is ready at a queue with a single pool.
    pub work: Span,
    /// Its number among its producer's messages, from 0; of what such a message has caused, a number that is its own.
    pub index: u64,
    /// Its producer.
    pub producer: u32,
    /// Who waits for an answer to it.
    pub(super) asker: Asker,
    /// All that the same message of a producer has caused; `NONE`: nothing but itself.
    pub(super) family: u32,
    /// 0 is the lowest.
    pub priority: u8,
    /// It was called back, and stands in a line where nobody sees it.
    pub(super) ghost: bool,
    /// It is ready again after a crash: `entered` is when, and `dispatched` is when it came to the queue in the first place.
    pub(super) returned: bool,
}

/// Who waits for the answer to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker(u32);

/// The same, told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Nobody.
    Nobody,
    /// The call whose request it is.
    Frame(u32),
    /// A task that calls with nothing between it and the service.
    Task(u32),
}

impl Asker {
    pub const NOBODY: Asker = Asker(NONE);
    const TASK: u32 = 1 << 31;

    #[inline(always)]
    pub fn frame(id: u32) -> Asker {
        debug_assert!(id < Asker::TASK, "World::advance stops long before two billion calls");
        Asker(id)
    }

    #[inline(always)]
    pub fn task(id: u32) -> Asker {
        debug_assert!(id < Asker::TASK - 1, "World::advance stops long before two billion tasks");
        Asker(Asker::TASK | id)
    }

    #[inline(always)]
    pub fn kind(self) -> Waiting {
        match self.0 {
            NONE => Waiting::Nobody,
            id if id & Asker::TASK != 0 => Waiting::Task(id & !Asker::TASK),
            id => Waiting::Frame(id),
        }
    }
}

impl Message {
    /// What an observer knows it by, in this slot.
    #[inline(always)]
    pub(super) fn subject(&self, slot: MessageSlot) -> Subject {
        if self.family == NONE { Subject::Message(slot) } else { Subject::Family(self.family) }
    }

    /// When it came to the queue where it is ready, in the first place.
    pub(super) fn since(&self) -> Time {
        if self.returned { self.dispatched } else { self.entered }
    }

    /// It is ready again from now on.
    pub(super) fn give_back(&mut self, now: Time) {
        (self.dispatched, self.returned) = (self.since(), true);
        self.entered = now;
    }

    /// No message.
    pub(super) const NOBODY: Message = Message {
        born: Time::ZERO,
        entered: Time::ZERO,
        dispatched: Time::ZERO,
        waited: Span::ZERO,
        work: Span::ZERO,
        index: 0,
        producer: 0,
        asker: Asker::NOBODY,
        family: NONE,
        priority: 0,
        ghost: false,
        returned: false,
    };
}

/// All messages in the system.
#[derive(Debug, Default)]
pub struct Messages {
    slab: Vec<Message>,
    free: Vec<u32>,
}

impl Messages {
    /// Takes in a message that is born now; in a `PLAIN` world nothing sets what only handlers know of.
    #[inline(always)]
    pub fn insert<const PLAIN: bool>(&mut self, now: Time, producer: u32, index: u64, priority: u8) -> MessageSlot {
        self.take_in::<PLAIN>(now, producer, index, priority).0
    }

    /// The same, and the message itself.
    #[inline(always)]
    pub(super) fn take_in<const PLAIN: bool>(
        &mut self,
        now: Time,
        producer: u32,
        index: u64,
        priority: u8,
    ) -> (MessageSlot, &mut Message) {
        let at = match self.free.pop() {
            Some(at) => at,
            None => self.grow(),
        };
        // Field by field: a whole message would be put together elsewhere first, and copied from there.
        let message = &mut self.slab[at as usize];
        message.born = now;
        message.entered = now;
        message.waited = Span::ZERO;
        message.index = index;
        message.producer = producer;
        message.priority = priority;
        if !PLAIN {
            (message.asker, message.family) = (Asker::NOBODY, NONE);
            (message.ghost, message.returned) = (false, false);
        }
        (MessageSlot(at), message)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        let at = u32::try_from(self.slab.len()).expect("World::advance stops long before four billion messages");
        self.slab.push(Message::NOBODY);
        at
    }

    /// Lets a message go; its slot will be used again.
    #[inline(always)]
    pub fn remove(&mut self, slot: MessageSlot) {
        self.free.push(slot.0);
    }

    /// Messages, ghosts among them.
    #[inline(always)]
    pub fn live(&self) -> usize {
        self.slab.len() - self.free.len()
    }
}

impl std::ops::Index<MessageSlot> for Messages {
    type Output = Message;
    #[inline(always)]
    fn index(&self, slot: MessageSlot) -> &Message {
        &self.slab[slot.0 as usize]
    }
}

impl std::ops::IndexMut<MessageSlot> for Messages {
    #[inline(always)]
    fn index_mut(&mut self, slot: MessageSlot) -> &mut Message {
        &mut self.slab[slot.0 as usize]
    }
}
