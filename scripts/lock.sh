#!/bin/sh
# Resolve pyproject.toml anew into the lock files (Python 3.11 to 3.13, every wheel by its hash). Run by people: `make lock`.
set -eu
cd "$(dirname "$0")/.."
compile() {
    out=$1
    shift
    .venv/bin/uv pip compile pyproject.toml "$@" --group build --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-emit-index-url --no-header --quiet --output-file "$out"
    sed -i '1i # Made by scripts/lock.sh from pyproject.toml; do not edit.' "$out"
}
compile requirements.lock
compile requirements-dev.lock --group dev --extra vosk --constraint requirements.lock
