#!/usr/bin/env python3
"""A cost model of a broker, against measured throughput over the window of unconfirmed messages.

A closed loop: the client keeps `window` messages of 1 KiB unconfirmed; there is no consumer. Client and broker share one core and
the disk is a group-commit loop. One set of costs for three kinds of queue and eight windows each:

  core     whoever is ready runs until it has nothing left (neither side interrupts the other), first come, first served
  client   woken by confirms: a cost per wake-up and per message; then publishes as many as were confirmed
  broker   woken when idle: a cost per wake-up; takes everything that is pending, a cost per message; hands on at the end
  disk     takes everything that waits, at most `cap`: a cost per fsync and per byte; what arrives meanwhile joins the next

tests/data/real/window.csv holds what was measured (RabbitMQ 3.10.8, one scheduler, loopback).

Usage: python3 tests/oracles/window.py     (from the root of the repository; standard library only)
"""
import csv
import heapq
from collections import deque

US = 1e-6
# One set for everything; microseconds.
COSTS = {
    "wakeup": 38.0,  # of the broker: from idle, or for a completed fsync
    "publish": 11.7,  # one message of 1 KiB into a queue
    "confirm": 3.0,
    "store": {"transient": 0.0, "persistent": 19.0, "quorum": 8.8},  # more for a message that goes to disk
    "client_wakeup": 25.0,
    "client": 0.75,
    "fsync": 215.0,
    "bandwidth": 1e9,  # bytes a second
    "cap": {"persistent": 10**9, "quorum": 64},
}
SIZE = 1024


def simulate(kind, window, costs=COSTS, messages=None):
    """Throughput (messages a second) and the confirm latencies in seconds."""
    total = messages or max(400 * window, 4000) if window < 30 else 30 * window + 10000
    store = costs["store"][kind]
    now, seq, agenda = 0.0, 0, []
    core_free = 0.0
    inbox, client_box, to_disk = deque(), deque(), deque()  # of the broker: ("publish" or "stored", instants of publishing)
    broker_on = client_on = disk_on = False
    latencies, published = [], 0

    def after(delay, action, *arguments):
        nonlocal seq
        heapq.heappush(agenda, (now + delay, seq, action, arguments))
        seq += 1

    run_queue = deque()  # who waits for the core
    running = None

    def schedule():
        nonlocal running
        if running is None and run_queue:
            running = run_queue.popleft()
            running()

    def release():
        nonlocal running
        running = None
        schedule()

    def wake_broker():
        nonlocal broker_on
        if not broker_on:
            broker_on = True
            run_queue.append(lambda: after(costs["wakeup"] * US, broker_batch))
            schedule()

    def broker_batch():
        batch = list(inbox)
        inbox.clear()
        publishes = [instants for what, instants in batch if what == "publish"]
        stored = [instant for what, instants in batch if what == "stored" for instant in instants]
        publishes = [instant for instants in publishes for instant in instants]
        cost = len(publishes) * (costs["publish"] + store) + len(stored) * costs["confirm"]
        if kind == "transient":
            cost += len(publishes) * costs["confirm"]
        after(cost * US, broker_done, publishes, stored)

    def broker_done(publishes, stored):
        nonlocal broker_on
        if kind == "transient":
            stored = publishes
        elif publishes:
            to_disk.extend(publishes)
            start_disk()
        if stored:
            client_box.append(stored)
            wake_client()
        if inbox:
            broker_batch()
        else:
            broker_on = False
            release()

    def start_disk():
        nonlocal disk_on
        if disk_on or not to_disk:
            return
        disk_on = True
        batch = [to_disk.popleft() for _ in range(min(len(to_disk), costs["cap"][kind]))]
        after(costs["fsync"] * US + len(batch) * SIZE / costs["bandwidth"], disk_done, batch)

    def disk_done(batch):
        nonlocal disk_on
        disk_on = False
        inbox.append(("stored", batch))
        start_disk()
        wake_broker()

    def wake_client():
        nonlocal client_on
        if not client_on:
            client_on = True
            run_queue.append(lambda: after(costs["client_wakeup"] * US, client_batch))
            schedule()

    def client_batch():
        confirmed = [instant for instants in client_box for instant in instants]
        client_box.clear()
        latencies.extend(now - instant for instant in confirmed)
        after(len(confirmed) * costs["client"] * US, client_done, len(confirmed))

    def client_done(count):
        nonlocal client_on, published
        if count and published < total:
            published += count
            inbox.append(("publish", [now] * count))
            wake_broker()
        if client_box:
            client_batch()
        else:
            client_on = False
            release()

    inbox.append(("publish", [0.0] * window))
    published = window
    wake_broker()
    while agenda:
        now, _, action, arguments = heapq.heappop(agenda)
        action(*arguments)
    return len(latencies) / now, latencies


def main():
    with open("tests/data/real/window.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    print("| queue | window | messages/s measured | predicted | off by | confirm p50 measured, ms | predicted |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        throughput, latencies = simulate(row["queue"], int(row["window"]))
        latencies.sort()
        off = throughput / float(row["throughput"]) - 1
        p50 = latencies[len(latencies) // 2] * 1e3
        print(f"| {row['queue']} | {row['window']} | {float(row['throughput']):.0f} | {throughput:.0f} | {off * 100:+.1f} % | {row['confirm_p50_ms']} | {p50:.3f} |")


if __name__ == "__main__":
    main()
