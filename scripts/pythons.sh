#!/bin/sh
# The fast suite on every other Python that pyproject.toml names and this machine has: what is committed, in a fresh
# clone with nothing beside it and an environment of its own; all tests are collected there too. Used by .ci/run.
# PostgreSQL is asked only by the tests of the storage: the others' statements do not depend on the version of Python.
# Properties get fewer examples than on the main Python, where their inputs are searched: here versions are compared.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
place=$(mktemp -d)
chmod 755 "$place" # tests act as other users, too
trap 'rm -rf "$place"' EXIT
failed=0
for version in $(sed -n 's/.*"Programming Language :: Python :: \(3\.[0-9]*\)".*/\1/p' pyproject.toml); do
    [ "$version" != "$own" ] || continue
    python=
    for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python"$version"; do
        if "$candidate" -c 'import sys, venv, ensurepip' >/dev/null 2>&1; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "pythons: $version: skipped, this machine has no python$version with venv"
        continue
    fi
    clone=$place/$version/hotline
    git clone --quiet "$root" "$clone"
    if (cd "$clone" && unset HOTLINE_TEST_DATA && HOTLINE_EXAMPLES=20 PYTHON=$python make test-fast ONLY='-k "not postgresql or storage"' &&
        .venv/bin/python -m pytest --collect-only -qq >/dev/null); then
        echo "pythons: $version: ok"
    else
        echo "pythons: $version: RED"
        failed=1
    fi
    rm -rf "$clone"
done
exit "$failed"
