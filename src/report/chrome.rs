//! Spans as Chrome trace events (the "Trace Event Format", JSON object form), which Perfetto and `chrome://tracing` open.
//!
//! A process is an entity: producers with a thread for each message, consumers and services with one for each worker, queues and
//! buffers with as many places as are needed for messages that stand beside each other. Arrows lead from a wait to the work after it.

use super::otlp::{title, trace_id};
use crate::measure::{MessageTrace, SpanKind, TraceSpan};
use crate::units::Time;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io::{Result, Write};

/// A span and where it is drawn.
struct Bar<'t> {
    trace: &'t MessageTrace,
    number: usize,
    at: usize,
    process: usize,
    thread: u64,
}

impl Bar<'_> {
    fn span(&self) -> &TraceSpan {
        &self.trace.spans[self.at]
    }
}

/// Writes `trace.json`: one line for each event, the names first, then in order of time. Times are microseconds from the start of the run.
///
/// # Errors
/// What the output says.
pub fn chrome(traces: &[MessageTrace], scenario: &str, seed: u64, out: &mut impl Write) -> Result<()> {
    let names = processes(traces);
    let numbers: BTreeMap<&str, usize> = names.iter().map(|(name, pid)| (name.as_str(), *pid)).collect();
    let mut bars: Vec<Bar<'_>> = Vec::new();
    for (number, trace) in traces.iter().enumerate() {
        for (at, span) in trace.spans.iter().enumerate() {
            bars.push(Bar { trace, number, at, process: numbers[process(span).as_str()], thread: 0 });
        }
    }
    // What begins first comes first; of two that begin together, the longer: it may contain the other.
    bars.sort_by_key(|bar| (bar.span().start, Reverse(bar.span().end), bar.number, bar.at));
    let threads = threads(&mut bars);
    let other = json!({"scenario": scenario, "seed": seed, "program": concat!("queuelab ", env!("CARGO_PKG_VERSION"))});
    write!(out, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{other},\"traceEvents\":[")?;
    let mut comma = "";
    for (name, pid) in &names {
        let named = json!({"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": name}});
        let sorted = json!({"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}});
        write!(out, "{comma}\n{named},\n{sorted}")?;
        comma = ",";
    }
    for ((pid, tid), name) in &threads {
        let named = json!({"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": name}});
        write!(out, "{comma}\n{named}")?;
    }
    for bar in &bars {
        write!(out, "{comma}\n{}", event(bar, seed))?;
        let (number, at, spans) = (bar.number, bar.at, &bar.trace.spans);
        if leads(spans, at) {
            write!(out, ",\n{}", arrow(bar, "\"s\"", number, at))?;
        }
        if at > 0 && leads(spans, at - 1) {
            write!(out, ",\n{}", arrow(bar, "\"f\",\"bp\":\"e\"", number, at - 1))?;
        }
    }
    writeln!(out, "\n]}}")
}

/// The process of a span.
fn process(span: &TraceSpan) -> String {
    match span.kind {
        SpanKind::Message | SpanKind::Work => span.entity.clone(),
        SpanKind::Publish => format!("{} publishing", span.entity),
        SpanKind::Wait if span.queue.is_some() => span.entity.clone(),
        SpanKind::Deliver => format!("{} deliveries", span.entity),
        SpanKind::Settle => format!("{} acknowledgements", span.entity),
        SpanKind::Reply => format!("{} replies", span.entity),
        SpanKind::Wait => format!("{} waiting", span.entity),
        SpanKind::Buffer => format!("{} buffers", span.entity),
        SpanKind::Request => format!("{} requests", span.entity),
        SpanKind::Confirm => format!("{} confirms", span.entity),
    }
}

/// The processes with their numbers: producers, queues, consumers, services.
fn processes(traces: &[MessageTrace]) -> Vec<(String, usize)> {
    let all: BTreeSet<(usize, String)> =
        traces.iter().flat_map(|trace| &trace.spans).map(|span| (rank(span), process(span))).collect();
    all.into_iter().zip(1..).map(|((_, name), pid)| (name, pid)).collect()
}

/// Where the process of a span stands.
fn rank(span: &TraceSpan) -> usize {
    let tables = ["producers.", "queues.", "consumers.", "services."];
    tables.iter().position(|table| span.entity.starts_with(table)).unwrap_or(tables.len())
}

/// Gives every bar its thread; the threads by process and number, with their names.
fn threads(bars: &mut [Bar<'_>]) -> BTreeMap<(usize, u64), String> {
    let mut names = BTreeMap::new();
    let mut places: BTreeMap<usize, Places> = BTreeMap::new();
    for bar in bars {
        let span = &bar.trace.spans[bar.at];
        let (thread, name) = match (span.kind, span.worker) {
            (SpanKind::Message | SpanKind::Confirm, _) => {
                (bar.number as u64 + 1, format!("{} {}", bar.trace.producer, bar.trace.index))
            }
            (SpanKind::Work, Some(worker)) => (u64::from(worker) + 1, format!("worker {worker}")),
            _ => {
                let place = places.entry(bar.process).or_default().take(span.start, span.end);
                (place + 1, format!("place {place}"))
            }
        };
        bar.thread = thread;
        names.entry((bar.process, thread)).or_insert(name);
    }
    names
}

/// Places for what lies side by side: the lowest free one is taken.
#[derive(Debug, Default)]
struct Places {
    free: BTreeSet<u64>,
    /// Those in use, by when they are free again.
    taken: BinaryHeap<Reverse<(Time, u64)>>,
}

impl Places {
    /// A place from `start`, which is no earlier than that of the last one, to `end`.
    fn take(&mut self, start: Time, end: Time) -> u64 {
        while let Some(&Reverse((until, place))) = self.taken.peek()
            && until <= start
        {
            self.taken.pop();
            self.free.insert(place);
        }
        let place = self.free.pop_first().unwrap_or(self.taken.len() as u64);
        self.taken.push(Reverse((end, place)));
        place
    }
}

/// Whether a span leads to the one behind it: from publishing over waiting, delivery and buffer to the work.
fn leads(spans: &[TraceSpan], at: usize) -> bool {
    let Some(next) = spans.get(at + 1) else { return false };
    let (from, to) = (spans[at].kind, next.kind);
    let waits = |kind| matches!(kind, SpanKind::Wait | SpanKind::Deliver | SpanKind::Buffer);
    let leads = (waits(from) || from == SpanKind::Publish) && (waits(to) || to == SpanKind::Work);
    leads && spans[at].end == next.start && spans[at].parent == next.parent
}

/// A span as a complete event.
fn event(bar: &Bar<'_>, seed: u64) -> String {
    let span = bar.span();
    let mut facts = json!({"message": format!("{} {}", bar.trace.producer, bar.trace.index), "trace": trace_id(seed, bar.trace)});
    if bar.at == 0 {
        facts["outcome"] = json!(bar.trace.outcome.unwrap_or("unfinished"));
        for (time, what) in &bar.trace.events {
            facts[format!("{what} at us")] = json!(micros(*time));
        }
    }
    if span.attempt > 1 {
        facts["delivery"] = json!(span.attempt);
    }
    if let Some(fault) = span.fault {
        facts["fault"] = json!(fault);
    }
    let (name, kind) = (Value::from(title(bar.trace, span)), format!("{:?}", span.kind).to_lowercase());
    let (pid, tid, start, length) = (bar.process, bar.thread, micros(span.start), micros(Time(span.end.0 - span.start.0)));
    format!(
        "{{\"ph\":\"X\",\"name\":{name},\"cat\":\"{kind}\",\"pid\":{pid},\"tid\":{tid},\"ts\":{start},\"dur\":{length},\"args\":{facts}}}"
    )
}

/// An end of an arrow, at the beginning of a bar.
fn arrow(bar: &Bar<'_>, phase: &str, number: usize, from: usize) -> String {
    let (pid, tid, start) = (bar.process, bar.thread, micros(bar.span().start));
    format!(
        "{{\"ph\":{phase},\"id\":\"{number}.{from}\",\"name\":\"next\",\"cat\":\"next\",\"pid\":{pid},\"tid\":{tid},\"ts\":{start}}}"
    )
}

/// Microseconds with three decimals: exact to the nanosecond, which a binary fraction would not be.
fn micros(time: Time) -> String {
    format!("{}.{:03}", time.0 / 1000, time.0 % 1000)
}
