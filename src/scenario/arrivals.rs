//! Arrival processes, from the document to the model.

use super::arrivals_form::{
    ArrivalsForm, ArrivalsShape, Batch, Mmpp, RepeatedProfile, Segment as SegmentForm, TimeUnit, TraceForm,
};
use super::decode::ListOr;
use super::diagnostic::{At, Place, Problem};
use super::resolve::Resolver;
use super::trace::{self, Cells, Column, Kind};
use super::weights;
use crate::model::{Arrivals, Carried, MmppPhase, Segment, Trace};
use crate::units::{Rate, Span, Time};

/// So many phases; the stationary shares take the cube of it.
const MOST_PHASES: usize = 100;

/// Times beyond this that do not say where they count from are dates: 10^8 seconds is more than three years.
const EPOCH_LIKE: Time = Time(100_000_000 * 1_000_000_000);

impl ArrivalsShape {
    /// Whether the process ends by itself.
    pub(super) fn ends(&self) -> bool {
        match self {
            ArrivalsShape::Trace(_) => true,
            ArrivalsShape::Profile(ListOr::List(_)) => true,
            ArrivalsShape::Profile(ListOr::Form(profile)) => profile.repeat.value() != Some(&true),
            ArrivalsShape::Batch(batch) => batch.arrivals.value().is_some_and(|arrivals| arrivals.0.ends()),
            _ => false,
        }
    }
}

impl Resolver<'_> {
    /// The process that is written here; `None`: a problem has been reported.
    pub(super) fn arrivals(&mut self, at: &At<ArrivalsForm>, path: &str) -> Option<Arrivals> {
        let place = at.place;
        match &at.value.0 {
            ArrivalsShape::Poisson(rate) => self.some(*rate, place).map(|rate| Arrivals::Poisson { rate }),
            ArrivalsShape::Constant(rate) => self.some(*rate, place).map(|rate| Arrivals::Constant { rate }),
            ArrivalsShape::Renewal(gap) => {
                let gap = self.distribution(&At { value: gap.clone(), place }, &format!("{path}.renewal"))?;
                if gap.mean() <= 0.0 {
                    let problem = Problem::error(place, "the mean time between arrivals is 0, so that time would never pass");
                    self.log.push(problem.help("write a longer time, such as \"8ms\", or send a `batch` at once"));
                    return None;
                }
                self.warn_without_mean(&gap, place);
                Some(Arrivals::Renewal { gap })
            }
            ArrivalsShape::Mmpp(mmpp) => self.mmpp(mmpp, place),
            ArrivalsShape::Batch(batch) => self.batch(batch, path),
            ArrivalsShape::Profile(ListOr::List(segments)) => self.profile(segments, false, place),
            ArrivalsShape::Profile(ListOr::Form(RepeatedProfile { segments, repeat })) => {
                self.profile(&segments.given()?.value, repeat.value() == Some(&true), place)
            }
            ArrivalsShape::Trace(form) => self.trace(form),
        }
    }

    /// A rate that is not zero.
    fn some(&mut self, rate: Rate, place: Place) -> Option<Rate> {
        if rate.0 > 0.0 {
            return Some(rate);
        }
        let problem = Problem::error(place, "a rate of 0 never sends anything");
        self.log.push(problem.help("write a rate above 0, or remove the producer"));
        None
    }

    fn mmpp(&mut self, mmpp: &Mmpp, place: Place) -> Option<Arrivals> {
        let (rates, stays) = (mmpp.rates.given()?, mmpp.stay.given()?);
        let n = rates.value.len();
        if stays.value.len() != n {
            let phases = if n == 1 { "phase" } else { "phases" };
            let message = format!("`rates` has {n} {phases} and `stay` has {}", stays.value.len());
            let problem = Problem::error(stays.place, message).related(rates.place, format!("{n} phases"));
            self.log.push(problem.help("give both lists one item for each phase"));
            return None;
        }
        if n > MOST_PHASES {
            self.log.push(Problem::error(rates.place, format!("{n} phases are more than the {MOST_PHASES} that are possible")));
            return None;
        }
        if rates.value.iter().all(|rate| rate.value.0 == 0.0) {
            self.log.push(Problem::error(rates.place, "all rates are 0, so that nothing is ever sent").help("raise one of them"));
            return None;
        }
        let mut sound = true;
        for stay in &stays.value {
            sound &= self.above_zero(stay, "the stay in a phase").is_some();
        }
        let next = match mmpp.next.given() {
            // One phase leads to itself, which is a plain Poisson process.
            None => (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(j == (i + 1) % n))).collect()).collect(),
            Some(next) => self.transitions(next, n)?,
        };
        if !sound || (mmpp.next.given().is_none() && !mmpp.next.is_missing()) {
            return None;
        }
        if let Some(lost) = unreachable(&next) {
            let message = format!("not every phase leads to phase {}, so that the long run depends on the start", lost + 1);
            self.log
                .push(Problem::error(place, message).help("make `next` lead from every phase to every other, by way of others"));
            return None;
        }
        let phases = rates.value.iter().zip(&stays.value).zip(next);
        let phases = phases.map(|((rate, stay), next)| MmppPhase { rate: rate.value, stay: stay.value, next }).collect();
        Some(Arrivals::Mmpp { phases })
    }

    fn transitions(&mut self, next: &At<Vec<At<Vec<At<super::quantity::Share>>>>>, n: usize) -> Option<Vec<Vec<f64>>> {
        if next.value.len() != n || next.value.iter().any(|row| row.value.len() != n) {
            let message = format!("`next` must have a row for each of the {n} phases, and each row as many probabilities");
            self.log.push(Problem::error(next.place, message).help("for three phases: [[0, 0.5, 0.5], [1, 0, 0], [1, 0, 0]]"));
            return None;
        }
        let rows: Vec<Option<Vec<f64>>> = next
            .value
            .iter()
            .map(|row| {
                let given: Vec<f64> = row.value.iter().map(|share| share.value.0).collect();
                weights::probabilities(&given, row.place, "the probabilities of this row", &mut self.log)
            })
            .collect();
        rows.into_iter().collect()
    }

    fn batch(&mut self, batch: &Batch, path: &str) -> Option<Arrivals> {
        let inner = batch.arrivals.given();
        if let Some(ArrivalsShape::Trace(trace)) = inner.map(|at| &at.value.0)
            && let Some(carry) = trace.carry.given()
        {
            let problem = Problem::error(carry.place, "a batch cannot carry what one row of a trace says");
            self.log.push(problem.help("give each message a row of its own, and take the trace out of the batch"));
            return None;
        }
        let arrivals = inner.and_then(|at| self.arrivals(at, &format!("{path}.batch.arrivals")));
        let size = batch.size.given().and_then(|size| self.counts(size));
        Some(Arrivals::Batch { arrivals: Box::new(arrivals?), size: size? })
    }

    fn profile(&mut self, segments: &[At<SegmentForm>], repeat: bool, place: Place) -> Option<Arrivals> {
        let mut resolved = Vec::with_capacity(segments.len());
        for segment in segments {
            let form = &segment.value;
            let length = form.length.given().and_then(|at| self.above_zero(at, "the length of a segment").map(|_| at.value));
            let rates = match (form.rate.value(), form.from.value(), form.to.value()) {
                (Some(rate), _, _) => Some((*rate, *rate)),
                (None, Some(from), Some(to)) => Some((*from, *to)),
                _ => None,
            };
            resolved.push(length.zip(rates).map(|(length, (from, to))| Segment { length, from, to }));
        }
        let segments: Vec<Segment> = resolved.into_iter().collect::<Option<_>>()?;
        if segments.iter().all(|segment| segment.from.0 == 0.0 && segment.to.0 == 0.0) {
            let problem = Problem::error(place, "all rates of this profile are 0, so that nothing is ever sent");
            self.log.push(problem.help("raise one of them"));
            return None;
        }
        if segments.iter().map(|segment| u128::from(segment.length.0)).sum::<u128>() > u128::from(Time::LATEST.0) {
            let problem = Problem::error(place, "this profile is longer than the 73 years that can be simulated");
            self.log.push(problem.help("make its segments shorter"));
            return None;
        }
        Some(Arrivals::Profile { segments, repeat })
    }

    fn trace(&mut self, form: &TraceForm) -> Option<Arrivals> {
        let (path, column) = (form.path.given()?, form.column.given()?);
        let unit = form.unit.value().copied().unwrap_or(TimeUnit::Seconds);
        let mut columns = vec![Column { name: column, kind: Kind::Length(unit) }];
        let mut asked = Vec::new();
        if let Some(carry) = form.carry.value() {
            let work = Kind::Length(carry.work_unit.value().copied().unwrap_or(unit));
            let wanted = [
                (&carry.work, work),
                (&carry.priority, Kind::Priority),
                (&carry.size, Kind::Whole),
                (&carry.key, Kind::Text),
                (&carry.ttl, Kind::Length(unit)),
                (&carry.failures, Kind::Whole),
            ];
            for (number, (field, kind)) in wanted.into_iter().enumerate() {
                if let Some(name) = field.given() {
                    columns.push(Column { name, kind });
                    asked.push(number);
                }
            }
        }
        let mut cells = trace::read(self.folder, path, &columns, &mut self.log)?.into_iter();
        let Some(Cells::Lengths(times)) = cells.next() else { return None };
        let times = self.times(times, form, path, column.place)?;
        let carry = form.carry.value();
        let mut carried = Carried::default();
        // The columns come back in the order in which they were asked for.
        for (cells, number) in cells.zip(asked) {
            match cells {
                Cells::Lengths(lengths) if number == 0 => carried.work = Some(lengths.into_iter().map(Span).collect()),
                Cells::Lengths(lengths) => carried.ttl = Some(lengths.into_iter().map(Span).collect()),
                Cells::Priorities(priorities) => carried.priority = Some(priorities.into()),
                Cells::Wholes(sizes) if number == 2 => carried.size = Some(sizes.into()),
                Cells::Wholes(counts) => {
                    carried.failures = Some(counts.into_iter().map(|count| u32::try_from(count).unwrap_or(u32::MAX)).collect());
                }
                Cells::Texts(keys) => carried.key = Some(keys.into()),
            }
        }
        if let (Some(work), Some(at)) = (&carried.work, carry.and_then(|carry| carry.work.given()))
            && let Some(row) = work.iter().position(|span| span.0 > Time::LATEST.0)
        {
            let message =
                format!("row {} of `{}`: the work is longer than the 73 years that can be simulated", row + 1, path.value);
            self.log.push(Problem::error(at.place, message).help("check `unit`, which is \"s\" unless told otherwise"));
            return None;
        }
        Some(Arrivals::Trace(Trace { path: path.value.clone(), times: times.into(), carried }))
    }

    /// The instants of a trace, from its origin.
    fn times(&mut self, nanos: Vec<u64>, form: &TraceForm, path: &At<String>, place: Place) -> Option<Vec<Time>> {
        if let Some(at) = nanos.windows(2).position(|pair| pair[1] < pair[0]) {
            let message = format!("`{}` is not sorted: row {} is earlier than row {}", path.value, at + 2, at + 1);
            let problem = Problem::error(place, message).label("these times go back");
            self.log.push(problem.help("sort the file by this column; rows are counted from 1, below the header"));
            return None;
        }
        let first = nanos.first().copied()?;
        if form.origin.is_missing() && first > EPOCH_LIKE.0 {
            let message = format!("the first arrival would come after {}: these look like dates", Span(first));
            self.log.push(Problem::error(place, message).help("add `origin = \"first\"` to count from the first row"));
            return None;
        }
        let origin = if form.origin.is_missing() { 0 } else { first };
        let times: Vec<Time> = nanos.into_iter().map(|time| Time(time - origin)).collect();
        if times.last().is_some_and(|last| *last > Time::LATEST) {
            let problem = Problem::error(place, "the last arrival is beyond the 73 years that can be simulated");
            self.log.push(problem.help("check `unit`, which is \"s\" unless told otherwise"));
            return None;
        }
        Some(times)
    }
}

/// A phase that not every other leads to.
fn unreachable(next: &[Vec<f64>]) -> Option<usize> {
    let n = next.len();
    (0..n).find(|&target| {
        // Backwards from the target: who leads here.
        let mut leads = vec![false; n];
        let mut open = vec![target];
        leads[target] = true;
        while let Some(to) = open.pop() {
            for from in 0..n {
                if !leads[from] && next[from][to] > 0.0 {
                    leads[from] = true;
                    open.push(from);
                }
            }
        }
        leads.contains(&false)
    })
}
