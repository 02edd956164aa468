//! Spans for OpenTelemetry, as OTLP/JSON (an `ExportTraceServiceRequest` of opentelemetry-proto 1.x): what collectors and Jaeger read.
//!
//! Names and attributes are those of the semantic conventions for messaging where these have one; what only a simulation knows begins
//! with `queuelab.`. Identifiers are hashes of the seed, the producer and the number of the message.

use crate::measure::{MessageTrace, SpanKind, TraceSpan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Result, Write};

/// Simulated time zero in files whose times have a date: 2000-01-01T00:00:00Z, in seconds of Unix time.
pub const EPOCH: u64 = 946_684_800;

/// Writes `spans.json`: one line for each span, those of an entity together.
///
/// # Errors
/// What the output says.
pub fn otlp(traces: &[MessageTrace], scenario: &str, seed: u64, out: &mut impl Write) -> Result<()> {
    let mut entities: Vec<(&str, Vec<(usize, usize)>)> = Vec::new();
    let mut known = std::collections::BTreeMap::new();
    for (number, trace) in traces.iter().enumerate() {
        for (at, span) in trace.spans.iter().enumerate() {
            let entity = *known.entry(span.entity.as_str()).or_insert_with(|| {
                entities.push((&span.entity, Vec::new()));
                entities.len() - 1
            });
            entities[entity].1.push((number, at));
        }
    }
    let ids: Vec<String> = traces.iter().map(|trace| trace_id(seed, trace)).collect();
    write!(out, "{{\"resourceSpans\":[")?;
    for (place, (entity, spans)) in entities.iter().enumerate() {
        let attributes = [text("service.name", entity), text("service.namespace", scenario)];
        let scope = json!({"name": "queuelab", "version": env!("CARGO_PKG_VERSION")});
        let comma = if place == 0 { "" } else { "," };
        write!(out, "{comma}\n{{\"resource\":{},\"scopeSpans\":[", json!({"attributes": attributes}))?;
        write!(out, "{{\"scope\":{scope},\"spans\":[")?;
        for (place, &(number, at)) in spans.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(out, "{comma}\n{}", one(&traces[number], &ids[number], at))?;
        }
        write!(out, "\n]}}]}}")?;
    }
    writeln!(out, "]}}")
}

/// The identifier of a trace: 16 bytes in hexadecimal, never all zero.
pub(super) fn trace_id(seed: u64, trace: &MessageTrace) -> String {
    hashed(&format!("{seed}/{}/{}", trace.producer, trace.index), 16)
}

fn span_id(trace_id: &str, at: usize) -> String {
    hashed(&format!("{trace_id}/{at}"), 8)
}

fn hashed(text: &str, bytes: usize) -> String {
    Sha256::digest(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// What a person calls a span: what is done, and where.
pub(super) fn title(trace: &MessageTrace, span: &TraceSpan) -> String {
    let own = span.entity.split_once('.').map_or(span.entity.as_str(), |(_, name)| name);
    let place = span.queue.as_deref().unwrap_or(own);
    match span.kind {
        SpanKind::Message => trace.destination.as_ref().map_or(own.to_owned(), |destination| format!("send {destination}")),
        SpanKind::Publish => format!("publish {place}"),
        SpanKind::Wait => format!("wait {place}"),
        SpanKind::Deliver => format!("deliver {place}"),
        SpanKind::Settle => format!("settle {place}"),
        SpanKind::Buffer => format!("buffer {place}"),
        SpanKind::Work if span.queue.is_none() => format!("serve {own}"),
        SpanKind::Work => format!("process {place}"),
        SpanKind::Request => format!("call {own}"),
        SpanKind::Confirm => format!("confirm {}", trace.destination.as_deref().unwrap_or(own)),
        SpanKind::Reply => format!("await {}", trace.destination.as_deref().unwrap_or(own)),
    }
}

/// One span.
fn one(trace: &MessageTrace, id: &str, at: usize) -> Value {
    let span = &trace.spans[at];
    // INTERNAL 1, SERVER 2, CLIENT 3, PRODUCER 4, CONSUMER 5.
    let (kind, operation) = match span.kind {
        SpanKind::Message if trace.destination.is_none() => (1, None),
        // Who creates a message in order to publish it later is not who sends it.
        SpanKind::Message if trace.spans.iter().any(|other| other.kind == SpanKind::Publish) => (4, Some(("send", "create"))),
        SpanKind::Message => (4, Some(("send", "send"))),
        SpanKind::Publish => (3, Some(("publish", "send"))),
        SpanKind::Settle => (3, Some((if span.fault.is_none() { "ack" } else { "nack" }, "settle"))),
        SpanKind::Confirm | SpanKind::Reply | SpanKind::Wait | SpanKind::Deliver | SpanKind::Buffer => (1, None),
        SpanKind::Work if span.queue.is_none() => (2, None),
        SpanKind::Work => (5, Some(("process", "process"))),
        SpanKind::Request => (3, None),
    };
    let destination = span.queue.as_ref().or(trace.destination.as_ref().filter(|_| at == 0));
    let mut attributes = vec![text("messaging.message.id", &format!("{}-{}", trace.producer, trace.index))];
    if let Some(destination) = destination {
        attributes.push(text("messaging.system", span.system.or(trace.system.filter(|_| at == 0)).unwrap_or("queuelab")));
        attributes.push(text("messaging.destination.name", destination));
    }
    if let Some((name, operation)) = operation {
        attributes.push(text("messaging.operation.name", name));
        attributes.push(text("messaging.operation.type", operation));
    }
    attributes.extend(span.entity.strip_prefix("consumers.").map(|pool| text("messaging.consumer.group.name", pool)));
    if span.kind == SpanKind::Request {
        attributes.extend(span.entity.strip_prefix("services.").map(|service| text("peer.service", service)));
    }
    attributes.extend(span.worker.map(|worker| number("queuelab.worker", u64::from(worker))));
    if span.attempt > 1 {
        attributes.push(number("queuelab.delivery", u64::from(span.attempt)));
    }
    if at == 0 {
        attributes.push(number("queuelab.index", trace.index));
        attributes.push(text("queuelab.outcome", trace.outcome.unwrap_or("unfinished")));
    }
    let nanos = |time: crate::units::Time| (u128::from(EPOCH) * 1_000_000_000 + u128::from(time.0)).to_string();
    let mut whole = json!({
        "traceId": id,
        "spanId": span_id(id, at),
        "name": title(trace, span),
        "kind": kind,
        "startTimeUnixNano": nanos(span.start),
        "endTimeUnixNano": nanos(span.end),
        "attributes": attributes,
        "status": {},
    });
    if let Some(parent) = span.parent {
        whole["parentSpanId"] = json!(span_id(id, parent as usize));
    }
    if let Some(cause) = span.cause {
        whole["links"] = json!([{"traceId": id, "spanId": span_id(id, cause as usize)}]);
    }
    if let Some(fault) = span.fault {
        whole["status"] = json!({"code": 2, "message": fault});
    }
    if at == 0 && !trace.events.is_empty() {
        let events = trace.events.iter().map(|(time, what)| json!({"timeUnixNano": nanos(*time), "name": what}));
        whole["events"] = events.collect();
    }
    whole
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Whole numbers of 64 bits are texts in the JSON form of protocol buffers.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}
