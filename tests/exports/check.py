#!/usr/bin/env python3
"""Opens what queuelab exports in the programs that people open it with, and holds it against result.json.

    pip install pandas duckdb prometheus-client opentelemetry-proto jsonschema     # promtool: Debian package prometheus
    python3 tests/exports/check.py target/debug/queuelab [--promtool PATH] [SCENARIO...]

Each scenario is run once in a folder of its own; without arguments those of SHIPPED, and one with a hostile name.

    *.csv         pandas and DuckDB, without options: the same columns, types and sums, and the estimates of result.json
    metrics.txt   the parser of prometheus-client, and promtool: blocks are made from it, and the samples in them are counted
    trace.json    trace_event.schema.json, and that bars on a thread do not cut each other
    spans.json    the definitions of opentelemetry-proto, with unknown fields refused, and otlp.schema.json; lengths and waits against messages.csv
"""

import argparse
import base64
import collections
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import jsonschema
import pandas
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHIPPED = ["mm3", "pipeline", "checkout-async", "checkout-sync", "confirm-window", "choose-a-broker", "durability-matrix",
           "poison-message", "consumer-crash", "retry-storm"]
TRACED = 200
EPOCH = 946_684_800

HOSTILE_NAME = "<script>alert(1)<script>\"'&"
HOSTILE_KEYS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', 'a,"b"', "../../x", "<b>"]
HOSTILE = """title = "</script>"
[run]
duration = "20s"
replications = 2
[producers.-1]
arrivals = { trace = { path = "recorded.csv", column = "time", carry = { key = "key" } } }
publish = "-x"
[queues.-x]
[consumers.-y]
queue = "-x"
service = "1500ms"
"""


def same(one, two):
    return math.isclose(one, two, rel_tol=1e-8, abs_tol=1e-12)


def check_tables(out):
    """Both readers see the same table, and summary.csv has the estimates of result.json."""
    result = json.loads((out / "result.json").read_text())
    rows = 0
    for file in sorted(out.glob("*.csv")):
        table = pandas.read_csv(file)
        # The name of a file is a pattern to DuckDB, where brackets mean something; a parameter is taken as it is.
        other = duckdb.from_csv_auto(str(file))
        assert list(table.columns) == other.columns, (file, other.columns)
        assert len(table) == other.shape[0], (file, len(table), other.shape)
        for column, kind in zip(other.columns, other.types):
            values = table[column]
            if pandas.api.types.is_numeric_dtype(values) and values.notna().any():
                assert str(kind) in ("DOUBLE", "BIGINT"), (file, column, kind)
                total = other.aggregate(f'sum("{column}")').fetchall()[0][0]
                assert same(float(total), float(values.sum())), (file, column, total, values.sum())
        rows += len(table)
    summary = pandas.read_csv(out / "summary.csv").set_index("metric")
    assert list(summary.index) == list(result["metrics"]), "summary.csv has other metrics than result.json"
    for name, metric in result["metrics"].items():
        for end in ("estimate", "low", "high"):
            read, told = summary.loc[name, end], metric[end]
            assert (told is None and math.isnan(read)) or same(read, told), (name, end, read, told)
    return f"{rows} rows"


def check_metrics(out, promtool):
    """Every sample is read by the official parser, and is in the blocks that promtool makes."""
    text = (out / "metrics.txt").read_text()
    result = json.loads((out / "result.json").read_text())
    seen, means = 0, collections.defaultdict(list)
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge" and family.name.startswith("queuelab_"), family.name
        assert not family.documentation.startswith("See "), f"{family.name} says nothing of itself"
        assert family.unit and family.name.endswith("_" + family.unit), family.name
        for sample in family.samples:
            seen += 1
            assert float(sample.timestamp) >= EPOCH and math.isfinite(sample.value), sample
            labels = sample.labels
            if labels["statistic"] == "mean":
                means[labels["table"], labels["entity"], family.name].append(sample.value)
    assert seen, "no samples"
    columns = {name: column["mean"] for name, column in result["series"]["columns"].items()}
    for name, latency in result["series"].get("latencies", {}).items():
        columns |= {f"{name}.{order}": quantile["value"] for order, quantile in latency["quantiles"].items()}
    columns = {name: [value for value in values if value is not None] for name, values in columns.items()}
    columns = {name: values for name, values in columns.items() if values}
    assert len(means) == len(columns), (len(means), len(columns))
    assert same(sum(map(sum, means.values())), sum(map(sum, columns.values())))
    with tempfile.TemporaryDirectory() as data:
        subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", str(out / "metrics.txt"), data],
                       check=True, capture_output=True)
        # It reads blocks only where a log of what is to come lies beside them.
        pathlib.Path(data, "wal").mkdir()
        dumped = subprocess.run([promtool, "tsdb", "dump", data], check=True, capture_output=True, text=True).stdout
        stored = [line for line in dumped.splitlines() if line.startswith("{")]
        assert len(stored) == seen, f"Prometheus has {len(stored)} samples of {seen}"
    return f"{seen} samples"


def check_chrome(out):
    """The schema, and the rules that a schema cannot say."""
    whole = json.loads((out / "trace.json").read_text())
    jsonschema.validate(whole, json.loads((HERE / "trace_event.schema.json").read_text()))
    stacks, named, last = collections.defaultdict(list), set(), 0
    for event in whole["traceEvents"]:
        place = (event["pid"], event["tid"])
        if event["ph"] == "M":
            named.add(place)
            continue
        assert place in named, f"{event} stands nowhere"
        start = round(event["ts"] * 1000)
        assert start >= last, f"{event} comes too late"
        last = start
        if event["ph"] == "X":
            end, stack = start + round(event["dur"] * 1000), stacks[place]
            while stack and stack[-1] <= start:
                stack.pop()
            assert not stack or end <= stack[-1], f"{event} is cut by another"
            stack.append(end)
    flows = collections.Counter((event["id"], event["ph"]) for event in whole["traceEvents"] if event["ph"] in "sf")
    assert all(count == 1 for count in flows.values()), "an arrow has two beginnings"
    assert {key for key, phase in flows if phase == "s"} == {key for key, phase in flows if phase == "f"}
    return f"{len(whole['traceEvents'])} events"


def check_otlp(out):
    """The definitions of OpenTelemetry read it; every parent and every link is there."""
    whole = json.loads((out / "spans.json").read_text())
    jsonschema.validate(whole, json.loads((HERE / "otlp.schema.json").read_text()))
    # In OTLP/JSON identifiers are hexadecimal, where the JSON form of protocol buffers has base 64 (OTLP 1.x, "JSON Protobuf Encoding").
    for resource in whole["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for holder in [span] + span.get("links", []):
                    for key in ("traceId", "spanId", "parentSpanId"):
                        if key in holder:
                            holder[key] = base64.b64encode(bytes.fromhex(holder[key])).decode()
    request = json_format.ParseDict(whole, ExportTraceServiceRequest(), ignore_unknown_fields=False)
    spans = {}
    for resource in request.resource_spans:
        assert resource.resource.attributes[0].key == "service.name"
        for span in resource.scope_spans[0].spans:
            assert len(span.trace_id) == 16 and len(span.span_id) == 8 and span.span_id not in spans
            assert EPOCH * 10**9 <= span.start_time_unix_nano <= span.end_time_unix_nano
            spans[span.span_id] = span
    kinds = collections.Counter(span.kind for span in spans.values())
    for span in spans.values():
        if span.parent_span_id:
            parent = spans[span.parent_span_id]
            assert parent.trace_id == span.trace_id and parent.start_time_unix_nano <= span.start_time_unix_nano, span
        assert all(link.span_id in spans and link.trace_id == span.trace_id for link in span.links), span
    # A server's span is a part of its client's.
    for span in spans.values():
        if span.kind == span.SPAN_KIND_SERVER:
            assert spans[span.parent_span_id].kind == span.SPAN_KIND_CLIENT, span
    return f"{len(spans)} spans of {len({span.trace_id for span in spans.values()})} messages, kinds {dict(sorted(kinds.items()))}"


def check_journal(out):
    """Of every message that has ended: its length, its outcome and the sum of its waits are those of messages.csv, to the nanosecond."""
    waited, roots = collections.Counter(), {}
    for resource in json.loads((out / "spans.json").read_text())["resourceSpans"]:
        producer = resource["resource"]["attributes"][0]["value"]["stringValue"].removeprefix("producers.")
        for span in resource["scopeSpans"][0]["spans"]:
            length = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
            if span["name"].startswith(("wait ", "deliver ", "buffer ")) and not span["status"]:
                waited[span["traceId"]] += length
            if "parentSpanId" not in span:
                told = {one["key"]: one["value"] for one in span["attributes"]}
                index, outcome = told["queuelab.index"]["intValue"], told["queuelab.outcome"]["stringValue"]
                roots[producer, index] = span["traceId"], length, outcome
    ended = 0
    with open(out / "messages.csv", newline="") as file:
        for row in csv.DictReader(file):
            trace, length, outcome = roots.pop((row["producer"], row["index"]), (None, None, None))
            if trace:
                ended += 1
                nanos = [int(row[name].replace(".", "")) for name in ("completion_s", "waited_s")]
                assert nanos == [length, waited[trace]] and row["outcome"] == outcome, (row, length, waited[trace], outcome)
    assert all(outcome == "unfinished" for _, _, outcome in roots.values()), roots
    return f"{ended} as in the journal"


def check(program, scenario, folder, promtool):
    out = folder / "out"
    subprocess.run([str(program), "run", str(scenario), "--out", str(out), "--trace", str(TRACED), "--openmetrics", "--journal",
                    "--replications", "2", "--format", "quiet"], check=False, cwd=folder)
    left = [str(path) for path in folder.rglob("*.part")] + [path.name for path in folder.iterdir() if path.name != "out"]
    assert sorted(left) in ([], sorted(["recorded.csv", HOSTILE_NAME + ".toml"])), f"written elsewhere, or left: {left}"
    return ", ".join([check_tables(out), check_metrics(out, promtool), check_chrome(out), check_otlp(out), check_journal(out)])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("scenario", type=pathlib.Path, nargs="*")
    arguments.add_argument("--promtool", default="promtool")
    given = arguments.parse_intermixed_args()
    program = given.program.resolve()
    for scenario in given.scenario or [ROOT / "scenarios" / f"{name}.toml" for name in SHIPPED]:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{scenario.stem}: {check(program, scenario.resolve(), pathlib.Path(folder), given.promtool)}", flush=True)
    if given.scenario:
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        quoted = ['"' + key.replace('"', '""') + '"' for key in HOSTILE_KEYS]
        (folder / "recorded.csv").write_text("time,key\n" + "".join(f"{at + 1},{key}\n" for at, key in enumerate(quoted)))
        scenario = folder / (HOSTILE_NAME + ".toml")
        scenario.write_text(HOSTILE)
        print(f"{HOSTILE_NAME}: {check(program, scenario, folder, given.promtool)}")
        read = duckdb.from_csv_auto(str(folder / "out" / "messages.csv")).project("key").fetchall()
        assert [key for (key,) in read] == HOSTILE_KEYS == list(pandas.read_csv(folder / "out" / "messages.csv")["key"]), read


if __name__ == "__main__":
    sys.exit(main())
