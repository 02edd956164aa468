"""Families of services, forks, hosts, closed producers and faults: which scenario describes each, and which metric each value is.

As in generate.py: each function gives scenarios, rows and what is skipped, for one instance.
"""
import math
from itertools import combinations
from scenarios import Row, Scenario, digits, distribution, exponential, known, poisson, quoted, rate, service_of, span

MANY = 100_000     # workers where there should always be one
ENOUGH = 200_000   # messages of a scenario
TAILS = 1_100_000  # the same where a p99.9 is compared


def per(rates):
    return exponential(1 / rates)


def steps(*each):
    return "[" + ", ".join(each) + "]"


def call(service, **layers):
    return "{ " + ", ".join([f"call = {quoted(service)}"] + [f"{key} = {text}" for key, text in layers.items()]) + " }"


def publish(queue):
    return f"{{ publish = {quoted(queue)} }}"


def wait(text):
    return f"{{ wait = {text} }}"


def parallel(*branches, join=None):
    tail = f", join = {join}" if join else ""
    return f"{{ parallel = [{', '.join(branches)}]{tail} }}"


def choose(*ways):
    return "{ choose = [" + ", ".join(f"{{ weight = {digits(weight)}, steps = {way} }}" for weight, way in ways) + "] }"


# Asymptotic variance of the mean that is least certain, over its square: from pilot runs of 0.1 to 2 million messages, and a fifth more.
# Where it would be thousands (load above 0.93), what can be afforded.
VARIABILITY = {
    "blkg-01": 4, "blkg-05": 1, "blkg-06": 2, "blkg-08": 221, "clsd-01": 8, "clsd-05": 436, "clsd-06": 57, "clsd-08": 83,
    "disp-09": 59, "disp-10": 175, "erla-02": 150, "erla-05": 482, "erla-06": 11, "fan-01": 1, "fan-02": 1, "fan-03": 1,
    "fan-07": 1, "fb-01": 106, "fb-03": 279, "fb-05": 160, "fb-07": 60, "fb-09": 14, "fj-01": 25, "fj-04": 175, "fj-05": 25,
    "hdg-04": 1, "hdg-05": 1, "jack-01": 65, "jack-02": 83, "jsq-01": 150, "jsq-02": 164, "jsq-07": 116, "mcl-02-host": 89,
    "mcl-02-lock": 171, "mmcg-02": 60, "mmcg-04": 76, "mmckm-02": 36, "mmckm-03": 6, "ps-01": 9, "ps-03": 27, "ps-05": 439,
    "redl-03": 1, "redl-05": 15, "retr-01": 40, "retr-04": 110, "retr-06": 57, "tmo-02": 44, "tmo-04": 72, "tmo-05": 5,
    "tmo-07": 800, "tok-02": 2, "tok-03": 5, "tok-07": 800, "tok-08": 244,
}


class System(Scenario):
    """A scenario whose producers call; `wanted` messages of all replications, by pilot runs."""

    def __init__(self, instance, wanted, cost, suffix=""):
        super().__init__(instance["instance"] + suffix, instance)
        self.wanted, self.cost, self.load = wanted, cost, 0.5
        self.least, self.widths = ENOUGH, {"quick": 0.015, "full": 0.0115}
        self.variability = VARIABILITY.get(self.name)
        self.rows, self.skipped = [], []

    def open(self, p, *handler, name="source", key="arrival_rate_per_s", **keys):
        self.arrivals = (self.arrivals or 0) + float(p[key])
        return self.table(f"producers.{name}", arrivals=poisson(p, key), steps=steps(*handler), **keys)

    def service(self, text, workers=1, name="server", **keys):
        count = {"count": workers} if workers > 1 else {}
        return self.table(f"services.{name}", **count, service=text, **keys)

    def told(self, metric, ours, of=lambda x: x, note="", suffix=""):
        """A row: our metric, and the value as it is measured."""
        value = next(v for v in self.instance["values"] if v["metric"] == metric)
        self.rows.append(Row(self, value, ours, of(float(value["value"])), note=note, suffix=suffix))
        return self

    def latency(self, ours, prefix, *statistics):
        if "p99.9" in statistics:
            self.least = TAILS
        for name in statistics:
            self.told(f"{prefix}_{name}_s", f"{ours}.{name.replace('99.9', '999')}")
        return self

    def skip(self, reason, *metrics):
        self.skipped += [(metric, reason) for metric in metrics]
        return self

    def result(self):
        return [self], self.rows, self.skipped


RESPONSE = "producers.source.response"
COMPLETION = "producers.source.completion"


def machine_repair(instance):
    p = instance["parameters"]
    one = int(p["servers"]) == 1
    it = System(instance, 1_500_000 if one else 4_000_000, 3)
    it.load = known(instance, "utilization")
    think = f'{{ exponential = "{span(p["think_mean_s"])}" }}' if one else quoted(span(p["think_mean_s"]))
    it.table("producers.source", clients=p["callers"], think=think, call=quoted("server"))
    it.service(per(p["service_rate_per_s"])[0], int(p["servers"]))
    it.arrivals = known(instance, "throughput_per_s")
    it.told("throughput_per_s", "services.server.throughput").told("response_mean_s", f"{RESPONSE}.mean")
    it.told("utilization", "services.server.utilization").told("queue_len_mean", "services.server.waiting.mean")
    return it.told("prob_wait", "services.server.waited.ratio").latency("services.server.wait", "wait", "p95", "p99").result()


def closed_network(instance):
    """Fractions of visits by chance: only their mean counts."""
    p = instance["parameters"]
    it = System(instance, 1_500_000, 8)
    handler = []
    for k, visits in enumerate(p["visit_ratios"], 1):
        whole, part = int(visits), visits - int(visits)
        handler += [call(f"station{k}")] * whole
        if part:
            handler.append(choose((part, steps(call(f"station{k}"))), (1 - part, "[]")))
    it.table("producers.source", clients=p["population"], think=f'{{ exponential = "{span(p["think_mean_s"])}" }}', steps=steps(*handler))
    rate_all = it.arrivals = known(instance, "throughput_per_s")
    it.told("throughput_per_s", "producers.source.goodput.rate").told("response_mean_s", f"{RESPONSE}.mean")
    for k, (visits, mean, servers) in enumerate(zip(p["visit_ratios"], p["service_means_s"], p["servers"]), 1):
        it.service(exponential(mean)[0], int(servers), f"station{k}")
        busy = rate_all * float(visits) * float(mean)
        it.told(f"in_system_mean_station{k}", f"services.station{k}.waiting.mean", lambda n, busy=busy: n - busy,
                note="less those in work: throughput times visits times work")
    return it.result()


def jackson(instance):
    p = instance["parameters"]
    n = len(p["service_rates_per_s"])
    it = System(instance, 6_000_000, 4)
    inflow, routing = [float(x) for x in p["external_rates_per_s"]], [[float(x) for x in row] for row in p["routing"]]
    for k, external in enumerate(p["external_rates_per_s"], 1):
        if external:
            it.producer(f"source{k}", f'{{ poisson = "{rate(external)}" }}', f"station{k}")
    it.arrivals = sum(inflow)
    rates = list(inflow)
    for _ in range(2000):
        rates = [inflow[j] + sum(rates[i] * routing[i][j] for i in range(n)) for j in range(n)]
    sojourn = [known(instance, f"in_system_mean_station{k + 1}") / rates[k] for k in range(n)]
    total = list(sojourn)
    for _ in range(2000):
        total = [sojourn[i] + sum(routing[i][j] * total[j] for j in range(n)) for i in range(n)]
    check = sum(inflow[k] * total[k] for k in range(n)) / sum(inflow) / known(instance, "sojourn_mean_total_s")
    assert abs(check - 1) < 1e-9, check
    for k in range(n):
        it.table(f"queues.station{k + 1}")
        ways = [(share, steps(publish(f"station{j + 1}"))) for j, share in enumerate(p["routing"][k]) if share]
        ways.append((1 - sum(share for share, _ in ways), "[]"))
        count = {"count": p["servers"][k]} if p["servers"][k] > 1 else {}
        it.table(f"consumers.workers{k + 1}", queue=quoted(f"station{k + 1}"), **count,
                 steps=steps(f"{{ work = {per(p['service_rates_per_s'][k])[0]} }}", choose(*ways)))
        it.told(f"in_system_mean_station{k + 1}", f"queues.station{k + 1}.backlog.mean")
        if inflow[k]:
            it.told("sojourn_mean_total_s", f"producers.source{k + 1}.completion.mean", lambda _, k=k: total[k], suffix=f"-{k + 1}",
                    note="by where a message enters; together they are the value" if sum(map(bool, inflow)) > 1 else "")
    it.load = 0.8
    return it.result()


def feedback(instance):
    """A message that failed is published to the queue that it came from."""
    p = instance["parameters"]
    text, mean, _ = service_of(p)
    again, arrivals = p["retry_prob"], float(p["arrival_rate_per_s"])
    it = System(instance, 4_000_000, 2)
    it.producer("source", poisson(p)).table("queues.jobs")
    count = {"count": p["servers"]} if p["servers"] > 1 else {}
    it.table("consumers.workers", queue=quoted("jobs"), **count,
             steps=steps(f"{{ work = {text} }}", choose((again, steps(publish("jobs"))), (1 - again, "[]"))))
    it.arrivals, it.load = arrivals, arrivals * mean / float(1 - again) / int(p["servers"])
    it.told("sojourn_mean_total_s", f"{COMPLETION}.mean")
    if known(instance, "utilization"):
        it.told("sojourn_mean_per_attempt_s", "consumers.workers.sojourn.mean").told("utilization", "consumers.workers.utilization")
        it.told("attempts_mean", "queues.jobs.published.rate", lambda n: n * arrivals, note="attempts times arrivals a second")
    return it.result()


def limited_attempts(instance):
    p = instance["parameters"]
    arrivals = float(p["arrival_rate_per_s"])
    it = System(instance, 4_000_000, 6)
    it.open(p, call("server", retry=f'{{ max_attempts = {p["max_attempts"]}, backoff = "0s" }}'))
    it.table("services.server", count=p["servers"], steps=steps(f"{{ work = {per(p['service_rate_per_s'])[0]} }}", f'{{ fail = {digits(p["fail_prob"])} }}'))
    it.load = arrivals * known(instance, "attempts_mean") / float(p["service_rate_per_s"]) / int(p["servers"])
    it.told("attempts_mean", "services.server.offered.rate", lambda n: n * arrivals, note="attempts times arrivals a second")
    it.told("dlq_frac", "producers.source.failed.ratio")
    return it.told("sojourn_mean_total_s", f"{RESPONSE}.mean").result()


def delayed_retries(instance):
    p = instance["parameters"]
    pause = float(p["backoff_mean_s"])
    it = System(instance, 4_000_000, 5)
    it.open(p, call("server", retry=f'{{ max_attempts = 1000, backoff = "{span(p["backoff_mean_s"])}" }}'))
    it.table("services.server", count=p["servers"], steps=steps(f"{{ work = {per(p['service_rate_per_s'])[0]} }}", f'{{ fail = {digits(p["retry_prob"])} }}'))
    it.load = float(p["arrival_rate_per_s"] / p["service_rate_per_s"] / (1 - p["retry_prob"])) / int(p["servers"])
    it.told("sojourn_mean_total_s", f"{RESPONSE}.mean")
    return it.told("in_system_mean_backoff_count", "producers.source.retries.rate", lambda n: n / pause, note="by Little's law").result()


def retrial(instance):
    """Blocked requests go to a queue whose consumers do nothing but wait, and try again from there."""
    p = instance["parameters"]
    arrivals, served = float(p["arrival_rate_per_s"]), float(p["service_rate_per_s"])
    stays = p.get("persist_prob", 1)
    into = steps(publish("orbit")) if stays == 1 else steps(choose((stays, steps(publish("orbit"))), (1 - stays, '[{ fail = "100%" }]')))
    it = System(instance, 3_000_000, 8)
    it.open(p, call("server", fallback=steps(publish("blocked"))))
    it.service(per(p["service_rate_per_s"])[0], int(p["servers"]), queue_limit=0)
    pool = lambda queue, handler: it.table(f"queues.{queue}").table(f"consumers.{queue}", queue=quoted(queue), count=MANY, steps=handler)
    pool("blocked", into)
    pool("orbit", steps(wait(per(p["retry_rate_per_s"])[0]), publish("retry")))
    pool("retry", steps(call("server", fallback=steps(publish("again")))))
    pool("again", into)
    it.load = 0.6
    it.told("orbit_mean", "queues.orbit.backlog.mean")
    it.told("prob_blocked_first", "queues.blocked.published.rate", lambda x: x * arrivals, note="times arrivals a second")
    if known(instance, "wait_mean_s"):
        it.told("wait_mean_s", f"{COMPLETION}.mean", lambda x: x + 1 / served, note="and the mean work")
    if known(instance, "attempts_mean"):
        it.told("attempts_mean", "services.server.offered.rate", lambda n: n * arrivals, note="attempts times arrivals a second")
    if known(instance, "loss_prob"):
        it.told("loss_prob", "services.server.throughput", lambda x: (1 - x) * arrivals, note="what is not lost, a second")
    return it.result()


def failing_in_service(instance):
    """Work that failures and repairs interrupt is a phase-type distribution: work, repair, and work again."""
    p = instance["parameters"]
    served, fails, repaired = p["service"]["rate_per_s"], p["failure_rate_per_s"], p["repair"]["rate_per_s"]
    rows = [[quoted("-" + rate(served + fails)), quoted(rate(fails))], [quoted(rate(repaired)), quoted("-" + rate(repaired))]]
    text = "{ phase_type = { initial = [1, 0], rates = [" + ", ".join(f"[{', '.join(row)}]" for row in rows) + "] } }"
    it = System(instance, None, 1)
    it.station(poisson(p), text)
    mean = float(1 / served * (1 + fails / repaired))
    second = float(2 * (1 + fails / repaired) ** 2 / served**2 + 2 * fails / served / repaired**2)
    it.nature(p["arrival_rate_per_s"], mean, 1, 1.0, second / mean**2 - 1)
    return it.told("wait_mean_s", "consumers.workers.wait.mean").told("sojourn_mean_s", "consumers.workers.sojourn.mean").result()


def joined(instance, join=None):
    p = instance["parameters"]
    n = int(p["n"])
    it = System(instance, 4_000_000 // n, n)
    it.open({"arrival_rate_per_s": 10}, parallel(*[steps(wait(distribution(p["latency"])[0]))] * n, join=join and int(p[join])))
    names = ("mean", "p50", "p90", "p95", "p99", "p99.9")
    return it.latency(RESPONSE, "latency", *[name for name in names if known(instance, f"latency_{name}_s")]).result()


def fork_join(instance):
    p = instance["parameters"]
    it = System(instance, 6_000_000, 4)
    it.open(p, parallel(steps(call("first")), steps(call("second"))))
    for name, served in zip(("first", "second"), p["service_rates_per_s"]):
        it.service(per(served)[0], 1, name)
    it.load = float(p["arrival_rate_per_s"] / min(p["service_rates_per_s"]))
    return it.latency(RESPONSE, "sojourn", "mean", "p95", "p99").result()


def split_merge(instance):
    p = instance["parameters"]
    it = System(instance, 4_000_000, 3)
    it.producer("source", poisson(p)).table("queues.jobs")
    work = per(p["task_service_rate_per_s"])[0]
    it.table("consumers.workers", queue=quoted("jobs"), steps=steps(parallel(*[steps(wait(work))] * int(p["servers"]))))
    it.arrivals = float(p["arrival_rate_per_s"])
    it.load = it.arrivals * sum(1 / k for k in range(1, int(p["servers"]) + 1)) / float(p["task_service_rate_per_s"])
    return it.told("wait_mean_s", "consumers.workers.wait.mean").told("sojourn_mean_s", "consumers.workers.sojourn.mean").result()


def hedged(instance):
    p = instance["parameters"]
    text = distribution(p["latency"])[0]
    it = System(instance, 2_000_000, 3)
    it.open({"arrival_rate_per_s": 10}, call("leaf", hedge=quoted(span(p["hedge_delay_s"]))))
    it.open({"arrival_rate_per_s": 10}, call("bare"), name="bare")
    it.service(text, MANY, "leaf").service(text, MANY, "bare")
    it.told("hedge_frac", "services.leaf.offered.rate", lambda x: 10 * (1 + x), note="1 and the share, times 10 requests a second")
    it.latency(RESPONSE, "latency", "mean", "p50", "p95", "p99", "p99.9").least = 4 * TAILS      # of two producers
    return it.told("latency_p99_unhedged_s", "producers.bare.response.p99").result()


def shortest_queue(instance):
    p = instance["parameters"]
    n, d = int(p["servers"]), int(p["d"])
    balance = {2: quoted("two-random-choices"), 3: quoted("least-connections")}.get(d, f"{{ choices = {d} }}")
    it = System(instance, 6_000_000, 3)
    it.open(p, call("server")).service(per(p["service_rate_per_s"])[0], n, balance=balance)
    offered = float(p["arrival_rate_per_s"] / p["service_rate_per_s"])
    it.load = offered / n
    it.latency(RESPONSE, "sojourn", "mean", "p95", "p99")
    return it.told("in_system_mean", "services.server.waiting.mean", lambda x: x - offered, note="less those in work").result()


def supermarket(instance):
    """1000 instances: the limit of infinitely many is off by about a thousandth of a sojourn at each, some 0.1 % of the mean."""
    p = instance["parameters"]
    n = 1000
    it = System(instance, 8_000_000, 3)
    it.open({"arrival_rate_per_s": p["arrival_rate_per_server_per_s"] * n}, call("server"))
    it.service(per(p["service_rate_per_s"])[0], n, balance=f'{{ choices = {p["d"]} }}')
    it.load = float(p["arrival_rate_per_server_per_s"] / p["service_rate_per_s"])
    return it.told("sojourn_mean_s", f"{RESPONSE}.mean").result()


def redundant(instance):
    p = instance["parameters"]
    n, d = int(p["servers"]), int(p["d"])
    it = System(instance, 2_000_000, 6)
    copies = lambda chosen: steps(parallel(*[steps(call(f"server{k}")) for k in chosen], join=quoted("any")))
    it.open(p, choose(*[(1, copies(chosen)) for chosen in combinations(range(1, n + 1), d)]))
    for k in range(1, n + 1):
        it.service(per(p["service_rate_per_s"])[0], 1, f"server{k}")
    it.load = float(p["arrival_rate_per_s"] / p["service_rate_per_s"]) / n
    return it.told("sojourn_mean_s", f"{RESPONSE}.mean").result()


def shared_processor(instance):
    p = instance["parameters"]
    text, mean, _ = service_of(p)
    it = System(instance, 6_000_000, 2)
    it.producer("source", poisson(p)).table("queues.jobs").table("hosts.node", cores=1)
    it.pool(text, MANY, host=quoted("node"))
    it.arrivals = float(p["arrival_rate_per_s"])
    it.load = it.arrivals * mean
    it.told("sojourn_mean_s", "consumers.workers.sojourn.mean")
    if known(instance, "sojourn_var_s2"):
        it.told("sojourn_var_s2", "consumers.workers.sojourn.sd", lambda x: x**0.5, note="square root of the variance")
    if known(instance, "in_system_mean"):
        it.told("in_system_mean", "queues.jobs.backlog.mean")
        return it.skip("the sojourn of messages of a given size is not a metric", "cond_sojourn_mean_size1618_s").result()
    return it.latency("consumers.workers.sojourn", "sojourn", "p50", "p95", "p99").result()


def backoff(instance):
    p = instance["parameters"]
    it = System(instance, 1_000_000, 6)
    pauses = f'{{ base = "{span(p["backoff_base_s"])}", factor = 2, cap = "{span(p["backoff_cap_s"])}" }}'
    it.open({"arrival_rate_per_s": 10}, call("server", retry=f'{{ max_attempts = {p["max_attempts"]}, backoff = {pauses}, jitter = "full" }}'))
    it.table("services.server", count=MANY, steps=steps(f"{{ work = {distribution(p['latency'])[0]} }}", f'{{ fail = {digits(p["fail_prob"])} }}'))
    it.told("attempts_mean", "services.server.offered.rate", lambda n: 10 * n, note="times 10 requests a second")
    it.told("fail_frac", "producers.source.failed.ratio")
    it.told("latency_mean_s", f"{RESPONSE}.mean")
    return it.told("latency_var_s2", f"{RESPONSE}.sd", math.sqrt, note="the root").result()


def visibility(instance):
    """A delivery that takes longer than the timeout is an attempt that times out, and is tried again at once."""
    p = instance["parameters"]
    it = System(instance, 1_000_000, 4)
    it.open({"arrival_rate_per_s": 10}, call("server", retry=f'{{ max_attempts = {p["max_deliveries"]}, backoff = "0s" }}', timeout=quoted(span(p["visibility_timeout_s"]))))
    it.service(distribution(p["processing"])[0], MANY)
    it.told("deliveries_mean", "services.server.offered.rate", lambda n: 10 * n, note="times 10 messages a second")
    it.told("latency_mean_success_s", f"{RESPONSE}.mean").told("latency_p99_resolution_s", f"{RESPONSE}.p99", note="of the 0.0003 % that fail nothing is seen")
    it.skip("rare events: out of reach of plain simulation", "dlq_frac")
    return it.told("latency_mean_resolution_s", f"{RESPONSE}.mean").result()


def impatient_client(instance):
    p = instance["parameters"]
    it = System(instance, 4_000_000, 4)
    it.open(p, call("server", timeout=quoted(span(p["client_timeout_s"])))).service(per(p["service_rate_per_s"])[0], int(p["servers"]))
    it.load = known(instance, "utilization")
    it.told("timeout_prob", "producers.source.timeout.ratio").told("goodput_per_s", "producers.source.goodput.rate")
    return it.told("utilization", "services.server.utilization").result()


def deadline_clock(instance):
    """A call beside a clock: whatever comes first ends both, and what is cancelled leaves the worker."""
    p = instance["parameters"]
    arrivals = float(p["arrival_rate_per_s"])
    it = System(instance, 3_000_000, 5)
    it.open(p, parallel(steps(call("server")), steps(wait(per(p["timeout_rate_per_s"])[0])), join=quoted("any")))
    it.service(per(p["service_rate_per_s"])[0], int(p["servers"]))
    it.load = known(instance, "utilization")
    it.told("timeout_prob", "services.server.throughput", lambda x: (1 - x) * arrivals, note="what does not time out, a second")
    busy = known(instance, "utilization") * int(p["servers"])
    it.told("in_system_mean", "services.server.waiting.mean", lambda x: x - busy, note="less those in work")
    return it.told("sojourn_mean_s", f"{RESPONSE}.mean").told("utilization", "services.server.utilization").result()


def patience(instance):
    """A service that answers when it begins, beside a clock: who has not begun when the clock rings leaves the queue."""
    p = instance["parameters"]
    arrivals, servers = float(p["arrival_rate_per_s"]), int(p["servers"])
    clock = distribution(p["patience"])[0] if "patience" in p else per(p["patience_rate_per_s"])[0]
    room = {"queue_limit": int(p["capacity_total"]) - servers} if "capacity_total" in p else {}
    it = System(instance, 4_000_000, 5)
    it.open(p, parallel(steps(call("server")), steps(wait(clock)), join=quoted("any")))
    it.table("services.server", count=servers, **room, steps=steps("{ reply = true }", f"{{ work = {per(p['service_rate_per_s'])[0]} }}"))
    gone, lost = known(instance, "abandon_prob"), known(instance, "loss_prob") or 0.0
    it.load = 0.9
    it.told("abandon_prob", "services.server.throughput", lambda x: (1 - x - lost) * arrivals, note="those served, a second")
    if room:
        it.told("wait_mean_accepted_s", "services.server.waiting.mean", lambda x: x * arrivals * (1 - lost), note="by Little's law")
        it.told("throughput_per_s", "services.server.throughput", suffix="-2")
        if lost > 1e-3:
            return it.told("loss_prob", "services.server.rejected.ratio").result()
        return it.skip("rare events: out of reach of plain simulation", "loss_prob").result()
    all_wait = known(instance, "prob_wait") > 0.9999
    if all_wait:
        it.skip("nearly one, so that hardly any run sees another value", "prob_wait", "utilization")
    else:
        it.told("prob_wait", "services.server.waited.ratio", lambda x: 1 - (1 - x) / (1 - gone), note="of those served")
    it.told("wait_mean_s", f"{RESPONSE}.mean", note="those who leave included").told("wait_mean_served_s", "services.server.wait.mean")
    if known(instance, "queue_len_mean"):
        it.told("queue_len_mean", "services.server.waiting.mean")
        if not all_wait:
            it.told("utilization", "services.server.utilization")
        it.skip("the wait of a message that would never leave is not a metric", "offered_wait_p95_s")
    return it.result()


def token_policer(instance):
    p = instance["parameters"]
    it = System(instance, 3_000_000, 3)
    limit = f'{{ rate = "{rate(p["token_rate_per_s"])}", burst = {digits(p["bucket_size"])}, wait = "0s" }}'
    it.open(p, call("server", rate_limit=limit)).service(quoted("1ns"), MANY)
    return it.told("loss_prob", "producers.source.failed.ratio").told("throughput_per_s", "producers.source.goodput.rate").result()


def token_shaper(instance):
    p = instance["parameters"]
    it = System(instance, 12_000_000, 3)
    limit = f'{{ rate = "{rate(p["token_rate_per_s"])}", burst = {digits(p["bucket_size"])}, wait = "unlimited" }}'
    it.open(p, call("server", rate_limit=limit)).service(quoted("1ns"), MANY)
    it.load = float(p["arrival_rate_per_s"] / p["token_rate_per_s"])
    note = "and a nanosecond of work"
    it.told("wait_mean_s", f"{RESPONSE}.mean", lambda x: x + 1e-9, note).told("wait_p99_s", f"{RESPONSE}.p99", lambda x: x + 1e-9, note)
    return it.skip("the share of calls that wait for a token is not a metric", "prob_wait").result()


def classes_in_order(instance):
    """Work by class on one processor in order of coming: a pool for each class on a host, and the same with a lock in place of a host."""
    p = instance["parameters"]
    host, lock = System(instance, 6_000_000, 3, "-host"), System(instance, 6_000_000, 3, "-lock")
    load = sum(float(c["arrival_rate_per_s"]) * distribution(c["service"])[1] for c in p["classes"])
    host.table("hosts.node", scheduling=quoted("fifo"))
    lock.table("locks.server")
    for k, kind in enumerate(p["classes"], 1):
        text = distribution(kind["service"])[0]
        host.producer(f"class{k}", poisson(kind), f"jobs{k}").table(f"queues.jobs{k}")
        host.pool(text, MANY, f"workers{k}", f"jobs{k}", host=quoted("node"))
        lock.open(kind, f'{{ lock = "server", steps = {steps(wait(text))} }}', name=f"class{k}")
        host.told(f"sojourn_mean_class{k}_s", f"consumers.workers{k}.sojourn.mean", suffix="-host")
        lock.told(f"sojourn_mean_class{k}_s", f"producers.class{k}.response.mean", suffix="-lock")
    lock.told("wait_mean_s", "locks.server.wait.mean")
    host.arrivals = lock.arrivals
    host.load = lock.load = load
    return [host, lock], host.rows + lock.rows, []


def blocking_line(instance):
    """Blocking after service: a place before a station is a worker that answers as soon as it has the message, and keeps it until the
    station is done; whoever brings a message waits for such a place."""
    p = instance["parameters"]
    rates, buffers = p["service_rates_per_s"], p["buffer_slots"]
    buffers = [int(b) for b in buffers] if isinstance(buffers, list) else [int(buffers)]
    it = System(instance, 1_500_000, 6)
    first = f"{{ work = {per(rates[0])[0]} }}"
    for k, (served, slots) in enumerate(zip(rates[1:], buffers), 2):
        on = [call(f"place{k + 1}")] if k < len(rates) else []
        it.table(f"services.place{k}", count=slots + 1, steps=steps("{ reply = true }", call(f"station{k}")))
        it.table(f"services.station{k}", steps=steps(f"{{ work = {per(served)[0]} }}", *on))
    if "arrival_rate_per_s" in p:
        it.producer("source", poisson(p)).table("queues.jobs")
        it.table("consumers.station1", queue=quoted("jobs"), steps=steps(first, call("place2")))
        it.arrivals, it.load, it.wanted = float(p["arrival_rate_per_s"]), 0.85, 8_000_000
        it.told("in_system_mean_station1", "queues.jobs.backlog.mean")
        return it.told("sojourn_mean_total_s", f"{COMPLETION}.mean").result()
    it.table("producers.source", clients=1, think=quoted("0s"), steps=steps(first, call("place2")))
    it.arrivals = known(instance, "throughput_per_s")
    it.told("throughput_per_s", "producers.source.goodput.rate")
    if known(instance, "prob_blocked_station1"):
        it.told("prob_blocked_station1", "services.place2.waiting.mean", note="the one that waits for a place blocks")
    if known(instance, "in_system_mean_wip"):
        through, work = known(instance, "throughput_per_s"), float(1 / rates[0])
        it.told("in_system_mean_wip", f"{COMPLETION}.mean", lambda n: n / through + work, note="by Little's law, and the work at station 1")
    return it.result()


CALLS = {
    "closed: N callers + c servers (machine repair / sync RPC)": machine_repair, "closed network with think time (MVA)": closed_network,
    "open Jackson network": jackson, "M/M/c Bernoulli feedback (retries)": feedback, "M/G/1 Bernoulli feedback": feedback,
    "M/M/c feedback with max attempts and DLQ": limited_attempts, "M/M/c with delayed retries (backoff)": delayed_retries,
    "M/M/1 retrial (classical)": retrial, "M/M/c retrial": retrial, "M/M/c retrial with giving up": retrial,
    "M/G/1 breakdowns while serving (resume)": failing_in_service,
    "fan-out: max of n i.i.d. latencies": joined, "quorum: k-th fastest of n i.i.d. latencies": lambda instance: joined(instance, "k"),
    "fork-join 2 x M/M/1": fork_join, "split-merge n servers": split_merge, "hedged request": hedged,
    "load balancing to n x M/M/1": shortest_queue, "supermarket model mean-field limit": supermarket,
    "redundancy-d, cancel on completion": redundant, "M/G/1-PS": shared_processor, "M/M/1-PS": shared_processor,
    "retry with exponential backoff (no queueing)": backoff,
    "visibility timeout redelivery (no queueing, unlimited consumers)": visibility,
    "timeouts (client gives up, work not cancelled)": impatient_client, "timeouts (sojourn, cancelling)": deadline_clock,
    "M/M/c+M (Erlang A)": patience, "M/M/c+G (general patience)": patience, "M/M/c/K+M (finite buffer and impatience)": patience,
    "token bucket policer": token_policer, "token bucket shaper (leaky queue)": token_shaper, "multi-class M/G/1 FCFS": classes_in_order,
    "saturated tandem with blocking-after-service": blocking_line, "saturated 3-station line, blocking-after-service": blocking_line,
    "tandem with finite intermediate buffer (backpressure)": blocking_line,
}
