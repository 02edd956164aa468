//! A host: a number of processors, shared by the jobs on it.
//!
//! Processor sharing by virtual time (Parekh, Gallager 1993, "A generalized processor sharing approach to flow control", with
//! equal weights): every job on the cores gets work at the same rate, so one number, the work that each has got since some
//! instant, tells how far all of them are. A job that comes when that number is v and needs w is done when it is v + w. Coming,
//! leaving and a change of speed change the rate at which the number grows, and nothing about any job; each costs O(log jobs).
//! The rate is speed x min(1, cores / jobs): no job is faster than one core.
//!
//! First come, first served is the same with no more jobs on the cores than there are cores, and the others in line.
//!
//! A job ends at the nearest nanosecond, never before now. The number is brought back towards zero now and then by steps of
//! [`REBASE`], which is exact, so that adding to it costs no more than 2^-22 ns however long the run is.

use super::chain::Chain;
use super::timers::{TimerId, Timers};
use crate::model::Scheduling;
use crate::units::{Span, Time};

/// In nanoseconds of work. A power of two above the spacing of all numbers that occur, so that subtracting a multiple of it
/// from any of them is exact.
const REBASE: f64 = (1u64 << 32) as f64;

/// The cores of a host and what is to be done on them. Jobs are named by small numbers, each at most once at a time.
#[derive(Debug)]
pub(super) struct Processors {
    cores: u32,
    scheduling: Scheduling,
    /// Work done in a unit of time by a core, without and with what slows it down now.
    speed: f64,
    speed_now: f64,
    /// The work that each job on the cores has got since this was zero, at the instant `as_of`, in nanoseconds.
    attained: f64,
    as_of: Time,
    /// The jobs on the cores by what `attained` is when they are done, as the bits of a number that is not negative.
    running: Timers<u32>,
    /// The jobs that wait for a core.
    waiting: Chain,
    jobs: Vec<Job>,
    /// When the first job is done.
    next: Option<Time>,
}

#[derive(Debug, Clone, Copy)]
struct Job {
    work: f64,
    /// Where it runs.
    running: Option<TimerId>,
}

impl Processors {
    /// An idle host; `speed` is the work of a core in a unit of time.
    pub(super) fn new(cores: u32, scheduling: Scheduling, speed: f64) -> Processors {
        Processors {
            cores,
            scheduling,
            speed,
            speed_now: speed,
            attained: 0.0,
            as_of: Time::ZERO,
            running: Timers::new(),
            waiting: Chain::new(0),
            jobs: Vec::new(),
            next: None,
        }
    }

    /// Jobs on the host, those that wait for a core included.
    pub(super) fn jobs(&self) -> u32 {
        self.running.len() as u32 + self.waiting.len()
    }

    /// Cores that have something to do, even while they stand still.
    pub(super) fn busy(&self) -> u32 {
        self.jobs().min(self.cores)
    }

    /// When the first job is done if nothing changes until then; `None`: never.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<Time> {
        self.next
    }

    /// A job comes; it must not be there already.
    pub(super) fn add(&mut self, now: Time, task: u32, work: Span) {
        self.advance(now);
        if task as usize >= self.jobs.len() {
            self.jobs.resize(task as usize + 1, Job { work: 0.0, running: None });
        }
        debug_assert!(self.jobs[task as usize].running.is_none(), "job {task} is there already");
        self.jobs[task as usize].work = work.0 as f64;
        self.waiting.push(task);
        self.start();
        self.foresee();
    }

    /// A job is called off; whether it was there.
    pub(super) fn remove(&mut self, now: Time, task: u32) -> bool {
        let Some(id) = self.jobs.get_mut(task as usize).and_then(|job| job.running.take()) else {
            return self.waiting.remove(task);
        };
        self.advance(now);
        self.running.cancel(id);
        self.start();
        self.foresee();
        true
    }

    /// Takes a job that is done; to be asked at the instant [`next`](Self::next) until there is none.
    pub(super) fn take_done(&mut self, now: Time) -> Option<u32> {
        self.next.filter(|next| *next <= now)?;
        self.advance(now);
        let task = self.running.pop();
        self.jobs[task as usize].running = None;
        self.start();
        self.foresee();
        Some(task)
    }

    /// From now on the cores run at this share of their speed; 0: they stand still.
    pub(super) fn set_speed(&mut self, now: Time, factor: f64) {
        self.advance(now);
        self.speed_now = self.speed * factor;
        self.foresee();
    }

    /// What each job on the cores gets in a unit of time.
    fn rate(&self) -> f64 {
        let jobs = self.running.len() as f64;
        let cores = f64::from(self.cores);
        if jobs <= cores { self.speed_now } else { self.speed_now * cores / jobs }
    }

    fn advance(&mut self, now: Time) {
        let Some(first) = self.running.next_key().map(f64::from_bits) else {
            self.attained = 0.0;
            self.as_of = now;
            return;
        };
        self.attained += (now - self.as_of).0 as f64 * self.rate();
        self.as_of = now;
        // Not beyond the first job, which may be late by a part of a nanosecond: the bits of negative numbers have no order.
        let base = (self.attained.min(first) / REBASE).floor() * REBASE;
        if base > 0.0 {
            self.attained -= base;
            self.running.map_keys(|bits| (f64::from_bits(bits) - base).to_bits());
        }
    }

    /// Puts jobs that wait on the cores that they may have.
    fn start(&mut self) {
        while self.scheduling == Scheduling::ProcessorSharing || self.running.len() < self.cores as usize {
            let Some(task) = self.waiting.pop() else { break };
            let job = &mut self.jobs[task as usize];
            job.running = Some(self.running.set((self.attained + job.work).to_bits(), task));
        }
    }

    fn foresee(&mut self) {
        let rate = self.rate();
        self.next = self.running.next_key().filter(|_| rate > 0.0).map(|first| {
            let left = (f64::from_bits(first) - self.attained).max(0.0);
            (self.as_of + Span((left / rate + 0.5) as u64)).min(Time::LATEST)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn finish_all(host: &mut Processors) -> Vec<(u64, u32)> {
        let mut done = Vec::new();
        while let Some(now) = host.next() {
            while let Some(task) = host.take_done(now) {
                done.push((now.0, task));
            }
        }
        done
    }

    #[test]
    fn small_cases_are_as_by_hand() {
        for (scheduling, expected) in
            [(Scheduling::ProcessorSharing, [(300, 1), (400, 0)]), (Scheduling::Fifo, [(300, 0), (400, 1)])]
        {
            let mut host = Processors::new(1, scheduling, 1.0);
            host.add(Time(0), 0, Span(300));
            host.add(Time(100), 1, Span(100));
            assert_eq!((host.jobs(), host.busy()), (2, 1));
            assert_eq!(finish_all(&mut host), expected, "{scheduling:?}");
            assert_eq!((host.jobs(), host.busy(), host.next()), (0, 0, None));
        }
        // Two cores of half speed and three jobs: each gets a third until the first is done, then a half.
        let mut host = Processors::new(2, Scheduling::ProcessorSharing, 0.5);
        for (task, work) in [(7, 30), (8, 60), (9, 60)] {
            host.add(Time(1000), task, Span(work));
        }
        assert_eq!(finish_all(&mut host), [(1090, 7), (1150, 8), (1150, 9)]);
        // Nothing happens while it stands still, and half as much at half speed.
        let mut host = Processors::new(1, Scheduling::Fifo, 1.0);
        host.add(Time(0), 0, Span(100));
        host.set_speed(Time(40), 0.0);
        assert_eq!(host.next(), None);
        host.set_speed(Time(90), 0.5);
        assert_eq!(finish_all(&mut host), [(210, 0)]);
        // Still at half speed: what is called off frees its core, and work of no time is done at once.
        host.add(Time(300), 0, Span(1000));
        host.add(Time(300), 1, Span(10));
        host.add(Time(300), 2, Span(0));
        assert!(host.remove(Time(320), 0) && !host.remove(Time(320), 0));
        assert_eq!(finish_all(&mut host), [(340, 1), (340, 2)]);
    }

    /// Two jobs that are late by a part of a nanosecond when the numbers are brought back keep their place before the third.
    #[test]
    fn a_rebase_spares_those_that_are_about_to_end() {
        let mut host = Processors::new(1, Scheduling::ProcessorSharing, 6.0);
        let almost = (1u64 << 32) - 1;
        for (task, work) in [(0, almost), (1, almost), (2, almost + 401)] {
            host.add(Time(0), task, Span(work));
        }
        let half = 1u64 << 31;
        assert_eq!(finish_all(&mut host), [(half, 0), (half, 1), (half + 67, 2)]);
    }

    /// What is left of each job, one by one.
    struct Naive {
        cores: usize,
        sharing: bool,
        speed: f64,
        now: u64,
        /// In the order of coming: task and work left.
        jobs: Vec<(u32, f64)>,
    }

    impl Naive {
        fn rate(&self) -> f64 {
            if self.sharing && self.jobs.len() > self.cores {
                self.speed * self.cores as f64 / self.jobs.len() as f64
            } else {
                self.speed
            }
        }

        fn on_cores(&self) -> usize {
            if self.sharing { self.jobs.len() } else { self.jobs.len().min(self.cores) }
        }

        fn advance(&mut self, now: u64) {
            let (on_cores, got) = (self.on_cores(), (now - self.now) as f64 * self.rate());
            self.jobs[..on_cores].iter_mut().for_each(|job| job.1 -= got);
            self.now = now;
        }

        /// A job that ends now had, or will have had, all its work within half a nanosecond; no other should have ended.
        fn finish(&mut self, task: u32) {
            let slack = 0.5 * self.rate() + 1e-4;
            let at = self.jobs.iter().position(|job| job.0 == task).unwrap();
            assert!(at < self.on_cores(), "{task} ends before it begins");
            assert!(
                self.jobs[at].1.abs() <= slack,
                "{task} ends with {} ns of work left at rate {}",
                self.jobs[at].1,
                self.rate()
            );
            assert!(self.jobs[..self.on_cores()].iter().all(|job| job.1 >= self.jobs[at].1 - 1e-4), "another is before {task}");
            self.jobs.remove(at);
        }
    }

    /// Random coming, calling off and changes of speed; lengths from nanoseconds to minutes, beyond several rebases.
    #[test]
    fn every_job_gets_its_work_to_the_nanosecond() {
        for (scheduling, cores, speed) in [
            (Scheduling::ProcessorSharing, 1, 1.0),
            (Scheduling::ProcessorSharing, 4, 0.3),
            (Scheduling::Fifo, 1, 1.0),
            (Scheduling::Fifo, 3, 2.7),
        ] {
            let mut draws = Stream::named(1, 0, "processors", "test").at(u64::from(cores));
            let mut host = Processors::new(cores, scheduling, speed);
            let sharing = scheduling == Scheduling::ProcessorSharing;
            let mut naive = Naive { cores: cores as usize, sharing, speed, now: 0, jobs: Vec::new() };
            let (mut finished, mut called_off) = (0, 0);
            for step in 0..30_000u64 {
                // Long and short works in turns; sometimes several at one instant.
                let scale = [10u64, 100_000, 20_000_000_000][(step / 1000 % 3) as usize];
                let now = naive.now + draws.bits() % scale * (draws.bits() % 3);
                while let Some(next) = host.next().filter(|next| next.0 <= now) {
                    assert!(next.0 >= naive.now, "a job ends in the past");
                    naive.advance(next.0);
                    let task = host.take_done(next).expect("a job is done when it was said to be");
                    naive.finish(task);
                    finished += 1;
                }
                naive.advance(now);
                let task = (draws.bits() % 40) as u32;
                let there = naive.jobs.iter().position(|job| job.0 == task);
                match (draws.bits() % 8, there) {
                    (0, _) => {
                        let factor = [0.0, 0.1, 0.5, 1.0, 1.0, 1.0][(draws.bits() % 6) as usize];
                        host.set_speed(Time(now), factor);
                        naive.speed = speed * factor;
                    }
                    (1..=2, _) => {
                        assert_eq!(host.remove(Time(now), task), there.is_some());
                        if let Some(at) = there {
                            naive.jobs.remove(at);
                            called_off += 1;
                        }
                    }
                    (_, None) => {
                        let work = draws.bits() % scale * (draws.bits() % 4);
                        host.add(Time(now), task, Span(work));
                        naive.jobs.push((task, work as f64));
                    }
                    _ => {}
                }
                assert_eq!(host.jobs() as usize, naive.jobs.len());
                assert_eq!(host.busy(), host.jobs().min(cores));
            }
            assert!(finished > 5000 && called_off > 300, "{finished} {called_off}");
        }
    }

    /// A core that is never idle for a simulated year does a year of work: nothing is lost by rounding and rebasing.
    #[test]
    fn no_work_is_lost_in_a_long_run() {
        for scheduling in [Scheduling::ProcessorSharing, Scheduling::Fifo] {
            let mut draws = Stream::named(1, 0, "processors", "year").at(0);
            let mut host = Processors::new(1, scheduling, 1.0);
            let (mut given, mut now, mut free) = (0, Time(0), vec![0, 1, 2, 3, 4]);
            let jobs = 200_000u64;
            for _ in 0..jobs {
                let work = draws.bits() % 316_000_000_000;
                given += work;
                host.add(now, free.pop().unwrap(), Span(work));
                if free.is_empty() {
                    now = host.next().unwrap();
                    free.push(host.take_done(now).unwrap());
                }
            }
            let end = finish_all(&mut host).last().unwrap().0;
            assert!(end > 31_000_000_000_000_000 && end.abs_diff(given) <= jobs, "{end} for {given}");
        }
    }
}
