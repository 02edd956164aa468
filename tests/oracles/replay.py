#!/usr/bin/env python3
"""An independent replay of recorded queues: the oracle behind docs/replay.md and scenarios/replay.toml.

Reads the recorded publish instants and service times, pushes them through a small exact simulation of one first in, first out
queue with three consumers (whole nanoseconds, no random number), and prints measured beside predicted waits in milliseconds.

Dispatch is what RabbitMQ was seen to do: the broker keeps a ring of the consumers that have credit; the next message goes to
the head of the ring, which then goes to its tail; a consumer without credit leaves the ring and rejoins at the tail on its ack.
With a prefetch of 1 this is the plain queue of three servers.

Three predictions stand in each row:
  plain        work only;
  turnaround   every message holds its consumer a little longer (what `service = { shifted = ... }` says): 0.434 ms with a
               prefetch of 1 (ack to the broker and the next delivery back), 0.080 ms where the next message is already there;
  with path    as well, no message starts earlier than 0.595 ms after it was published (broker and network at an idle
               consumer). Scenario files cannot say this yet.

Usage: python3 tests/oracles/replay.py [--csv]     (from the root of the repository; standard library only)
"""
import csv
import gzip
import heapq
import sys
from collections import deque

RUNS = [  # name, file, prefetch
    ("mm3", "scenarios/data/rabbitmq-mm3.csv.gz", 1),
    ("mm3-load-50", "tests/data/real/mm3-load-50.csv.gz", 1),
    ("mm3-durable", "tests/data/real/mm3-durable.csv.gz", 1),
    ("constant-work", "tests/data/real/constant-work.csv.gz", 1),
    ("lognormal-work", "tests/data/real/lognormal-work.csv.gz", 1),
    ("mm3-prefetch-10", "tests/data/real/mm3-prefetch-10.csv.gz", 10),
    ("mm3-prefetch-100", "tests/data/real/mm3-prefetch-100.csv.gz", 100),
]
CONSUMERS = 3
PATH = 595_000
TURNAROUND = {1: 434_000, 10: 80_000, 100: 80_000}
ACK = 434_000
ARRIVAL, ACKED = 0, 1


def nanos(text):
    """Decimal seconds to whole nanoseconds, exactly."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])


def read(path):
    with gzip.open(path, "rt", newline="") as file:
        return [tuple(nanos(row[c]) for c in ("publish_s", "service_s", "wait_s")) for row in csv.DictReader(file)]


def replay(messages, prefetch, hold=0, path=0, ack=0):
    """Waits of all messages. `hold` occupies the consumer after each service, `ack` delays the credit beyond that."""
    ready = deque()
    ring = deque(range(CONSUMERS))
    credit = [prefetch] * CONSUMERS
    free_at = [0] * CONSUMERS
    waits = [0] * len(messages)
    agenda = [(publish, ARRIVAL, k, 0) for k, (publish, _, _) in enumerate(messages)]
    heapq.heapify(agenda)
    while agenda:
        now, kind, which, _ = heapq.heappop(agenda)
        if kind == ARRIVAL:
            ready.append(which)
        else:
            if credit[which] == 0:
                ring.append(which)
            credit[which] += 1
        while ready and ring:
            message, consumer = ready.popleft(), ring.popleft()
            credit[consumer] -= 1
            if credit[consumer]:
                ring.append(consumer)
            publish, service, _ = messages[message]
            start = max(now, publish + path, free_at[consumer])
            waits[message] = start - publish
            free_at[consumer] = start + service + hold
            heapq.heappush(agenda, (free_at[consumer] + ack, ACKED, consumer, message))
    return waits


def figures(waits):
    """Mean and nearest-rank percentiles in milliseconds."""
    ordered = sorted(waits)
    rank = lambda q: ordered[-(-len(ordered) * q // 100) - 1] / 1e6
    return [sum(ordered) / len(ordered) / 1e6, rank(50), rank(95), rank(99)]


def main():
    table = []
    for name, path, prefetch in RUNS:
        messages = read(path)
        hold = TURNAROUND[prefetch]
        rows = {
            "measured": figures([wait for _, _, wait in messages]),
            "plain": figures(replay(messages, prefetch)),
            "turnaround": figures(replay(messages, prefetch, hold=hold)),
            "with path": figures(replay(messages, prefetch, hold=hold, path=PATH, ack=0 if prefetch == 1 else ACK - hold)),
        }
        load = sum(service for _, service, _ in messages) / CONSUMERS / messages[-1][0]
        table.append((name, prefetch, load, len(messages), rows))
    if "--csv" in sys.argv:
        print("run,scenario,prefetch,messages,which,mean_s,p50_s,p95_s,p99_s")
        for name, prefetch, _, count, rows in table:
            scenario = "scenarios/replay.toml" if name == "mm3" else f"tests/data/real/{name}.toml"
            for which, values in rows.items():
                numbers = ",".join(f"{value / 1e3:.9f}" for value in values)
                print(f"{name},{scenario},{prefetch},{count},{which.replace(' ', '_')},{numbers}")
        return
    print("| run | prefetch | load | | mean | p50 | p95 | p99 | mean is off by |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, prefetch, load, _, rows in table:
        for which, values in rows.items():
            off = "" if which == "measured" else f"{(values[0] / rows['measured'][0] - 1) * 100:+.1f} %"
            head = f"{name} | {prefetch} | {load:.3f}" if which == "measured" else " | | "
            print(f"| {head} | {which} | " + " | ".join(f"{value:.3f}" for value in values) + f" | {off} |")


main()
