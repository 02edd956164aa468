#!/bin/sh
# Makes the pictures of the README and of docs/gallery.md from the shipped scenarios.
#
#     cargo build --release && docs/gallery.sh
#
# QUEUELAB names another program. With Chromium and Node the picture of a page is made as well.
set -eu
cd "$(dirname "$0")/.."
queuelab=${QUEUELAB:-target/release/queuelab}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Scenario and chart of a run, one picture a line.
while read -r scenario chart; do
    if [ ! -d "$folder/$scenario" ]; then
        "$queuelab" run "scenarios/$scenario.toml" --out "$folder/$scenario" --format quiet
    fi
    cp "$folder/$scenario/$chart.svg" "docs/images/$scenario-$chart.svg"
done <<PICTURES
mm3 latency-percentiles
outbox system
retry-storm latency-over-time
retry-storm throughput
coordinated-omission latency-percentiles
checkout-async stages
peak-shaving backlog
backlog-drain backlog
traffic-spike utilization-over-time
mesh-double-retry services
fan-out-tail latency-histogram
call-chain utilization
PICTURES

# Name, chart, and the command that makes it.
while read -r name chart arguments; do
    if [ ! -d "$folder/$name" ]; then
        # shellcheck disable=SC2086 -- arguments without spaces
        "$queuelab" $arguments --out "$folder/$name" --format quiet
    fi
    cp "$folder/$name/$chart.svg" "docs/images/$name-$chart.svg"
done <<COMMANDS
compare differences compare scenarios/peak-shaving.toml
knee sweep-consumers.workers.sojourn.mean sweep scenarios/mm3.toml --set run.duration=2min --metric consumers.workers.sojourn.mean --vary producers.web.arrivals.poisson=60/s,120/s,180/s,210/s,240/s,255/s,270/s,280/s
heat sweep-consumers.workers.wait.p95-heat sweep scenarios/prefetch-depth.toml --vary consumers.workers.prefetch=1..4 --vary producers.web.arrivals.poisson=150/s,175/s,200/s,225/s
size size-ready size scenarios/worker-pool.toml consumers.thumbnailers.count --set consumers.scanners.count=5
COMMANDS

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$chromium" ] && command -v node > /dev/null; then
    node tests/browser/look.mjs "$chromium" "$folder/pictures" "$folder/outbox/report.html"
    cp "$folder/pictures/outbox-top.png" docs/images/outbox-report.png
fi
