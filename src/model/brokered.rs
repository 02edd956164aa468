//! Whether queues are more than the textbook's, and where what is published may come to.

use super::{
    Binding, Confirm, ExchangeId, ExchangeKind, Handler, Model, Outlet, Producer, QueueId, RoutingKey, Semantics, Sending,
    Session, Step,
};

/// Exchanges that lead to exchanges are followed so deep; the document makes sure that there is no circle.
const DEEPEST: usize = 100;

/// The headers of a message, by name.
type Headers = Vec<(String, String)>;

impl Model {
    /// Whether anything in this model asks more of a queue than the textbook's: then all its queues are dealt with as a broker
    /// deals with them. Without that a message costs a simulation a third.
    pub fn has_brokers(&self) -> bool {
        let mut sends = false;
        self.handlers().for_each(|handler| handler.visit(&mut |step| sends |= matches!(step, Step::Send(_))));
        sends
            || !self.brokers.is_empty()
            || !self.exchanges.is_empty()
            || self.queues.iter().any(|queue| queue.semantics != Semantics::default())
            || self.pools.iter().any(|pool| pool.session != Session::default())
            || self.producers.iter().any(|producer| !producer.sending.is_textbook())
    }

    /// All handlers: of producers, consumers and services.
    pub fn handlers(&self) -> impl Iterator<Item = &Handler> {
        let producers = self.producers.iter().map(|producer| &producer.handler);
        let pools = self.pools.iter().map(|pool| &pool.handler);
        producers.chain(pools).chain(self.services.iter().map(|service| &service.handler))
    }

    /// The exchange with this id.
    pub fn exchange(&self, id: ExchangeId) -> &super::Exchange {
        &self.exchanges[id.0 as usize]
    }

    /// The queues that may get what goes to an outlet, each once, whatever its key.
    pub fn reached(&self, outlet: Outlet) -> Vec<QueueId> {
        let mut found = Vec::new();
        self.follow(outlet, DEEPEST, &mut found);
        found
    }

    /// The queues whose dead letters may come to this one.
    pub fn dead_letters_of(&self, id: QueueId) -> impl Iterator<Item = QueueId> {
        let all = self.queues.iter().enumerate();
        let dying = all.filter(move |(_, queue)| {
            queue.semantics.dead_letter.as_ref().is_some_and(|rule| self.reached(rule.to).contains(&id))
        });
        dying.map(|(at, _)| QueueId(at as u32))
    }

    fn follow(&self, outlet: Outlet, depth: usize, found: &mut Vec<QueueId>) {
        match outlet {
            Outlet::Queue(queue) if !found.contains(&queue) => found.push(queue),
            Outlet::Queue(_) => {}
            Outlet::Exchange(id) if depth > 0 => {
                let exchange = self.exchange(id);
                for next in exchange.bindings.iter().map(|binding| binding.to).chain(exchange.alternate) {
                    self.follow(next, depth - 1, found);
                }
            }
            Outlet::Exchange(_) => {}
        }
    }

    /// How many copies of a message with one of these keys, each with its share, come to each queue on average.
    pub fn copies(&self, outlet: Outlet, keys: &[(String, f64)], headers: &[(String, String)]) -> Vec<(QueueId, f64)> {
        let mut found: Vec<(QueueId, f64)> = Vec::new();
        for (key, share) in keys {
            self.spread(outlet, key, headers, *share, DEEPEST, &mut found);
        }
        found
    }

    fn spread(
        &self,
        outlet: Outlet,
        key: &str,
        headers: &[(String, String)],
        share: f64,
        depth: usize,
        found: &mut Vec<(QueueId, f64)>,
    ) {
        match outlet {
            Outlet::Queue(queue) => match found.iter_mut().find(|(known, _)| *known == queue) {
                Some((_, sum)) => *sum += share,
                None => found.push((queue, share)),
            },
            Outlet::Exchange(id) if depth > 0 => {
                let exchange = self.exchange(id);
                let total: f64 = exchange.bindings.iter().map(|binding| f64::from(binding.weight)).sum();
                let part = |binding: &Binding| match exchange.kind {
                    ExchangeKind::ConsistentHash => f64::from(binding.weight) / total,
                    ExchangeKind::RoundRobin => 1.0 / exchange.bindings.len() as f64,
                    kind => f64::from(u8::from(binding.fits(kind, key, headers))),
                };
                let mut routed = false;
                for binding in &exchange.bindings {
                    let part = part(binding);
                    if part > 0.0 {
                        routed = true;
                        self.spread(binding.to, key, headers, share * part, depth - 1, found);
                    }
                }
                if let (false, Some(alternate)) = (routed, exchange.alternate) {
                    self.spread(alternate, key, headers, share, depth - 1, found);
                }
            }
            Outlet::Exchange(_) => {}
        }
    }

    /// The routing keys that messages have, each with its share, as far as that is known beforehand; of a trace each key once.
    pub fn keys_of(&self, producer: &Producer) -> Vec<(String, f64)> {
        match &producer.sending.key {
            RoutingKey::Constant(key) => vec![(key.clone(), 1.0)],
            RoutingKey::Chosen(keys) => {
                let sum: f64 = keys.iter().map(|(_, weight)| weight).sum();
                keys.iter().map(|(key, weight)| (key.clone(), weight / sum)).collect()
            }
            RoutingKey::Numbered => vec![("0".to_owned(), 1.0)],
            RoutingKey::Carried => {
                let carried = producer.arrivals.trace().and_then(|trace| trace.carried.key.clone());
                let Some(keys) = carried else { return vec![(String::new(), 1.0)] };
                let mut counts = std::collections::BTreeMap::<&str, f64>::new();
                for key in keys.iter() {
                    *counts.entry(key).or_default() += 1.0 / keys.len() as f64;
                }
                counts.into_iter().map(|(key, share)| (key.to_owned(), share)).collect()
            }
        }
    }

    /// The same of whoever's messages a handler deals with: its own producer's, or those of all producers alike.
    pub(super) fn keys_at(&self, handler: &Handler) -> (Vec<(String, f64)>, Headers) {
        if let Some(producer) = self.producers.iter().find(|producer| std::ptr::eq(&producer.handler, handler)) {
            return (self.keys_of(producer), producer.sending.headers.clone());
        }
        let share = 1.0 / self.producers.len().max(1) as f64;
        let all = self.producers.iter().flat_map(|producer| self.keys_of(producer));
        let headers = self.producers.iter().flat_map(|producer| producer.sending.headers.clone()).collect();
        (all.map(|(key, part)| (key, part * share)).collect(), headers)
    }
}

impl Sending {
    /// Whether it asks nothing of a broker: only what its messages are like is told, and nothing looks at that.
    pub fn is_textbook(&self) -> bool {
        let Sending { confirm, window, key, headers, ttl, persistent, mandatory, buffer, on_full, .. } = self;
        let Sending { batch, transaction, trips, links, connection, .. } = self;
        let plain = Sending::default();
        (confirm, window, key, headers, ttl) == (&plain.confirm, &plain.window, &plain.key, &plain.headers, &plain.ttl)
            && (persistent, mandatory, buffer, on_full) == (&plain.persistent, &plain.mandatory, &plain.buffer, &plain.on_full)
            && (batch, transaction, trips, links) == (&plain.batch, &plain.transaction, &plain.trips, &plain.links)
            && connection.is_none()
    }

    /// Whether it hears what becomes of its messages.
    pub fn confirms(&self) -> bool {
        self.confirm != Confirm::Off || self.transaction.is_some()
    }
}
