//! How messages flow from name to name: chains that never end, work that nobody carries, queues that nobody uses.

use super::decode::Field;
use super::diagnostic::Problem;
use super::document::{ArrivalsShape, Scenario};
use super::names;
use super::pools::{PoolLinks, ProducerLinks, highest};
use super::resolve::{Resolver, list};
use crate::model::{Arrivals, Discipline, Model, Priority, Work};

/// For each queue, which producers' messages can reach it.
struct Reach {
    producers: Vec<Vec<usize>>,
}

impl Resolver<'_> {
    /// Checks the connections as a whole.
    pub(super) fn flow(&mut self, scenario: &Scenario, model: &Model, producers: &[ProducerLinks], pools: &[PoolLinks]) {
        let queues = model.queues.len();
        // The edges from queue to queue, and the pool behind each.
        let edges: Vec<(usize, usize, usize)> =
            pools.iter().enumerate().filter_map(|(pool, links)| Some((links.queue?.queue, links.publish?.queue, pool))).collect();
        let plain: Vec<(usize, usize)> = edges.iter().map(|&(from, to, _)| (from, to)).collect();
        for cycle in names::cycles(queues, &plain) {
            self.cycle(model, pools, &cycle.iter().map(|&edge| edges[edge]).collect::<Vec<_>>());
        }
        let reach = Reach::of(queues, producers, &plain);
        self.unused_queues(scenario, producers, pools);
        self.carried_work(scenario, model, producers, pools, &reach);
        self.unused_carry(scenario, model, producers, pools, &reach);
        self.priorities(scenario, model, producers, &reach);
    }

    fn cycle(&mut self, model: &Model, pools: &[PoolLinks], edges: &[(usize, usize, usize)]) {
        let Some(&(first, ..)) = edges.first() else { return };
        let Some(place) = edges.last().and_then(|&(.., pool)| pools[pool].publish).map(|link| link.place) else { return };
        let mut way = format!("`{}`", model.queues[first].name);
        for &(_, to, pool) in edges.iter().take(20) {
            way += &format!(" -> {} -> `{}`", model.pools[pool].name, model.queues[to].name);
        }
        let mut problem = Problem::error(place, format!("messages never end: {way}"));
        for &(.., pool) in edges.iter().rev().skip(1).take(5) {
            if let Some(link) = pools[pool].publish {
                problem = problem.related(link.place, "part of the cycle");
            }
        }
        self.log.push(problem.help("remove one `publish` of the cycle, so that messages leave the system"));
    }

    fn unused_queues(&mut self, scenario: &Scenario, producers: &[ProducerLinks], pools: &[PoolLinks]) {
        let entries = producers.iter().filter_map(|links| links.publish).chain(pools.iter().filter_map(|links| links.publish));
        let queues = list(&scenario.queues);
        let (mut entered, mut taken) = (vec![false; queues.len()], vec![false; queues.len()]);
        entries.for_each(|link| entered[link.queue] = true);
        pools.iter().filter_map(|links| links.queue).for_each(|link| taken[link.queue] = true);
        for (at, queue) in queues.iter().enumerate() {
            let name = &queue.name.value;
            if !entered[at] {
                let problem = Problem::warning(queue.name.place, format!("nothing is published to the queue `{name}`"));
                self.log.push(problem.help(format!("let a producer or a consumer publish = \"{name}\", or remove it")));
            }
            if !taken[at] {
                let problem = Problem::warning(queue.name.place, format!("nothing takes messages from the queue `{name}`"));
                self.log.push(problem.help(format!("add a consumer with queue = \"{name}\", or remove it")));
            }
        }
    }

    /// A pool that works as long as the message says needs messages that say so.
    fn carried_work(
        &mut self,
        scenario: &Scenario,
        model: &Model,
        producers: &[ProducerLinks],
        pools: &[PoolLinks],
        reach: &Reach,
    ) {
        for ((pool, links), named) in model.pools.iter().zip(pools).zip(list(&scenario.consumers)) {
            let (Some(Work::Carried { .. }), Some(queue), Some(form)) = (pool.work(), links.queue, &named.entity) else {
                continue;
            };
            let at_service = super::decode::place_of(&form.value.service, named.name.place);
            for &producer in &reach.producers[queue.queue] {
                let known = &model.producers[producer];
                let carries = known.arrivals.trace().is_some_and(|trace| trace.carried.work.is_some());
                if carries || !producers[producer].sound {
                    continue;
                }
                let message = format!("the messages of `{}` carry no work for `{}`", known.name, pool.name);
                let mut problem = Problem::error(at_service, message).label("drawn from what each message carries");
                if let Some(arrivals) = list(&scenario.producers)[producer].entity.as_ref().and_then(|p| p.value.arrivals.given())
                {
                    problem = problem.related(arrivals.place, "nothing is carried from here");
                }
                let help = match known.arrivals {
                    Arrivals::Trace(_) => "name the column in the trace: carry = { work = \"service_s\" }",
                    _ => "only a trace carries work; give `service` a distribution, or the producer a trace",
                };
                self.log.push(problem.help(help));
            }
        }
    }

    /// Carried work that no pool draws on would silently be ignored.
    fn unused_carry(
        &mut self,
        scenario: &Scenario,
        model: &Model,
        producers: &[ProducerLinks],
        pools: &[PoolLinks],
        reach: &Reach,
    ) {
        for (at, named) in list(&scenario.producers).iter().enumerate() {
            let Some(entity) = &named.entity else { continue };
            let Some(ArrivalsShape::Trace(trace)) = entity.value.arrivals.value().map(|arrivals| &arrivals.0) else { continue };
            let Some(carry) = trace.carry.value() else { continue };
            let drawn = model.pools.iter().zip(pools).any(|(pool, links)| {
                let reached = links.queue.is_some_and(|link| reach.producers[link.queue].contains(&at));
                reached && matches!(pool.work(), Some(Work::Carried { .. }))
            });
            if let (Some(work), false, true) = (carry.work.given(), drawn, producers[at].sound) {
                let problem = Problem::warning(work.place, "no consumer draws on the work that these messages carry");
                self.log.push(problem.help("let one say service = { carried = \"work\" }, or remove `work`"));
            }
            if let (Some(priority), Field::Missing) = (carry.priority.given(), &entity.value.priority) {
                let problem = Problem::warning(priority.place, "the priority that these messages carry is not used");
                self.log.push(problem.help("add priority = { carried = \"priority\" } to the producer, or remove this"));
            }
        }
    }

    /// Priorities that no queue looks at, or that a queue cannot tell apart.
    fn priorities(&mut self, scenario: &Scenario, model: &Model, producers: &[ProducerLinks], reach: &Reach) {
        for (at, named) in list(&scenario.producers).iter().enumerate() {
            let Some(given) = named.entity.as_ref().and_then(|entity| entity.value.priority.given()) else { continue };
            if producers[at].publish.is_none() || model.producers[at].priority == Priority::Constant(0) {
                continue;
            }
            let reached = model.queues.iter().zip(&reach.producers).filter(|(_, producers)| producers.contains(&at));
            let levels: Vec<(&str, u8)> = reached
                .filter_map(|(queue, _)| match queue.discipline {
                    Discipline::Priority { max_priority } => Some((queue.name.as_str(), max_priority)),
                    _ => None,
                })
                .collect();
            if levels.is_empty() {
                let problem = Problem::warning(given.place, "no queue on the way of these messages looks at their priority");
                self.log.push(problem.help("give the queue discipline = \"priority\", or remove this"));
            }
            let highest = highest(&model.producers[at].priority);
            for (queue, most) in levels {
                if highest.is_some_and(|highest| highest > u32::from(most)) {
                    let message = format!("the queue `{queue}` counts priorities above {most} as {most}");
                    let problem = Problem::warning(given.place, message);
                    self.log.push(problem.help(format!("raise its `max_priority`, or stay at {most} and below")));
                }
            }
        }
    }
}

impl Reach {
    fn of(queues: usize, producers: &[ProducerLinks], edges: &[(usize, usize)]) -> Reach {
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); queues];
        for &(from, to) in edges {
            leaving[from].push(to);
        }
        let mut reach = Reach { producers: vec![Vec::new(); queues] };
        for (producer, links) in producers.iter().enumerate() {
            let Some(link) = links.publish else { continue };
            let mut open = vec![link.queue];
            while let Some(queue) = open.pop() {
                // Producers come in order, so that the last entry tells whether this one was here.
                if reach.producers[queue].last() != Some(&producer) {
                    reach.producers[queue].push(producer);
                    open.extend(&leaving[queue]);
                }
            }
        }
        reach
    }
}
