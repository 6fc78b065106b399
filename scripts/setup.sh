#!/bin/sh
# Find a Python that can carry the project (on Debian as root: install one) and hand over to setup.py.
# Usage: scripts/setup.sh runtime|dev|javascript|model|peers...
set -eu
cd "$(dirname "$0")/.."

usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in "${PYTHON:-}" .venv/bin/python python3.13 python3.12 python3.11 python3; do
        if [ -n "$candidate" ] && usable "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

install_python() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "setup: installing python3 and python3-venv with apt-get (about a minute) ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv; } >/tmp/hotline-apt.log 2>&1 ||
        { echo "setup: apt-get could not install python3-venv, see /tmp/hotline-apt.log (no network?)" >&2; exit 1; }
}

python=$(find_python) || { install_python && python=$(find_python); } || {
    echo "setup: Python 3.11 or newer with venv is missing. Install it (Debian: apt-get install python3 python3-venv) or set PYTHON=/path/to/python3" >&2
    exit 1
}
exec "$python" scripts/setup.py "$@"
