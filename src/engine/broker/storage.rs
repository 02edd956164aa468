//! Storage: when a message is as safe as its queue promises.
//!
//! A disk is a group-commit loop: an idle one begins with what it is given, and whatever comes during a write joins the next
//! (DeWitt et al. 1984, "Implementation techniques for main memory database systems"). A replicated queue has a message when
//! the k-th fastest of all its members has it, k = n/2 + 1; the leader's own disk is one vote among the others, and not needed
//! (Ongaro and Ousterhout 2014, "In search of an understandable consensus algorithm", section 5.3).

use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Transition};
use crate::engine::slab::NONE;
use crate::engine::timers::TimerId;
use crate::engine::world::World;
use crate::model::{Disk, Sync, Target};
use crate::random::Stream;
use crate::units::{Span, Time};

use super::link::About;
use super::settle::Settlement;
use super::{Brokers, Parcel};

/// Where a queue keeps its messages.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Stored {
    Memory,
    /// On this disk.
    Disk(u32),
    /// On the leader's disk and on others; `NONE`: it is in time without a write.
    Replicas {
        leader: u32,
        followers: Vec<Follower>,
        needed: u32,
    },
}

/// A member of a replicated queue beside the leader.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Follower {
    /// The ways there and back.
    pub to: u32,
    pub back: u32,
    pub disk: u32,
}

/// The disk of a node.
#[derive(Debug)]
pub(in crate::engine) struct DiskState {
    disk: Disk,
    stream: Stream,
    broker: u32,
    writes: u64,
    /// What is being written, and what has come since; how much that is.
    batch: Vec<Item>,
    /// Settlements, which weigh nothing and ride along with the next write: a cap is one of messages that wait with their senders.
    riders: Vec<Item>,
    pending: std::collections::VecDeque<(Item, u32)>,
    busy: bool,
    /// When the write under way ends, or begins; none while a fault holds it up.
    timer: Option<TimerId>,
    /// Its node is down: nothing is written.
    down: bool,
    /// Faults that let it stand still, and since when.
    stalls: u32,
    stalled: Time,
    /// The time that the write under way still needs beyond that of its timer; `held`: that has come already.
    owed: Span,
    held: bool,
}

/// What is written.
#[derive(Debug, Clone, Copy)]
enum Item {
    /// A message of a queue on this disk.
    Write(u32),
    /// A member's part of a replicated command, of which the leader hears over this link; `NONE`: it is the leader.
    Append { commit: u32, back: u32 },
}

/// A message that is being written.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Write {
    /// Who is to hear of it; `NONE`: nobody any more.
    pub receipt: u32,
    /// `NONE`: it is gone already.
    pub slot: u32,
}

/// Votes of a command that was given up; what has its majority wraps round below zero, which is more.
const NEVER: u32 = 1 << 30;

/// What a replicated queue does once a majority of its members has it in the log.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) enum Command {
    /// It takes a message in.
    Take(MessageSlot),
    /// It acts on what a consumer said of a message, in that life of its session.
    Settle { consumer: u32, life: u32, slot: MessageSlot, how: Settlement },
}

/// A command of a replicated queue, on its way to a majority.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Commit {
    home: u32,
    command: Command,
    /// Votes that are needed, and those that will still come.
    needed: u32,
    left: u32,
    size: u32,
    about: About,
}

impl DiskState {
    pub fn new(disk: Disk, stream: Stream, broker: u32) -> DiskState {
        let (batch, riders, pending) = Default::default();
        let (busy, timer, down, stalls, stalled, owed, held) = (false, None, false, 0, Time::ZERO, Span::ZERO, false);
        DiskState { disk, stream, broker, writes: 0, batch, riders, pending, busy, timer, down, stalls, stalled, owed, held }
    }

    /// Whether there is nothing left to write.
    fn is_done(&self) -> bool {
        self.pending.is_empty() && self.riders.is_empty()
    }

    /// When everything that was written before was forced to the disk, where that is done now and then.
    pub fn last_sync(&self, now: Time) -> Time {
        // A disk that stands still forces nothing.
        let now = if self.stalls > 0 { self.stalled } else { now };
        match self.disk.sync {
            Sync::Interval(every) if every.0 > 0 => Time(now.0 - now.0 % every.0),
            Sync::Interval(_) | Sync::Batch | Sync::Always => now,
        }
    }
}

impl Brokers {
    /// Whether nobody wants any more what was to be written.
    fn is_void(&self, item: Item) -> bool {
        match item {
            Item::Write(write) => self.writes[write].slot == NONE && self.writes[write].receipt == NONE,
            Item::Append { commit, .. } => self.commits[commit].needed == NEVER,
        }
    }
}

impl World {
    /// Writes a message of a queue to its disk.
    pub(super) fn write<O: Observer>(&mut self, home: u32, slot: MessageSlot, observer: &mut O) {
        let Stored::Disk(disk) = self.brokers.queues[home as usize].stored else { return };
        let extra = self.extra(slot);
        let (receipt, size) = (std::mem::replace(&mut extra.receipt, NONE), extra.size);
        if disk == NONE {
            return self.safe(receipt, observer);
        }
        let write = self.brokers.writes.insert(Write { receipt, slot: slot.0 });
        self.extra(slot).write = write;
        self.put_on(disk, Item::Write(write), size, observer);
    }

    /// A command of a replicated queue about a message goes to all its members. A message weighs what it does, a settlement nothing.
    pub(super) fn replicate<O: Observer>(&mut self, home: u32, slot: MessageSlot, command: Command, observer: &mut O) {
        let Stored::Replicas { leader, followers, needed } = self.brokers.queues[home as usize].stored.clone() else { return };
        let left = followers.len() as u32 + 1;
        let size = if matches!(command, Command::Take(_)) { self.extra(slot).size } else { 0 };
        let about = self.about(slot);
        let commit = self.brokers.commits.insert(Commit { home, command, needed, left, size, about });
        for follower in &followers {
            self.ship(follower.to, |_| about, size, Parcel::Append { commit, back: follower.back }, observer);
        }
        self.put_on(leader, Item::Append { commit, back: NONE }, size, observer);
    }

    /// A command has come to a follower, which it knows by its way back.
    pub(super) fn append<O: Observer>(&mut self, commit: u32, back: u32, observer: &mut O) {
        let Commit { home, size, .. } = self.brokers.commits[commit];
        let Stored::Replicas { followers, .. } = &self.brokers.queues[home as usize].stored else { return };
        let disk = followers.iter().find(|follower| follower.back == back).map_or(NONE, |follower| follower.disk);
        self.put_on(disk, Item::Append { commit, back }, size, observer);
    }

    /// A member has a command.
    pub(super) fn vote<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let commit = &mut self.brokers.commits[at];
        commit.left -= 1;
        if commit.needed != NEVER {
            commit.needed = commit.needed.wrapping_sub(1);
        }
        let Commit { home, command, needed, left, .. } = *commit;
        if left == 0 {
            self.brokers.commits.remove(at);
        }
        match command {
            _ if needed != 0 => {}
            Command::Take(slot) => {
                self.brokers.outbound -= 1;
                self.take_in(home, slot, observer);
            }
            Command::Settle { consumer, life, slot, how } => self.apply_settlement(consumer, life, slot, how, observer),
        }
    }

    fn put_on<O: Observer>(&mut self, disk: u32, item: Item, size: u32, observer: &mut O) {
        if disk == NONE {
            return self.written(item, observer);
        }
        let commits = &self.brokers.commits;
        let rides = matches!(item, Item::Append { commit, .. } if matches!(commits[commit].command, Command::Settle { .. }));
        let state = &mut self.brokers.disks[disk as usize];
        if rides {
            state.riders.push(item);
        } else {
            state.pending.push_back((item, size));
        }
        if !state.busy && !state.down {
            state.busy = true;
            let broker = state.broker;
            observer.record(self.now, Transition::Writing { broker, busy: true });
            // It begins when all that comes at this instant is there: what a processor hands over together is written together.
            self.end_write_at(disk, self.now);
        }
    }

    fn begin_write(&mut self, at: u32) {
        let state = &mut self.brokers.disks[at as usize];
        let cap = match state.disk.sync {
            Sync::Always => 1,
            Sync::Interval(_) | Sync::Batch => state.disk.cap.map_or(usize::MAX, |cap| cap as usize),
        };
        let mut bytes = 0u64;
        for _ in 0..cap {
            let Some((item, size)) = state.pending.pop_front() else { break };
            bytes += u64::from(size);
            state.batch.push(item);
        }
        state.batch.append(&mut state.riders);
        let mut span = state.disk.bandwidth.map_or(Span::ZERO, |bandwidth| Span((bytes as f64 / bandwidth * 1e9 + 0.5) as u64));
        if !matches!(state.disk.sync, Sync::Interval(_)) {
            span = span + state.disk.fsync.draw(state.stream.at(state.writes));
        }
        state.writes += 1;
        self.end_write_at(at, self.now + span);
    }

    fn end_write_at(&mut self, disk: u32, end: Time) {
        let timer = self.set_timer(end, Phase::Completion, Wake::Disk(disk));
        self.brokers.disks[disk as usize].timer = Some(timer);
    }

    /// The disks of so many nodes of a broker, or of all, stand still, or go on.
    pub(in crate::engine) fn disks_stall(&mut self, target: Target, count: Option<u32>, stalls: bool) {
        let Target::Broker(broker) = target else { return };
        let state = &self.brokers.states[broker.0 as usize];
        let (first, nodes) = (state.first_disk, state.nodes);
        for at in first..first + count.unwrap_or(nodes).min(nodes) {
            let (now, disk) = (self.now, &mut self.brokers.disks[at as usize]);
            if stalls {
                if disk.stalls == 0 {
                    disk.stalled = now;
                }
                disk.stalls += 1;
                continue;
            }
            disk.stalls -= 1;
            if disk.stalls > 0 {
                continue;
            }
            if std::mem::take(&mut disk.held) {
                let owed = std::mem::replace(&mut disk.owed, Span::ZERO);
                self.end_write_at(at, now + owed);
            } else if !disk.batch.is_empty() {
                disk.owed = disk.owed + (now - disk.stalled);
            }
        }
    }

    /// Whether a write whose timer has come goes on for longer, because the disk stands still or stood still since it began.
    fn is_held_up(&mut self, at: u32) -> bool {
        let (now, state) = (self.now, &mut self.brokers.disks[at as usize]);
        if state.stalls > 0 {
            // What has not begun yet begins when the disk goes on; the rest still needs what it needed when that stood still.
            let left = if state.batch.is_empty() { Span::ZERO } else { now - state.stalled };
            state.owed = state.owed + left;
            state.held = true;
            return true;
        }
        let owed = std::mem::replace(&mut state.owed, Span::ZERO);
        if owed > Span::ZERO {
            self.end_write_at(at, now + owed);
        }
        owed > Span::ZERO
    }

    /// The node of a disk is down: the write under way is broken off.
    pub(super) fn crash_disk<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let state = &mut self.brokers.disks[at as usize];
        state.down = true;
        state.held = false;
        state.owed = Span::ZERO;
        let broken_off: Vec<Item> = state.batch.drain(..).collect();
        for item in broken_off.into_iter().rev() {
            let size = match item {
                // Whoever waits for it sends it again.
                Item::Write(_) => 0,
                Item::Append { commit, .. } => self.brokers.commits[commit].size,
            };
            state.pending.push_front((item, size));
        }
        if std::mem::replace(&mut state.busy, false) {
            let (broker, timer) = (state.broker, state.timer.take());
            observer.record(self.now, Transition::Writing { broker, busy: false });
            if let Some(timer) = timer {
                self.cancel_timer(timer);
            }
        }
    }

    /// The node of a disk is back.
    pub(super) fn wake_disk<O: Observer>(&mut self, at: u32, observer: &mut O) {
        self.drop_void(at, observer);
        let state = &mut self.brokers.disks[at as usize];
        state.down = false;
        if !state.busy && !state.is_done() {
            state.busy = true;
            let broker = state.broker;
            state.held = state.stalls > 0;
            let held = state.held;
            observer.record(self.now, Transition::Writing { broker, busy: true });
            if !held {
                self.begin_write(at);
            }
        }
    }

    /// What stood before a disk of messages that the crash took, or of commands that were given up, is not written any more.
    fn drop_void<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let state = &mut self.brokers.disks[at as usize];
        let (pending, riders) = (std::mem::take(&mut state.pending), std::mem::take(&mut state.riders));
        let (void, pending) =
            pending.into_iter().partition::<std::collections::VecDeque<_>, _>(|(item, _)| self.brokers.is_void(*item));
        let (gone, riders) = riders.into_iter().partition::<Vec<_>, _>(|item| self.brokers.is_void(*item));
        let state = &mut self.brokers.disks[at as usize];
        (state.pending, state.riders) = (pending, riders);
        for item in void.into_iter().map(|(item, _)| item).chain(gone) {
            match item {
                Item::Write(write) => self.brokers.writes.remove(write),
                // It counts among those that will come, and decides nothing.
                Item::Append { commit, .. } => self.vote(commit, observer),
            }
        }
    }

    /// The messages of a broker that no majority has yet: they never will be there.
    pub(super) fn uncommitted_commands(&mut self, broker: u32) -> Vec<(u32, MessageSlot)> {
        let mut taken = Vec::new();
        for at in self.brokers.commits.numbers() {
            let Commit { home, command, needed, .. } = self.brokers.commits[at];
            if self.brokers.queues[home as usize].broker == broker && (1..NEVER).contains(&needed) {
                self.brokers.commits[at].needed = NEVER;
                // What consumers have said is void: their sessions have ended.
                let Command::Take(slot) = command else { continue };
                let receipt = self.extra(slot).receipt;
                let publisher = if receipt == NONE { 0 } else { self.brokers.receipts[receipt].publisher };
                taken.push((publisher, slot));
            }
        }
        taken
    }

    /// A disk is done with its batch.
    pub(in crate::engine) fn write_ends<O: Observer>(&mut self, at: u32, observer: &mut O) {
        self.brokers.disks[at as usize].timer = None;
        if self.is_held_up(at) {
            return;
        }
        let mut batch = std::mem::take(&mut self.brokers.disks[at as usize].batch);
        for item in batch.drain(..) {
            self.written(item, observer);
        }
        let state = &mut self.brokers.disks[at as usize];
        state.batch = batch;
        if state.is_done() {
            state.busy = false;
            let broker = state.broker;
            observer.record(self.now, Transition::Writing { broker, busy: false });
        } else {
            self.begin_write(at);
        }
    }

    fn written<O: Observer>(&mut self, item: Item, observer: &mut O) {
        match item {
            Item::Write(write) => {
                let Write { receipt, slot } = self.brokers.writes[write];
                self.brokers.writes.remove(write);
                if slot != NONE {
                    self.brokers.extras[slot as usize].write = NONE;
                }
                self.safe(receipt, observer);
            }
            Item::Append { commit, back: NONE } => self.vote(commit, observer),
            Item::Append { commit, back } => {
                let about = self.brokers.commits[commit].about;
                self.ship(back, |_| about, 0, Parcel::Appended { commit }, observer);
            }
        }
    }

    /// A consumer has acknowledged a message before it was written: it need not be any more.
    #[inline(never)]
    pub(super) fn acknowledged_unwritten<O: Observer>(&mut self, write: u32, observer: &mut O) {
        let receipt = std::mem::replace(&mut self.brokers.writes[write].receipt, NONE);
        self.safe(receipt, observer);
    }
}
