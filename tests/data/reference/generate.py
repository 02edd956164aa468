#!/usr/bin/env python3
"""Writes the reference scenarios and their exact values from values.json.

values.json holds model instances with parameters in SI units and exact values of some of their metrics (closed forms, transforms
and numerical solutions, each checked by a second method). This script says which scenario describes each instance, which of our
metrics each value is, and how many messages a run needs so that the interval means something.

The families of services, forks, hosts, closed producers and faults are in calls.py, the text of scenarios in scenarios.py.

Writes INSTANCE.toml, det-*.csv, values.csv and README.md beside itself. Standard library only:
    python3 tests/data/reference/generate.py
"""
import csv
import json
import math
import os
import prefetch
from calls import CALLS, System
from decimal import Decimal as D
from scenarios import (LEAST, WIDTHS, PLAIN, REPLICATIONS, SKIPPED, Row, Scenario, counts, digits, distribution, exponential, known,
                       messages_for, plain_rows, poisson, quoted, rate, service_of, span)

HERE = os.path.dirname(os.path.abspath(__file__))
QUICK_MESSAGES = 400_000_000   # what all quick instances may need together
QUICK_CALLS = 60_000_000       # the same for those of calls.py, times what a message costs there
QUICK_LONGEST = 28_000_000      # one scenario of a quick instance needs at most so many
LOSSES = 3_000_000             # where a share of a few per cent is lost
MOST = 320_000_000
WARMUP = D("0.15")       # of the duration, before it
SHORT_RUNS = 12000       # replications of the terminating instances

# ---- families -------------------------------------------------------------------------------------------------------
# Each function gives scenarios, rows and what is skipped, for one instance.


def station(instance, queue=None, pool=None, skip=(), rename=None, arrivals=None, mean_rate=None, gaps=1.0):
    p = instance["parameters"]
    scenario = Scenario(instance["instance"], instance)
    text, mean, scv = service_of(p)
    servers = int(p["servers"])
    mean_rate = mean_rate or p["arrival_rate_per_s"]
    scenario.station(arrivals or poisson(p), text, servers, queue, pool)
    scenario.nature(mean_rate, mean, servers, gaps, scv, known(instance, "prob_wait"))
    rows, rest = plain_rows(scenario, instance, rename, skip)
    return [scenario], rows, rest


def heavy_tail(instance):
    """Infinite variance of the wait: only what has a finite one."""
    skip = {}
    if instance["parameters"]["service"]["dist"] == "pareto":
        reason = "the wait has an infinite variance, so that no interval for its mean is valid"
        skip = {name: reason for name in ("wait_mean_s", "sojourn_mean_s", "in_system_mean")}
    return station(instance, skip=skip)


def expiring(instance):
    p = instance["parameters"]
    scenarios, rows, rest = station(instance, queue={"ttl": quoted(span(p["patience_s"]))},
                                    skip={"wait_mean_s": "waits of expired messages are not recorded"})
    for row in rows:
        if row.metric == PLAIN["prob_wait"]:
            row.value = 1 - (1 - row.value) / (1 - known(instance, "abandon_prob"))
            row.note = "of those served: 1 - (1 - P(wait)) / (1 - P(expired))"
    for scenario in scenarios:
        scenario.least = LOSSES
    return scenarios, rows, rest


def bounded(instance):
    p = instance["parameters"]
    room = int(p.get("capacity_total", p["servers"])) - int(p["servers"])
    scenarios, rows, rest = station(instance, queue={"max_length": room, "overflow": quoted("reject-publish")})
    for scenario in scenarios:
        scenario.least = LOSSES
        if room == 0:
            scenario.load, scenario.waiting = 0.5, 1.0      # nobody waits: any plan will do
    return scenarios, rows, rest


def batches(instance):
    p = instance["parameters"]
    size, mean, scv = counts(p["batch_size"])
    arrivals = f'{{ batch = {{ arrivals = {poisson(p, "batch_arrival_rate_per_s")}, size = {size} }} }}'
    return station(instance, arrivals=arrivals, mean_rate=float(p["batch_arrival_rate_per_s"]) * mean, gaps=mean * (1 + scv))


def renewal(instance):
    gap, mean, scv = distribution(instance["parameters"]["interarrival"])
    return station(instance, arrivals=f"{{ renewal = {gap} }}", mean_rate=1 / mean, gaps=scv)


def stages_by_matrix(instance):
    """MAP/PH/1 where the matrices are Erlang gaps and Erlang work."""
    p = instance["parameters"]
    stages, of = len(p["D0_per_s"]), len(p["S_per_s"])
    gap = distribution({"dist": "erlang", "stages": stages, "stage_rate_per_s": -p["D0_per_s"][0][0]})
    instance = dict(instance, parameters=dict(p, service={"dist": "stages", "stages": of, "stage_rate_per_s": -p["S_per_s"][0][0]}))
    return station(instance, arrivals=f"{{ renewal = {gap[0]} }}", mean_rate=1 / gap[1], gaps=gap[2])


def modulated(instance):
    p = instance["parameters"]
    rates, switch = p["phase_arrival_rates_per_s"], p["phase_switch_rates_per_s"]
    leave = [sum(row) for row in switch]
    keys = [f"rates = [{', '.join(quoted(rate(r)) for r in rates)}]", f"stay = [{', '.join(quoted(span(1 / x)) for x in leave)}]"]
    if len(rates) > 2:
        rows = ", ".join("[" + ", ".join(digits(x / leave[i]) for x in row) + "]" for i, row in enumerate(switch))
        keys.append(f"next = [{rows}]")
    share = [1.0] * len(rates)
    for _ in range(20000):      # power iteration of the uniformised chain
        top = float(max(leave)) * 1.1
        share = [sum(share[i] * (float(switch[i][j]) / top if i != j else 1 - float(leave[i]) / top) for i in range(len(rates)))
                 for j in range(len(rates))]
        total = sum(share)
        share = [s / total for s in share]
    mean_rate = sum(float(r) * s for r, s in zip(rates, share))
    excess = sum((float(r) - mean_rate) ** 2 * s for r, s in zip(rates, share))
    gaps = 1 + 2 * excess / mean_rate / float(min(leave))
    return station(instance, arrivals="{ mmpp = { " + ", ".join(keys) + " } }", mean_rate=mean_rate, gaps=gaps)


def ordered(instance):
    """The same station under several disciplines; second moments become standard deviations, the mean being known."""
    p = instance["parameters"]
    _, work, scv = service_of(p)
    servers, arrivals = int(p["servers"]), float(p["arrival_rate_per_s"])
    mean = mean_wait(arrivals, work, scv, servers)
    scenarios, rows, rest = [], [], []
    for short, discipline in (("fcfs", "fifo"), ("lcfs", "lifo"), ("siro", "random")):
        mine = [v for v in instance["values"] if f"_{short}_" in v["metric"] and "_pr_" not in v["metric"]]
        if not mine:
            continue
        scenario = Scenario(f"{instance['instance']}-{discipline}", instance)
        scenario.station(poisson(p), service_of(p)[0], servers, {"discipline": quoted(discipline)})
        scenario.nature(arrivals, work, servers, 1.0, scv * (2 if short == "lcfs" else 1))
        scenarios.append(scenario)
        for value in mine:
            name = value["metric"].replace(f"_{short}", "")
            if name == "wait_m2_s2":
                exact = (float(value["value"]) - mean**2) ** 0.5
                rows.append(Row(scenario, value, "consumers.workers.wait.sd", exact, note="from the second moment and the mean, which does not depend on the order"))
            else:
                rows.append(Row(scenario, value, PLAIN[name], float(value["value"])))
    done = {row.id for row in rows}
    for value in instance["values"]:
        if value["id"] not in done:
            rest.append((value["metric"], SKIPPED[value["metric"]]))
    return scenarios, rows, rest


def mean_wait(arrivals, work, scv, servers):
    """Pollaczek and Khinchine for one worker, Erlang C for several."""
    load = arrivals * work / servers
    if servers == 1:
        return load * work * (1 + scv) / (2 * (1 - load))
    assert scv == 1
    block = 1.0
    for k in range(1, servers + 1):
        block = arrivals * work * block / (k + arrivals * work * block)
    return block / (1 - load * (1 - block)) / (servers / work - arrivals)


def priorities(instance):
    p = instance["parameters"]
    classes, servers = p["class_arrival_rates_per_s"], int(p["servers"])
    text, work, scv = exponential(1 / p["service_rate_per_s"])
    scenario = Scenario(instance["instance"], instance)
    for k, arrivals in enumerate(classes, 1):
        scenario.producer(f"class{k}", f'{{ poisson = "{rate(arrivals)}" }}', priority=len(classes) - k)
    scenario.table("queues.jobs", discipline=quoted("priority"), max_priority=len(classes) - 1)
    scenario.pool(text, servers).nature(sum(classes), work, servers, 1.0, scv)
    rename = {}
    for k in range(1, len(classes) + 1):
        rename[f"wait_mean_class{k}_s"] = f"producers.class{k}.wait.mean"
        rename[f"wait_p99_class{k}_s"] = f"producers.class{k}.wait.p99"
    rows, rest = plain_rows(scenario, instance, rename)
    return [scenario], rows, rest


def round_robin(instance):
    """Unlimited prefetch deals the messages out in turn, whatever the backlog of the consumers."""
    scenarios, rows, rest = station(instance, pool={"prefetch": 0})
    for row in rows:
        row.note = "static round robin through an unlimited prefetch"
    return scenarios, rows, rest


def random_split(instance):
    p = instance["parameters"]
    servers = int(p["servers"])
    scenario = Scenario(instance["instance"], instance)
    text, mean, _ = exponential(1 / p["service_rate_per_s"])
    for k in range(1, servers + 1):
        scenario.producer(f"source{k}", f'{{ poisson = "{rate(p["arrival_rate_per_s"] / servers)}" }}', f"jobs{k}")
        scenario.table(f"queues.jobs{k}")
        scenario.pool(text, 1, f"workers{k}", f"jobs{k}")
    scenario.nature(p["arrival_rate_per_s"], float(mean) / servers, 1).share = 1 / servers
    rows = []
    for value in instance["values"]:
        for k in range(1, servers + 1):
            ours = PLAIN[value["metric"]].replace("workers", f"workers{k}")
            rows.append(Row(scenario, value, ours, float(value["value"]), note="each part of a Poisson stream split at random", suffix=f"-{k}"))
    return [scenario], rows, []


def partitions(instance):
    p = instance["parameters"]
    scenario = Scenario(instance["instance"], instance)
    text, work, scv = distribution(p["service"])
    total, rows, check = p["arrival_rate_per_s"], [], 0.0
    value = next(v for v in instance["values"] if v["metric"] == "wait_mean_s")
    for k, weight in enumerate(p["partition_weights"], 1):
        scenario.producer(f"keys{k}", f'{{ poisson = "{rate(total * weight)}" }}', f"partition{k}")
        scenario.table(f"queues.partition{k}")
        scenario.pool(text, 1, f"reader{k}", f"partition{k}")
        exact = mean_wait(float(total * weight), work, scv, 1)
        check += float(weight) * exact
        rows.append(Row(scenario, value, f"consumers.reader{k}.wait.mean", exact, note="Pollaczek-Khinchine of one partition; weighted they sum to the value", suffix=f"-{k}"))
    assert abs(check / float(value["value"]) - 1) < 1e-9, check
    largest = float(max(p["partition_weights"]))
    scenario.nature(total, work / 4, 1, 1.0, scv)
    scenario.load, scenario.share = float(total) * largest * work, largest
    return [scenario], rows, [("wait_p99_s", "the percentile of all partitions together is not a metric")]


def tandem(instance):
    p = instance["parameters"]
    scenario = Scenario(instance["instance"], instance)
    scenario.producer("source", poisson(p), "stage1")
    rates = p["service_rates_per_s"]
    for k in range(1, len(rates) + 1):
        scenario.table(f"queues.stage{k}")
    for k, served in enumerate(rates, 1):
        on = {"publish": quoted(f"stage{k + 1}")} if k < len(rates) else {}
        scenario.pool(exponential(1 / served)[0], 1, f"workers{k}", f"stage{k}", **on)
    scenario.nature(p["arrival_rate_per_s"], 1 / float(min(rates)), 1)
    rename = {name: ours.replace("consumers.workers.sojourn", "producers.source.completion") for name, ours in PLAIN.items()}
    rows, rest = plain_rows(scenario, instance, rename)
    return [scenario], rows, rest


def credit(instance):
    p = instance["parameters"]
    scenarios, rows, rest = station(instance, pool={"prefetch": int(p["prefetch"])})
    # Most of the waiting is in the buffers, so that the number that waits in the queue varies more than the wait.
    scenarios[0].least = 2 * messages_for(scenarios[0], WIDTHS["full"])
    system = int(p["servers"]), int(p["prefetch"]), float(p["arrival_rate_per_s"]), float(p["service_rate_per_s"])
    pointer, ring = (prefetch.figures(rule, *system) for rule in ("pointer", "ring"))
    for row, value in zip(rows, (value for value in instance["values"] if value["metric"] in ring), strict=True):
        # The same program, once with the rule of values.json, so that it is checked by what it must give.
        assert abs(pointer[value["metric"]] / row.value - 1) < 1e-10, row.id
        row.value = ring[value["metric"]]
        row.note = f"prefetch.py for a ring of consumers with credit; a fixed round-robin pointer gives {digits(value['value'], 6)}"
    return scenarios, rows, rest


def infinite_servers(instance):
    p = instance["parameters"]
    scenario = Scenario(instance["instance"], instance)
    text, mean, scv = distribution(p["service"])
    workers = 2 * math.ceil(float(p["arrival_rate_per_s"]) * mean)
    scenario.station(poisson(p), text, workers)
    scenario.nature(p["arrival_rate_per_s"], mean, workers)
    scenario.plan = False
    # The work has no variance: what is missing after a start from empty falls as t^-0.73 only, so that the warm-up is long.
    scenario.run = {"duration": quoted("2000s"), "warmup": quoted("2000s"), "replications": REPLICATIONS}
    scenario.messages = int(REPLICATIONS * 4000 * p["arrival_rate_per_s"])
    on_edge = "a whole number by a hair: P(N <= 245) = 0.98998, and the start alone moves it beyond 0.99"
    rows, rest = plain_rows(scenario, instance, skip={"in_system_p99_count": on_edge})
    for row in rows:
        row.note = f"{workers} workers stand for infinitely many; the start leaves a bias of less than 0.05 %"
    return [scenario], rows, rest + [("in_system_mean_at_t1", SKIPPED["in_system_mean_at_t"])]


def first_messages(instance):
    p = instance["parameters"]
    first = int(p["n_messages"])
    scenario = Scenario(instance["instance"], instance)
    scenario.producer("source", poisson(p), messages=first)
    text, mean, scv = service_of(p)
    scenario.table("queues.jobs").pool(text).nature(p["arrival_rate_per_s"], mean, 1, 1.0, scv)
    scenario.plan = False
    scenario.run = {"stop": quoted("drained"), "start": quoted("empty"), "replications": SHORT_RUNS}
    scenario.messages = SHORT_RUNS * first
    rows, rest = plain_rows(scenario, instance)
    return [scenario], rows, rest


def changing_rate(instance):
    p = instance["parameters"]
    servers = int(p["servers"])
    scenario = Scenario(instance["instance"], instance)
    rates, lengths = p["segment_rates_per_s"], p["segment_durations_s"]
    segments = ", ".join(f'{{ for = "{span(t)}", rate = "{rate(r)}" }}' for r, t in zip(rates, lengths))
    text, mean, scv = exponential(1 / p["service_rate_per_s"])
    total = sum(r * t for r, t in zip(rates, lengths))
    scenario.station(f"{{ profile = [{segments}] }}", text, servers)
    scenario.nature(total / sum(lengths), mean, servers)
    scenario.plan = False
    scenario.run = {"duration": quoted(span(sum(lengths))), "start": quoted("empty"), "replications": SHORT_RUNS}
    scenario.messages = int(SHORT_RUNS * total)
    rows, rest = plain_rows(scenario, {**instance, "values": [v for v in instance["values"] if "_at_t" not in v["metric"]]})
    rest += [(v["metric"], next(r for s, r in SKIPPED.items() if v["metric"].startswith(s))) for v in instance["values"] if "_at_t" in v["metric"]]
    return [scenario], rows, rest


def recorded(instance):
    """Deterministic: arrivals from a file, equal work; every figure is exact."""
    p = instance["parameters"]
    name = instance["instance"]
    with open(os.path.join(HERE, f"{name}.csv"), "w") as file:
        file.write("arrival_ns\n")
        now = total = 0
        for segment in p["segments"]:
            for _ in range(int(segment["count"])):
                now += int(segment["interarrival_ns"])
                total += 1
                file.write(f"{now}\n")
    scenario = Scenario(name, instance)
    trace = f'{{ trace = {{ path = "{name}.csv", column = "arrival_ns", unit = "ns" }} }}'
    scenario.station(trace, quoted(f"{p['service_ns']}ns"), int(p["servers"]))
    scenario.nature(1e9 * total / now, float(p["service_ns"]) / 1e9, int(p["servers"]))
    scenario.plan = False
    scenario.run = {"stop": quoted("drained"), "warmup": quoted("none"), "replications": 1}
    scenario.messages = total
    rows, rest = [], []
    exact = {"wait_mean_s": "consumers.workers.wait.mean", "wait_max_s": "consumers.workers.wait.max",
             "queue_len_max_count": "queues.jobs.ready.max", "queue_len_time_avg": "queues.jobs.ready.mean"}
    for value in instance["values"]:
        metric, number = value["metric"], float(value["value"])
        if metric in exact:
            rows.append(Row(scenario, value, exact[metric], number, "exact"))
        elif metric == "waited_count":
            rows.append(Row(scenario, value, "consumers.workers.waited.ratio", number / total, "exact", f"{digits(value['value'])} of {total} messages"))
        elif metric == "wait_p99_nearest_rank_s":
            rows.append(Row(scenario, value, "consumers.workers.wait.p99", number, "histogram", "nearest rank"))
        else:
            rest.append((metric, SKIPPED[metric]))
    return [scenario], rows, rest


FAMILIES = CALLS | {
    "M/M/1": station, "M/M/c": station, "M/D/c": station, "M/G/1": heavy_tail, "M/D/1 quantiles": station,
    "M/PH/1 quantiles": station, "M/G/1 quantiles (general service)": station,
    "M/M/c+D (Baccelli-Hebuterne)": expiring, "M/G/1+D (message TTL)": expiring,
    "M/M/c/K": bounded, "M/G/1/K finite buffer": bounded, "M/G/c/c": bounded,
    "M^X/M/c batch arrivals": batches, "M^X/G/1 batch arrivals": batches,
    "GI/M/c": renewal, "GI/PH/c (exact CTMC)": renewal, "GI/GI/1": renewal, "MAP/PH/1": stages_by_matrix, "MMPP/M/c": modulated,
    "M/G/1 LCFS / random order": ordered, "M/M/c LCFS / random order": ordered,
    "M/M/c nonpreemptive priority (equal service rates)": priorities,
    "round-robin dispatch to c x M/M/1": round_robin, "random dispatch to c x M/M/1": random_split,
    "keyed partitions with skew (one consumer per partition)": partitions,
    "tandem M/M/1 -> ... (end-to-end sojourn law)": tandem, "broker with consumer prefetch": credit,
    "M/G/infinity": infinite_servers, "terminating M/M/1 from empty": first_messages, "terminating M/G/1 from empty": first_messages,
    "M(t)/M/c transient (piecewise-constant rate, empty start)": changing_rate, "D/D/c deterministic trace (exact integers)": recorded,
}

# ---- planning and writing -------------------------------------------------------------------------------------------


def need(scenario, suite):
    """Messages of all replications, warm-up included."""
    if not scenario.plan:
        return scenario.messages
    return min(messages_for(scenario, scenario.widths[suite]), MOST) * float(1 + WARMUP)


def choose_quick(instances):
    """The cheapest instances, as long as all of them together stay affordable."""
    quick = set()
    for calls, budget in ((False, QUICK_MESSAGES), (True, QUICK_CALLS)):
        total = 0
        of_kind = {name: [need(s, "quick") * s.cost for s in scenarios] for name, scenarios in instances.items() if isinstance(scenarios[0], System) == calls}
        for name, cost in sorted(of_kind.items(), key=lambda item: (sum(item[1]), item[0])):
            if max(cost) <= QUICK_LONGEST and total + sum(cost) <= budget:
                total += sum(cost)
                quick.add(name)
    return quick


def set_length(scenario, suite):
    if not scenario.plan:
        return
    length = D(need(scenario, suite)) / (1 + WARMUP) / REPLICATIONS / D(scenario.arrivals)
    length = D(digits(length, 3)) if length < 1000 else length.quantize(D(10)) if length < 100000 else length.quantize(D(1))
    scenario.run = {"duration": quoted(span(length)), "warmup": quoted(span(length * WARMUP)), "replications": REPLICATIONS}
    scenario.messages = int(float(length * (1 + WARMUP)) * scenario.arrivals * REPLICATIONS)


def main():
    document = json.load(open(os.path.join(HERE, "values.json")), parse_float=D, parse_int=D)
    built = {}
    for instance in document["instances"]:
        built[instance["instance"]] = (instance, *FAMILIES[instance["family"]](instance))
    quick = choose_quick({name: scenarios for name, (_, scenarios, _, _) in built.items()})
    written, families, skipped, spent = [], {}, {}, {"quick": 0, "full": 0}
    for name, (instance, scenarios, rows, rest) in built.items():
        suite = "quick" if name in quick else "full"
        for scenario in scenarios:
            set_length(scenario, suite)
            spent[suite] += scenario.messages
            with open(os.path.join(HERE, f"{scenario.name}.toml"), "w") as file:
                file.write(scenario.text())
        for row in rows:
            load = f"{row.scenario.load:.3f}"
            written.append([row.id, f"{row.scenario.name}.toml", row.metric, "none", repr(row.value), row.kind, suite, load, row.note])
        count = families.setdefault(instance["family"], [0, 0, 0])
        count[0], count[1], count[2] = count[0] + 1, count[1] + len(rows), count[2] + (len(rows) if name in quick else 0)
        for metric, reason in rest:
            skipped.setdefault(reason, []).append(f"{name}-{metric}")
    with open(os.path.join(HERE, "values.csv"), "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow("id scenario metric transform value kind suite load note".split())
        table.writerows(written)
    write_readme(document, families, skipped, spent, written, len(quick))


def write_readme(document, families, skipped, spent, written, quick):
    of = lambda suite: sum(row[6] == suite for row in written)
    text = f"""# Exact reference values

{len(written)} values of {sum(f[0] for f in families.values())} model instances in {len(families)} families, as scenarios that `queuelab run` takes.
Written by `generate.py` from `values.json`: change it there.

- `values.csv`: one row a value. `id` is that of `values.json` (a suffix -1, -2 marks parts of one value); `metric` is our dotted name; `transform`
  says what to do with the estimate before comparing (`none` everywhere: variances, second moments and complements are converted in `value`);
  `value` is in our SI unit; `kind` is `interval` (the interval of the run should cover the value at its confidence), `exact` (deterministic: equal but for the last digits of floating point) or `histogram` (deterministic, within its 0.1 %);
  `suite` is `quick` or `full`; `load` is the offered load of a worker; `note` says how a value was converted.
- `prefetch.py`: solves the broker with prefetch for the dispatch rule of the program, which is not that of values.json.
- `calls.py`: the families of services, forks, hosts, closed producers and faults; `scenarios.py`: the text of scenarios and the plan of their lengths.
- `INSTANCE.toml`: the scenario. Lengths are planned for a half-width of about {WIDTHS["quick"]:.2%} (quick) or {WIDTHS["full"]:.2%} (full, up to {MOST // 1_000_000} million messages) of the mean wait.
- quick: {quick} instances, {of('quick')} values, {spent['quick'] / 1e6:.0f} million messages in all; full: the other {sum(f[0] for f in families.values()) - quick} instances, {of('full')} values, {spent['full'] / 1e6:.0f} million messages.

Values come from closed forms, transforms and numerical solutions in high precision; each was checked by a second method or by a simulation.
A value of 0 of a percentile means that fewer messages wait than the percentile leaves out.
The durations of constants and times to live are whole nanoseconds; that is less than 1e-8 of any of them.

## Families
| family | instances | values | of these quick |
| --- | --- | --- | --- |
"""
    for name, (instances, values, fast) in sorted(families.items()):
        text += f"| {name} | {instances} | {values} | {fast} |\n"
    text += f"| all | {sum(f[0] for f in families.values())} | {len(written)} | {of('quick')} |\n"
    text += "\n## Values of these instances that are left out\n| reason | how many | such as |\n| --- | --- | --- |\n"
    for reason, ids in sorted(skipped.items()):
        text += f"| {reason} | {len(ids)} | {ids[0]} |\n"
    text += "\n## Families that are left out\n| family | instances | values | reason |\n| --- | --- | --- | --- |\n"
    for family in document["left_out"]:
        text += f"| {family['family']} | {family['instances']} | {family['values']} | {family['reason']} |\n"
    with open(os.path.join(HERE, "README.md"), "w") as file:
        file.write(text)


main()
