#!/usr/bin/env bash
# How much slower than a hard-wired C loop? The same models, side by side, in the same minutes.
#
#   benches/against_c.sh                       CPU time a message, all four models
#   benches/against_c.sh --instructions        as well: instructions a message (valgrind's callgrind), and those of three calls and of
#                                              a broker beside those of an M/M/1
#   CASES= benches/against_c.sh --instructions       these alone
#   CASES="mm1 mm3" MESSAGES=4000000 ROUNDS=9 benches/against_c.sh
#   QUEUELAB=path/to/queuelab benches/against_c.sh      an already built program
#
# Cost of a message = (user CPU time of 2N messages - user CPU time of N) / N, so that start-up and reports drop out. Both programs
# run in turns; each figure is the median over the rounds, with the lowest and the highest beside it.
# Needs: cargo, make, gcc, awk; valgrind for --instructions.
set -euo pipefail
cd "$(dirname "$0")/.."

cases=${CASES-mm1 mm3 tandem prio}
messages=${MESSAGES:-10000000}
rounds=${ROUNDS:-5}
loops=benches/c
few=${FEW:-200000} # messages under callgrind, which is some 50 times slower
queuelab=${QUEUELAB:-target/release/queuelab}

scratch=$(mktemp -d)
errors=$scratch/errors
trap 'rm -rf "$scratch"' EXIT

if [ -z "${QUEUELAB:-}" ]; then cargo build --release --quiet; fi
make --quiet -C benches/c

# Messages a second that the model's producers publish.
rate() {
    case $1 in
    mm1 | chain | calls | rabbit | exchange) echo 0.8 ;;
    mm3 | prio) echo 2.4 ;;
    tandem) echo 1.4 ;;
    *) echo "unknown case $1" >&2 && exit 2 ;;
    esac
}

# ours CASE N [PREFIX...]: runs queuelab for about N messages.
ours() {
    local case=$1 n=$2
    shift 2
    local seconds
    seconds=$(awk -v n="$n" -v r="$(rate "$case")" 'BEGIN { printf "%.0f", n / r }')
    "$@" "$queuelab" run "benches/scenarios/$case.toml" --set "run.duration=${seconds}s" \
        --replications 1 --threads 1 --format quiet --no-files
}

# theirs CASE N [PREFIX...]: runs the C loop for N messages.
theirs() {
    local case=$1 n=$2
    shift 2
    "$@" "$loops/$case" "$n"
}

# cpu COMMAND...: user CPU seconds.
cpu() {
    local TIMEFORMAT=%3U
    { time "$@" >/dev/null 2>"$errors"; } 2>&1 || { cat "$errors" >&2 && exit 1; }
}

# counted WHO CASE N: instructions under callgrind.
counted() {
    "$1" "$2" "$3" valgrind --tool=callgrind --callgrind-out-file=/dev/null 2>&1 >/dev/null | awk '/Collected/ { print $NF }'
}

# median, lowest and highest of numbers on standard input
spread() {
    sort -g | awk '{ x[NR] = $1 } END { m = int((NR + 1) / 2); printf "%.1f %.1f %.1f", NR % 2 ? x[m] : (x[m] + x[m + 1]) / 2, x[1], x[NR] }'
}

slope() { awk -v one="$1" -v two="$2" -v n="$3" -v unit="$4" 'BEGIN { print (two - one) / n * unit }'; }

printf '%-8s %28s %28s %8s\n' case 'queuelab, ns a message' 'C loop, ns a message' ratio
for case in $cases; do
    mine='' other=''
    for _ in $(seq "$rounds"); do
        mine+="$(slope "$(cpu ours "$case" "$messages")" "$(cpu ours "$case" $((2 * messages)))" "$messages" 1e9)"$'\n'
        other+="$(slope "$(cpu theirs "$case" "$messages")" "$(cpu theirs "$case" $((2 * messages)))" "$messages" 1e9)"$'\n'
    done
    read -r a a_low a_high <<<"$(printf %s "$mine" | spread)"
    read -r b b_low b_high <<<"$(printf %s "$other" | spread)"
    printf '%-8s %8s [%6s to %6s] %8s [%6s to %6s] %8s\n' "$case" "$a" "$a_low" "$a_high" "$b" "$b_low" "$b_high" \
        "$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f", a / b }')"
done

if [ "${1:-}" = --instructions ]; then
    # valgrind does not know every instruction of the newest processors: the loops once more, for any of them.
    loops=$scratch
    for case in $cases; do gcc -O3 -o "$loops/$case" "benches/c/$case.c" -lm; done
    printf '\n%-8s %28s %28s %8s\n' case 'queuelab, instructions' 'C loop, instructions' ratio
    for case in $cases; do
        a=$(slope "$(counted ours "$case" "$few")" "$(counted ours "$case" $((2 * few)))" "$few" 1)
        b=$(slope "$(counted theirs "$case" "$few")" "$(counted theirs "$case" $((2 * few)))" "$few" 1)
        awk -v c="$case" -v a="$a" -v b="$b" 'BEGIN { printf "%-8s %28.1f %28.1f %8.2f\n", c, a, b, a / b }'
    done
    # No loop in C does what callers and brokers do: the same M/M/1 without any stands beside them.
    mm1=$(slope "$(counted ours mm1 "$few")" "$(counted ours mm1 $((2 * few)))" "$few" 1)
    printf '\n%-8s %28s %28s\n' case 'queuelab, instructions' 'times those of mm1'
    for case in calls chain rabbit exchange; do
        a=$(slope "$(counted ours "$case" "$few")" "$(counted ours "$case" $((2 * few)))" "$few" 1)
        awk -v c="$case" -v a="$a" -v b="$mm1" 'BEGIN { printf "%-8s %28.1f %28.2f\n", c, a, a / b }'
    done
fi
