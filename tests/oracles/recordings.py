#!/usr/bin/env python3
"""Turns the raw recordings of real brokers into the compact tables under tests/data/real.

A raw recording is a directory with messages.csv.gz (one row for each attempt of a message) and meta.json (its parameters). The
table that comes out has one row a message, sorted by publish instant, in seconds with a resolution of 10 microseconds (of 1 where there is no
work, so that nothing but the path is seen). Columns that a recording does not need are left out:

  publish_s   when the publisher handed the message over (with a pool of callers: arrival_s, when a caller was first asked for)
  service_s   work of one delivery. Measured (service end - service start), since a replay shares the stalls inside a service;
              the mean over the deliveries of a message that was delivered several times; divided by the factor of its consumer
              where consumers differ in speed; the requested work plus the run's median overshoot where the message was never
              worked on (expired, dropped, rejected, killed half way)
  wait_s      measured: start of the first service - publish; empty where the message was never started
  consumer    who served it first, numbered in the order of the consumers' first deliveries (the ring of the broker); only where
              the broker deals messages out in turn, since elsewhere every tie changes the rest
  priority, ttl_s, failures   of the message, where the run has them (failures: deliveries that fail before one succeeds)
  confirm_s   measured: publish to confirm
  round_s     measured: publish to reply (requests)
  outcome     how it ended, where not all were acknowledged
  wait_1_s, wait_2_s   of the copies for the second and third subscriber (fan-out)

runs.csv gets, for each recording, the throughput as measured and the median overshoot of the consumers' timers (service - requested
service), which tells how fast the machine was in that run.

Usage: python3 tests/oracles/recordings.py RAW_DIRECTORY [NAME ...]     (from the root of the repository; standard library only)
"""
import csv
import gzip
import io
import json
import statistics
import sys
from pathlib import Path

TARGET = Path("tests/data/real")


def seconds(value, digits):
    return "" if value is None else f"{value:.{digits}f}".rstrip("0").rstrip(".") or "0"


def attempts(path):
    """The rows of each message, by attempt."""
    messages = {}
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            for column in row:
                if column.endswith("_ts") or column.endswith("_s"):
                    row[column] = float(row[column]) if row[column] else None
            messages.setdefault(row["id"], []).append(row)
    for rows in messages.values():
        rows.sort(key=lambda row: (int(row["attempt"]), row["consumer"]))
    return messages


def factor(row, speed):
    return speed[int(row["consumer"].split(".")[0])] if speed else 1.0


def measured_work(row, speed):
    if row["service_start_ts"] is None or row["service_end_ts"] is None:
        return None
    return (row["service_end_ts"] - row["service_start_ts"]) / factor(row, speed)


def deals_in_turn(parameters):
    return parameters.get("prefetch", 0) >= 100 and parameters["consumers"] > 1 or parameters.get("ack") == "auto" or "$share" in parameters.get("filter", "")


def table(directory):
    """The table, the median overshoot (or nothing) and how many digits after the point are worth keeping."""
    parameters = json.loads((directory / "meta.json").read_text())["params"]
    messages = attempts(directory / "messages.csv.gz")
    speed = parameters.get("speed")
    rows = [row for rows in messages.values() for row in rows]
    started = sorted((row["service_start_ts"], row["consumer"]) for row in rows if row["service_start_ts"] is not None)
    order = {}
    for _, consumer in started:
        order.setdefault(consumer, len(order))
    if "crash" in parameters:  # the restarted process takes the place of the one that died
        order = {consumer: order[consumer.split(".")[0]] for consumer in order}
    worked = [row for row in rows if measured_work(row, None) is not None and row["service_req_s"]]
    overshoot = [measured_work(row, None) - row["service_req_s"] * factor(row, speed) for row in worked]
    overshoot = statistics.median(overshoot) if overshoot else None
    fanout = parameters.get("fanout")
    lost = any(rows[-1]["outcome"] not in ("ack", "auto") for rows in messages.values())
    priorities = parameters.get("use_priority")
    ttls = parameters.get("per_message_ttl")
    failures = any(key in parameters for key in ("nack_p", "poison_p"))
    confirms = any(row["confirm_ts"] is not None for row in rows)
    served = bool(started)
    pool = parameters.get("rpc") == "pool"
    result = []
    for rows in messages.values():
        first, last = rows[0], rows[-1]
        works = [work for work in (measured_work(row, speed) for row in rows) if work is not None]
        work = statistics.fmean(works) if works else first["service_req_s"] + (overshoot or 0.0)
        waits = [row["service_start_ts"] - row["publish_ts"] if row["service_start_ts"] is not None else None for row in rows]
        line = {"publish_s": first["publish_ts"]}
        if pool:
            line = {"arrival_s": first["sched_ts"], "publish_s": first["publish_ts"]}
        if served:
            line |= {"service_s": work, "wait_s": waits[0]}
            if fanout:
                by_consumer = {order[row["consumer"]]: wait for row, wait in zip(rows, waits)}
                line |= {"wait_s": by_consumer[0], "wait_1_s": by_consumer[1], "wait_2_s": by_consumer[2]}
            elif deals_in_turn(parameters):
                line["consumer"] = str(order[first["consumer"]]) if first["consumer"] in order else ""
        if priorities:
            line["priority"] = first["class"]
        if ttls:
            line["ttl_s"] = ttls[int(first["class"])][1] / 1e3
        if failures:
            line["failures"] = str(sum(row["outcome"] in ("nack_requeue", "republish", "reject_to_dlq") for row in rows))
        if confirms:
            line["confirm_s"] = first["confirm_ts"] - first["publish_ts"]
        if "reply_ts" in first:
            line["round_s"] = first["reply_ts"] - first["publish_ts"]
        if lost and served:
            line["outcome"] = last["outcome"]
        result.append((line["arrival_s"] if pool else line["publish_s"], line))
    result.sort(key=lambda pair: pair[0])
    return [line for _, line in result], overshoot, 5 if overshoot else 6


def main():
    source, names = Path(sys.argv[1]), sys.argv[2:]
    runs = {}
    if (TARGET / "runs.csv").exists():
        with open(TARGET / "runs.csv", newline="") as file:
            runs = {row["run"]: row for row in csv.DictReader(file)}
    for directory in sorted(source.iterdir()):
        if not (directory / "messages.csv.gz").exists() or names and directory.name not in names:
            continue
        rows, overshoot, digits = table(directory)
        throughput = json.loads((directory / "summary.json").read_text()).get("throughput", "")
        runs[directory.name] = {"run": directory.name, "throughput": throughput, "overshoot_ms": "" if overshoot is None else f"{overshoot * 1e3:.4f}"}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows[0].keys())
        for row in rows:
            writer.writerow([value if isinstance(value, str) else seconds(value, digits) for value in row.values()])
        target = TARGET / f"{directory.name}.csv.gz"
        with open(target, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
            packed.write(text.getvalue().encode())
        print(f"{target.stat().st_size:8} {target}  {','.join(rows[0])}")
    with open(TARGET / "runs.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["run", "throughput", "overshoot_ms"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(runs.items()))


main()
