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

# Scenario and chart, one picture a line.
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
mesh-double-retry services
fan-out-tail latency-histogram
call-chain utilization
PICTURES

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$chromium" ] && command -v node > /dev/null; then
    node tests/browser/look.mjs "$chromium" "$folder/pictures" "$folder/outbox/report.html"
    cp "$folder/pictures/outbox-top.png" docs/images/outbox-report.png
fi
