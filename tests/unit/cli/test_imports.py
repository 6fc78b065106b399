"""A verb loads what it uses: no recogniser's engine, learning library or SQL of others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import VERBS
from tests.support.command import configured

pytestmark = pytest.mark.unit
HEAVY = {
    "engine": ("faster_whisper", "ctranslate2", "vosk", "onnxruntime", "av"),
    "learning": ("sklearn", "scipy", "joblib", "pandas"),
    "sql": ("sqlalchemy", "alembic", "asyncpg", "aiosqlite", "sqlite3"),
}
LINES = {
    "--help": "--help",
    "run": "run --help",
    "check": "check --config {config}",
    "doctor": "doctor clock --config {config}",
    "status": "status --config {config}",
    "flows": "flows lint --config {config}",
    "prompts": "prompts --help",
    "call": "call --help",
    "trace": "trace 1 --config {config}",
    "asr": "asr models --config {config}",
    "prefill": "prefill predict --text 路灯坏了 --config {config}",
    "tokens": "tokens list --config {config}",
    "users": "users list --config {config}",
    "phones": "phones add --username 8001 --config {config}",
    "trunks": "trunks --config {config}",
    "feeds": "feeds dead --config {config}",
    "notices": "notices list --dead --config {config}",
    "dispatch": "dispatch versions --config {config}",
    "tickets": "tickets action 1 sign --task 1 --config {config}",
    "channel": "channel new --help",
    "simulate": "simulate sms --help",
    "backup": "backup --help",
    "restore": "restore --help",
    "erase": "erase --ledger --config {config}",
    "search": "search status --config {config}",
}
"""What each is tried by."""
STORED = {"check", "trace", "tokens", "users", "phones", "feeds", "erase", "dispatch", "search", "tickets", "notices"}
"""Those that ask the database."""
EACH_APART = """
import contextlib, io, json, os, sys
from gateway.cli import main
lines, heavy = json.loads(sys.argv[1]), json.loads(sys.argv[2])
for name, line in lines.items():
    told = os.pipe()
    if not os.fork():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                main(line)
        except SystemExit:
            pass
        os.write(told[1], json.dumps([name, [one for one in heavy if one in sys.modules]]).encode())
        os._exit(0)
    os.close(told[1])
    with open(told[0], "rb") as answer:
        print(answer.read().decode())
"""


def loaded(folder: Path, lines: dict[str, str]) -> dict[str, set[str]]:
    """The heavy modules in each process that ran one of ``lines``."""
    config = configured(folder)
    asked = {name: line.format(config=config).split() for name, line in lines.items()}
    heavy = [name for names in HEAVY.values() for name in names]
    command = [sys.executable, "-c", EACH_APART, json.dumps(asked), json.dumps(heavy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: set(found) for name, found in map(json.loads, done.stdout.splitlines())}


def test_each_verb_loads_what_it_uses(tmp_path: Path) -> None:
    assert set(LINES) == {*VERBS, "--help"}
    found = loaded(tmp_path, LINES)
    assert set(found) == set(LINES)
    for name, modules in found.items():
        allowed = set(HEAVY["sql"]) if name in STORED else set()
        assert modules <= allowed, name
    assert {name for name, modules in found.items() if "sqlalchemy" in modules} == STORED
