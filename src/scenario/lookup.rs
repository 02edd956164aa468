//! The user's own things by name: where a document says the name of one, it becomes a position.

use super::diagnostic::{At, Problem};
use super::document::Scenario;
use super::names;
use super::resolve::{Resolver, list};

/// After so many problems no more advice is looked for: comparing every wrong name with every name takes minutes when both
/// are thousands, and nobody reads on so far.
const MOST_ADVICE: usize = 200;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Producer,
    Queue,
    Consumer,
    Service,
    Host,
    Lock,
    Cache,
    Broker,
    Exchange,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::Producer,
        Kind::Queue,
        Kind::Consumer,
        Kind::Service,
        Kind::Host,
        Kind::Lock,
        Kind::Cache,
        Kind::Broker,
        Kind::Exchange,
    ];

    /// The table that they stand in.
    pub fn table(self) -> &'static str {
        match self {
            Kind::Producer => "producers",
            Kind::Queue => "queues",
            Kind::Consumer => "consumers",
            Kind::Service => "services",
            Kind::Host => "hosts",
            Kind::Lock => "locks",
            Kind::Cache => "caches",
            Kind::Broker => "brokers",
            Kind::Exchange => "exchanges",
        }
    }

    /// One of them.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Producer => "producer",
            Kind::Queue => "queue",
            Kind::Consumer => "consumer",
            Kind::Service => "service",
            Kind::Host => "host",
            Kind::Lock => "lock",
            Kind::Cache => "cache",
            Kind::Broker => "broker",
            Kind::Exchange => "exchange",
        }
    }

    /// What a user does with one, and how it is written.
    fn use_of(self, name: &str) -> String {
        match self {
            Kind::Producer => "a producer sends, and nothing is sent to it".to_owned(),
            Kind::Queue => format!("a queue is published to: publish = \"{name}\""),
            Kind::Consumer => "a consumer takes messages from a queue: publish to that".to_owned(),
            Kind::Service => format!("a service is called: call = \"{name}\""),
            Kind::Host => format!("a host is where a consumer or a service works: host = \"{name}\""),
            Kind::Lock => format!("a lock is held: {{ lock = \"{name}\", steps = [...] }}"),
            Kind::Broker => format!("a broker is where queues are: broker = \"{name}\""),
            Kind::Exchange => format!("an exchange is published to: publish = \"{name}\""),
            Kind::Cache => format!("a cache is looked into: {{ cache = \"{name}\", miss = [...] }}"),
        }
    }

    /// The names of all, in the order of the document.
    pub fn names(self, scenario: &Scenario) -> Box<dyn Iterator<Item = &str> + '_> {
        fn of<T>(entities: &[super::decode::Named<T>]) -> Box<dyn Iterator<Item = &str> + '_> {
            Box::new(entities.iter().map(|named| named.name.value.as_str()))
        }
        match self {
            Kind::Producer => of(list(&scenario.producers)),
            Kind::Queue => of(list(&scenario.queues)),
            Kind::Consumer => of(list(&scenario.consumers)),
            Kind::Service => of(list(&scenario.services)),
            Kind::Host => of(list(&scenario.hosts)),
            Kind::Lock => of(list(&scenario.locks)),
            Kind::Cache => of(list(&scenario.caches)),
            Kind::Broker => of(list(&scenario.brokers)),
            Kind::Exchange => of(list(&scenario.exchanges)),
        }
    }
}

impl Resolver<'_> {
    /// The position of the one with this name; unknown ones are reported.
    pub(super) fn find(&mut self, kind: Kind, name: At<&String>, scenario: &Scenario) -> Option<usize> {
        let found = kind.names(scenario).position(|known| known == name.value);
        if found.is_none() && !self.unreadable.contains(&kind.table()) {
            let message = format!("there is no {} `{}`", kind.noun(), name.value);
            let other = Kind::ALL.into_iter().find(|other| other.names(scenario).any(|known| known == name.value));
            let problem = match other {
                Some(other) => Problem::error(name.place, format!("{message}, but a {} of this name", other.noun()))
                    .help(other.use_of(name.value)),
                None => {
                    let known: Vec<&str> = kind.names(scenario).collect();
                    let nothing = format!("add a table [{}.{}]", kind.table(), name.value);
                    let advice = (self.log.len() < MOST_ADVICE).then(|| names::advice(name.value, known, &nothing));
                    Problem::error(name.place, message).maybe_help(advice)
                }
            };
            self.log.push(problem);
        }
        found
    }
}
