//! One long run looked at along its course: its sums in many slots of time, and its distributions in a few batches.
//!
//! Read at the edges of slots; nothing is recorded for it while messages move.

use crate::measure::{Census, Recorder, Series, Source, sources, sums};
use crate::model::Model;
use crate::units::{Span, Time};

/// Slots of the measured time: N-Skart wants at least 1,280 and is the better the more there are.
const SLOTS: u64 = 8192;
/// Slots in a batch: long enough to be nearly independent, and 32 of them.
const SLOTS_IN_BATCH: usize = 256;

/// What a run said on its way.
#[derive(Debug, Clone)]
pub struct Along {
    begin: Time,
    sums: Series,
    /// For each batch the distribution of every metric, empty for those that have none.
    batches: Vec<Vec<Census>>,
    /// All that was recorded when the last batch ended.
    before: Vec<Source>,
}

impl Along {
    /// For a run whose measurement begins at `begin` and lasts so long.
    pub fn new(model: &Model, begin: Time, duration: Span) -> Along {
        let columns = 2 * sums(model, &Recorder::new(model), Span::ZERO).len();
        let width = (duration.0 / SLOTS).max(1);
        Along { begin, sums: Series::new(width, columns, usize::MAX), batches: Vec::new(), before: Vec::new() }
    }

    /// When it wants to look next.
    pub fn next_edge(&self) -> Time {
        Time(self.begin.0.saturating_add(self.sums.next_edge()))
    }

    /// Looks at what was recorded up to now, an edge.
    pub fn collect(&mut self, model: &Model, recorder: &Recorder, now: Time) {
        let measured = now - self.begin;
        let reading = sums(model, recorder, measured).into_iter().flat_map(|(above, below)| [above, below]).collect();
        self.sums.collect(reading);
        self.sums.close();
        if self.sums.bins.len().is_multiple_of(SLOTS_IN_BATCH) {
            let all = sources(model, recorder, measured);
            let since = |(at, source): (usize, &Source)| source.census_since(self.before.get(at));
            self.batches.push(all.iter().enumerate().map(since).collect());
            self.before = all;
        }
    }

    /// For every metric the numerators and denominators in each slot, and the distributions of the batches that have one: these
    /// are large, and go to whoever makes intervals of them.
    pub fn by_metric(self) -> Vec<(Vec<(f64, f64)>, Vec<Census>)> {
        let slots =
            |metric: usize| self.sums.bins.iter().map(move |bin| (bin[2 * metric] as f64, bin[2 * metric + 1] as f64)).collect();
        let mut batches: Vec<_> = self.batches.into_iter().map(Vec::into_iter).collect();
        let metrics = self.sums.quantities() / 2;
        let mut next = || batches.iter_mut().filter_map(Iterator::next).filter(|census| census.total() > 0).collect();
        (0..metrics).map(|metric| (slots(metric), next())).collect()
    }

    /// Slots in a batch.
    pub fn batch() -> usize {
        SLOTS_IN_BATCH
    }
}
