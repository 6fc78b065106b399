#!/bin/sh
# Resolve pyproject.toml anew into the lock files (every wheel by its hash). Run by people: `make lock`.
# One version of a package for Python 3.11 to 3.13, so that what is proved on one holds on the others.
set -eu
cd "$(dirname "$0")/.."
compile() {
    out=$1
    shift
    .venv/bin/uv pip compile pyproject.toml "$@" --group build --universal --fork-strategy fewest --python-version 3.11 \
        --generate-hashes --no-annotate --no-emit-index-url --no-header --quiet --output-file "$out"
    sed -i '1i # Made by scripts/lock.sh from pyproject.toml; do not edit.' "$out"
    twice=$(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/\1/p' "$out" | uniq -d)
    [ -z "$twice" ] || { echo "lock: $out has two versions of: $twice; delete the newer ones from it and run again" >&2; exit 1; }
}
compile requirements.lock
compile requirements-dev.lock --group dev --extra vosk --constraint requirements.lock
