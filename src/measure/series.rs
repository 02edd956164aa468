//! What happened over time, in bins of equal width, at no cost per event.
//!
//! Counters and level integrals only grow, so a bin is the difference between two readings of them. A run whose length is
//! not known beforehand starts with narrow bins and joins neighbours whenever there are too many.

use super::gained::Gained;

/// Readings of all quantities of a run: cumulative counts, or integrals in message-nanoseconds.
pub type Reading = Vec<u128>;

/// The bins of all quantities of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Width of a bin in nanoseconds.
    pub width: u64,
    /// What each quantity gained in each bin: one row a bin, one column a quantity.
    pub bins: Vec<Reading>,
    /// What each latency that is followed gained in each bin: one row a bin; empty where none is.
    pub gained: Vec<Vec<Gained>>,
    /// The same in the bin that is open.
    open_gained: Vec<Gained>,
    /// Gains in the bin that is open.
    open: Reading,
    /// The reading at the last collection.
    last: Reading,
    /// Neighbours are joined when there are more bins than this.
    most: usize,
}

impl Series {
    /// An empty series of so many quantities, all read as zero.
    pub fn new(width: u64, quantities: usize, most: usize) -> Series {
        Series {
            width,
            bins: Vec::new(),
            gained: Vec::new(),
            open_gained: Vec::new(),
            open: vec![0; quantities],
            last: vec![0; quantities],
            most: most.max(2),
        }
    }

    /// Adds what was gained since the last collection to the open bin.
    pub fn collect(&mut self, reading: Reading) {
        for ((open, last), new) in self.open.iter_mut().zip(&self.last).zip(&reading) {
            *open += new - last;
        }
        self.last = reading;
    }

    /// Adds what the latencies that are followed gained to the open bin; must be called before every bin is closed, or never.
    pub fn collect_gained(&mut self, gained: Vec<Gained>) {
        self.open_gained.resize(gained.len(), Gained::default());
        self.open_gained.iter_mut().zip(&gained).for_each(|(open, gained)| open.add(gained));
    }

    /// The next collection is read against zero: everything was reset.
    pub fn reset(&mut self) {
        self.last.iter_mut().for_each(|value| *value = 0);
    }

    /// Closes the open bin.
    pub fn close(&mut self) {
        let empty = vec![0; self.open.len()];
        self.bins.push(std::mem::replace(&mut self.open, empty));
        if !self.open_gained.is_empty() {
            self.gained.push(std::mem::take(&mut self.open_gained));
        }
        if self.bins.len() >= self.most && self.bins.len().is_multiple_of(2) {
            self.join();
        }
    }

    /// The end of the bin that is open, in nanoseconds from the start.
    pub fn next_edge(&self) -> u64 {
        (self.bins.len() as u64 + 1).saturating_mul(self.width)
    }

    /// Joins each two neighbours.
    fn join(&mut self) {
        let pairs = self.bins.chunks(2);
        self.bins = pairs.map(|pair| (0..pair[0].len()).map(|at| pair.iter().map(|bin| bin[at]).sum()).collect()).collect();
        let joined = |pair: &[Vec<Gained>]| {
            let mut sum = pair[0].clone();
            pair[1..].iter().for_each(|other| sum.iter_mut().zip(other).for_each(|(sum, other)| sum.add(other)));
            sum
        };
        self.gained = self.gained.chunks(2).map(joined).collect();
        self.width *= 2;
    }

    /// Joins neighbours until bins are at least so wide.
    pub fn widen(&mut self, width: u64) {
        while self.width < width {
            self.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter that gains 3 a nanosecond and another that gains 1, closed at every edge.
    #[test]
    fn bins_are_gains_and_join_without_loss() {
        let mut series = Series::new(10, 2, 4);
        let mut time = 0;
        for _ in 0..9 {
            time = series.next_edge();
            series.collect(vec![3 * u128::from(time), u128::from(time)]);
            series.close();
        }
        assert!(series.width > 10 && series.bins.len() < 4);
        for bin in &series.bins {
            assert_eq!(bin, &vec![3 * u128::from(series.width), u128::from(series.width)]);
        }
        assert_eq!(series.bins.len() as u64 * series.width, time);
        // After a reset the same gains are read against zero; joining loses nothing of an odd bin at the end.
        series.reset();
        series.collect(vec![5, 5]);
        series.close();
        series.widen(4 * series.width);
        assert_eq!(series.bins.iter().map(|bin| bin[1]).sum::<u128>(), u128::from(time) + 5);
    }
}
