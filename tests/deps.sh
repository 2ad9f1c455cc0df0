#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Installs the Debian packages named on the command line that are missing; says clearly what to do where it can't.
set -u
missing=""
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "These packages are missing, and this machine has no apt-get:$missing" >&2
    echo "Muster is built and tested on Debian 12. Install the same libraries by hand, then run make again." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        echo "These packages are missing:$missing" >&2
        echo "Run this as an administrator, then run make again:" >&2
        echo "    sudo apt-get install$missing" >&2
        exit 1
    fi
fi
echo "Installing what is missing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
if { $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    rm -f "$log"
    exit 0
fi
tail -n 5 "$log" >&2
rm -f "$log"
echo "Could not install:$missing" >&2
echo "Check the network and the package sources, then run: apt-get install$missing" >&2
exit 1
