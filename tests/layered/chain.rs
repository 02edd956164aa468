//! The Markov chain of a small model: its states, found from the empty one, and what holds in each.

use crate::program::{Instruction, Programs};
use std::collections::VecDeque;

/// Someone who runs a program, or a request that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// The next instruction; of one that holds out, this one.
    at: usize,
    /// Where its worker is; none: a client is its own.
    place: Option<usize>,
    owner: Owner,
    waits: Waits,
}

/// Who hears of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Class(usize),
    Caller(usize),
    Fork(usize),
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waits {
    /// It can go on.
    Turn,
    /// For its time.
    Time,
    /// For a worker.
    Worker,
    Answer,
    Lock,
    /// For branches: those that run, and those that must still succeed.
    Branches(u8, u8),
}

/// A state of the system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    jobs: Vec<Option<Job>>,
    /// For each place: who waits, the oldest first.
    lines: Vec<VecDeque<usize>>,
    /// For each place: busy workers.
    busy: Vec<usize>,
    /// For each class: clients that think.
    thinking: Vec<usize>,
    /// For each lock: the holders, and who waits.
    held: Vec<Vec<usize>>,
    wanted: Vec<VecDeque<usize>>,
}

/// What happens in a transition, in number.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Requests and messages that came to each place, those that it refused, and those that its workers have finished.
    pub came: Vec<f64>,
    pub refused: Vec<f64>,
    pub finished: Vec<f64>,
    /// Answers to each class, good ones and others.
    pub good: Vec<f64>,
    pub failed: Vec<f64>,
}

/// What holds in a state, in number: the same for each place and class.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    pub busy: Vec<f64>,
    pub waiting: Vec<f64>,
    /// Requests of each class that are not answered.
    pub asking: Vec<f64>,
    pub thinking: Vec<f64>,
}

/// A way out of a state: its rate, where it leads, and what happens.
pub type Way = (f64, State, Counts);

impl Programs {
    fn counts(&self) -> Counts {
        let (places, classes) = (vec![0.0; self.places.len()], vec![0.0; self.classes.len()]);
        Counts { came: places.clone(), refused: places.clone(), finished: places, good: classes.clone(), failed: classes }
    }

    /// Nobody does anything.
    pub fn empty(&self) -> State {
        let places = self.places.len();
        State {
            jobs: Vec::new(),
            lines: vec![VecDeque::new(); places],
            busy: vec![0; places],
            thinking: self.classes.iter().map(|class| class.clients.unwrap_or(0)).collect(),
            held: vec![Vec::new(); self.permits.len()],
            wanted: vec![VecDeque::new(); self.permits.len()],
        }
    }

    /// All that can happen next.
    pub fn ways(&self, from: &State) -> Vec<Way> {
        let mut all = Vec::new();
        for (at, class) in self.classes.iter().enumerate() {
            let rate = class.clients.map_or(class.rate, |_| from.thinking[at] as f64 * class.rate);
            if rate > 0.0 {
                let mut state = from.clone();
                if class.clients.is_some() {
                    state.thinking[at] -= 1;
                }
                let job = state.add(Job { at: class.entry, place: None, owner: Owner::Class(at), waits: Waits::Turn });
                self.settle(rate, state, self.counts(), VecDeque::from([job]), &mut all);
            }
        }
        let mut on_host = vec![0.0; self.hosts.len()];
        for id in 0..from.jobs.len() {
            if let Some((_, Some(host))) = self.holds(from, id) {
                on_host[host] += 1.0;
            }
        }
        for id in 0..from.jobs.len() {
            let Some((mut rate, host)) = self.holds(from, id) else { continue };
            if let Some(host) = host {
                let (cores, speed) = self.hosts[host];
                rate *= speed * (cores / on_host[host]).min(1.0);
            }
            let mut state = from.clone();
            let job = state.job(id);
            (job.at, job.waits) = (job.at + 1, Waits::Turn);
            self.settle(rate, state, self.counts(), VecDeque::from([id]), &mut all);
        }
        all
    }

    /// The rate at which a job holds out, and the host that it needs for that.
    fn holds(&self, state: &State, id: usize) -> Option<(f64, Option<usize>)> {
        let job = state.jobs[id].as_ref().filter(|job| job.waits == Waits::Time)?;
        let Instruction::Hold(rate, work) = self.code[job.at] else { panic!("{job:?} holds out") };
        let host = job.place.and_then(|place| self.places[place].host);
        Some((rate, host.filter(|_| work)))
    }

    /// Lets everyone go on who can, in order; where chance decides, every way is taken.
    fn settle(&self, rate: f64, mut state: State, mut counts: Counts, mut line: VecDeque<usize>, all: &mut Vec<Way>) {
        while let Some(id) = line.pop_front() {
            if state.jobs[id].is_none_or(|job| job.waits != Waits::Turn) {
                continue;
            }
            loop {
                let job = state.job(id);
                let at = job.at;
                job.at += 1;
                match &self.code[at] {
                    Instruction::Hold(..) => {
                        (job.at, job.waits) = (at, Waits::Time);
                        break;
                    }
                    Instruction::Call(place) => {
                        job.waits = Waits::Answer;
                        if !self.send(&mut state, *place, Owner::Caller(id), &mut counts, &mut line) {
                            self.end(&mut state, id, false, &mut counts, &mut line);
                        }
                        break;
                    }
                    Instruction::Publish(place) => {
                        self.send(&mut state, *place, Owner::Nobody, &mut counts, &mut line);
                    }
                    Instruction::Reply => self.reply(&mut state, id, true, &mut counts, &mut line),
                    Instruction::Fork(entries, needed) => {
                        job.waits = Waits::Branches(entries.len() as u8, *needed);
                        let place = job.place;
                        for &entry in entries {
                            let branch = Job { at: entry, place, owner: Owner::Fork(id), waits: Waits::Turn };
                            line.push_back(state.add(branch));
                        }
                        break;
                    }
                    Instruction::Jump(to) => job.at = *to,
                    Instruction::Choose(ways) => {
                        for (share, to) in ways.iter().filter(|way| way.0 > 0.0) {
                            let mut other = state.clone();
                            other.job(id).at = *to;
                            let mut rest = line.clone();
                            rest.push_front(id);
                            self.settle(rate * share, other, counts.clone(), rest, all);
                        }
                        return;
                    }
                    Instruction::Acquire(lock) => {
                        if state.held[*lock].len() == self.permits[*lock] {
                            state.job(id).waits = Waits::Lock;
                            state.wanted[*lock].push_back(id);
                            break;
                        }
                        state.held[*lock].push(id);
                    }
                    Instruction::Release(lock) => {
                        state.held[*lock].retain(|holder| *holder != id);
                        if let Some(next) = state.wanted[*lock].pop_front() {
                            state.held[*lock].push(next);
                            state.job(next).waits = Waits::Turn;
                            line.push_back(next);
                        }
                    }
                    Instruction::Fail => {
                        self.end(&mut state, id, false, &mut counts, &mut line);
                        break;
                    }
                    Instruction::End => {
                        self.end(&mut state, id, true, &mut counts, &mut line);
                        break;
                    }
                }
            }
        }
        all.push((rate, state.renumbered(), counts));
    }

    /// A request or a message comes to a place; whether it is let in.
    fn send(&self, state: &mut State, place: usize, owner: Owner, counts: &mut Counts, line: &mut VecDeque<usize>) -> bool {
        counts.came[place] += 1.0;
        let job = Job { at: self.places[place].entry, place: Some(place), owner, waits: Waits::Worker };
        if state.busy[place] < self.places[place].workers {
            state.busy[place] += 1;
            line.push_back(state.add(Job { waits: Waits::Turn, ..job }));
        } else if state.lines[place].len() < self.places[place].limit {
            let id = state.add(job);
            state.lines[place].push_back(id);
        } else {
            counts.refused[place] += 1.0;
            return false;
        }
        true
    }

    /// Whoever waits for the answer of a job hears of it.
    fn reply(&self, state: &mut State, id: usize, good: bool, counts: &mut Counts, line: &mut VecDeque<usize>) {
        if let Owner::Caller(caller) = std::mem::replace(&mut state.job(id).owner, Owner::Nobody) {
            if good {
                state.job(caller).waits = Waits::Turn;
                line.push_back(caller);
            } else {
                self.end(state, caller, false, counts, line);
            }
        }
    }

    /// A job has come to its end.
    fn end(&self, state: &mut State, id: usize, good: bool, counts: &mut Counts, line: &mut VecDeque<usize>) {
        match state.job(id).owner {
            Owner::Class(class) => {
                let answers = if good { &mut counts.good } else { &mut counts.failed };
                answers[class] += 1.0;
                state.thinking[class] += usize::from(self.classes[class].clients.is_some());
                state.jobs[id] = None;
            }
            Owner::Fork(parent) => {
                state.jobs[id] = None;
                let Waits::Branches(running, needed) = state.job(parent).waits else { return };
                let (running, needed) = (running - 1, needed - u8::from(good));
                state.job(parent).waits = Waits::Branches(running, needed);
                if needed == 0 || running < needed {
                    self.stop_branches(state, parent, line);
                    if needed == 0 {
                        state.job(parent).waits = Waits::Turn;
                        line.push_back(parent);
                    } else {
                        self.end(state, parent, false, counts, line);
                    }
                }
            }
            Owner::Caller(_) | Owner::Nobody => {
                let place = state.job(id).place.expect("requests are at places");
                counts.finished[place] += 1.0;
                match state.lines[place].pop_front() {
                    Some(next) => {
                        state.job(next).waits = Waits::Turn;
                        line.push_back(next);
                    }
                    None => state.busy[place] -= 1,
                }
                self.reply(state, id, good, counts, line);
                state.jobs[id] = None;
            }
        }
    }

    /// Branches that are not needed any more end where they are, and what they asked for is called back: it leaves the line, or
    /// the worker, who turns to the next.
    fn stop_branches(&self, state: &mut State, parent: usize, line: &mut VecDeque<usize>) {
        for id in 0..state.jobs.len() {
            if state.jobs[id].is_some_and(|job| job.owner == Owner::Fork(parent)) {
                self.stop(state, id, line);
            }
        }
    }

    fn stop(&self, state: &mut State, id: usize, line: &mut VecDeque<usize>) {
        self.stop_branches(state, id, line);
        let Some(job) = state.jobs[id].take() else { return };
        for other in 0..state.jobs.len() {
            if state.jobs[other].is_some_and(|other| other.owner == Owner::Caller(id)) {
                self.stop(state, other, line);
            }
        }
        if matches!(job.owner, Owner::Fork(_)) {
            return;
        }
        let place = job.place.expect("requests are at places");
        if job.waits == Waits::Worker {
            state.lines[place].retain(|waiting| *waiting != id);
            return;
        }
        match state.lines[place].pop_front() {
            Some(next) => {
                state.job(next).waits = Waits::Turn;
                line.push_back(next);
            }
            None => state.busy[place] -= 1,
        }
    }
}

impl State {
    fn add(&mut self, job: Job) -> usize {
        let free = self.jobs.iter().position(Option::is_none).unwrap_or(self.jobs.len());
        if free == self.jobs.len() {
            self.jobs.push(None);
        }
        self.jobs[free] = Some(job);
        free
    }

    fn job(&mut self, id: usize) -> &mut Job {
        self.jobs[id].as_mut().expect("the job is there")
    }

    /// The same with the jobs in an order that depends on nothing but what they are, so that states that differ by names are one.
    fn renumbered(&self) -> State {
        let mut inside: Vec<Vec<usize>> = vec![Vec::new(); self.jobs.len()];
        let mut roots = Vec::new();
        for (id, job) in self.jobs.iter().enumerate().filter_map(|(id, job)| job.as_ref().map(|job| (id, job))) {
            match job.owner {
                Owner::Caller(parent) | Owner::Fork(parent) => inside[parent].push(id),
                Owner::Class(_) | Owner::Nobody => roots.push(id),
            }
        }
        let mut order = Vec::new();
        self.ordered(roots, &inside, &mut order);
        let new = |id: usize| order.iter().position(|&old| old == id).expect("all jobs have a place in the order");
        let job = |&id: &usize| {
            let mut job = self.jobs[id].expect("the job is there");
            match &mut job.owner {
                Owner::Caller(parent) | Owner::Fork(parent) => *parent = new(*parent),
                Owner::Class(_) | Owner::Nobody => {}
            }
            Some(job)
        };
        let line = |line: &VecDeque<usize>| line.iter().map(|&id| new(id)).collect();
        let mut held: Vec<Vec<usize>> = self.held.iter().map(|held| held.iter().map(|&id| new(id)).collect()).collect();
        held.iter_mut().for_each(|holders| holders.sort_unstable());
        State {
            jobs: order.iter().map(job).collect(),
            lines: self.lines.iter().map(line).collect(),
            busy: self.busy.clone(),
            thinking: self.thinking.clone(),
            held,
            wanted: self.wanted.iter().map(line).collect(),
        }
    }

    /// Appends jobs and all inside them to an order; gives what they are.
    fn ordered(&self, jobs: Vec<usize>, inside: &[Vec<usize>], order: &mut Vec<usize>) -> Vec<usize> {
        let mut described: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for id in jobs {
            let mut within = vec![id];
            let inner = self.ordered(inside[id].clone(), inside, &mut within);
            described.push((self.described(id).into_iter().chain(inner).collect(), within));
        }
        described.sort();
        order.extend(described.iter().flat_map(|(_, within)| within));
        described.into_iter().flat_map(|(what, _)| what.into_iter().chain([usize::MAX])).collect()
    }

    /// A job in numbers, without its own.
    fn described(&self, id: usize) -> Vec<usize> {
        let job = self.jobs[id].expect("the job is there");
        let owner = match job.owner {
            Owner::Class(class) => 3 + class,
            Owner::Caller(_) => 2,
            Owner::Fork(_) => 1,
            Owner::Nobody => 0,
        };
        let waits = match job.waits {
            Waits::Turn => 0,
            Waits::Time => 1,
            Waits::Worker => 2,
            Waits::Answer => 3,
            Waits::Lock => 4,
            Waits::Branches(running, needed) => 5 + usize::from(running) * 100 + usize::from(needed),
        };
        let place = |line: &VecDeque<usize>| line.iter().position(|&other| other == id).map_or(0, |place| place + 1);
        let stands: usize = self.lines.iter().chain(&self.wanted).map(place).sum();
        let holds = self.held.iter().enumerate().map(|(lock, held)| usize::from(held.contains(&id)) << lock).sum();
        vec![job.at, job.place.map_or(0, |place| place + 1), owner, waits, stands, holds]
    }

    /// What holds in this state.
    pub fn levels(&self) -> Levels {
        let mut asking = vec![0.0; self.thinking.len()];
        for job in self.jobs.iter().flatten() {
            if let Owner::Class(class) = job.owner {
                asking[class] += 1.0;
            }
        }
        let numbers = |counts: Vec<usize>| counts.into_iter().map(|count| count as f64).collect();
        Levels {
            busy: numbers(self.busy.clone()),
            waiting: numbers(self.lines.iter().map(VecDeque::len).collect()),
            asking,
            thinking: numbers(self.thinking.clone()),
        }
    }
}
