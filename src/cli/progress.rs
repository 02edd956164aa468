//! The progress bar: on standard error, gone when it is no terminal, and the place where an interrupt is noticed.

use crate::experiment::{Look, News};
use crate::model::Model;
use crate::report::quantity::{Kind, plainly};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Set by the first interrupt; the second ends the process at once.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<bool> = OnceLock::new();

/// Steps of the bar.
const STEPS: u64 = 1000;
/// How often a bar that counts down is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Follows a run.
pub struct Progress {
    bar: ProgressBar,
    work: Work,
}

/// How far a run is.
enum Work {
    /// So many replications of each part.
    Known {
        /// Simulated time of one replication in nanoseconds, 0 when it is not known.
        length: u64,
        /// How far each replication of each part is, in nanoseconds.
        reached: Vec<Vec<AtomicU64>>,
    },
    /// As many replications as a precision needs.
    Search(Arc<Mutex<Search>>),
}

/// A search for precision.
struct Search {
    name: String,
    begun: Instant,
    /// Events that each part may take.
    budget: u64,
    /// What was last seen of each part.
    looks: Vec<Option<Look>>,
    /// When the budget will be spent, as far as can be told.
    spent: Option<Instant>,
}

impl Progress {
    /// A bar for the study of a model.
    pub fn new(name: &str, model: &Model, show: bool) -> Progress {
        let target = if show && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        let parts = model.parts().len();
        let plan = &model.plan;
        let styled = |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let work = if plan.precision.relative.is_some() {
            let (name, budget) = (name.to_owned(), plan.precision.budget);
            let search = Search { name, begun: Instant::now(), budget, looks: vec![None; parts], spent: None };
            bar.set_message(search.line());
            let search = Arc::new(Mutex::new(search));
            let shown = Arc::clone(&search);
            let left = move |_: &ProgressState, out: &mut dyn Write| {
                let search = shown.lock().unwrap_or_else(PoisonError::into_inner);
                // Nobody is there to be told of an error.
                let _ = out.write_str(&search.left(Instant::now()));
            };
            bar.set_style(styled("{msg} {wide_bar} {left}").with_key("left", left));
            if !bar.is_hidden() {
                bar.enable_steady_tick(TICK);
            }
            Work::Search(search)
        } else {
            bar.set_message(name.to_owned());
            bar.set_style(styled("{msg} {wide_bar} {percent:>3} %  {eta} left"));
            let replications = || (0..plan.replications).map(|_| AtomicU64::new(0)).collect();
            let length = plan.duration.map_or(0, |duration| duration.0);
            Work::Known { length, reached: (0..parts).map(|_| replications()).collect() }
        };
        Progress { bar, work }
    }

    /// So many replications of each part were there before.
    pub fn skip(&self, replications: u32) {
        if let Work::Known { length, reached } = &self.work {
            let there = reached.iter().flat_map(|part| part.iter().take(replications as usize));
            there.for_each(|reached| reached.store(*length, Ordering::Relaxed));
        }
    }

    /// Notes what happens to a part; `false` asks it to stop.
    pub fn note(&self, part: usize, news: News) -> bool {
        match (&self.work, news) {
            (Work::Known { length, reached }, News::Reached { replication, time }) => {
                if let Some(reached) = reached.get(part).and_then(|part| part.get(replication as usize)) {
                    reached.store(time.0, Ordering::Relaxed);
                }
                if *length > 0 && !self.bar.is_hidden() {
                    let all = || reached.iter().flatten();
                    let sum: f64 = all().map(|reached| reached.load(Ordering::Relaxed) as f64).sum();
                    let share = sum / (*length as f64 * all().count() as f64);
                    self.bar.set_position((share.min(1.0) * STEPS as f64) as u64);
                }
            }
            (Work::Search(search), News::Judged(look)) => {
                let mut search = search.lock().unwrap_or_else(PoisonError::into_inner);
                search.note(part, look, Instant::now());
                let (line, share) = (search.line(), search.share());
                // The bar asks for the rest of its line when it is drawn.
                drop(search);
                self.bar.set_message(line);
                self.bar.set_position((share * STEPS as f64) as u64);
            }
            _ => {}
        }
        !interrupted()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Search {
    fn note(&mut self, part: usize, look: Look, now: Instant) {
        if let Some(place) = self.looks.get_mut(part) {
            *place = Some(look);
        }
        // Each part has a budget of its own; the one that is nearest to its end counts.
        let most = self.looks.iter().flatten().map(|look| look.events).max().unwrap_or(0).max(1);
        let whole = now.duration_since(self.begun).as_secs_f64() * (self.budget as f64 / most as f64);
        self.spent = Duration::try_from_secs_f64(whole).ok().and_then(|whole| self.begun.checked_add(whole));
    }

    /// The part that is furthest from what was asked for.
    fn slowest(&self) -> Option<&Look> {
        self.looks.iter().flatten().min_by(|one, other| share(one).total_cmp(&share(other)))
    }

    /// How far the search is.
    fn share(&self) -> f64 {
        self.slowest().map_or(0.0, share)
    }

    /// Round, replications, and how well the slowest part is known.
    fn line(&self) -> String {
        let Some(look) = self.slowest() else { return format!("{}: round 1", self.name) };
        let percent = |share: f64| plainly(share, Kind::Share);
        let reached = look.reached.map_or("no interval yet".to_owned(), |reached| format!("± {}", percent(reached)));
        let (round, asked) = (look.number + 1, percent(look.asked));
        format!("{}: round {round}, {} replications, {reached}, asked ± {asked}", self.name, look.replications)
    }

    /// What is left of the budget.
    fn left(&self, now: Instant) -> String {
        let left = self.spent.map(|spent| spent.saturating_duration_since(now).as_secs_f64().round());
        left.map_or(String::new(), |left| format!("{} of budget left", plainly(left, Kind::Time)))
    }
}

/// How far a part is: half-widths shrink with the root of the number of replications.
fn share(look: &Look) -> f64 {
    let enough = look.asked / (1.0 + look.asked);
    look.reached.map_or(0.0, |reached| if reached <= enough { 1.0 } else { (enough / reached).powi(2) })
}

/// Follows many points, each of which is a piece of work.
pub struct Points(ProgressBar);

impl Points {
    /// A bar for so many points.
    pub fn new(name: &str, points: u64, show: bool) -> Points {
        let terminal = show && std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len} points, {eta} left");
        let bar = ProgressBar::with_draw_target(Some(points), target);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name.to_owned());
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Points(bar)
    }

    /// One more is finished.
    pub fn one(&self) {
        self.0.inc(1);
    }
}

impl Drop for Points {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line that says what is tried, while nobody knows how often something will be.
pub struct Trying(ProgressBar);

impl Trying {
    /// Nothing is tried yet.
    pub fn new(show: bool) -> Trying {
        let terminal = show && std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}, {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Trying(bar)
    }

    /// Now this is tried.
    pub fn say(&self, what: String) {
        self.0.set_message(what);
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// From now on an interrupt (Ctrl-C) asks runs to stop instead of ending the process.
pub fn watch_for_interrupts() {
    HANDLER.get_or_init(|| {
        let handler = || {
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        };
        ctrlc::set_handler(handler).is_ok()
    });
}

/// Whether the user has asked to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_tells_how_far_the_slowest_part_is() {
        let begun = Instant::now();
        let mut search = Search { name: "mm3".into(), begun, budget: 1_000_000, looks: vec![None; 2], spent: None };
        assert_eq!((search.line().as_str(), search.left(begun).as_str(), search.share()), ("mm3: round 1", "", 0.0));
        let look = |number, replications, reached, events| Look { number, replications, next: 53, asked: 0.02, reached, events };
        search.note(0, look(1, 10, None, 10_000), begun);
        assert_eq!(search.line(), "mm3: round 2, 10 replications, no interval yet, asked ± 2 %");
        search.note(0, look(4, 35, Some(0.041), 250_000), begun + Duration::from_secs(20));
        search.note(1, look(2, 15, Some(0.01), 100_000), begun + Duration::from_secs(20));
        assert_eq!(search.line(), "mm3: round 5, 35 replications, ± 4.1 %, asked ± 2 %");
        // A quarter of the budget took 20 s, so that 60 s are left; 10 s later 50.
        assert_eq!(search.left(begun + Duration::from_secs(30)), "50 s of budget left");
        assert!((search.share() - (0.02 / 1.02 / 0.041f64).powi(2)).abs() < 1e-12);
    }
}
