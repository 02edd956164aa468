//! The connected parts of a model: two entities are in one part where something leads from one to the other, whatever its
//! direction. Nothing in one part can ever depend on another part, so that each is studied by itself.

use super::{ConsumerPool, Model, PoolId, Producer, QueueId, entity_of};
use std::collections::BTreeMap;

/// Something of a model that has a name: a producer, queue or pool by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entity {
    Producer(usize),
    Queue(QueueId),
    Pool(PoolId),
}

/// Every two entities of which one can make a difference to the other. Whatever comes to refer to another entity (a dead letter,
/// a call, a host, a fault) belongs into this list, and nowhere else.
fn links(model: &Model) -> Vec<(Entity, Entity)> {
    let mut links = Vec::new();
    for (at, producer) in model.producers.iter().enumerate() {
        links.push((Entity::Producer(at), Entity::Queue(producer.publish)));
    }
    for (at, pool) in model.pools.iter().enumerate() {
        let own = Entity::Pool(PoolId(at as u32));
        links.push((own, Entity::Queue(pool.queue)));
        links.extend(pool.publish.map(|queue| (own, Entity::Queue(queue))));
    }
    links
}

impl Model {
    /// The connected parts, each a model of its own with the same plan: its entities, goals and named metrics are those of the
    /// whole that belong to it, in the same order. Parts come in the order of their first producers, those without one by
    /// their first queues. A model in one piece is its only part, and so is an empty one.
    pub fn parts(&self) -> Vec<Model> {
        let (number, part) = self.numbered();
        if number < 2 {
            return vec![self.clone()];
        }
        let mut plan = self.plan.clone();
        plan.precision.metrics.clear();
        let empty = Model {
            title: self.title.clone(),
            plan,
            producers: Vec::new(),
            queues: Vec::new(),
            pools: Vec::new(),
            goals: Vec::new(),
        };
        let mut parts = vec![empty; number];
        let mut moved = Vec::new();
        for (at, queue) in self.queues.iter().enumerate() {
            let queues = &mut parts[part(Entity::Queue(QueueId(at as u32)))].queues;
            moved.push(QueueId(queues.len() as u32));
            queues.push(queue.clone());
        }
        let moved = |id: QueueId| moved[id.0 as usize];
        for (at, one) in self.producers.iter().enumerate() {
            parts[part(Entity::Producer(at))].producers.push(Producer { publish: moved(one.publish), ..one.clone() });
        }
        for (at, one) in self.pools.iter().enumerate() {
            let (queue, publish) = (moved(one.queue), one.publish.map(moved));
            parts[part(Entity::Pool(PoolId(at as u32)))].pools.push(ConsumerPool { queue, publish, ..one.clone() });
        }
        let named = parts.iter().map(Model::entities).enumerate();
        let home: BTreeMap<String, usize> = named.flat_map(|(at, names)| names.into_iter().map(move |name| (name, at))).collect();
        for goal in &self.goals {
            home.get(entity_of(&goal.metric)).into_iter().for_each(|&at| parts[at].goals.push(goal.clone()));
        }
        for metric in &self.plan.precision.metrics {
            home.get(entity_of(metric)).into_iter().for_each(|&at| parts[at].plan.precision.metrics.push(metric.clone()));
        }
        parts
    }

    /// The names of all entities as their metrics begin with them: `producers.web`, `queues.jobs`, `consumers.workers`.
    pub fn entities(&self) -> Vec<String> {
        let producers = self.producers.iter().map(|producer| format!("producers.{}", producer.name));
        let queues = self.queues.iter().map(|queue| format!("queues.{}", queue.name));
        let pools = self.pools.iter().map(|pool| format!("consumers.{}", pool.name));
        producers.chain(queues).chain(pools).collect()
    }

    /// How many parts there are, and which one an entity belongs to.
    fn numbered(&self) -> (usize, impl Fn(Entity) -> usize + use<>) {
        let (producers, queues) = (self.producers.len(), self.queues.len());
        let place = move |entity: Entity| match entity {
            Entity::Producer(at) => at,
            Entity::Queue(id) => producers + id.0 as usize,
            Entity::Pool(id) => producers + queues + id.0 as usize,
        };
        // Each entity stands below another of its part, or below itself: the first of its part.
        let mut above: Vec<usize> = (0..producers + queues + self.pools.len()).collect();
        for (one, other) in links(self) {
            let (one, other) = (first(&mut above, place(one)), first(&mut above, place(other)));
            above[one.max(other)] = one.min(other);
        }
        let mut number = 0;
        let mut parts = vec![0; above.len()];
        for at in 0..above.len() {
            let first = first(&mut above, at);
            if first == at {
                (parts[at], number) = (number, number + 1);
            } else {
                parts[at] = parts[first];
            }
        }
        (number, move |entity| parts[place(entity)])
    }
}

/// The first entity of a part; the way up gets shorter with every use.
fn first(above: &mut [usize], mut at: usize) -> usize {
    while above[at] != at {
        above[at] = above[above[at]];
        at = above[at];
    }
    at
}
