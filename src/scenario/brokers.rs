//! Brokers and exchanges, and how queues, producers and consumers deal with them, from the document to the model.

use super::broker_form::{
    Broker as BrokerForm, CpuForm, DeadLetterForm, DiskForm, DiskMode, Exchange as ExchangeForm, NetworkForm, ReturnsForm,
    SettlementsForm, StorageForm,
};
use super::decode::{Entities, Field, Named};
use super::diagnostic::{At, Place, Problem};
use super::distribution_form::Distribution as Form;
use super::document::{OverflowForm, Queue as QueueForm, Scenario};
use super::headed::ShortOr;
use super::lookup::Kind;
use super::resolve::{Resolver, list};
use crate::model::{
    Binding, Broker, BrokerId, Costs, DeadLetter, Disk, Exchange, ExchangeId, ExchangeKind, Flow, Model, Network, Outlet,
    QueueId, Returns, Semantics, Settlements, Storage, Sync, Wakeup,
};
use crate::random::Distribution;
use crate::units::Span;

/// Exchanges are followed so far, looking for circles.
const MOST_EXCHANGES: usize = 100;
/// Queues with dead letters, of which a message remembers in which it died.
const MOST_DEAD: usize = 128;
/// How often RabbitMQ looks at its memory: `vm_memory_monitor_interval`.
const ALARM_CHECK: Span = Span(2_500_000_000);

impl Resolver<'_> {
    /// The brokers of the model.
    pub(super) fn brokers(&mut self, brokers: &[Named<BrokerForm>]) -> Vec<Broker> {
        let mut resolved = Vec::with_capacity(brokers.len());
        for named in brokers {
            let name = &named.name.value;
            let form = named.entity.as_ref().map(|at| &at.value);
            resolved.push(self.broker(name.clone(), form, &format!("brokers.{name}")));
        }
        resolved
    }

    /// What a broker says of how queues are kept, where none on it is kept so.
    pub(super) fn kept(&mut self, brokers: &[Named<BrokerForm>], model: &Model) {
        for (at, named) in brokers.iter().enumerate() {
            let Some(form) = named.entity.as_ref().map(|entity| &entity.value) else { continue };
            let on_it = model.queues.iter().filter(|queue| queue.semantics.broker == Some(BrokerId(at as u32)));
            let storages: Vec<Storage> = on_it.map(|queue| queue.semantics.storage).collect();
            let is = |storage: &Storage, word: StorageForm| {
                matches!(
                    (storage, word),
                    (Storage::Memory, StorageForm::Memory)
                        | (Storage::Disk, StorageForm::Disk)
                        | (Storage::Quorum { .. }, StorageForm::Quorum)
                        | (Storage::Replicated { .. }, StorageForm::Replicated)
                )
            };
            if let Some(given) = form.storage.given()
                && !storages.iter().any(|storage| is(storage, given.value))
            {
                let problem = Problem::warning(given.place, "no queue on this broker is kept like that");
                self.log.push(problem.help("let a queue on it leave its own `storage` out, or remove this"));
            }
            let replicated = |storage: &Storage| is(storage, StorageForm::Quorum) || is(storage, StorageForm::Replicated);
            if let Some(given) = form.replication.given()
                && !storages.iter().any(replicated)
            {
                let problem = Problem::warning(given.place, "no queue on this broker is replicated");
                self.log.push(problem.help("add storage = \"quorum\", or remove `replication`"));
            }
        }
    }

    fn broker(&mut self, name: String, form: Option<&BrokerForm>, path: &str) -> Broker {
        let none = || Distribution::Constant { value: 0.0 };
        let mut broker = Broker {
            name,
            preset: None,
            nodes: 1,
            network: Network::none(),
            bandwidth: None,
            between: none(),
            cpu: None,
            disk: None,
            memory_limit: None,
            disk_limit: None,
            alarm_check: ALARM_CHECK,
            expiry_lag: Span::ZERO,
            close_lag: Span::ZERO,
            heartbeat_checks: None,
            election: Span::ZERO,
            flow: None,
        };
        let Some(form) = form else { return broker };
        broker.preset = form.preset.value().map(|preset| preset.0.name);
        broker.nodes = form.nodes.value().map_or(1, |nodes| nodes.0 as u32);
        if let Some(network) = form.network.given() {
            broker.network = self.network(network, &format!("{path}.network"));
        }
        broker.bandwidth = form.bandwidth.value().map(|bandwidth| bandwidth.0);
        if let Some(between) = form.between.given() {
            broker.between = self.distribution(between, &format!("{path}.between")).unwrap_or_else(none);
        }
        broker.cpu = form.cpu.value().map(costs);
        broker.disk = form.disk.given().and_then(|disk| self.disk(disk, &format!("{path}.disk")));
        broker.memory_limit = form.memory_limit.value().map(|bytes| bytes.0);
        broker.disk_limit = form.disk_limit.value().map(|bytes| bytes.0);
        let set = |span: &mut Span, field: &Field<Span>| *span = field.value().copied().unwrap_or(*span);
        set(&mut broker.alarm_check, &form.alarm_check);
        set(&mut broker.expiry_lag, &form.expiry_lag);
        set(&mut broker.close_lag, &form.close_lag);
        broker.heartbeat_checks = form.heartbeat_checks.value().map(|checks| checks.0 as u32);
        set(&mut broker.election, &form.election);
        if let Some(flow) = form.flow.given() {
            let limit = flow.value.limit.value().map_or(1, |whole| whole.0 as u32);
            let refill = flow.value.refill.value().map_or(limit.div_ceil(2), |whole| whole.0 as u32);
            if refill > limit {
                let problem = Problem::error(flow.place, format!("a flow of {limit} cannot be refilled by {refill}"));
                self.log.push(problem.help(format!("make `refill` at most {limit}")));
            }
            broker.flow = Some(Flow { limit, refill: refill.min(limit) });
        }
        broker
    }

    fn network(&mut self, form: &At<NetworkForm>, path: &str) -> Network {
        let mut way = |at: Option<&At<Form>>| {
            at.and_then(|at| self.distribution(at, path)).unwrap_or(Distribution::Constant { value: 0.0 })
        };
        match &form.value {
            NetworkForm::All(delay) => {
                let delay = way(Some(&At { value: (**delay).clone(), place: form.place }));
                Network { publish: delay.clone(), confirm: delay.clone(), deliver: delay.clone(), ack: delay }
            }
            NetworkForm::Ways(ways) => Network {
                publish: way(ways.publish.given()),
                confirm: way(ways.confirm.given()),
                deliver: way(ways.deliver.given()),
                ack: way(ways.ack.given()),
            },
        }
    }

    fn disk(&mut self, at: &At<DiskForm>, path: &str) -> Option<Disk> {
        let form = &at.value;
        let mode = form.mode.value().copied().unwrap_or(DiskMode::Batch);
        let sync = match (mode, form.every.given()) {
            (DiskMode::Interval, Some(every)) => {
                self.above_zero(every, "the interval of a disk")?;
                Sync::Interval(every.value)
            }
            (DiskMode::Interval, None) => {
                let problem = Problem::error(at.place, "`every` is missing beside mode = \"interval\"");
                self.log.push(problem.help("say how often data are forced to disk: every = \"200ms\""));
                return None;
            }
            (_, Some(every)) => {
                let problem = Problem::error(every.place, "`every` has no effect without mode = \"interval\"");
                self.log.push(problem.help("add mode = \"interval\", or remove `every`"));
                return None;
            }
            // As an interval that never ends: nothing is safe from a crash.
            (DiskMode::Never, None) => Sync::Interval(Span(u64::MAX)),
            (DiskMode::Batch, None) => Sync::Batch,
            (DiskMode::Always, None) => Sync::Always,
        };
        let fsync = form.fsync.given().and_then(|at| self.distribution(at, &format!("{path}.fsync")));
        let unused = matches!(mode, DiskMode::Interval | DiskMode::Never);
        if let (Some(fsync), true) = (form.fsync.given(), unused) {
            let problem = Problem::warning(fsync.place, "nobody waits for an fsync in this mode");
            self.log.push(problem.help("write mode = \"batch\", or remove `fsync`"));
        }
        Some(Disk {
            sync,
            fsync: fsync.unwrap_or(Distribution::Constant { value: 0.0 }),
            cap: form.cap.value().map(|whole| whole.0 as u32),
            bandwidth: form.bandwidth.value().map(|bandwidth| bandwidth.0),
        })
    }

    /// The broker with this name.
    fn broker_id(&mut self, field: &Field<String>, scenario: &Scenario) -> Option<BrokerId> {
        let at = field.given()?;
        let found = self.find(Kind::Broker, At { value: &at.value, place: at.place }, scenario)?;
        Some(BrokerId(found as u32))
    }

    /// The queue or the exchange with this name.
    pub(super) fn outlet(&mut self, name: At<&String>, scenario: &Scenario) -> Option<Outlet> {
        let position = |kind: Kind| kind.names(scenario).position(|known| known == name.value);
        match (position(Kind::Queue), position(Kind::Exchange)) {
            (Some(queue), None) => Some(Outlet::Queue(QueueId(queue as u32))),
            (None, Some(exchange)) => Some(Outlet::Exchange(ExchangeId(exchange as u32))),
            (Some(_), Some(_)) => {
                let problem = Problem::error(name.place, format!("`{}` is a queue and an exchange", name.value));
                self.log.push(problem.help("give one of them another name"));
                None
            }
            // Says what there is.
            (None, None) => {
                self.find(Kind::Queue, name, scenario);
                None
            }
        }
    }

    /// The exchanges of the model.
    pub(super) fn exchanges(&mut self, scenario: &Scenario) -> Vec<Exchange> {
        let mut resolved = Vec::new();
        for named in list(&scenario.exchanges) {
            let name = named.name.value.clone();
            let (kind, broker, alternate, bindings) = match &named.entity {
                Some(At { value: form, place }) => {
                    let (kind, bindings) = self.bindings(form, *place, scenario);
                    let alternate = form.alternate.given();
                    let alternate = alternate.and_then(|at| self.outlet(At { value: &at.value, place: at.place }, scenario));
                    (kind, self.broker_id(&form.broker, scenario), alternate, bindings)
                }
                None => (ExchangeKind::Fanout, None, None, Vec::new()),
            };
            resolved.push(Exchange { name, broker, kind, bindings, alternate });
        }
        self.exchange_circles(&resolved, scenario);
        resolved
    }

    fn bindings(&mut self, form: &ExchangeForm, place: Place, scenario: &Scenario) -> (ExchangeKind, Vec<Binding>) {
        let given = [
            ("direct", form.direct.given().map(|at| at.place)),
            ("fanout", form.fanout.given().map(|at| at.place)),
            ("topic", form.topic.given().map(|at| at.place)),
            ("headers", form.headers.given().map(|at| at.place)),
            ("consistent_hash", form.consistent_hash.given().map(|at| at.place)),
            ("round_robin", form.round_robin.given().map(|at| at.place)),
        ];
        let mut kinds = given.iter().filter_map(|(kind, place)| place.map(|place| (*kind, place)));
        let (first, second) = (kinds.next(), kinds.next());
        let broken = matches!(form.direct, Field::Broken)
            || matches!(form.fanout, Field::Broken)
            || matches!(form.topic, Field::Broken)
            || matches!(form.headers, Field::Broken)
            || matches!(form.consistent_hash, Field::Broken)
            || matches!(form.round_robin, Field::Broken);
        match (first, second) {
            (None, _) if !broken => {
                let problem = Problem::error(place, "this exchange does not say how it routes");
                self.log
                    .push(problem.help(
                        "add fanout = [\"a\", \"b\"], or `direct`, `topic`, `headers`, `consistent_hash` or `round_robin`",
                    ));
            }
            (Some((one, at)), Some((other, place))) => {
                let problem = Problem::error(place, format!("an exchange has one kind, and here are `{one}` and `{other}`"));
                self.log.push(problem.related(at, "the first").help("keep one of them, or make two exchanges"));
            }
            _ => {}
        }
        let plain = |to| Binding { to, key: String::new(), headers: Vec::new(), any: false, weight: 1 };
        let mut to = |name: &At<String>| self.outlet(At { value: &name.value, place: name.place }, scenario);
        let mut bindings = Vec::new();
        let mut kind = ExchangeKind::Fanout;
        for (is, forms) in [(ExchangeKind::Direct, form.direct.value()), (ExchangeKind::Topic, form.topic.value())] {
            for binding in forms.into_iter().flatten() {
                kind = is;
                if let (Some(to), Some(key)) = (binding.value.to.given().and_then(&mut to), binding.value.key.value()) {
                    bindings.push(Binding { key: key.clone(), ..plain(to) });
                }
            }
        }
        for (is, names) in [(ExchangeKind::Fanout, form.fanout.value()), (ExchangeKind::RoundRobin, form.round_robin.value())] {
            for name in names.into_iter().flatten() {
                kind = is;
                bindings.extend(to(name).map(plain));
            }
        }
        for binding in form.consistent_hash.value().into_iter().flatten() {
            kind = ExchangeKind::ConsistentHash;
            let weight = binding.value.weight.value().map_or(1, |whole| whole.0 as u32);
            bindings.extend(binding.value.to.given().and_then(&mut to).map(|to| Binding { weight, ..plain(to) }));
        }
        for binding in form.headers.value().into_iter().flatten() {
            kind = ExchangeKind::Headers;
            let headers = headers(&binding.value.headers);
            let any = binding.value.any.value().copied().unwrap_or(false);
            bindings.extend(binding.value.to.given().and_then(&mut to).map(|to| Binding { headers, any, ..plain(to) }));
        }
        (kind, bindings)
    }

    /// Exchanges that lead round to themselves.
    fn exchange_circles(&mut self, exchanges: &[Exchange], scenario: &Scenario) {
        for (at, named) in list(&scenario.exchanges).iter().enumerate() {
            let mut open = vec![(at, 0)];
            while let Some((here, depth)) = open.pop() {
                let Some(exchange) = exchanges.get(here) else { continue };
                for to in exchange.bindings.iter().map(|binding| binding.to).chain(exchange.alternate) {
                    let Outlet::Exchange(next) = to else { continue };
                    if next.0 as usize == at {
                        let problem = Problem::error(named.name.place, "this exchange leads round to itself");
                        self.log.push(problem.help("remove one of the bindings on the way"));
                        return;
                    }
                    if depth < MOST_EXCHANGES {
                        open.push((next.0 as usize, depth + 1));
                    }
                }
            }
        }
    }

    /// What a queue is beyond the textbook's.
    pub(super) fn semantics(&mut self, form: &QueueForm, scenario: &Scenario) -> Semantics {
        let broker = self.broker_id(&form.broker, scenario);
        let members = form.members.value().map_or(3, |whole| whole.0 as u32);
        let word = form.storage.value().copied();
        let storage = match word {
            None | Some(StorageForm::Memory) => Storage::Memory,
            Some(StorageForm::Disk) => Storage::Disk,
            Some(StorageForm::Quorum) => Storage::Quorum { members },
            Some(StorageForm::Replicated) => Storage::Replicated { members },
        };
        if let (Some(at), Storage::Memory | Storage::Disk) = (form.members.given(), storage) {
            let problem = Problem::error(at.place, "only a replicated queue has members");
            self.log.push(problem.help("add storage = \"quorum\", or remove `members`"));
        }
        let nodes = broker.and_then(|broker| list(&scenario.brokers)[broker.0 as usize].entity.as_ref());
        let nodes = nodes.and_then(|form| form.value.nodes.given());
        if let (Storage::Quorum { members } | Storage::Replicated { members }, Some(broker)) = (storage, broker) {
            let known = nodes.map_or(1, |nodes| nodes.value.0 as u32);
            let named = &list(&scenario.brokers)[broker.0 as usize];
            if members > known && named.entity.is_some() {
                let place = form.members.given().map_or(form.storage.given().map(|at| at.place), |at| Some(at.place));
                let message = format!("{members} members need as many nodes, and `{}` has {known}", named.name.value);
                let problem = Problem::error(place.unwrap_or(named.name.place), message);
                let problem = problem.related(nodes.map_or(named.name.place, |nodes| nodes.place), "too few nodes");
                self.log
                    .push(problem.help(format!("write nodes = {members} in [brokers.{}], or fewer `members`", named.name.value)));
            }
        }
        if let (Some(at), true, true) = (form.storage.given(), form.broker.is_missing(), storage != Storage::Memory) {
            let problem = Problem::warning(at.place, "without a broker this storage takes no time and nothing is ever lost");
            self.log.push(problem.help("add a table [brokers.rabbit] with a `disk`, and broker = \"rabbit\" here"));
        }
        let dead_letter = self.dead_letter(&form.dead_letter, scenario);
        let overflow = form.overflow.value();
        if let (Some(OverflowForm::RejectPublishDlx), None, Some(at)) = (overflow, &dead_letter, form.overflow.given()) {
            let problem = Problem::error(at.place, "there is no place for the dead letters of this queue");
            self.log.push(problem.help("add dead_letter = \"dead\", the name of a queue or an exchange"));
        }
        let quorum = matches!(storage, Storage::Quorum { .. });
        let settlements = match form.settlements.value() {
            None if quorum => Settlements::Logged,
            None | Some(SettlementsForm::AtOnce) => Settlements::AtOnce,
            Some(SettlementsForm::Logged) => Settlements::Logged,
        };
        if let (Some(at), Storage::Memory | Storage::Disk, Settlements::Logged) = (form.settlements.given(), storage, settlements)
        {
            let problem = Problem::error(at.place, "only a replicated queue has a log that settlements could be in");
            self.log.push(problem.help("add storage = \"quorum\", or remove `settlements`"));
        }
        Semantics {
            broker,
            storage,
            max_bytes: form.max_bytes.value().map(|bytes| bytes.0),
            dead_letter,
            dead_letter_refused: overflow == Some(&OverflowForm::RejectPublishDlx),
            delivery_limit: form.delivery_limit.value().map(|whole| whole.0 as u32),
            single_active: form.single_active_consumer.value().copied().unwrap_or(false),
            returns: match form.returns.value() {
                None if quorum => Returns::First,
                None | Some(ReturnsForm::Position) => Returns::Position,
                Some(ReturnsForm::First) => Returns::First,
                Some(ReturnsForm::Last) => Returns::Last,
            },
            settlements,
        }
    }

    fn dead_letter(&mut self, field: &Field<DeadLetterForm>, scenario: &Scenario) -> Option<DeadLetter> {
        let at = field.given()?;
        match &at.value {
            ShortOr::Short(name) => {
                let to = self.outlet(At { value: name, place: at.place }, scenario)?;
                Some(DeadLetter { to, key: None })
            }
            ShortOr::Table(form) => {
                let name = form.to.given()?;
                let to = self.outlet(At { value: &name.value, place: name.place }, scenario)?;
                Some(DeadLetter { to, key: form.key.value().cloned() })
            }
        }
    }

    /// Queues whose dead letters go in a circle: they are dropped there, unless somebody rejects them on the way.
    pub(super) fn dead_letter_circles(&mut self, scenario: &Scenario, model: &crate::model::Model) {
        let mut dead = 0;
        for (at, named) in list(&scenario.queues).iter().enumerate() {
            let Some(rule) = &model.queues[at].semantics.dead_letter else { continue };
            let Some(given) = named.entity.as_ref().and_then(|entity| entity.value.dead_letter.given()) else { continue };
            dead += 1;
            if dead == MOST_DEAD + 1 {
                let problem = Problem::error(given.place, format!("more than {MOST_DEAD} queues have dead letters"));
                self.log.push(problem.help("let several queues share one place for dead letters that is not theirs"));
            }
            if model.reached(rule.to).contains(&QueueId(at as u32)) {
                let message = "the dead letters of this queue come back to it: what expired or was too many is dropped then";
                let problem = Problem::warning(given.place, message);
                self.log.push(problem.help("send them to another queue, such as [queues.dead]"));
            }
        }
    }
}

impl Resolver<'_> {
    /// Limits of deliveries at queues whose consumers acknowledge by receiving: nothing ever comes back there.
    pub(super) fn idle_delivery_limits(&mut self, scenario: &Scenario, model: &crate::model::Model) {
        for (at, named) in list(&scenario.queues).iter().enumerate() {
            let Some(given) = named.entity.as_ref().and_then(|entity| entity.value.delivery_limit.given()) else { continue };
            // A preset's limit stands where its name does: it is none that the user wrote.
            let presets = list(&scenario.brokers).iter().filter_map(|named| named.entity.as_ref()?.value.preset.given());
            let by_preset = presets.map(|preset| preset.place).any(|place| place == given.place);
            let pools: Vec<_> = model.pools_on(QueueId(at as u32)).collect();
            let all_auto = !pools.is_empty() && pools.iter().all(|(_, pool)| pool.ack == crate::model::Ack::Auto);
            if all_auto && !by_preset {
                let message =
                    "nothing comes back to this queue: its consumers acknowledge by receiving, and the limit is never reached";
                let names: Vec<String> = pools.iter().map(|(_, pool)| format!("[consumers.{}]", pool.name)).collect();
                let cure = format!("write ack = \"manual\" in {}, or remove `delivery_limit`", names.join(" and "));
                self.log.push(Problem::warning(given.place, message).help(cure));
            }
        }
    }
}

/// The queues that an exchange may give a message to, as far as the document can be understood.
pub(super) fn bound_queues(scenario: &Scenario, exchange: &str) -> Vec<usize> {
    let (mut found, mut seen, mut open) = (Vec::new(), Vec::new(), vec![exchange.to_owned()]);
    while let Some(name) = open.pop() {
        if let Some(queue) = Kind::Queue.names(scenario).position(|known| known == name) {
            if !found.contains(&queue) {
                found.push(queue);
            }
            continue;
        }
        if seen.contains(&name) {
            continue;
        }
        let form = list(&scenario.exchanges).iter().find(|named| named.name.value == name);
        if let Some(form) = form.and_then(|named| named.entity.as_ref()).map(|at| &at.value) {
            let keys = form.direct.value().into_iter().chain(form.topic.value()).flatten().map(|at| &at.value.to);
            let hashes = form.consistent_hash.value().into_iter().flatten().map(|at| &at.value.to);
            let headers = form.headers.value().into_iter().flatten().map(|at| &at.value.to);
            open.extend(keys.chain(hashes).chain(headers).filter_map(Field::value).cloned());
            let names = form.fanout.value().into_iter().chain(form.round_robin.value()).flatten();
            open.extend(names.map(|at| at.value.clone()));
            open.extend(form.alternate.value().cloned());
        }
        seen.push(name);
    }
    found
}

fn costs(form: &CpuForm) -> Costs {
    let span = |field: &Field<Span>| field.value().copied().unwrap_or_default();
    Costs {
        cores: form.cores.value().map_or(1, |whole| whole.0 as u32),
        wakeup: match form.wakeup.value() {
            None => Wakeup { warm: Span::ZERO, cold: Span::ZERO, after: Span(1) },
            Some(ShortOr::Short(warm)) => Wakeup { warm: *warm, cold: Span::ZERO, after: Span(1) },
            Some(ShortOr::Table(form)) => {
                // A processor that cools down at once is always cold.
                let after = Span(span(&form.after).0.max(1));
                Wakeup { warm: span(&form.warm), cold: span(&form.cold), after }
            }
        },
        publish: span(&form.publish),
        confirm: span(&form.confirm),
        deliver: span(&form.deliver),
        ack: span(&form.ack),
        store: span(&form.store),
        per_byte: span(&form.per_kib).0 as f64 / 1024.0,
    }
}

pub(super) fn headers(field: &Field<Entities<String>>) -> Vec<(String, String)> {
    let of = |named: &Named<String>| Some((named.name.value.clone(), named.entity.as_ref()?.value.clone()));
    list(field).iter().filter_map(of).collect()
}

/// An exchange that does not say where it is stands where the queues are that it leads to, if those are on one broker: what is
/// published to it takes the same way.
pub(super) fn place_exchanges(model: &mut Model) {
    for at in 0..model.exchanges.len() {
        let queues = model.reached(Outlet::Exchange(ExchangeId(at as u32)));
        let mut brokers = queues.iter().filter_map(|queue| model.queue(*queue).semantics.broker);
        let first = brokers.next();
        if brokers.all(|other| Some(other) == first) {
            let exchange = &mut model.exchanges[at];
            exchange.broker = exchange.broker.or(first);
        }
    }
}
