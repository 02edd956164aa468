//! What is recorded of each entity: numbers that only grow, histograms and levels.

use super::histogram::Histogram;
use super::level::Level;
use super::tail::Tail;
use crate::engine::Outcome;
use crate::model::PoolId;
use crate::units::{Span, Time};

/// What is recorded of a lock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LockRecord {
    /// Asking to getting.
    pub wait: Histogram,
    /// Getting to giving back, or to the end of the lease.
    pub hold: Histogram,
    /// Permits that are held.
    pub held: Level,
    /// Tasks that wait for a permit.
    pub waiting: Level,
    /// Leases that ended before the permit was given back.
    pub expired: u64,
    /// Writes of holders that had lost the lock to another: refused, and not.
    pub refused: u64,
    pub lost_updates: u64,
}

/// What is recorded of a cache.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CacheRecord {
    /// Lookups.
    pub lookups: u64,
    /// Of these, hits.
    pub hits: u64,
}

/// What is recorded of a broker.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BrokerRecord {
    /// Processors and disks that are busy.
    pub processing: Level,
    pub writing: Level,
    /// Bytes of messages that it holds.
    pub memory: Level,
    /// Whether it stops those who publish.
    pub alarm: Level,
}

/// What is recorded of a producer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProducerRecord {
    /// Messages made.
    pub created: u64,
    /// Messages that ended, by outcome.
    pub ended: [u64; Outcome::COUNT],
    /// Birth to the end of everything that it caused; finished messages.
    pub completion: Histogram,
    /// Time spent waiting for workers, over all stages; finished messages.
    pub wait: Histogram,
    /// Birth to the end of its own steps, as far as there are any to wait for, however they end.
    pub response: Histogram,
    /// The same from when a caller was free for it, where there are only so many callers.
    pub observed: Histogram,
    /// Responses in all, those that were failures, and those of them that were timeouts.
    pub responses: u64,
    pub failures: u64,
    pub timeouts: u64,
    /// Calls on behalf of its messages that were tried again.
    pub retries: u64,
    /// Of them, those that failed and had a fallback, and those refused by an open breaker, a full bulkhead, a rate limit.
    pub fallbacks: u64,
    pub open: u64,
    pub full: u64,
    pub limited: u64,
    /// Making to hearing of what it publishes, of those that it hears of; and how many of these were refused.
    pub confirm: Histogram,
    pub nacked: u64,
    /// Messages that found no queue, those of them that were returned, and those that could not be sent.
    pub unroutable: u64,
    pub returned: u64,
    pub not_sent: u64,
    /// Sent and not heard of; waiting to be sent; and whether its connection is stopped.
    pub unconfirmed: Level,
    pub buffered: Level,
    pub blocked: Level,
    /// A message may have to wait for a caller.
    pub(super) observes: bool,
    /// Nobody waits for its steps, which only publish.
    pub(super) publishes: bool,
    /// Birth to the end of those that were lost, in message-nanoseconds.
    pub(super) lost_after: u128,
    /// The pools whose sojourn is the completion, so that it is not recorded again.
    pub(super) completes_at: Vec<PoolId>,
    /// Likewise the response is, because nothing goes on after the answer.
    pub(super) completes_answered: bool,
}

/// What is recorded of a queue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueueRecord {
    /// Messages published to it, whatever became of them.
    pub published: u64,
    /// Acknowledged; complete only in what [`Recorder::queue`] gives.
    pub acked: u64,
    /// Lost, by outcome.
    pub lost: [u64; Outcome::COUNT],
    /// Entering to the loss of those that were lost, in message-nanoseconds.
    pub(super) lost_wait: u128,
    /// Withdrawn from the buffers of crashed consumers, and the message-nanoseconds since they entered and were dispatched.
    pub(super) withdrawn: u64,
    pub(super) withdrawn_sojourn: u128,
    pub(super) withdrawn_buffered: u128,
    /// Broken off or withdrawn, and ready again.
    pub(super) returned: u64,
    /// Of a broker's queue: how often a message was settled otherwise than by an acknowledgement, and the message-nanoseconds
    /// from dispatch to settlement of all.
    pub(super) given_back: u64,
    pub(super) held: u128,
    /// Dispatched for at least the second time.
    pub redelivered: u64,
    /// Gone to where its dead letters go.
    pub dead_lettered: u64,
    /// Lost with a consumer that had acknowledged by receiving, or with the node.
    pub lost_in_crash: u64,
    /// Whether some consumer has credit, so that a message could be given out at once.
    pub free: Level,
    /// It is a broker's.
    pub(super) brokered: bool,
    /// Ready and held together, where a crash may leave messages ready while consumers have credit; elsewhere it is composed.
    pub(super) whole: Option<Box<Level>>,
    /// Waiting in the queue.
    pub ready: Level,
    /// Held by consumers.
    pub unacked: Level,
    /// The most that its consumers may hold, where that has a limit: none is ready while they hold less.
    pub(super) credit: Option<u64>,
    /// Entering to dispatch.
    pub wait: Histogram,
    /// From the latest maximum of `ready` to the first time after it that none was ready.
    pub drain: Drain,
    /// No consumer on it has a buffer: its wait is theirs.
    pub(super) unbuffered: bool,
    /// And there is only one pool: what it holds is what that works on.
    pub(super) lean: bool,
}

/// How long a backlog took to empty after its peak.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drain {
    pub(super) peak_at: Time,
    pub(super) took: Option<Span>,
}

/// What is recorded of a pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PoolRecord {
    /// Messages finished.
    pub finished: u64,
    /// Workers busy.
    pub busy: Level,
    /// Entering the queue to the start of work.
    pub wait: Histogram,
    /// Of that, in the consumer's buffer.
    pub buffer_wait: Histogram,
    /// Start to end of work.
    pub service: Histogram,
    /// Entering the queue to the end of work.
    pub sojourn: Histogram,
    /// Of the sojourn, the work.
    pub tail: Tail,
    /// Of those that were finished, what failed.
    pub failed: u64,
    /// And requests that nobody waited for any more.
    pub wasted: u64,
    /// And messages that had been done before.
    pub duplicated: u64,
    /// What was broken off, and the nanoseconds since its work began and since it entered the queue.
    pub(super) broken: u64,
    pub(super) broken_service: u128,
    pub(super) broken_sojourn: u128,
    pub(super) unbuffered: bool,
    /// It is the only pool on its queue, and no consumer of it has a buffer.
    pub(super) lean: bool,
}

impl PoolRecord {
    /// Of the time that the slowest hundredth spends here, what it waits, and all of it, in nanoseconds.
    pub fn slowest(&self) -> (f64, f64) {
        let (work, whole) = self.tail.beyond(&self.sojourn, 0.99);
        ((whole - work).max(0.0), whole)
    }
}

impl QueueRecord {
    /// Ready and unacknowledged messages together.
    ///
    /// Not recorded but composed, unless consumers may crash: a message is ready only while no consumer has credit, so that the consumers then hold all
    /// that they may. Without a limit none is ever ready.
    pub fn backlog(&self) -> Level {
        if let Some(whole) = &self.whole {
            return (**whole).clone();
        }
        match self.credit {
            Some(credit) => self.unacked.topped_by(&self.ready, credit),
            None => self.unacked.clone(),
        }
    }

    /// Whether what it holds is read off the busy workers of its only pool.
    pub(super) fn is_lean(&self) -> bool {
        self.lean
    }

    /// From the latest maximum of `ready` in the measured time to the first time after it that none was ready; `None` when
    /// none was ever ready or it has not emptied yet.
    pub fn drain(&self) -> Option<Span> {
        self.drain.took
    }

    #[inline(always)]
    pub(super) fn store(&mut self, now: Time) {
        let max = self.ready.max();
        self.ready.rise(now);
        if self.ready.value() >= max {
            self.drain = Drain { peak_at: now, took: None };
        }
        self.settle(now);
    }

    /// Brings the backlog up to what is ready and held now, where it is recorded.
    #[inline(always)]
    pub(super) fn settle(&mut self, now: Time) {
        if let Some(whole) = &mut self.whole {
            whole.set(now, self.ready.value() + self.unacked.value());
        }
    }

    #[inline(always)]
    pub(super) fn take(&mut self, now: Time) {
        self.ready.fall(now);
        if self.ready.value() == 0 && self.drain.took.is_none() {
            self.drain.took = Some(now - self.drain.peak_at);
        }
        self.settle(now);
    }
}
