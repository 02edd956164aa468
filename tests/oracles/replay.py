#!/usr/bin/env python3
"""An independent replay of recorded brokers: the oracle behind tests/real.rs and docs/validation.md.

Reads the recorded publish instants and service times, pushes them through a small exact simulation of the broker (whole
nanoseconds, no random number but for callers that think), and prints measured beside predicted waits. It shares no line with the
simulator.

The semantics are what the recordings show:
  ring        the broker keeps a ring of the consumers that have credit; the next message goes to the head of the ring, which then
              goes to its tail; a consumer without credit leaves and rejoins at the tail when an ack gives it credit again
  client      what was delivered waits there in order of arrival; after each service the client is busy for a moment (`gap`)
  ready       priority, time to live, limit of length and position concern ready messages only
  expiry      a timer looks at the head and is late by 1.5 ms; a delivery does not look first, but the next head is looked at after it
  limit       drop-head drops heads after the newcomer joined; reject-publish refuses the newcomer
  requeue     puts back to the position that the message had, `republish` appends at the tail
  crash       takes the messages of the consumer back when the broker notices
  round robin Mosquitto assigns at publish time, whatever the backlog: a queue for each subscriber

Three sums of one-way delays are known for each protocol; how they split is free, because nothing shows the broker's clock.

Rows of the output:
  predicted   one set of delays for all recordings of a protocol (DELAYS)
  at speed    the same delays times how slow the machine was in that run, which the timers of the consumers tell: the median
              overshoot of a service over what is usual. No wait, no delivery and no ack is used

Usage: python3 tests/oracles/replay.py [--csv] [RUN ...]     (from the root of the repository; standard library only)
"""
import csv
import gzip
import heapq
import random
import statistics
import sys
from collections import deque

MS = 1_000_000
DATA = "tests/data/real/"
UNLIMITED = 1 << 40
LATE = 1_500_000
# One way, in nanoseconds. AMQP: publish + deliver = 0.595 ms, ack + deliver = 0.434 ms, publish + confirm = 0.51 ms. STOMP and
# MQTT: medians over the recordings of that protocol (0.375 and 0.303 ms; 0.185 and 0.142 ms). `overshoot`: by so much the timers
# of the machine overshot then, in milliseconds (medians over the recordings, AMQP rounded to 5 microseconds).
DELAYS = {
    "amqp": {"publish": 345_000, "deliver": 250_000, "ack": 184_000, "confirm": 165_000, "gap": 80_000, "overshoot": 0.075},
    "stomp": {"publish": 225_000, "deliver": 150_000, "ack": 153_000, "confirm": 150_000, "gap": 10_000, "overshoot": 0.062},
    "mqtt": {"publish": 115_000, "deliver": 70_000, "ack": 72_000, "confirm": 70_000, "gap": 23_000, "overshoot": 0.065},
}
# What each recording was, beyond three consumers with a prefetch of 1 on a classic queue over AMQP.
RUNS = {
    "R1_durable_persistent_p1": {},
    "R1_mm3_p1": {},
    "R1_mm3_p1_rho50": {},
    "R2_hetero_p1": {"slowness": (0.6, 1.0, 1.4)},
    "R2_hetero_p10": {"slowness": (0.6, 1.0, 1.4), "prefetch": 10},
    "R2_mm3_p10": {"prefetch": 10},
    "R2_mm3_p100": {"prefetch": 100},
    "R3_async_confirm": {},
    "R3_rpc_closed_N1": {},
    "R3_rpc_closed_N4": {},
    "R3_rpc_closed_N16": {},
    "R3_rpc_pool_N3": {"callers": 3},
    "R4_det": {},
    "R4_lognormal_cv2": {},
    "R5_prio_p1": {},
    "R6_maxlen10_drop": {"max_length": 10},
    "R6_maxlen50_reject": {"max_length": 50, "reject": True},
    "R7_permsg_ttl20_200": {},
    "R7_ttl50_rho110": {"ttl": 50 * MS},
    "R8_crash_p1": {"crash": (6_609_491_000, 7_647_571_000, 12_000_000)},
    "R8_nack_p01": {},
    "R8_poison_app": {"attempts": 3},
    "R9_ramp": {},
    "R10_conf_transient_cons": {"consumers": 1, "prefetch": 100},
    "R11_fanout3_qos1": {"protocol": "mqtt", "prefetch": UNLIMITED, "fanout": True},
    "R11_lat_qos0_nodelay": {"protocol": "mqtt", "consumers": 1, "prefetch": UNLIMITED, "auto": True},
    "R11_lat_qos1_nodelay": {"protocol": "mqtt", "consumers": 1, "prefetch": UNLIMITED},
    "R11_lat_qos2_nodelay": {"protocol": "mqtt", "consumers": 1, "prefetch": UNLIMITED, "handshake": True},
    "R11_share_qos1_rm1": {"protocol": "mqtt", "round_robin": True},
    "R12_auto": {"protocol": "stomp", "prefetch": UNLIMITED, "auto": True},
    "R12_ci_p1": {"protocol": "stomp"},
    "R12_client_p10_every10": {"protocol": "stomp", "prefetch": 10, "ack_every": 10},
}
# Only there is it certain who gets what: elsewhere the ring turns with every tie.
WHO = {"R2_mm3_p100", "R11_share_qos1_rm1", "R12_auto"}
CLOSED = {"R3_rpc_closed_N1": 1, "R3_rpc_closed_N4": 4, "R3_rpc_closed_N16": 16}


def nanos(text):
    """Decimal seconds to whole nanoseconds, exactly; nothing for an empty cell."""
    if not text:
        return None
    whole, _, fraction = text.partition(".")
    return int(whole) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])


def read(name):
    path = "scenarios/data/rabbitmq-mm3.csv.gz" if name == "R1_mm3_p1" else f"{DATA}{name}.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


class Broker:
    """One queue, its consumers and the links; `run` fills first start, consumer, outcome and confirm of each message."""

    def __init__(self, messages, delays, consumers=3, prefetch=1, ack_every=1, auto=False, slowness=None, ttl=None,
                 max_length=None, reject=False, attempts=None, crash=None, callers=None, handshake=False):
        self.messages, self.delays, self.prefetch, self.ack_every, self.auto = messages, delays, prefetch, ack_every, auto
        self.slowness, self.ttl, self.max_length, self.reject = slowness or (1.0,) * consumers, ttl, max_length, reject
        self.attempts, self.crash, self.callers = attempts, crash, callers
        # Exactly-once of MQTT delivers after another round trip of the publisher.
        self.inbound = delays["publish"] + (delays["confirm"] + delays["publish"] if handshake else 0)
        count = len(messages)
        self.published, self.started, self.ended = [None] * count, [None] * count, [None] * count
        self.who, self.outcome, self.confirmed, self.replied = [None] * count, ["queued"] * count, [None] * count, [None] * count
        self.deliveries, self.position, self.expires = [0] * count, [None] * count, [None] * count
        self.ready, self.positions = [], 0  # heap of (-priority, position, message)
        self.ring, self.credit = deque(range(consumers)), [prefetch] * consumers
        self.buffer, self.idle = [deque() for _ in range(consumers)], [True] * consumers
        self.unsettled, self.unacked = [set() for _ in range(consumers)], [[] for _ in range(consumers)]
        self.life = [0] * consumers  # of the consumer's process: what belongs to an earlier one is ignored
        self.dead = [False] * consumers
        self.agenda, self.sequence, self.now = [], 0, 0

    def at(self, instant, action, *arguments):
        # At the same instant what ends comes before what arrives.
        order = (action in (self.arrive, self.again), self.sequence)
        heapq.heappush(self.agenda, (instant, order, action, arguments))
        self.sequence += 1

    def feed(self):
        if self.callers:
            self.free_callers, self.waiting = self.callers, deque()
        for which, message in enumerate(self.messages):
            self.at(message["arrival"] if self.callers else message["publish"], self.call if self.callers else self.publish, which)
        if self.crash:
            dies, rises, notice = self.crash
            self.at(dies, self.die, 0)
            self.at(dies + notice, self.give_back, 0)
            self.at(rises, self.rise, 0)
        return self

    def run(self):
        while self.agenda:
            self.now, _, action, arguments = heapq.heappop(self.agenda)
            action(*arguments)
        return self

    # Publishers

    def call(self, which):
        if self.free_callers:
            self.free_callers -= 1
            self.publish(which)
        else:
            self.waiting.append(which)

    def reply(self, which):
        self.replied[which] = self.now
        if self.waiting:
            self.publish(self.waiting.popleft())
        else:
            self.free_callers += 1

    def publish(self, which):
        self.published[which] = self.now
        self.at(self.now + self.inbound, self.arrive, which)

    # Broker

    def arrive(self, which):
        self.confirmed[which] = self.now + self.delays["confirm"]
        if self.reject and len(self.ready) >= self.max_length:
            self.outcome[which] = "rejected"
            return
        ttl = self.messages[which].get("ttl", self.ttl)
        if ttl is not None:
            self.expires[which] = self.now + ttl
        self.append(which)
        self.dispatch()
        while self.max_length is not None and len(self.ready) > self.max_length:
            self.outcome[heapq.heappop(self.ready)[2]] = "dropped"
        self.watch_head()

    def again(self, which):
        """What its consumer has published again arrives."""
        self.append(which)
        self.dispatch()

    def append(self, which):
        self.positions += 1
        self.position[which] = self.positions
        self.put(which)

    def put(self, which):
        heapq.heappush(self.ready, (-self.messages[which].get("priority", 0), self.position[which], which))

    def dispatch(self):
        while self.ready and self.ring:
            which, consumer = heapq.heappop(self.ready)[2], self.ring.popleft()
            self.expire_heads()
            self.credit[consumer] -= 1
            if self.credit[consumer]:
                self.ring.append(consumer)
            self.unsettled[consumer].add(which)
            self.deliveries[which] += 1
            self.at(self.now + self.delays["deliver"], self.deliver, consumer, which, self.life[consumer])

    def expire_heads(self):
        while self.ready:
            which = self.ready[0][2]
            if self.expires[which] is None or self.expires[which] > self.now:
                return
            self.outcome[heapq.heappop(self.ready)[2]] = "expired"

    def watch_head(self):
        if self.ready and self.expires[self.ready[0][2]] is not None:
            which = self.ready[0][2]
            self.at(max(self.now, self.expires[which] + LATE), self.timer, which)

    def timer(self, which):
        if self.ready and self.ready[0][2] == which:
            self.expire_heads()
            self.watch_head()

    def settle(self, consumer, which, failed, life):
        """One ack or nack arrives, for all of `which`."""
        if life != self.life[consumer]:
            return
        self.unsettled[consumer].difference_update(which)
        if not self.credit[consumer]:
            self.ring.append(consumer)
        self.credit[consumer] += len(which)
        if failed and not self.attempts:
            self.put(which[0])
        elif failed and self.deliveries[which[0]] >= self.attempts:
            self.outcome[which[0]] = "rejected"
        self.dispatch()
        self.watch_head()

    # Consumers

    def deliver(self, consumer, which, life):
        if life == self.life[consumer] and not self.dead[consumer]:
            self.buffer[consumer].append(which)
            self.begin(consumer)

    def begin(self, consumer):
        if not self.idle[consumer] or not self.buffer[consumer]:
            return
        which = self.buffer[consumer].popleft()
        self.idle[consumer] = False
        if self.started[which] is None:
            self.started[which], self.who[which] = self.now, consumer
        work = round(self.messages[which]["service"] * self.slowness[consumer])
        self.at(self.now + work, self.finish, consumer, which, self.life[consumer])

    def finish(self, consumer, which, life):
        if life != self.life[consumer]:
            return
        self.ended[which] = self.now
        self.at(self.now + self.delays["gap"], self.take_next, consumer, life)
        if self.callers:
            self.at(self.now + self.delays["ack"] + self.delays["deliver"], self.reply, which)
        failed = self.deliveries[which] <= self.messages[which].get("failures", 0)
        if not failed:
            self.outcome[which] = "done"
        if self.auto:
            return
        if failed and self.attempts and self.deliveries[which] < self.attempts:
            self.at(self.now + self.inbound, self.again, which)
        self.unacked[consumer].append(which)
        if len(self.unacked[consumer]) == self.ack_every:
            settled, self.unacked[consumer] = self.unacked[consumer], []
            self.at(self.now + self.delays["ack"], self.settle, consumer, settled, failed, life)

    def take_next(self, consumer, life):
        if life == self.life[consumer]:
            self.idle[consumer] = True
            self.begin(consumer)

    def die(self, consumer):
        self.life[consumer] += 1
        self.dead[consumer], self.idle[consumer] = True, True
        self.buffer[consumer].clear()

    def give_back(self, consumer):
        if consumer in self.ring:
            self.ring.remove(consumer)
        self.credit[consumer] = 0
        for which in self.unsettled[consumer]:
            self.put(which)
        self.unsettled[consumer].clear()
        self.dispatch()

    def rise(self, consumer):
        self.dead[consumer], self.credit[consumer] = False, self.prefetch
        self.ring.append(consumer)
        self.dispatch()


def replay(name, speed=1.0):
    """Measured and predicted: waits of what was served, throughput, share lost, share at the right consumer, confirms."""
    settings = dict(RUNS[name])
    delays = {what: round(delay * speed) for what, delay in DELAYS[settings.pop("protocol", "amqp")].items()}
    fanout, round_robin = settings.pop("fanout", False), settings.pop("round_robin", False)
    rows = read(name)
    messages = []
    for row in rows:
        message = {"publish": nanos(row["publish_s"]), "service": nanos(row["service_s"])}
        if "arrival_s" in row:
            message["arrival"] = nanos(row["arrival_s"])
        for key in ("priority", "failures"):
            if key in row:
                message[key] = int(row[key])
        if "ttl_s" in row:
            message["ttl"] = nanos(row["ttl_s"])
        messages.append(message)
    measured = {"waits": [nanos(row["wait_s"]) for row in rows if row["wait_s"] and row.get("outcome", "ack") in ("ack", "auto")]}
    measured["confirms"] = [nanos(row["confirm_s"]) for row in rows if row.get("confirm_s")]
    measured["rounds"] = [nanos(row["round_s"]) for row in rows if row.get("round_s")]
    measured["lost"] = sum(row.get("outcome", "ack") not in ("ack", "auto") for row in rows) / len(rows)
    if fanout or round_robin:
        parts = [messages] * 3 if fanout else [messages[which::3] for which in range(3)]
        brokers = [Broker(part, delays, consumers=1, **settings).feed().run() for part in parts]
        if fanout:
            measured["waits"] += [nanos(row[column]) for column in ("wait_1_s", "wait_2_s") for row in rows]
        who = [str(which % 3) for which in range(len(rows))]
    else:
        brokers = [Broker(messages, delays, **settings).feed().run()]
        who = [str(consumer) for consumer in brokers[0].who]
    served = [(broker, which) for broker in brokers for which, outcome in enumerate(broker.outcome) if outcome == "done"]
    predicted = {"waits": [broker.started[which] - broker.published[which] for broker, which in served]}
    number = (lambda broker, which: 3 * which + brokers.index(broker)) if round_robin else (lambda broker, which: which)
    digest = sum((number(broker, which) + 1) * wait for (broker, which), wait in zip(served, predicted["waits"]))
    predicted["digest"] = digest % 2**64  # one number for all waits, each at its message
    predicted["confirms"] = [broker.confirmed[which] - broker.published[which] for broker in brokers for which in range(len(broker.messages))]
    predicted["rounds"] = [broker.replied[which] - broker.published[which] for broker, which in served if broker.replied[which]]
    predicted["lost"] = 1 - len(served) / sum(len(broker.messages) for broker in brokers)
    predicted["throughput"] = len(served) * 1e9 / (max(broker.ended[which] for broker, which in served) - messages[0]["publish"])
    predicted["who"] = statistics.fmean(row["consumer"] == consumer for row, consumer in zip(rows, who)) if name in WHO else None
    return measured, predicted


def closed(callers, services, speed=1.0, seconds=200, seed=1):
    """Callers that think for 20 ms, ask and wait for the answer: answers a second and the mean round trip, long run."""
    draw = random.Random(seed)
    delays = {what: round(delay * speed) for what, delay in DELAYS["amqp"].items()}

    class Closed(Broker):
        def reply(self, which):
            self.replied[which] = self.now
            self.think()

        def think(self):
            instant = self.now + round(draw.expovariate(1 / (20 * MS)))
            which = len(self.messages)
            if instant < seconds * 1_000_000_000:
                self.messages.append({"service": draw.choice(services)})
                for column in (self.published, self.started, self.ended, self.who, self.confirmed, self.replied, self.position, self.expires):
                    column.append(None)
                self.outcome.append("queued")
                self.deliveries.append(0)
                self.at(instant, self.publish, which)

    broker = Closed([], delays, callers=callers)
    for _ in range(callers):
        broker.think()
    broker.run()
    rounds = [reply - published for reply, published in zip(broker.replied, broker.published) if reply]
    waits = [start - published for start, published in zip(broker.started, broker.published) if start]
    return len(rounds) / seconds, rounds, waits


def figures(waits):
    """Mean and nearest-rank percentiles in seconds."""
    ordered = sorted(waits)
    rank = lambda q: ordered[-(-len(ordered) * q // 100) - 1] / 1e9
    return [sum(ordered) / len(ordered) / 1e9, rank(50), rank(95), rank(99)]


def recordings():
    """What was measured of the runs as a whole: throughput, and the median overshoot of the consumers' timers."""
    with open(DATA + "runs.csv", newline="") as file:
        return {row["run"]: row for row in csv.DictReader(file)}


def slowness(runs):
    """How slow the machine was in each recording, as its timers tell; 1 where the delays above belong to."""
    usual = {name: DELAYS[settings.get("protocol", "amqp")]["overshoot"] for name, settings in RUNS.items()}
    return {name: float(row["overshoot_ms"]) / usual[name] for name, row in runs.items() if row["overshoot_ms"]}


def main():
    names = [argument for argument in sys.argv[1:] if not argument.startswith("--")] or list(RUNS)
    runs = recordings()
    speed = slowness(runs)
    rows, off = [], {"predicted": [], "at speed": []}
    for name in names:
        variants = [("predicted", 1.0)] + ([("at speed", speed[name])] if name in speed else [])
        for which, factor in variants:
            measured, predicted = replay(name, factor)
            if which == "predicted":
                throughput = float(runs[name]["throughput"])
                rows.append((name, "measured", figures(measured["waits"]), throughput, measured["lost"], None, measured["confirms"], measured["rounds"]))
            rows.append((name, which, figures(predicted["waits"]), predicted["throughput"], predicted["lost"], predicted["who"], predicted["confirms"], predicted["rounds"], predicted["digest"]))
            real, found = figures(measured["waits"]), figures(predicted["waits"])
            if RUNS[name].get("protocol", "amqp") == "amqp" and "rpc" not in name and "R10" not in name:
                off[which].append((abs(found[0] / real[0] - 1), abs(found[3] / real[3] - 1)))
    if "--csv" in sys.argv:
        print("run,mean_s,p50_s,p95_s,p99_s,throughput,lost,digest")
        for name, which, values, throughput, lost, *_, digest in rows:
            if which == "predicted":
                print(f"{name}," + ",".join(f"{value:.9f}" for value in values) + f",{throughput:.6f},{lost:.6f},{digest}")
        return
    print("| run | | mean | p50 | p95 | p99 | throughput | lost | mean | p99 | right consumer | confirm p50 | round trip |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, which, values, throughput, lost, who, confirms, rounds, *_ in rows:
        if which == "measured":
            real, compare = values, " | "
        else:
            compare = f"{(values[0] / real[0] - 1) * 100:+.1f} % | {(values[3] / real[3] - 1) * 100:+.1f} %"
        cells = " | ".join(f"{value * 1e3:.3f}" for value in values)
        extra = f"{'' if who is None else f'{who * 100:.2f} %'} | {figures(confirms)[1] * 1e3 if confirms else 0:.3f} | {figures(rounds)[0] * 1e3 if rounds else 0:.3f}"
        print(f"| {name if which == 'measured' else ''} | {which} | {cells} | {throughput:.2f} | {lost * 100:.2f} % | {compare} | {extra} |")
    for which, pairs in off.items():
        if pairs:
            means, tails = sorted(mean for mean, _ in pairs), sorted(tail for _, tail in pairs)
            print(f"{which}: {len(pairs)} open AMQP runs, mean off by {statistics.median(means):.2%} (median), {means[-1]:.2%} (worst); p99 {statistics.median(tails):.2%}, {tails[-1]:.2%}")
    for name, callers in CLOSED.items():
        if name in names:
            services = [nanos(row["service_s"]) for row in read(name)]
            for which, factor in (("predicted", 1.0), ("at speed", speed[name])):
                rate, rounds, waits = closed(callers, services, factor)
                print(name, which, f"{rate:.2f}/s, round trip {figures(rounds)[0] * 1e3:.3f} ms, wait", [round(value * 1e3, 3) for value in figures(waits)])


if __name__ == "__main__":
    main()
