//! WHAT is simulated: plain data, valid once built. No text, no clock, no random number is drawn here.

mod consumer;
mod goal;
mod load;
mod metric;
mod parts;
mod plan;
mod producer;
mod queue;

pub use consumer::{ConsumerPool, Prefetch, Work};
pub use goal::{Comparison, Goal};
pub use load::{Load, PoolLoad, QueueLoad};
pub use metric::{Metric, Quantity, Statistic, entity_of, metrics};
pub use plan::{Precision, RunPlan, Stop, Warmup};
pub use producer::{Arrivals, Carried, MmppPhase, Priority, Producer, Segment, Trace, stationary};
pub use queue::{Discipline, Overflow, Queue};

/// Position of a producer in [`Model::producers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerId(pub u32);
/// Position of a queue in [`Model::queues`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);
/// Position of a pool of consumers in [`Model::pools`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u32);

/// One system and how to simulate it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// A line for people.
    pub title: Option<String>,
    /// How long, how often, from which seed.
    pub plan: RunPlan,
    /// Where messages come from, in the order of the document.
    pub producers: Vec<Producer>,
    /// Where messages wait.
    pub queues: Vec<Queue>,
    /// Who takes messages from queues.
    pub pools: Vec<ConsumerPool>,
    /// Service levels to judge.
    pub goals: Vec<Goal>,
}

impl Model {
    /// The queue with this id.
    pub fn queue(&self, id: QueueId) -> &Queue {
        &self.queues[id.0 as usize]
    }

    /// The pools that take from this queue.
    pub fn pools_on(&self, queue: QueueId) -> impl Iterator<Item = (PoolId, &ConsumerPool)> {
        self.pools.iter().enumerate().filter(move |(_, pool)| pool.queue == queue).map(|(at, pool)| (PoolId(at as u32), pool))
    }

    /// The queues that messages of this queue may come to: itself, and those to which its pools pass on, each once.
    pub fn route(&self, from: QueueId) -> Vec<QueueId> {
        let mut found = vec![from];
        let mut at = 0;
        while let Some(&here) = found.get(at) {
            for next in self.pools_on(here).filter_map(|(_, pool)| pool.publish) {
                if !found.contains(&next) {
                    found.push(next);
                }
            }
            at += 1;
        }
        found
    }
}
