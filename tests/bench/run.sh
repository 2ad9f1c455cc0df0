#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# make bench: the engine's table. BIN names the folder with muster; see engine.py for what can be left out.
set -eu
here=$(dirname "$0")
python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" "$here/engine.py" "${BIN:-build/bin}/muster" build/bench
