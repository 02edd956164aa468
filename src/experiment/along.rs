//! One long run looked at along its course: its sums in many slots of time, and its distributions in a few batches.
//!
//! Read at the edges of slots; nothing is recorded for it while messages move.

use crate::measure::{Census, Recorder, Source, sources, sums};
use crate::model::{Model, metrics};
use crate::units::{Span, Time};

/// Slots of the measured time: N-Skart wants at least 1,280 and is the better the more there are.
const SLOTS: u64 = 8192;
/// Slots in a batch: long enough to be nearly independent, and 32 of them.
const SLOTS_IN_BATCH: usize = 256;

/// What a run said on its way.
#[derive(Debug, Clone)]
pub struct Along {
    begin: Time,
    /// Width of a slot in nanoseconds.
    width: u64,
    /// One for each metric.
    tracks: Vec<Track>,
    /// The sums when the last slot ended.
    last: Vec<(u128, u128)>,
    /// All that was recorded when the last batch ended.
    before: Vec<Source>,
}

/// What a run said on its way about one metric.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// What numerator and denominator gained in each slot.
    pub slots: Vec<(f64, f64)>,
    /// The distribution in each batch that has one.
    pub batches: Vec<Census>,
}

impl Along {
    /// For a run whose measurement begins at `begin` and lasts so long.
    pub fn new(model: &Model, begin: Time, duration: Span) -> Along {
        let metrics = metrics(model).len();
        let width = (duration.0 / SLOTS).max(1);
        let (tracks, last) = (vec![Track::default(); metrics], vec![(0, 0); metrics]);
        Along { begin, width, tracks, last, before: Vec::new() }
    }

    /// Slots that have ended.
    fn slots(&self) -> usize {
        self.tracks.first().map_or(0, |track| track.slots.len())
    }

    /// When it wants to look next.
    pub fn next_edge(&self) -> Time {
        Time(self.begin.0.saturating_add((self.slots() as u64 + 1).saturating_mul(self.width)))
    }

    /// Looks at what was recorded up to now, an edge.
    pub fn collect(&mut self, model: &Model, recorder: &Recorder, now: Time) {
        let measured = now - self.begin;
        let reading = sums(model, recorder, measured);
        // One metric's interval must not be made of another's sums.
        assert_eq!(reading.len(), self.tracks.len(), "sums and metrics are listed alike");
        for ((track, new), last) in self.tracks.iter_mut().zip(&reading).zip(&self.last) {
            track.slots.push(((new.0 - last.0) as f64, (new.1 - last.1) as f64));
        }
        self.last = reading;
        if self.slots().is_multiple_of(SLOTS_IN_BATCH) {
            let all = sources(model, recorder, measured);
            for (at, (track, source)) in self.tracks.iter_mut().zip(&all).enumerate() {
                let census = source.census_since(self.before.get(at));
                track.batches.extend(Some(census).filter(|census| census.total() > 0));
            }
            self.before = all;
        }
    }

    /// One track for each metric: they are large, and go to whoever makes intervals of them.
    pub fn tracks(self) -> Vec<Track> {
        self.tracks
    }

    /// Slots in a batch.
    pub fn batch() -> usize {
        SLOTS_IN_BATCH
    }
}
