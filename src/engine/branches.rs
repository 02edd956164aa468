//! Branches of a task: they run side by side until enough of them have succeeded; and tasks that are ended where they are.

use super::frame::Verdict;
use super::message::Asker;
use super::observer::{Observer, Transition};
use super::slab::NONE;
use super::task::{Owner, Task, Waits};
use super::world::World;

impl World {
    /// A branch of a task that waits for it.
    pub(super) fn branch(&mut self, parent: u32, entry: u32) {
        let Task { message, pool, deadline, loops, visit, child: next, .. } = self.handlers.tasks[parent];
        let id = self.task(entry, message, Owner::Branch(parent), pool, deadline);
        let tasks = &mut self.handlers.tasks;
        (tasks[id].loops, tasks[id].visit, tasks[id].next) = (loops, visit, next);
        if next != NONE {
            tasks[next].previous = id;
        }
        tasks[parent].child = id;
    }

    /// The task that a branch is a part of, which answers for all of them.
    pub(super) fn whole(&self, mut id: u32) -> u32 {
        while let Owner::Branch(parent) = self.handlers.tasks[id].owner {
            id = parent;
        }
        id
    }

    /// A branch has ended: its parent goes on when enough have succeeded, or no longer can.
    pub(super) fn join<O: Observer>(&mut self, parent: u32, id: u32, verdict: Verdict, observer: &mut O) {
        let tasks = &mut self.handlers.tasks;
        let Task { previous, next, .. } = tasks[id];
        tasks.remove(id);
        if previous == NONE {
            tasks[parent].child = next;
        } else {
            tasks[previous].next = next;
        }
        if next != NONE {
            tasks[next].previous = previous;
        }
        let task = &mut tasks[parent];
        task.running -= 1;
        let decided = if verdict == Verdict::Ok {
            task.needed -= 1;
            (task.needed == 0).then_some(Verdict::Ok)
        } else {
            (task.running < task.needed).then_some(verdict)
        };
        if let Some(verdict) = decided {
            self.stop_branches(parent, true, false, observer);
            self.resume(parent, verdict);
        }
    }

    /// Ends all branches of a task where they are.
    fn stop_branches<O: Observer>(&mut self, parent: u32, recall: bool, crashed: bool, observer: &mut O) {
        let mut child = std::mem::replace(&mut self.handlers.tasks[parent].child, NONE);
        while child != NONE {
            let next = self.handlers.tasks[child].next;
            self.stop(child, recall, crashed, observer);
            child = next;
        }
    }

    /// Ends a task where it is; `recall`: what it has sent is called back; `crashed`: it gives no lock back. Its owner is not
    /// told.
    pub(super) fn stop<O: Observer>(&mut self, id: u32, recall: bool, crashed: bool, observer: &mut O) {
        let waits = std::mem::replace(&mut self.handlers.tasks[id].waits, Waits::Nothing);
        // It leaves what it waits for before it gives back what it holds: that might be the same.
        match waits {
            // Its place in the line is left, and frees it.
            Waits::Turn => return self.let_go(id, crashed, observer),
            Waits::Worker => {
                if let Owner::Worker(worker) = self.handlers.tasks[id].owner {
                    self.pending.clear(self.producers.len() + worker as usize);
                }
            }
            Waits::Timer(timer) => self.cancel_timer(timer),
            Waits::Call(frame) => self.abandon(frame, recall, observer),
            Waits::Answer { request, queue } => {
                self.messages[request].asker = Asker::NOBODY;
                if recall {
                    self.recall(request, queue, observer);
                }
            }
            Waits::Branches => self.stop_branches(id, recall, crashed, observer),
            Waits::Lock(lock) => {
                if self.handlers.locks[lock as usize].permits.cancel(id) {
                    observer.record(self.now, Transition::AtLock { lock, more: false });
                }
            }
            Waits::Flight { cache, key, .. } => self.leave_flight(id, cache, key),
            Waits::Host(host) => self.stop_computing(id, host, observer),
            Waits::Receipt(receipt) => self.brokers.receipts[receipt].waiter = NONE,
            Waits::Suspended | Waits::Pause => {}
            Waits::Nothing => unreachable!("a task is stopped twice"),
        }
        self.let_go(id, crashed, observer);
        self.handlers.tasks.remove(id);
    }
}
