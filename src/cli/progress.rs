//! The progress bar: on standard error, gone when it is no terminal, and the place where an interrupt is noticed.

use crate::units::Time;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Set by the first interrupt; the second ends the process at once.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<bool> = OnceLock::new();

/// Steps of the bar.
const STEPS: u64 = 1000;

/// Follows a run.
pub struct Progress {
    bar: ProgressBar,
    /// Simulated time of one replication in nanoseconds, 0 when it is not known.
    length: u64,
    replications: u32,
    /// How far each replication is, in nanoseconds.
    reached: Vec<AtomicU64>,
}

impl Progress {
    /// A bar for so many replications of this simulated length (0: not known).
    pub fn new(name: &str, replications: u32, length: u64, show: bool) -> Progress {
        let target = if show && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name.to_owned());
        let reached = (0..replications).map(|_| AtomicU64::new(0)).collect();
        Progress { bar, length, replications, reached }
    }

    /// Notes how far a replication is; `false` asks it to stop.
    pub fn note(&self, replication: u32, time: Time) -> bool {
        if let Some(reached) = self.reached.get(replication as usize) {
            reached.store(time.0, Ordering::Relaxed);
        }
        if self.length > 0 && !self.bar.is_hidden() {
            let sum: f64 = self.reached.iter().map(|reached| reached.load(Ordering::Relaxed) as f64).sum();
            let share = sum / (self.length as f64 * f64::from(self.replications));
            self.bar.set_position((share.min(1.0) * STEPS as f64) as u64);
        }
        !interrupted()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
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
