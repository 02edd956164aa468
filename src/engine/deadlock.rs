//! Whether workers wait for each other in a circle.
//!
//! A task can go on by itself when time or processors are all that it waits for. One that waits for an answer can when its request
//! is in work of a task that can, or waits where a worker is free, is plain or can go on; one that waits for a lock can when a
//! holder can, or the lease ends; one that waits for a key of a cache can when the one that gets it can; one that waits for a place
//! in a bulkhead can when a call inside can end; and any call with a timer somewhere around it ends by itself. What cannot go on by
//! these rules, applied until nothing more follows, never will: the least fixed point, as in the detection of deadlocks among
//! communicating processes (Chandy, Misra, Haas 1983, the AND-OR model).

use super::frame::{Frame, Guard, State};
use super::handlers::HoldingKind;
use super::slab::NONE;
use super::task::{Owner, Task, Waits};
use super::world::World;
use std::collections::BTreeMap;

/// Who stands where, looked up once.
struct Survey {
    /// For each task number, whether it can go on.
    goes_on: Vec<bool>,
    /// For each lock, the tasks that hold it.
    holders: Vec<Vec<u32>>,
    /// For each key that is being got for a cache, the task that gets it.
    getters: BTreeMap<(u32, u32), u32>,
    /// For each layer of a call that only so many may be inside of, their frames.
    inside: BTreeMap<(u32, u8), Vec<u32>>,
    /// The task that works on a message, by the message's slot; `NONE`: a plain worker does.
    serving: BTreeMap<u32, u32>,
    /// For each pool, the tasks that keep its workers busy, and whether some worker needs none.
    pools: Vec<(Vec<u32>, bool)>,
}

impl World {
    /// Tells who waits for whom if some tasks wait for each other for ever.
    pub(super) fn deadlock(&self) -> Option<String> {
        let tasks = &self.handlers.tasks;
        let numbers = tasks.numbers();
        let mut survey = self.survey(&numbers);
        loop {
            let mut grew = false;
            for &id in &numbers {
                if !survey.goes_on[id as usize] && self.can_go_on(&tasks[id], &survey) {
                    survey.goes_on[id as usize] = true;
                    grew = true;
                }
            }
            if !grew {
                break;
            }
        }
        let stuck = |id: &u32| !survey.goes_on[*id as usize] && !matches!(tasks[*id].owner, Owner::Branch(_));
        let stuck = numbers.into_iter().find(stuck)?;
        Some(self.circle(stuck, &survey))
    }

    fn survey(&self, numbers: &[u32]) -> Survey {
        let mut survey = Survey {
            goes_on: vec![false; numbers.iter().max().map_or(0, |&most| most as usize + 1)],
            holders: vec![Vec::new(); self.handlers.locks.len()],
            getters: BTreeMap::new(),
            inside: BTreeMap::new(),
            serving: BTreeMap::new(),
            pools: vec![(Vec::new(), false); self.pools.len()],
        };
        for &id in numbers {
            let mut at = self.handlers.tasks[id].held;
            while at != NONE {
                let holding = &self.handlers.holdings[at];
                match holding.kind {
                    HoldingKind::Lock { lock, .. } => survey.holders[lock as usize].push(id),
                    HoldingKind::Flight { cache, key } => {
                        survey.getters.insert((cache, key), id);
                    }
                }
                at = holding.next;
            }
        }
        for id in self.handlers.frames.numbers() {
            let Frame { call, layer, state, .. } = self.handlers.frames[id];
            let guard = self.handlers.guards[call as usize].get(layer as usize);
            if state == State::Inside && matches!(guard, Some(Guard::Bulkhead(_))) {
                survey.inside.entry((call, layer)).or_default().push(id);
            }
        }
        for worker in &self.workers {
            let (tasks, free) = &mut survey.pools[worker.pool as usize];
            if worker.message != NONE {
                survey.serving.insert(worker.message, worker.task);
            }
            // A crashed worker comes back with its repair, or has its requests refused.
            if worker.task == NONE || !worker.up {
                *free = true;
            } else {
                tasks.push(worker.task);
            }
        }
        survey
    }

    fn can_go_on(&self, task: &Task, survey: &Survey) -> bool {
        let able = |id: u32| survey.goes_on[id as usize];
        match task.waits {
            Waits::Branches => {
                let mut branch = task.child;
                let mut ends = 0;
                while branch != NONE {
                    ends += u32::from(able(branch));
                    branch = self.handlers.tasks[branch].next;
                }
                ends >= task.needed
            }
            Waits::Lock(lock) => {
                let leased = self.handlers.locks[lock as usize].lease.is_some();
                leased || survey.holders[lock as usize].iter().any(|&holder| able(holder))
            }
            Waits::Call(frame) => frame == NONE || self.can_end(frame, survey),
            Waits::Answer { request, queue } => self.can_be_answered(request.0, queue, survey),
            // Whoever gets the key for others hands it on when he fails.
            Waits::Flight { cache, key, .. } => survey.getters.get(&(cache, key)).is_none_or(|&getter| able(getter)),
            // What stands in queues is not looked into.
            Waits::Turn
            | Waits::Worker
            | Waits::Timer(_)
            | Waits::Host(_)
            | Waits::Receipt(_)
            | Waits::Suspended
            | Waits::Pause
            | Waits::Nothing => true,
        }
    }

    /// Whether a call can end: by a timer, or by an answer to one of its attempts.
    fn can_end(&self, frame: u32, survey: &Survey) -> bool {
        let frame = &self.handlers.frames[frame];
        if frame.timer.is_some() {
            return true;
        }
        match frame.state {
            State::Outside => {
                let inside = survey.inside.get(&(frame.call, frame.layer));
                inside.is_none_or(|inside| inside.iter().any(|&other| self.can_end(other, survey)))
            }
            // What is lost has not met with a deadlock.
            State::Astray | State::Connects | State::Goes | State::Returns => true,
            State::There => self.can_be_answered(frame.request, frame.queue, survey),
            State::Inside => {
                let mut child = frame.child;
                while child != NONE && !self.can_end(child, survey) {
                    child = self.handlers.frames[child].next;
                }
                child != NONE
            }
        }
    }

    /// Whether a request at a queue of a service can be answered.
    fn can_be_answered(&self, request: u32, queue: u32, survey: &Survey) -> bool {
        let able = |task: u32| task == NONE || survey.goes_on[task as usize];
        match survey.serving.get(&request) {
            Some(&task) => able(task),
            None => {
                let (tasks, free) = &survey.pools[self.queues[queue as usize].sole_pool as usize];
                *free || tasks.iter().any(|&task| able(task))
            }
        }
    }

    /// Follows who waits for whom from a task that cannot go on, until someone comes up again.
    fn circle(&self, from: u32, survey: &Survey) -> String {
        let mut way: Vec<String> = Vec::new();
        let mut seen = Vec::new();
        let mut at = Some(from);
        while let Some(id) = at.filter(|id| !seen.contains(id)) {
            seen.push(id);
            let (what, next) = self.waits_for(id, survey);
            if !way.contains(&what) && way.len() < 8 {
                way.push(what);
            }
            at = next;
        }
        way.join(", ")
    }

    /// What a task that cannot go on waits for, and a task that stands in its way.
    fn waits_for(&self, id: u32, survey: &Survey) -> (String, Option<u32>) {
        let stuck = |ids: &[u32]| ids.iter().copied().find(|&id| !survey.goes_on[id as usize]);
        let task = &self.handlers.tasks[id];
        let who = self.name_of(task.pool);
        let answer = |who: String, request: u32, queue: u32| {
            let pool = self.queues[queue as usize].sole_pool;
            let served = survey.serving.get(&request).copied();
            let next = served.or_else(|| stuck(&survey.pools[pool as usize].0));
            (format!("{who} waits for an answer of {}", self.name_of(pool)), next)
        };
        match task.waits {
            Waits::Lock(lock) => {
                let name = &self.handlers.names.locks[lock as usize];
                (format!("{who} waits for the lock `{name}`"), stuck(&survey.holders[lock as usize]))
            }
            Waits::Flight { cache, key, .. } => {
                let name = &self.handlers.names.caches[cache as usize];
                (format!("{who} waits for what another gets for the cache `{name}`"), survey.getters.get(&(cache, key)).copied())
            }
            Waits::Branches => {
                let mut branch = task.child;
                while branch != NONE && survey.goes_on[branch as usize] {
                    branch = self.handlers.tasks[branch].next;
                }
                if branch == NONE { (format!("{who} waits"), None) } else { self.waits_for(branch, survey) }
            }
            Waits::Call(frame) => {
                let Some((request, queue)) = self.attempt(frame) else { return self.waits_outside(who, frame, survey) };
                answer(who, request, queue)
            }
            Waits::Answer { request, queue } => answer(who, request.0, queue),
            _ => (format!("{who} waits"), None),
        }
    }

    /// What a call that is not at a service waits for: a place in a bulkhead, and a task that has one.
    fn waits_outside(&self, who: String, frame: u32, survey: &Survey) -> (String, Option<u32>) {
        let Frame { call, layer, state, child, .. } = self.handlers.frames[frame];
        if state != State::Outside && child != NONE {
            return self.waits_outside(who, child, survey);
        }
        let service = self.handlers.code.calls[call as usize].call.service.0 as usize;
        let pool = self.queues[self.handlers.services[service].queue as usize].sole_pool;
        let inside = survey.inside.get(&(call, layer)).and_then(|inside| inside.first());
        let next = inside.map(|&other| self.handlers.frames[other].task);
        (format!("{who} waits for a place in the bulkhead before {}", self.name_of(pool)), next)
    }

    /// The request of a call that is at a service, and the queue to which it came.
    fn attempt(&self, frame: u32) -> Option<(u32, u32)> {
        let frame = &self.handlers.frames[frame];
        if frame.state == State::There {
            return Some((frame.request, frame.queue));
        }
        if frame.child == NONE { None } else { self.attempt(frame.child) }
    }

    fn name_of(&self, pool: u32) -> String {
        if pool == NONE { "a producer".to_owned() } else { format!("`{}`", self.handlers.names.pools[pool as usize]) }
    }
}
