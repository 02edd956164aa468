//! What is shown of each kind of entity: one block of rows and columns, which table and Markdown lay out their own way.

use super::quantity::{self, Kind, Shown, Unit};
use super::result::RunResult;
use crate::experiment::Reading;
use indexmap::IndexMap;

/// A kind of entity: the first part of its metrics' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Producers,
    Services,
    Queues,
    Consumers,
    Hosts,
    Locks,
    Caches,
    Brokers,
}

/// The kinds in the order in which they are shown: the way of a message.
pub(super) const TABLES: [Table; 8] = [
    Table::Producers,
    Table::Services,
    Table::Queues,
    Table::Consumers,
    Table::Brokers,
    Table::Hosts,
    Table::Locks,
    Table::Caches,
];

/// All entities of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// The name of the table in a scenario.
    pub title: &'static str,
    /// The users' names for the rows.
    pub names: Vec<String>,
    /// Columns that stand under one heading.
    pub groups: Vec<Group>,
}

/// Columns of one quantity in one unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// The quantity, as the metrics call it.
    pub title: &'static str,
    /// What its numbers are written in.
    pub unit: Unit,
    /// At least one.
    pub columns: Vec<Column>,
}

/// One statistic of all rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// The statistic; empty where the quantity has only one.
    pub head: &'static str,
    /// The name of its metric behind that of the entity; empty where it is none.
    pub metric: &'static str,
    /// One for each row.
    pub cells: Vec<Shown>,
}

/// When a column is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Keep {
    Always,
    /// Where any row has a number.
    Measured,
    /// Where any row has a number other than zero.
    Nonzero,
    /// Where any row has failures beside a number.
    BesideFailures,
    /// As `Measured`, where messages of several producers meet: elsewhere queues and pools say the same.
    Mixed,
    /// As `Nonzero`, in a run that is measured from an empty system on: what happens once means nothing in a steady state.
    Once,
}

use Keep::{Always, BesideFailures, Measured, Mixed, Nonzero, Once};

/// A column: the name of its metric behind the entity, heading, whether its intervals are shown, when it is kept.
type Spec = (&'static str, &'static str, bool, Keep);

const PRODUCERS: &[(&str, &[Spec])] = &[
    ("offered", &[("offered.rate", "", false, Always)]),
    (
        "response",
        &[
            ("response.mean", "mean", true, Nonzero),
            ("response.p50", "p50", false, Nonzero),
            ("response.p99", "p99", false, Nonzero),
        ],
    ),
    ("observed", &[("observed.mean", "mean", true, Measured), ("observed.p99", "p99", false, Measured)]),
    (
        "completion",
        &[
            ("completion.mean", "mean", true, Always),
            ("completion.p50", "p50", false, Measured),
            ("completion.p99", "p99", false, Measured),
        ],
    ),
    ("wait", &[("wait.mean", "mean", true, Mixed), ("wait.p99", "p99", false, Mixed)]),
    ("failed", &[("failed.ratio", "", false, Nonzero)]),
    ("goodput", &[("goodput.rate", "", false, BesideFailures)]),
    ("timeouts", &[("timeout.ratio", "", false, Nonzero)]),
    ("retries", &[("retries.rate", "", false, Nonzero)]),
    ("fallbacks", &[("fallbacks.rate", "", false, Nonzero)]),
    ("open breaker", &[("open.rate", "", false, Nonzero)]),
    ("full bulkhead", &[("full.rate", "", false, Nonzero)]),
    ("rate limit", &[("limited.rate", "", false, Nonzero)]),
    ("confirm", &[("confirm.mean", "mean", true, Nonzero), ("confirm.p99", "p99", false, Nonzero)]),
    ("nacked", &[("nacked.ratio", "", false, Nonzero)]),
    ("unroutable", &[("unroutable.count", "", false, Nonzero)]),
    ("not sent", &[("not_sent.count", "", false, Nonzero)]),
    ("unconfirmed", &[("unconfirmed.mean", "mean", false, Nonzero)]),
    ("buffered", &[("buffered.mean", "mean", false, Nonzero), ("buffered.max", "max", false, Nonzero)]),
    ("blocked", &[("blocked.ratio", "", false, Nonzero)]),
];

const QUEUES: &[(&str, &[Spec])] = &[
    ("published", &[("published.rate", "", false, Always)]),
    ("ready", &[("ready.mean", "mean", false, Always)]),
    ("backlog", &[("backlog.mean", "mean", true, Always), ("backlog.max", "max", false, Measured)]),
    ("wait", &[("wait.mean", "mean", true, Always), ("wait.p99", "p99", false, Measured)]),
    ("dropped", &[("dropped.ratio", "", false, Nonzero)]),
    ("rejected", &[("rejected.ratio", "", false, Nonzero)]),
    ("expired", &[("expired.ratio", "", false, Nonzero)]),
    ("redelivered", &[("redelivered.ratio", "", false, Nonzero)]),
    ("dead-lettered", &[("dead_lettered.ratio", "", false, Nonzero)]),
    ("lost", &[("lost.count", "", false, Nonzero)]),
    ("drain", &[("drain", "", false, Once)]),
];

const CONSUMERS: &[(&str, &[Spec])] = &[
    ("utilization", &[("utilization", "", true, Always)]),
    ("throughput", &[("throughput", "", false, Always)]),
    (
        "wait",
        &[
            ("wait.mean", "mean", true, Always),
            ("wait.p50", "p50", false, Measured),
            ("wait.p99", "p99", false, Measured),
            ("wait.p999", "p99.9", false, Measured),
        ],
    ),
    ("buffer wait", &[("buffer_wait.mean", "mean", false, Nonzero)]),
    ("service", &[("service.mean", "mean", false, Always)]),
    ("sojourn", &[("sojourn.mean", "mean", false, Always), ("sojourn.p99", "p99", false, Measured)]),
    ("failed", &[("failed.ratio", "", false, Nonzero)]),
    ("duplicates", &[("duplicates.ratio", "", false, Nonzero)]),
];

const BROKERS: &[(&str, &[Spec])] = &[
    ("utilization", &[("utilization", "", true, Nonzero)]),
    ("disk", &[("disk.utilization", "", true, Nonzero)]),
    ("memory", &[("memory.mean", "mean", false, Nonzero), ("memory.max", "max", false, Nonzero)]),
    ("alarm", &[("alarm.ratio", "", false, Nonzero)]),
];

const SERVICES: &[(&str, &[Spec])] = &[
    ("offered", &[("offered.rate", "", false, Always)]),
    ("utilization", &[("utilization", "", true, Always)]),
    ("wait", &[("wait.mean", "mean", true, Always), ("wait.p99", "p99", false, Measured)]),
    ("service", &[("service.mean", "mean", false, Always)]),
    ("sojourn", &[("sojourn.mean", "mean", false, Always), ("sojourn.p99", "p99", false, Measured)]),
    ("failed", &[("failed.ratio", "", false, Nonzero)]),
    ("rejected", &[("rejected.ratio", "", false, Nonzero)]),
    ("shed", &[("shed.ratio", "", false, Nonzero)]),
    ("wasted", &[("wasted.ratio", "", false, Nonzero)]),
    ("drain", &[("drain", "", false, Once)]),
];

const HOSTS: &[(&str, &[Spec])] = &[("utilization", &[("utilization", "", true, Always)])];

const LOCKS: &[(&str, &[Spec])] = &[
    ("wait", &[("wait.mean", "mean", true, Always), ("wait.p99", "p99", false, Measured)]),
    ("hold", &[("hold.mean", "mean", false, Always)]),
    ("held", &[("held.mean", "mean", false, Always)]),
    ("expired", &[("expired.count", "", false, Nonzero)]),
    ("refused", &[("refused.count", "", false, Nonzero)]),
    ("lost updates", &[("lost_update.count", "", false, Nonzero)]),
];

const CACHES: &[(&str, &[Spec])] =
    &[("lookups", &[("lookups.rate", "", false, Always)]), ("hits", &[("hit.ratio", "", true, Always)])];

/// Whether the tables have a column for this metric, if it has a number.
pub(super) fn has_column(metric: &str, mixed: bool) -> bool {
    // Names of entities have no dot.
    let mut parts = metric.splitn(3, '.');
    let (Some(prefix), Some(_), Some(own)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let tables = TABLES.into_iter().filter(|table| table.prefix() == prefix);
    let mut specs = tables.flat_map(Table::groups).flat_map(|(_, specs)| specs.iter());
    specs.any(|(column, _, _, keep)| *column == own && (mixed || *keep != Mixed))
}

impl Table {
    /// The first part of its metrics' names.
    pub fn prefix(self) -> &'static str {
        match self {
            Table::Producers => "producers",
            Table::Services => "services",
            Table::Queues => "queues",
            Table::Consumers => "consumers",
            Table::Hosts => "hosts",
            Table::Locks => "locks",
            Table::Caches => "caches",
            Table::Brokers => "brokers",
        }
    }

    /// A metric that every entity of this kind has, and no name of an entity ends with.
    fn mark(self) -> &'static str {
        match self {
            Table::Producers | Table::Services => ".offered.rate",
            Table::Queues => ".published.rate",
            Table::Consumers => ".throughput",
            Table::Hosts => ".utilization",
            Table::Locks => ".held.mean",
            Table::Caches => ".hit.ratio",
            Table::Brokers => ".alarm.ratio",
        }
    }

    fn groups(self) -> &'static [(&'static str, &'static [Spec])] {
        match self {
            Table::Producers => PRODUCERS,
            Table::Services => SERVICES,
            Table::Queues => QUEUES,
            Table::Consumers => CONSUMERS,
            Table::Hosts => HOSTS,
            Table::Locks => LOCKS,
            Table::Caches => CACHES,
            Table::Brokers => BROKERS,
        }
    }

    /// The users' names for its entities, in the order of the model.
    pub fn names(self, metrics: &IndexMap<String, Reading>) -> Vec<String> {
        let own = |name: &str| {
            let rest = name.strip_prefix(self.prefix())?.strip_prefix('.')?;
            rest.strip_suffix(self.mark()).map(str::to_owned)
        };
        metrics.keys().filter_map(|name| own(name)).collect()
    }

    /// Everything that is shown of this kind; `None` where the model has none.
    pub fn block(self, result: &RunResult) -> Option<Block> {
        let metrics = &result.summary.metrics;
        let names = self.names(metrics);
        if names.is_empty() {
            return None;
        }
        let groups: Vec<Group> =
            self.groups().iter().filter_map(|(title, specs)| group(self, &names, result, title, specs)).collect();
        // Of a broker that costs nothing there is nothing to show.
        (!groups.is_empty()).then(|| Block { title: self.prefix(), names, groups })
    }
}

/// The columns of one quantity that are worth showing.
fn group(table: Table, names: &[String], result: &RunResult, title: &'static str, specs: &'static [Spec]) -> Option<Group> {
    let metrics = &result.summary.metrics;
    let from_empty = |name: &str| result.summary.warmup(&format!("{}.{name}", table.prefix())) == 0.0;
    let mixed = !result.meeting_producers().is_empty();
    let reading = |name: &str, metric: &str| metrics.get(&format!("{}.{name}.{metric}", table.prefix()));
    let value = |name: &str, metric: &str| reading(name, metric).and_then(|reading| reading.value.estimate);
    let kept: Vec<&Spec> = specs
        .iter()
        .filter(|(metric, _, _, keep)| match keep {
            Always => true,
            Mixed if !mixed => false,
            Measured | Mixed => names.iter().any(|name| value(name, metric).is_some()),
            BesideFailures => names
                .iter()
                .any(|name| value(name, "failed.ratio").is_some_and(|value| value != 0.0) && value(name, metric).is_some()),
            Nonzero => names.iter().any(|name| value(name, metric).is_some_and(|value| value != 0.0)),
            Once => names.iter().any(|name| from_empty(name) && value(name, metric).is_some_and(|value| value != 0.0)),
        })
        .collect();
    let first = kept.first()?;
    let kind = names.iter().find_map(|name| {
        let own = reading(name, first.0)?;
        Some(Kind::of_metric(&format!("{}.{name}.{}", table.prefix(), first.0), &own.unit))
    });
    let kind = kind.unwrap_or(Kind::Time);
    let unit = kind.unit(names.iter().flat_map(|name| kept.iter().filter_map(move |spec| value(name, spec.0))));
    let columns = kept
        .iter()
        .map(|(metric, head, interval, keep)| Column {
            head,
            metric,
            cells: names
                .iter()
                .map(|name| {
                    let nothing = Shown { value: quantity::NOTHING.to_owned(), margin: None };
                    let own = reading(name, metric).filter(|_| *keep != Once || from_empty(name));
                    let mut shown = own.map_or(nothing, |reading| quantity::shown(&reading.value, unit));
                    if !interval && shown.margin.take().is_some() {
                        shown.value = quantity::at_most(&shown.value, 4);
                    }
                    shown
                })
                .collect(),
        })
        .collect();
    Some(Group { title, unit, columns })
}
