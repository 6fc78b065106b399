"""Ten calls of different kinds and the demo's, by telephone: each form says what was wanted, nothing sure is wrong.

``tests/data/calls/manifest.json`` says for each call which values a field may have (a category's ancestors are right
as well), and what has to be there: a field that is ``sure``, the ``field`` at all, or one ``offered`` among candidates.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.media.wav import alaw_wav, read_wav
from tests.e2e.test_speech_as_calls import quiet_line
from tests.support.command import ROOT
from tests.support.running import RunningGateway

MODEL = ROOT / "models" / "whisper-base" / "model.bin"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not MODEL.exists(), reason=f"no recogniser at {MODEL}: gateway asr fetch"),
]

CALLS = ROOT / "tests" / "data" / "calls"
MANIFEST: dict[str, dict[str, Any]] = json.loads((CALLS / "manifest.json").read_text(encoding="utf-8"))
AT_ONCE = 11
"""All of them: a call takes a minute, most of which is listening to prompts."""
SURE = 0.9
CATEGORY = "demand.category"
WHOLE = {"demand.content", "demand.title", "place.address"}
"""The caller's own words: right as far as they were understood."""


def is_right(path: str, value: Any, right: list[str]) -> bool:
    code = value["code"] if isinstance(value, dict) else value
    return code in right or (path == CATEGORY and any(known.startswith(code) for known in right))


def offered(ticket: dict[str, Any], path: str) -> list[Any]:
    """The field's value and everything else the form offers for it."""
    field = ticket["prefill"]["fields"].get(path)
    candidates = ticket["prefill"]["candidates"].get(path.rpartition(".")[2], [])
    return [field["value"]] * (field is not None) + [candidate["code"] for candidate in candidates]


def filled(fields: dict[str, Any], path: str, least: float) -> list[Any]:
    """The field's value when its confidence is at least ``least``."""
    return [fields[path]["value"]] if path in fields and fields[path]["confidence"] >= least else []


def faults(name: str, wanted: dict[str, Any], ticket: dict[str, Any]) -> list[str]:
    """What is wrong with the form of call ``name``."""
    fields: dict[str, Any] = ticket["prefill"]["fields"]
    found = [
        f"{name}: {path} is {field['value']} at {field['confidence']}"
        for path, field in fields.items()
        if field["confidence"] >= SURE
        and path not in WHOLE
        and not is_right(path, field["value"], wanted["fields"].get(path, []))
    ]
    for path, how in wanted["expect"].items():
        values = offered(ticket, path) if how == "offered" else filled(fields, path, SURE if how == "sure" else 0.0)
        if not any(is_right(path, value, wanted["fields"][path]) for value in values):
            found.append(f"{name}: {path} is {values}, not {wanted['fields'][path]}")
    said = [s for s in ticket["interactions"][0]["transcript"] if s["speaker"] == "requester"]
    if {s["language"] for s in said} != {wanted.get("language", "zh")}:
        found.append(f"{name}: spoken in {[s['language'] for s in said]}")
    if ticket["line"] != wanted.get("line", "citizen"):
        found.append(f"{name}: line {ticket['line']}")
    return found


def test_ten_calls_fill_their_forms(tmp_path: Path) -> None:
    with RunningGateway(tmp_path / "gateway", asr_workers=1) as gateway, ThreadPoolExecutor(AT_ONCE) as pool:
        assert gateway.token

        def call(name: str) -> list[str]:
            wav = tmp_path / f"{name}.wav"
            source = ROOT / MANIFEST[name].get("wav", f"tests/data/calls/{name}.wav")
            wav.write_bytes(alaw_wav(quiet_line(0.5) + read_wav(source).alaw() + quiet_line(1.0)))
            keys = ["--dtmf", MANIFEST[name]["keys"]] if "keys" in MANIFEST[name] else []
            answer = gateway.cli("call", "--to", gateway.sip_uri, "--wav", str(wav), *keys, "--json")
            ticket = gateway.ticket_of_call(json.loads(answer)["call_id"])
            for segment in ticket["interactions"][0]["transcript"]:
                if segment["speaker"] == "requester":
                    print(f"{name}: {segment['text']} → {segment['corrected_text'] or 'as heard'}")
            fields = ticket["prefill"]["fields"]
            print(f"  { ({path: (f['value'], f['confidence']) for path, f in fields.items() if path not in WHOLE}) }")
            return faults(name, MANIFEST[name], ticket)

        found = [fault for faults_of_one in pool.map(call, MANIFEST) for fault in faults_of_one]
    assert found == []
