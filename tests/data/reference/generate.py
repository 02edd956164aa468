#!/usr/bin/env python3
"""Writes the reference scenarios and their exact values from values.json.

values.json holds model instances with parameters in SI units and exact values of some of their metrics (closed forms, transforms
and numerical solutions, each checked by a second method). This script says which scenario describes each instance, which of our
metrics each value is, and how many messages a run needs so that the interval means something.

Writes INSTANCE.toml, det-*.csv, values.csv and README.md beside itself. Standard library only:
    python3 tests/data/reference/generate.py
"""
import csv
import json
import math
import os
import prefetch
from decimal import Decimal as D

HERE = os.path.dirname(os.path.abspath(__file__))
REPLICATIONS = 20
STUDENT = 2.093          # 97.5 % point with 19 degrees of freedom
QUICK_MESSAGES = 400_000_000   # what all quick instances may need together
QUICK_LONGEST = 28_000_000      # one scenario of a quick instance needs at most so many
WIDTHS = {"quick": 0.0107, "full": 0.0115}   # planned relative half-width of the mean wait
LEAST = 1_200_000              # messages of a scenario
LOSSES = 3_000_000             # where a share of a few per cent is lost
MOST = 320_000_000
WARMUP = D("0.15")       # of the duration, before it
SHORT_RUNS = 12000       # replications of the terminating instances

# ---- quantities -----------------------------------------------------------------------------------------------------


def digits(x, places=15):
    """A decimal text with at most so many significant digits and no exponent."""
    x = +D(x)
    if x == 0:
        return "0"
    x = x.quantize(D(1).scaleb(x.adjusted() - places + 1))
    text = format(x, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(seconds):
    """A length of time in the largest unit that leaves at least one whole."""
    seconds = D(seconds)
    for unit, size in (("s", D(1)), ("ms", D("1e-3")), ("us", D("1e-6")), ("ns", D("1e-9"))):
        if seconds >= size or unit == "ns":
            return f"{digits(seconds / size)}{unit}"


def rate(per_second):
    return f"{digits(per_second)}/s"


def quoted(text):
    return f'"{text}"'


# ---- distributions: (text, mean in seconds, squared coefficient of variation) ---------------------------------------


def exponential(mean):
    return f'{{ exponential = "{span(mean)}" }}', float(mean), 1.0


def distribution(d):
    kind = d["dist"]
    if kind == "deterministic":
        return quoted(span(d["value_s"])), float(d["value_s"]), 0.0
    if kind == "exponential":
        return exponential(1 / d["rate_per_s"])
    if kind == "erlang":
        mean = d["stages"] / d["stage_rate_per_s"]
        return f'{{ erlang = {{ stages = {d["stages"]}, mean = "{span(mean)}" }} }}', float(mean), float(1 / d["stages"])
    if kind == "gamma":
        mean, shape = d["shape"] * d["scale_s"], d["shape"]
        return f'{{ gamma = {{ shape = {digits(shape)}, scale = "{span(d["scale_s"])}" }} }}', float(mean), float(1 / shape)
    if kind == "lognormal":
        mu, sigma = d["mu_log"], d["sigma_log"]
        mean, scv = (mu + sigma * sigma / 2).exp(), (sigma * sigma).exp() - 1
        return f'{{ lognormal = {{ mean = "{span(mean)}", cv = {digits(scv.sqrt())} }} }}', float(mean), float(scv)
    if kind == "weibull":
        shape, scale = float(d["shape"]), d["scale_s"]
        mean, second = float(scale) * math.gamma(1 + 1 / shape), float(scale) ** 2 * math.gamma(1 + 2 / shape)
        return f'{{ weibull = {{ shape = {digits(d["shape"])}, scale = "{span(scale)}" }} }}', mean, second / mean**2 - 1
    if kind == "pareto":
        shape, least = float(d["alpha"]), float(d["xm_s"])
        mean = least * shape / (shape - 1)
        scv = 1 / (shape * (shape - 2)) if shape > 2 else math.inf
        return f'{{ pareto = {{ shape = {digits(d["alpha"])}, minimum = "{span(d["xm_s"])}" }} }}', mean, scv
    if kind == "uniform":
        low, high = d["lo_s"], d["hi_s"]
        mean = (low + high) / 2
        return f'{{ uniform = {{ min = "{span(low)}", max = "{span(high)}" }} }}', float(mean), float((high - low) ** 2 / 12 / mean**2)
    if kind == "hyperexp":
        parts = list(zip(d["probs"], d["rates_per_s"]))
        mean = sum(p / r for p, r in parts)
        second = sum(2 * p / r**2 for p, r in parts)
        body = ", ".join(f'{{ probability = {digits(p)}, mean = "{span(1 / r)}" }}' for p, r in parts)
        return f"{{ hyperexponential = [{body}] }}", float(mean), float(second / mean**2 - 1)
    if kind == "stages":     # Erlang, written as the phase-type distribution that it is
        stages, leave = d["stages"], d["stage_rate_per_s"]
        row = lambda i: ", ".join(quoted(f"-{rate(leave)}") if j == i else quoted(rate(leave)) if j == i + 1 else "0" for j in range(stages))
        initial = ", ".join("1" if i == 0 else "0" for i in range(stages))
        text = f"{{ phase_type = {{ initial = [{initial}], rates = [{', '.join(f'[{row(i)}]' for i in range(stages))}] }} }}"
        return text, float(stages / leave), 1 / stages
    raise ValueError(kind)


def counts(d):
    """A batch size: (text, mean, squared coefficient of variation)."""
    if d["dist"] == "geometric":
        p = d["success_prob"]
        return f"{{ geometric = {{ mean = {digits(1 / p)} }} }}", float(1 / p), float(1 - p)
    pmf = {int(n): p for n, p in d["pmf"].items()}
    total = sum(pmf.values())
    mean = sum(n * p for n, p in pmf.items()) / total
    scv = sum(n * n * p for n, p in pmf.items()) / total / mean**2 - 1
    if len(pmf) == 1:
        text = str(min(pmf))
    elif d["dist"] == "uniform":
        text = f"{{ uniform = {{ min = {min(pmf)}, max = {max(pmf)} }} }}"
    else:
        text = "{ discrete = [" + ", ".join(f"{{ value = {n}, weight = {digits(p)} }}" for n, p in pmf.items()) + "] }"
    return text, float(mean), float(scv)


# ---- scenarios ------------------------------------------------------------------------------------------------------


class Scenario:
    """One file: tables in the order in which they were added, and what planning needs to know."""

    def __init__(self, name, instance):
        self.name, self.instance = name, instance
        self.tables = []
        self.run = {"replications": REPLICATIONS}
        self.arrivals = None      # messages a second
        self.load = None          # offered load of a worker
        self.spread = None        # sum of the squared coefficients of variation of gaps and work
        self.waiting = None       # share of messages that wait
        self.workers = 1
        self.plan = True          # whether duration and warm-up follow from the number of messages
        self.least = LEAST        # messages that other metrics than the mean wait need
        self.share = 1.0          # of all messages, those that the pool sees whose mean is least certain
        self.messages = None      # all replications together, warm-up included

    def table(self, name, **keys):
        self.tables.append((name, keys))
        return self

    def producer(self, name, arrivals, queue="jobs", **keys):
        return self.table(f"producers.{name}", arrivals=arrivals, publish=quoted(queue), **keys)

    def pool(self, service, count=1, name="workers", queue="jobs", **keys):
        count = {"count": count} if count > 1 else {}
        return self.table(f"consumers.{name}", queue=quoted(queue), **count, **keys, service=service)

    def station(self, arrivals, service, servers=1, queue=None, pool=None):
        """The plain shape: one producer, one queue, one pool."""
        self.producer("source", arrivals)
        self.table("queues.jobs", **(queue or {}))
        return self.pool(service, servers, **(pool or {}))

    def nature(self, arrivals, work, servers, gaps=1.0, scv=1.0, waiting=None):
        """Numbers that the plan needs."""
        self.arrivals, self.workers = float(arrivals), servers
        self.load = float(arrivals) * float(work) / servers
        self.spread = gaps + scv
        self.waiting = waiting
        return self

    def text(self):
        about = self.instance["model"].split(";")[0]
        lines = [f"# {self.instance['family']}, instance {self.instance['instance']}: {about}.",
                 "# Exact values: values.csv. Written by generate.py: change it there.",
                 f'title = "{self.name}"', "", "[run]"]
        lines += [f"{key} = {value}" for key, value in self.run.items()]
        for name, keys in self.tables:
            lines += ["", f"[{name}]"] + [f"{key} = {value}" for key, value in keys.items()]
        return "\n".join(lines) + "\n"


# Asymptotic variance of the mean wait over its square, from pilot runs of 0.4 to 15 million messages (50 batch means; good to 20 %).
VARIABILITY = {
    "mm1-01": 26, "mm1-02": 61, "mm1-03": 131, "mmc-01": 50, "mmc-02": 730, "mmc-03": 207, "mmc-05": 498, "mmc-10": 14158,
    "mmcd-02": 4, "mmcd-04": 34, "mmcd-05": 5, "mmck-05": 163, "mmck-06": 2560, "mmck-07": 35, "mxm-02": 732, "mxm-03": 74,
    "mxm-04": 404, "mxm-07": 335, "mxg-01": 601, "gim-03": 140, "gim-05": 281, "gim-06": 211, "gim-08": 382, "gim-11": 1010,
    "gim-12": 455, "mdc-01": 53, "mdc-04": 2275, "mdc-06": 1039, "mg1-01": 45, "mg1-02": 940, "mg1-03": 186, "mg1-05": 368,
    "mg1-06": 610, "mg1-12": 270, "md1q-01": 14, "md1q-02": 103, "mphq-02": 451, "mphq-03": 28, "mphq-06": 84, "mgq-01": 141,
    "mgq-03": 46, "mgq-06": 145, "ord-07-fifo": 940, "ord-08-fifo": 49, "mg1k-01": 17, "mg1k-02": 2, "mg1k-05": 14,
    "mapph-03": 96, "mmpp-02": 228, "mmpp-04": 3449, "mmpp-05": 1477, "phc-01": 129, "phc-04": 621, "phc-05": 502,
    "phc-07": 216, "out-07": 111, "mg1d-03": 3, "mg1d-04": 12,
}


def messages_for(scenario, width):
    """Messages so that the mean wait has this relative half-width: (z / width)^2 times its variability.

    Where there was no pilot run: that of M/M/1, (2 + 5 rho - 4 rho^2 + rho^3) / (rho (1 - rho)^2) (Daley 1968), times half the
    sum of the squared coefficients of variation, the share that waits in place of rho, and twice as much with several workers.
    """
    variability = VARIABILITY.get(scenario.name)
    if variability is None:
        rho = min(scenario.load, 0.97)
        base = (2 + 5 * rho - 4 * rho**2 + rho**3) / ((scenario.waiting or rho) * (1 - rho) ** 2)
        spread = max(min(scenario.spread, 50.0) / 2, 0.5)
        variability = base * spread * (2 if scenario.workers > 1 else 1)
    return max((STUDENT / width) ** 2 * variability / scenario.share, scenario.least)


# ---- metrics --------------------------------------------------------------------------------------------------------

PLAIN = {
    "prob_wait": "consumers.workers.waited.ratio",
    "in_system_mean": "queues.jobs.backlog.mean",
    "queue_len_mean": "queues.jobs.ready.mean",
    "queue_len_mean_broker": "queues.jobs.ready.mean",
    "queue_len_time_avg": "queues.jobs.ready.mean",
    "in_system_p99_count": "queues.jobs.backlog.p99",
    "utilization": "consumers.workers.utilization",
    "busy_servers_mean": "consumers.workers.busy.mean",
    "throughput_per_s": "consumers.workers.throughput",
    "arrival_rate_per_s": "producers.source.offered.rate",
    "loss_prob": "queues.jobs.rejected.ratio",
    "abandon_prob": "queues.jobs.expired.ratio",
    "wait_mean_s": "consumers.workers.wait.mean",
    "wait_mean_served_s": "consumers.workers.wait.mean",
    "wait_mean_first_n_s": "consumers.workers.wait.mean",
    "sojourn_mean_s": "consumers.workers.sojourn.mean",
    "sojourn_mean_total_s": "producers.source.completion.mean",
}
for _q, _p in (("50", "p50"), ("90", "p90"), ("95", "p95"), ("99", "p99"), ("99.9", "p999")):
    PLAIN[f"wait_p{_q}_s"] = f"consumers.workers.wait.{_p}"
    PLAIN[f"sojourn_p{_q}_s"] = f"consumers.workers.sojourn.{_p}"

# Values of converted instances that no metric of ours is.
SKIPPED = {
    "in_system_var": "the variance of a level is not a metric",
    "prob_all_idle": "the share of time that a pool is idle is not a metric",
    "sigma_ratio": "a parameter of the solution, not a metric",
    "prob_idle_while_stuck": "a joint state of consumers is not a metric",
    "busy_period_mean_s": "busy periods are not a metric",
    "sojourn_mean_lcfs_pr_s": "preemption is not built",
    "sojourn_var_lcfs_pr_s2": "preemption is not built",
    "wait_mean_nth_s": "the wait of message n alone is not a metric",
    "makespan_s": "the end of the run is not a metric",
    "in_system_mean_at_t": "a level at one instant is not a metric",
    "prob_busy_at_t": "a state at one instant is not a metric",
    "virtual_wait_mean_at_t": "a wait at one instant is not a metric",
}


class Row:
    def __init__(self, scenario, value, metric, exact, kind="interval", note="", suffix=""):
        self.scenario, self.id, self.metric = scenario, value["id"] + suffix, metric
        self.value, self.kind, self.note = exact, kind, note


def plain_rows(scenario, instance, rename=None, skip=()):
    """Rows of every value that one of our metrics is, and a list of (metric, reason) of the rest."""
    rows, rest = [], []
    for value in instance["values"]:
        name, exact = value["metric"], value["value"]
        ours = (rename or {}).get(name, PLAIN.get(name))
        if name in skip:
            rest.append((name, skip[name]))
        elif name == "wait_var_s2":
            rows.append(Row(scenario, value, "consumers.workers.wait.sd", float(exact) ** 0.5, note="square root of the variance"))
        elif name == "prob_idle":
            rows.append(Row(scenario, value, PLAIN["utilization"], 1 - float(exact), note="1 - P(idle), one worker"))
        elif ours:
            note = "atom at zero" if exact == 0 else ""
            rows.append(Row(scenario, value, ours, float(exact), note=note))
        else:
            reason = next((reason for start, reason in SKIPPED.items() if name.startswith(start)), None)
            assert reason, (instance["instance"], name)
            rest.append((name, reason))
    return rows, rest


# ---- families -------------------------------------------------------------------------------------------------------
# Each function gives scenarios, rows and what is skipped, for one instance.


def poisson(p, key="arrival_rate_per_s"):
    return f'{{ poisson = "{rate(p[key])}" }}'


def known(instance, metric):
    return next((float(v["value"]) for v in instance["values"] if v["metric"] == metric), None)


def service_of(p):
    return distribution(p["service"]) if "service" in p else exponential(1 / p["service_rate_per_s"])


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


FAMILIES = {
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
    return min(messages_for(scenario, WIDTHS[suite]), MOST) * float(1 + WARMUP)


def choose_quick(instances):
    """The cheapest instances, as long as all of them together stay affordable."""
    total, quick = 0, set()
    for name, scenarios in sorted(instances.items(), key=lambda item: (sum(need(s, "quick") for s in item[1]), item[0])):
        cost = [need(scenario, "quick") for scenario in scenarios]
        if max(cost) <= QUICK_LONGEST and total + sum(cost) <= QUICK_MESSAGES:
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
