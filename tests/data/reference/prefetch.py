"""Exact figures of a broker that dispatches to consumers with a prefetch.

Poisson arrivals, c consumers with exponential work, each holding at most p messages, its own work included. Two rules say who
gets a message while several have credit:
  ring     the head of a ring of the consumers with credit, which then goes to the tail; a consumer without credit leaves the
           ring, and rejoins at the tail when it acknowledges (what RabbitMQ does, and queuelab);
  pointer  the first with credit at or after a pointer that moves round all consumers, and then stands behind that one.

A Markov chain whose state is how many messages each consumer holds, in the order of the rule, beginning with the next. While
messages are ready all consumers are full, so that the number ready is geometric and one state stands for all of that. Waits
follow from the state that an arrival finds (PASTA): behind h messages in the buffer of one consumer it stays for h + 1 works; in
the queue it waits an Exp(c mu - lambda), and then for p works. Gaussian elimination; about 1e-12.

    python3 tests/data/reference/prefetch.py    prints both rules for the parameters in values.json
"""
import json
import math
import os

FULL = "full"


def arrive(rule, p, state):
    """Where the next message goes: the new state, and the messages that it finds in its buffer."""
    if rule == "ring":
        held, rest = state[0], state[1:]
        return (rest + ((held + 1,) if held + 1 < p else ())) or FULL, held
    at = next(at for at, held in enumerate(state) if held < p)
    changed = state[:at] + (state[at] + 1,) + state[at + 1:]
    changed = changed[at + 1:] + changed[:at + 1]
    return FULL if min(changed) == p else changed, state[at]


def depart(rule, c, p, state):
    """What acknowledgements lead to while none is ready: pairs (how many consumers, new state)."""
    if rule == "ring":
        ring = () if state == FULL else state
        busy = [(1, ring[:at] + (held - 1,) + ring[at + 1:]) for at, held in enumerate(ring) if held]
        return busy + ([(c - len(ring), ring + (p - 1,))] if len(ring) < c else [])
    state = (p,) * c if state == FULL else state
    return [(1, state[:at] + (held - 1,) + state[at + 1:]) for at, held in enumerate(state) if held]


def stationary(rule, c, p, arrivals, work):
    """The probability of each state; of `FULL` with none ready."""
    states = [(0,) * c]
    number = {states[0]: 0}
    flows = []
    for state in states:         # grows while it is walked through
        leads = [(work * many, to) for many, to in depart(rule, c, p, state)]
        if state != FULL:
            leads.append((arrivals, arrive(rule, p, state)[0]))
        for _, to in leads:
            if to not in number:
                number[to] = len(states)
                states.append(to)
        flows.append([(rate, number[to]) for rate, to in leads])
    n = len(states)
    matrix = [[0.0] * n for _ in range(n)]
    for start, leads in enumerate(flows):
        for rate, to in leads:
            matrix[to][start] += rate
            matrix[start][start] -= rate
    matrix[0] = [1.0] * n        # one equation of balance is redundant: all probabilities sum to 1
    matrix[0][number[FULL]] = 1 / (1 - arrivals / (c * work))
    right = [1.0] + [0.0] * (n - 1)
    for at in range(n):
        best = max(range(at, n), key=lambda row: abs(matrix[row][at]))
        matrix[at], matrix[best] = matrix[best], matrix[at]
        right[at], right[best] = right[best], right[at]
        for row in range(at + 1, n):
            factor = matrix[row][at] / matrix[at][at]
            if factor:
                matrix[row] = [x - factor * y for x, y in zip(matrix[row], matrix[at])]
                right[row] -= factor * right[at]
    found = [0.0] * n
    for at in reversed(range(n)):
        found[at] = (right[at] - sum(matrix[at][k] * found[k] for k in range(at + 1, n))) / matrix[at][at]
    return dict(zip(states, found))


def figures(rule, c, p, arrivals, work):
    """Mean sojourn, mean number ready, and the 99 % quantile of the sojourn, in seconds and messages."""
    share = stationary(rule, c, p, arrivals, work)
    load, spare = arrivals / (c * work), c * work - arrivals
    queued = share[FULL] / (1 - load)
    direct = [0.0] * p
    for state, chance in share.items():
        if state != FULL:
            direct[arrive(rule, p, state)[1]] += chance

    def erlang(stages, t):
        return math.exp(-work * t) * sum((work * t) ** k / math.factorial(k) for k in range(stages))

    def queue_and_buffer(t, steps=4000):
        """P(Exp(spare) + Erlang(p, work) > t), by Simpson's rule."""
        density = lambda s: work**p * s ** (p - 1) / math.factorial(p - 1) * math.exp(-work * s - spare * (t - s))
        inner = sum((4 if k % 2 else 2) * density(k * t / steps) for k in range(1, steps))
        return erlang(p, t) + (density(0) + density(t) + inner) * t / steps / 3

    def beyond(t):
        return sum(chance * erlang(held + 1, t) for held, chance in enumerate(direct)) + queued * queue_and_buffer(t)

    mean = sum(chance * (held + 1) / work for held, chance in enumerate(direct)) + queued * (1 / spare + p / work)
    low, high = 0.0, 100 * mean
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > 0.01 else (low, middle)
    return {"sojourn_mean_s": mean, "queue_len_mean_broker": queued * load / (1 - load), "sojourn_p99_s": low}


def main():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "values.json")) as file:
        instances = json.load(file)["instances"]
    for instance in instances:
        if instance["family"] == "broker with consumer prefetch":
            q = instance["parameters"]
            for rule in ("pointer", "ring"):
                print(instance["instance"], rule, figures(rule, q["servers"], q["prefetch"], q["arrival_rate_per_s"], q["service_rate_per_s"]))


if __name__ == "__main__":
    main()
