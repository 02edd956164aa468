//! What handlers share: locks, caches, and the processors of hosts.

use super::agenda::Phase;
use super::handlers::{Holding, HoldingKind, Wake};
use super::observer::{Observer, Transition};
use super::permits::{Permits, Released, Token};
use super::popularity::Popularity;
use super::processors::Processors;
use super::slab::NONE;
use super::store::Store;
use super::task::Waits;
use super::timers::TimerId;
use super::world::World;
use crate::random::Stream;
use crate::units::Span;
use std::collections::BTreeMap;

/// A lock and its rules.
#[derive(Debug)]
pub(super) struct LockState {
    pub permits: Permits,
    pub lease: Option<Span>,
    pub fencing: bool,
}

/// A cache, and who gets what for it at this time.
#[derive(Debug)]
pub(super) struct CacheState {
    pub store: Store,
    pub single_flight: bool,
    /// For each key that is being got: the first of those that wait for it.
    pub flights: BTreeMap<u32, u32>,
}

/// A host, and its timer.
#[derive(Debug)]
pub(super) struct HostState {
    pub processors: Processors,
    pub timer: Option<TimerId>,
    /// By how much all on it is slower now, and how many faults let it stand still.
    pub slowdown: f64,
    pub pauses: i32,
}

/// The keys of a producer's messages.
#[derive(Debug)]
pub(super) enum KeyState {
    /// Drawn for each message.
    Drawn { popularity: Popularity, stream: Stream },
    /// What a trace says of each message, as a number.
    Recorded(Box<[u32]>),
}

impl KeyState {
    /// The key of the producer's message of this number.
    #[inline]
    pub fn of(&self, index: u64) -> Option<u32> {
        match self {
            KeyState::Drawn { popularity, stream } => Some(popularity.draw(&mut stream.at(index))),
            KeyState::Recorded(keys) => keys.get(index as usize).copied(),
        }
    }
}

impl World {
    /// A task asks for a lock; whether it has it and goes on.
    pub(super) fn acquire<O: Observer>(&mut self, id: u32, lock: u32, observer: &mut O) -> bool {
        self.handlers.tasks[id].since = self.now;
        let token = self.handlers.locks[lock as usize].permits.acquire(id);
        match token {
            Some(token) => {
                self.granted(id, lock, token, observer);
                true
            }
            None => {
                self.handlers.tasks[id].waits = Waits::Lock(lock);
                observer.record(self.now, Transition::AtLock { lock, more: true });
                false
            }
        }
    }

    fn granted<O: Observer>(&mut self, id: u32, lock: u32, token: Token, observer: &mut O) {
        let now = self.now;
        let waited = now - self.handlers.tasks[id].since;
        observer.record(now, Transition::Locked { lock, waited });
        let kind = HoldingKind::Lock { lock, token, lease: None };
        let holding = self.hold_on(id, kind);
        if let Some(lease) = self.handlers.locks[lock as usize].lease {
            let timer = self.set_timer(now + lease, Phase::Expiry, Wake::Lease { holding });
            self.handlers.holdings[holding].kind = HoldingKind::Lock { lock, token, lease: Some(timer) };
        }
    }

    /// Whoever has waited longest for a permit that came free goes on.
    fn pass_on<O: Observer>(&mut self, lock: u32, next: Option<(u32, Token)>, observer: &mut O) {
        if let Some((task, token)) = next {
            observer.record(self.now, Transition::AtLock { lock, more: false });
            self.granted(task, lock, token, observer);
            self.wake(task);
        }
    }

    /// A lease has run out: the holder does not know, and the next gets the permit.
    pub(super) fn lease_ends<O: Observer>(&mut self, id: u32, observer: &mut O) {
        let Holding { kind, since, gone, .. } = self.handlers.holdings[id];
        let HoldingKind::Lock { lock, token, .. } = kind else { unreachable!("only locks have leases") };
        let held = self.now - since;
        observer.record(self.now, Transition::Unlocked { lock, held });
        observer.record(self.now, Transition::LeaseEnded { lock });
        let next = self.handlers.locks[lock as usize].permits.expire(token);
        if gone {
            self.handlers.holdings.remove(id);
        } else {
            self.handlers.holdings[id].kind = HoldingKind::Lock { lock, token, lease: None };
            self.handlers.holdings[id].expired = true;
        }
        self.pass_on(lock, next, observer);
    }

    /// A task gives a lock back; `false` when what it has done under it is refused.
    pub(super) fn unlock<O: Observer>(&mut self, id: u32, lock: u32, observer: &mut O) -> bool {
        let holds = |kind: &HoldingKind| matches!(kind, HoldingKind::Lock { lock: held, .. } if *held == lock);
        let holding = self.let_go_of(id, holds);
        let Some(holding) = holding else { unreachable!("a lock is given back that is not held") };
        let stale = self.give_back(holding, observer);
        if !stale {
            return true;
        }
        let fencing = self.handlers.locks[lock as usize].fencing;
        observer.record(self.now, Transition::StaleWrite { lock, refused: fencing });
        !fencing
    }

    /// Gives a permit back; whether another has got the lock since the lease ran out.
    fn give_back<O: Observer>(&mut self, holding: Holding, observer: &mut O) -> bool {
        let HoldingKind::Lock { lock, token, lease } = holding.kind else { return false };
        if let Some(timer) = lease {
            self.cancel_timer(timer);
        }
        if !holding.expired {
            observer.record(self.now, Transition::Unlocked { lock, held: self.now - holding.since });
        }
        let (released, next) = self.handlers.locks[lock as usize].permits.release(token);
        self.pass_on(lock, next, observer);
        released == Released::Expired { taken_since: true }
    }

    /// Adds to what a task holds.
    fn hold_on(&mut self, id: u32, kind: HoldingKind) -> u32 {
        let next = self.handlers.tasks[id].held;
        let holding = self.handlers.holdings.insert(Holding { kind, since: self.now, next, expired: false, gone: false });
        self.handlers.tasks[id].held = holding;
        holding
    }

    /// Takes the latest of what a task holds that is of this kind.
    fn let_go_of(&mut self, id: u32, kind: impl Fn(&HoldingKind) -> bool) -> Option<Holding> {
        let (mut before, mut at) = (NONE, self.handlers.tasks[id].held);
        while at != NONE && !kind(&self.handlers.holdings[at].kind) {
            (before, at) = (at, self.handlers.holdings[at].next);
        }
        if at == NONE {
            return None;
        }
        let holding = self.handlers.holdings[at];
        if before == NONE {
            self.handlers.tasks[id].held = holding.next;
        } else {
            self.handlers.holdings[before].next = holding.next;
        }
        self.handlers.holdings.remove(at);
        Some(holding)
    }

    /// Gives back all that a task holds. Who has
    /// `crashed` gives no lock back that has a lease: it ends with that.
    #[inline(always)]
    pub(super) fn let_go<O: Observer>(&mut self, id: u32, crashed: bool, observer: &mut O) {
        let held = std::mem::replace(&mut self.handlers.tasks[id].held, NONE);
        if held != NONE {
            self.let_all_go(held, crashed, observer);
        }
    }

    /// The same for what is behind `at` in the list of what a task holds.
    fn let_all_go<O: Observer>(&mut self, mut at: u32, crashed: bool, observer: &mut O) {
        while at != NONE {
            let holding = self.handlers.holdings[at];
            match holding.kind {
                HoldingKind::Flight { cache, key } => {
                    self.handlers.holdings.remove(at);
                    self.hand_over(cache, key);
                }
                // Without a lease a lock is as good as its holder's connection.
                HoldingKind::Lock { lock, token, lease: Some(_) } if crashed && !holding.expired => {
                    self.handlers.locks[lock as usize].permits.abandon(token);
                    self.handlers.holdings[at].gone = true;
                }
                HoldingKind::Lock { .. } => {
                    self.handlers.holdings.remove(at);
                    self.give_back(holding, observer);
                }
            }
            at = holding.next;
        }
    }

    /// The key of what a task is about; `None`: it has one of its own.
    fn key(&self, id: u32) -> Option<u32> {
        let message = &self.messages[self.handlers.tasks[id].message];
        let keys = self.handlers.keys[message.producer as usize].as_ref()?;
        let root = self.handlers.families[message.family].index;
        keys.of(root)
    }

    /// The key by which a request of a task is sent to an instance.
    pub(super) fn routing_key(&self, id: u32) -> u64 {
        let message = &self.messages[self.handlers.tasks[id].message];
        self.key(id).map_or_else(|| self.handlers.families[message.family].index, u64::from)
    }

    /// A task looks into a cache: it goes on at `hit`, or gets what is missing, or waits for another that gets it; whether it
    /// goes on now.
    pub(super) fn look<O: Observer>(&mut self, id: u32, cache: u32, stream: Stream, hit: u32, observer: &mut O) -> bool {
        let (now, key, mut draws) = (self.now, self.key(id), self.draws(id, stream));
        let state = &mut self.handlers.caches[cache as usize];
        // Without a key nothing can be there but by chance.
        let found = match (key, &state.store) {
            (None, Store::Lru(_)) => false,
            (key, _) => state.store.lookup(now, key.unwrap_or(0), &mut draws),
        };
        observer.record(now, Transition::Looked { cache, hit: found });
        if found {
            self.handlers.tasks[id].at = hit;
            return true;
        }
        let Some(key) = key.filter(|_| state.single_flight) else { return true };
        if let Some(first) = state.flights.get_mut(&key) {
            let task = &mut self.handlers.tasks[id];
            (task.waits, task.peer) = (Waits::Flight { cache, key, hit }, *first);
            *first = id;
            return false;
        }
        state.flights.insert(key, NONE);
        self.hold_on(id, HoldingKind::Flight { cache, key });
        true
    }

    /// A task puts into a cache what it got.
    pub(super) fn store(&mut self, id: u32, cache: u32) {
        let Some(key) = self.key(id) else { return };
        let now = self.now;
        self.handlers.caches[cache as usize].store.insert(now, key);
        let mine = |kind: &HoldingKind| *kind == HoldingKind::Flight { cache, key };
        if self.let_go_of(id, mine).is_none() {
            return;
        }
        let mut waiting = self.handlers.caches[cache as usize].flights.remove(&key).unwrap_or(NONE);
        while waiting != NONE {
            let task = &mut self.handlers.tasks[waiting];
            if let Waits::Flight { hit, .. } = task.waits {
                task.at = hit;
            }
            let next = std::mem::replace(&mut task.peer, NONE);
            self.wake(waiting);
            waiting = next;
        }
    }

    /// Who was getting a key has failed: one of those that wait for it gets it instead.
    fn hand_over(&mut self, cache: u32, key: u32) {
        let flights = &mut self.handlers.caches[cache as usize].flights;
        let Some(first) = flights.get_mut(&key) else { return };
        let heir = *first;
        if heir == NONE {
            flights.remove(&key);
            return;
        }
        *first = std::mem::replace(&mut self.handlers.tasks[heir].peer, NONE);
        self.hold_on(heir, HoldingKind::Flight { cache, key });
        self.wake(heir);
    }

    /// A task waits no longer for what another gets.
    pub(super) fn leave_flight(&mut self, id: u32, cache: u32, key: u32) {
        let peer = std::mem::replace(&mut self.handlers.tasks[id].peer, NONE);
        let Some(first) = self.handlers.caches[cache as usize].flights.get_mut(&key) else { return };
        if *first == id {
            *first = peer;
            return;
        }
        let mut at = *first;
        while self.handlers.tasks[at].peer != id {
            at = self.handlers.tasks[at].peer;
        }
        self.handlers.tasks[at].peer = peer;
    }

    /// A task needs processor time of a host.
    pub(super) fn compute<O: Observer>(&mut self, id: u32, host: u32, span: Span, observer: &mut O) {
        self.handlers.tasks[id].waits = Waits::Host(host);
        let now = self.now;
        self.handlers.hosts[host as usize].processors.add(now, id, span);
        self.look_at_host(host, observer);
    }

    /// A task needs no more of a host.
    pub(super) fn stop_computing<O: Observer>(&mut self, id: u32, host: u32, observer: &mut O) {
        let now = self.now;
        self.handlers.hosts[host as usize].processors.remove(now, id);
        self.look_at_host(host, observer);
    }

    /// Work on a host is done.
    pub(super) fn host_fires<O: Observer>(&mut self, host: u32, observer: &mut O) {
        let now = self.now;
        self.handlers.hosts[host as usize].timer = None;
        while let Some(task) = self.handlers.hosts[host as usize].processors.take_done(now) {
            self.wake(task);
        }
        self.look_at_host(host, observer);
    }

    /// The speed of a host has changed: its timer fires now, and is set anew.
    pub(super) fn wake_host(&mut self, host: u32) {
        if let Some(timer) = self.handlers.hosts[host as usize].timer.take() {
            self.cancel_timer(timer);
        }
        let timer = self.set_timer(self.now, Phase::Completion, Wake::Host(host));
        self.handlers.hosts[host as usize].timer = Some(timer);
    }

    /// Sets the timer of a host whose jobs have changed.
    pub(super) fn look_at_host<O: Observer>(&mut self, host: u32, observer: &mut O) {
        let state = &mut self.handlers.hosts[host as usize];
        let (busy, next, timer) = (state.processors.busy(), state.processors.next(), state.timer.take());
        if let Some(timer) = timer {
            self.cancel_timer(timer);
        }
        observer.record(self.now, Transition::Cores { host, busy });
        if let Some(next) = next {
            let timer = self.set_timer(next, Phase::Completion, Wake::Host(host));
            self.handlers.hosts[host as usize].timer = Some(timer);
        }
    }
}
