//! Distributions of whole numbers, from the document to the model.

use super::diagnostic::{At, Place, Problem};
use super::distribution_form as form;
use super::quantity::grouped;
use super::resolve::Resolver;
use crate::random::Counts;

/// The largest batch: more events at one instant are taken for a run that does not move on.
const LARGEST_BATCH: u32 = 1_000_000;

impl Resolver<'_> {
    /// The number of messages that is written here; `None`: a problem has been reported.
    pub(super) fn counts(&mut self, at: &At<form::Counts>) -> Option<Counts> {
        match &at.value {
            form::Counts::Constant(number) => Some(Counts::Constant(number.0 as u32)),
            form::Counts::Uniform(uniform) => self.uniform_counts(uniform, 1, LARGEST_BATCH),
            form::Counts::Geometric(geometric) => self.geometric(geometric),
            form::Counts::Discrete(values) => self.discrete_counts(values, at.place, 1, LARGEST_BATCH),
        }
    }

    pub(super) fn uniform_counts(&mut self, uniform: &form::UniformCounts, lowest: u32, highest: u32) -> Option<Counts> {
        let (min, max) = (uniform.min.given()?, uniform.max.given()?);
        if min.value.0 > max.value.0 {
            let problem = Problem::error(min.place, format!("min ({}) is above max ({})", min.value.0, max.value.0));
            self.log.push(problem.related(max.place, "the upper end").help("swap the two"));
            return None;
        }
        for bound in [min, max] {
            self.within(bound.value.0, bound.place, lowest, highest)?;
        }
        Some(Counts::Uniform { min: min.value.0 as u32, max: max.value.0 as u32 })
    }

    pub(super) fn geometric(&mut self, geometric: &form::GeometricCounts) -> Option<Counts> {
        let mean = geometric.mean.given()?;
        if mean.value.0 < 1.0 {
            let problem = Problem::error(mean.place, "the mean of a geometric number is at least 1, because it starts at 1");
            self.log.push(problem.help("write 1 or more"));
            return None;
        }
        if mean.value.0 > 1e5 {
            self.log.push(
                Problem::error(mean.place, "a batch of more than 100,000 messages on average is beyond what is simulated")
                    .help("write less"),
            );
            return None;
        }
        Some(Counts::Geometric { mean: mean.value.0 })
    }

    pub(super) fn discrete_counts(
        &mut self,
        values: &[At<form::WeightedCount>],
        place: Place,
        lowest: u32,
        highest: u32,
    ) -> Option<Counts> {
        let mut each = Vec::with_capacity(values.len());
        for at in values {
            let value = at.value.value.given()?;
            self.within(value.value.0, value.place, lowest, highest)?;
            each.push((value.value.0 as u32, at.value.weight.value()?.0));
        }
        Some(Counts::Discrete { values: self.parts(each, place)? })
    }

    fn within(&mut self, number: u64, place: Place, lowest: u32, highest: u32) -> Option<()> {
        if (u64::from(lowest)..=u64::from(highest)).contains(&number) {
            return Some(());
        }
        let problem = Problem::error(place, format!("`{number}` is out of range"));
        self.log.push(problem.help(format!("here it is from {lowest} to {}", grouped(u64::from(highest)))));
        None
    }
}
