"""Scenarios as text, and what planning their lengths needs; used by generate.py and calls.py."""
import math
from decimal import Decimal as D

REPLICATIONS = 20
STUDENT = 2.093          # 97.5 % point with 19 degrees of freedom
WIDTHS = {"quick": 0.0107, "full": 0.0115}   # planned relative half-width of the mean wait
LEAST = 1_200_000              # messages of a scenario

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
    if kind == "shifted_exp":
        shift, mean = d["shift_s"], 1 / d["rate_per_s"]
        text = f'{{ shifted = {{ by = "{span(shift)}", of = {{ exponential = "{span(mean)}" }} }} }}'
        return text, float(shift + mean), float((mean / (shift + mean)) ** 2)
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
        self.wanted = None        # messages that are known to be enough, where nothing else is known
        self.variability = VARIABILITY.get(name)
        self.widths = WIDTHS
        self.cost = 1             # what a message costs, in units of one that passes a single queue

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
    variability = scenario.variability
    if variability is None and scenario.wanted:
        return scenario.wanted
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


def poisson(p, key="arrival_rate_per_s"):
    return f'{{ poisson = "{rate(p[key])}" }}'


def known(instance, metric):
    return next((float(v["value"]) for v in instance["values"] if v["metric"] == metric), None)


def service_of(p):
    return distribution(p["service"]) if "service" in p else exponential(1 / p["service_rate_per_s"])


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
