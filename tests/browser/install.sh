#!/bin/sh
# Makes sure that Chromium and Node are there for the tests of pages in a browser; installs them on Debian and its like.
#
#     tests/browser/install.sh && QUEUELAB_BROWSER=required cargo test --test page
set -eu
has() { command -v "$1" > /dev/null; }
if { has chromium || has chromium-browser || has google-chrome; } && has node; then exit 0; fi
if ! has apt-get; then
    echo "install Chromium and Node by hand: there is no apt-get here" >&2
    exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then root="sudo -n"; fi
export DEBIAN_FRONTEND=noninteractive
packages=""
has chromium || has chromium-browser || has google-chrome || packages="chromium fonts-dejavu-core"
has node || packages="$packages nodejs"
$root apt-get update -qq
# shellcheck disable=SC2086 -- one word a package
$root apt-get install -y -qq --no-install-recommends $packages > /dev/null
