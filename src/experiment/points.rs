//! Many models, each studied by itself, on all cores.
//!
//! A point is one piece of work for one thread: nothing waits for anything, and what a point gives does not depend on how many threads there
//! are. Only when there are fewer points than threads do several of these share the replications of a point.

use super::study::{Stopped, Study, run};
use crate::model::Model;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What became of a point.
#[derive(Debug)]
pub enum Outcome {
    /// It was studied.
    Done(Box<Study>),
    /// A replication had to be stopped.
    Stopped(Stopped),
}

/// Studies the models of some points on so many threads. `done` is told of each that is finished, in no particular order; an error of it, or of
/// `model`, ends the rest. When `go_on` says no, points that are not finished are left out.
///
/// # Errors
/// The first error of `model`, of `done`, or of starting threads.
pub fn each_point<E: Send + From<std::io::Error>>(
    points: &[u64],
    threads: usize,
    model: &(dyn Fn(u64) -> Result<Model, E> + Sync),
    go_on: &(dyn Fn() -> bool + Sync),
    done: &(dyn Fn(u64, &Model, Outcome) -> Result<(), E> + Sync),
) -> Result<(), E> {
    let workers = threads.min(points.len()).max(1);
    let (next, failed, error) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
    let fail = |cause: E| {
        failed.store(true, Ordering::Relaxed);
        error.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(cause);
    };
    let going = || !failed.load(Ordering::Relaxed) && go_on();
    let work = |worker: usize| {
        // What is left over after an even division goes to the first ones.
        let own = threads.max(1) / workers + usize::from(worker < threads.max(1) % workers);
        let pool = match rayon::ThreadPoolBuilder::new().num_threads(own).build() {
            Ok(pool) => pool,
            Err(cause) => return fail(std::io::Error::other(cause).into()),
        };
        while let Some(&point) = points.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| going()) {
            let model = match model(point) {
                Ok(model) => model,
                Err(cause) => return fail(cause),
            };
            let studied = pool.install(|| run(&model, &|_, _| going()));
            if !going() {
                return;
            }
            let outcome = studied.map_or_else(Outcome::Stopped, |study| Outcome::Done(Box::new(study)));
            if let Err(cause) = done(point, &model, outcome) {
                return fail(cause);
            }
        }
    };
    std::thread::scope(|scope| (0..workers).for_each(|worker| drop(scope.spawn(move || work(worker)))));
    error.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()).map_or(Ok(()), Err)
}
