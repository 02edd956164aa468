//! What a document may say about services, hosts, locks, caches and faults.

use super::decode::{Decode, Field, Keys, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::distribution_form::Distribution;
use super::document::MOST_WORKERS;
use super::headed::{head, headed};
use super::quantity::{Positive, Share, Whole};
use super::schema::{self, Definitions};
use super::step_form::Step;
use super::tree::{Node, Value};
use crate::units::Span;

table! {
    /// A pool of workers that are called and answer.
    Service "service" {
        /// Number of instances; 1 unless told otherwise.
        "count" optional count: Whole<1, MOST_WORKERS>,
        /// Requests that one instance works on at a time; 1 unless told otherwise.
        "concurrency" optional concurrency: Whole<1, MOST_WORKERS>,
        /// How an instance is chosen for a request; without it all instances share one queue.
        "balance" optional balance: BalanceForm,
        /// Requests that may wait at a queue; one more is rejected. No limit unless told otherwise.
        "queue_limit" optional queue_limit: Whole<0, { u64::MAX }>,
        /// Which waiting request is next; "fifo" unless told otherwise.
        "discipline" optional discipline: ServiceDiscipline,
        /// The highest priority that discipline = "priority" tells apart, 9 unless told otherwise; higher ones count as this.
        "max_priority" optional max_priority: Whole<1, 255>,
        /// Which waiting requests are given up.
        "shed" optional shed: ShedForm,
        /// The time that a request needs of a worker.
        "service" optional service: Distribution,
        /// The long form of `service`: what is done for a request. It is answered at the end, or where `reply` stands.
        "steps" optional steps: Vec<At<Step>>,
        /// The host whose processors do its work; without one each worker has a processor of its own.
        "host" optional host: String,
        /// One-way delay between a caller and it; none unless told otherwise.
        "network" optional network: Distribution,
    }
    later ["autoscale"]
}

shapes! {
    /// How an instance is chosen for a request.
    BalanceForm "a way to balance" bare Word(BalanceWord) {
        /// The one with the fewest requests of so many that are picked at random.
        "choices" => Choices(Whole<2, MOST_WORKERS>),
        /// By the key of the request, on a ring.
        "consistent_hash" => ConsistentHash(Ring),
    }
}

words! {
    /// How an instance is chosen for a request.
    BalanceWord "a way to balance" {
        /// one after another.
        "round-robin" => RoundRobin,
        /// any.
        "random" => Random,
        /// the one with the fewest requests, waiting or in work.
        "least-connections" => LeastConnections,
        /// the one with the fewest requests of two that are picked at random.
        "two-random-choices" => TwoRandomChoices,
        /// by the key of the request, on a ring.
        "consistent-hash" => ConsistentHash,
    }
}

table! {
    /// A ring of instances.
    Ring "ring" {
        /// Places of each instance on the ring; 100 unless told otherwise.
        "points" optional points: Whole<1, 100_000>,
        /// An instance takes no more than this times the mean load, such as 1.25; no limit unless told otherwise.
        "bound" optional bound: Positive,
    }
}

shapes! {
    /// Which waiting request is next.
    ServiceDiscipline "a discipline" bare Word(ServiceDisciplineWord) {
        /// The youngest while more than a number wait, otherwise the oldest.
        "adaptive_lifo" => AdaptiveLifo(Above),
    }
}

words! {
    /// Which waiting request is next.
    ServiceDisciplineWord "a discipline" {
        /// the oldest.
        "fifo" => Fifo,
        /// the youngest.
        "lifo" => Lifo,
        /// any, each as likely as the other.
        "random" => Random,
        /// the oldest of the highest priority.
        "priority" => Priority,
        /// the youngest while more wait than can be in work at a time, otherwise the oldest.
        "adaptive-lifo" => AdaptiveLifo,
    }
}

table! {
    /// When a queue is long.
    Above "adaptive_lifo" {
        /// While more than so many wait, the youngest is next.
        "above" required above: Whole<0, { u64::MAX }>,
    }
}

shapes! {
    /// Which waiting requests are given up.
    ShedForm "a way to shed load" bare Word(ShedWord) {
        /// Those that waited too long, while all wait too long (RFC 8289).
        "codel" => CoDel(CoDelForm),
    }
}

words! {
    /// Which waiting requests are given up.
    ShedWord "a way to shed load" {
        /// those whose caller has given up, or has no time left, when a worker would begin with them.
        "deadline" => Deadline,
        /// those that waited too long, while all wait too long: target 5 ms, interval 100 ms.
        "codel" => CoDel,
    }
}

table! {
    /// Controlled delay.
    CoDelForm "codel" {
        /// A wait that is fine; "5ms" unless told otherwise.
        "target" optional target: Span,
        /// How long all waits may be above it; "100ms" unless told otherwise.
        "interval" optional interval: Span,
    }
}

table! {
    /// Processors that pools and services share.
    Host "host" {
        /// Number of processors; 1 unless told otherwise.
        "cores" optional cores: Whole<1, MOST_WORKERS>,
        /// How they are shared; "processor-sharing" unless told otherwise.
        "scheduling" optional scheduling: SchedulingForm,
        /// Work takes 1 / speed of its time on an idle core; 1 unless told otherwise.
        "speed" optional speed: Positive,
    }
}

words! {
    /// How the processors of a host are shared by what is to be done.
    SchedulingForm "a scheduling" {
        /// all at once, each at the same speed.
        "processor-sharing" => ProcessorSharing,
        /// one after another, in order of coming.
        "fifo" => Fifo,
    }
}

table! {
    /// A lock, or a number of permits.
    Lock "lock" {
        /// So many may hold it at a time; 1 unless told otherwise.
        "permits" optional permits: Whole<1, MOST_WORKERS>,
        /// After so long it is taken from its holder, who does not know; never unless told otherwise.
        "lease" optional lease: Span,
        /// Whether what a holder does under it is refused when another has got it since.
        "fencing" optional fencing: bool,
    }
}

table! {
    /// A cache in front of steps: with a `hit_ratio`, or with a `capacity` and the keys of the messages.
    Cache "cache" {
        /// The share of lookups that hit, whatever was there before.
        "hit_ratio" optional hit_ratio: Share,
        /// The most entries; those that were used last are kept.
        "capacity" optional capacity: Whole<1, { u32::MAX as u64 }>,
        /// An entry is stale after so long; never unless told otherwise.
        "ttl" optional ttl: Span,
        /// The time that a lookup takes; none unless told otherwise.
        "lookup" optional lookup: Distribution,
        /// Whether those who miss what another is getting already wait for that.
        "single_flight" optional single_flight: bool,
    }
}

headed! {
    /// Something that goes wrong, at a time or again and again.
    FaultForm "a fault" {
        "crash" => Crash(CrashForm),
        "pause" => Pause(PauseForm),
        "slow" => Slow(SlowForm),
        "loss" => Loss(LossForm),
        "disk_stall" => DiskStall(DiskStallForm),
        "partition" => Partition(PartitionForm),
    }
    later ["clock_skew"]
}

/// Declares a fault: when it happens is said in the same way for all.
macro_rules! fault {
    (
        $(#[doc = $doc:literal])+
        $name:ident $what:literal { $( $(#[doc = $field_doc:literal])+ $key:literal $need:ident $field:ident : $ty:ty ),* $(,)? }
    ) => {
        table! {
            $(#[doc = $doc])+
            $name $what {
                $( $(#[doc = $field_doc])+ $key $need $field: $ty, )*
                /// When it happens, from the start of the run.
                "at" optional at: Span,
                /// It happens again and again: the time from the end of one to the start of the next.
                "every" optional every: Distribution,
                /// How long it lasts: a time, or with `every` a distribution; for ever where `at` is given and this is not.
                "for" optional length: Distribution,
            }
        }

        impl $name {
            /// When it happens.
            pub fn when(&self) -> When<'_> {
                When { at: &self.at, every: &self.every, length: &self.length }
            }
        }
    };
}

/// When a fault happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct When<'a> {
    pub at: &'a Field<Span>,
    pub every: &'a Field<Distribution>,
    pub length: &'a Field<Distribution>,
}

fault! {
    /// Workers are gone, and what they had in work is broken off.
    CrashForm "crash fault" {
        /// Whose: a consumer, a service, a host or a broker, such as "consumers.workers".
        "crash" required target: String,
        /// How many of its consumers, instances or nodes; all unless told otherwise.
        "count" optional count: Whole<1, MOST_WORKERS>,
        /// Whether the connection stays open, so that its broker notices only by missing heartbeats; false unless told otherwise.
        "silent" optional silent: bool,
    }
}

fault! {
    /// Workers stand still, and go on afterwards.
    PauseForm "pause fault" {
        /// Whose: a consumer, a service or a host, such as "services.db".
        "pause" required target: String,
    }
}

fault! {
    /// All work takes longer.
    SlowForm "slow fault" {
        /// Whose: a consumer, a service or a host, such as "hosts.node".
        "slow" required target: String,
        /// So many times as long.
        "factor" required factor: Positive,
    }
}

fault! {
    /// A part of what is sent is lost on the way, requests and answers alike.
    LossForm "loss fault" {
        /// On the way to whom: a service, a queue or a host, such as "services.db".
        "loss" required target: String,
        /// How much is lost.
        "share" required share: Share,
    }
}

fault! {
    /// Disks stand still: what is to be written waits, and whoever waits for that with it.
    DiskStallForm "disk stall" {
        /// Whose: a broker with a `disk`, such as "brokers.rabbit".
        "disk_stall" required target: String,
        /// Of how many of its nodes, from the first on; of all unless told otherwise.
        "count" optional count: Whole<1, MOST_WORKERS>,
    }
}

fault! {
    /// Nothing comes through between two.
    PartitionForm "partition fault" {
        /// The two, such as ["consumers.workers", "services.db"].
        "partition" required sides: Vec<At<String>>,
    }
}
