//! Who sends to each queue and asks each service, found once for all of them.

use crate::model::{Handler, Model, QueueId, ServiceId, Visits};

/// Who sends, by its position in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Producer(usize),
    Pool(usize),
    Service(usize),
}

/// For each queue and each service who comes there, producers first, and how often for each message of its own.
#[derive(Debug)]
pub(super) struct Feeds {
    queues: Vec<Vec<(Sender, f64)>>,
    services: Vec<Vec<(Sender, f64)>>,
}

impl Feeds {
    /// Goes through all handlers of a model.
    pub fn of(model: &Model) -> Feeds {
        let mut feeds = Feeds { queues: vec![Vec::new(); model.queues.len()], services: vec![Vec::new(); model.services.len()] };
        let mut add = |sender: Sender, handler: &Handler| {
            let found = Visits::of(model, handler);
            for (queue, often) in found.queues.into_iter().filter(|(_, often)| *often > 0.0) {
                feeds.queues[queue.0 as usize].push((sender, often));
            }
            for (service, often) in found.services.into_iter().filter(|(_, often)| *often > 0.0) {
                feeds.services[service.0 as usize].push((sender, often));
            }
        };
        model.producers.iter().enumerate().for_each(|(at, producer)| add(Sender::Producer(at), &producer.handler));
        model.pools.iter().enumerate().for_each(|(at, pool)| add(Sender::Pool(at), &pool.handler));
        model.services.iter().enumerate().for_each(|(at, service)| add(Sender::Service(at), &service.handler));
        feeds
    }

    /// Who sends to a queue.
    pub fn queue(&self, id: QueueId) -> &[(Sender, f64)] {
        &self.queues[id.0 as usize]
    }

    /// Who asks a service.
    pub fn service(&self, id: ServiceId) -> &[(Sender, f64)] {
        &self.services[id.0 as usize]
    }
}
