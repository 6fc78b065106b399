"""One text for Prometheus from what several processes measured."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry.exposition import exposition
from gateway.telemetry.metrics import GaugeWhenSet
from tests.support.running import ROOT

pytestmark = pytest.mark.unit
WORDS = st.text('abcdefgh"\\\n中 ', max_size=8)
SAMPLES = st.dictionaries(WORDS, st.floats(allow_nan=False), max_size=3)
PROCESSES = st.dictionaries(
    st.sampled_from(["voice", "web+worker", "asr-0", "reader"]), st.none() | st.tuples(SAMPLES, SAMPLES), min_size=1
)


def families(measures: tuple[dict[str, float], dict[str, float]] | None) -> list[dict[str, object]] | None:
    """Two gauges with a label, as a process would send them."""
    if measures is None:
        return None
    return [
        {
            "name": f"gateway_{name}",
            "help": name,
            "type": "gauge",
            "samples": [[f"gateway_{name}", {"channel_id": label}, value] for label, value in values.items()],
        }
        for name, values in zip(("one", "two"), measures, strict=True)
    ]


@given(PROCESSES)
def test_each_sample_says_whose_it_is_and_a_family_stands_once(
    processes: dict[str, tuple[dict[str, float], dict[str, float]] | None],
) -> None:
    text = exposition({name: families(measures) for name, measures in processes.items()}).decode()
    kinds = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
    assert len(kinds) == len(set(kinds))
    found = {
        (sample.name, sample.labels["process"], sample.labels.get("channel_id")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    up = {(name, None): float(measures is not None) for name, measures in processes.items()}
    assert {(process, label): value for (name, process, label), value in found.items() if name.endswith("_up")} == up
    sent = {
        (f"gateway_{name}", process, label): value
        for process, measures in processes.items()
        for name, values in zip(("one", "two"), measures or ({}, {}), strict=True)
        for label, value in values.items()
    }
    assert {key: value for key, value in found.items() if not key[0].endswith("_up")} == sent


MEASURE = """
import asyncio, json, sys
from gateway.telemetry.exposition import exposition, measured

async def main():
    sys.stdout.buffer.write(exposition({"web": json.loads(json.dumps(measured()))}))

asyncio.run(main())
"""


def test_what_a_process_measured_goes_through_json_and_keeps_its_names() -> None:
    """In a process of its own: what other tests measured in this one is not there."""
    done = subprocess.run([sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    for name in ("gateway_calls_active", "gateway_feed_pending", "gateway_tasks", "process_open_fds"):
        assert re.search(rf"^# TYPE {name} gauge$", text, re.MULTILINE), name
    assert re.search(r'^gateway_accept_seconds_bucket\{le="0.001",process="web"\} ', text, re.MULTILINE)
    assert re.search(r'^gateway_tasks\{process="web"\} [1-9]', text, re.MULTILINE)
    assert not re.search(r"^gateway_feed_pending", text, re.MULTILINE), "nobody counted deliveries here"


@pytest.mark.parametrize("give", [lambda gauge: gauge.set(0), lambda gauge: gauge.inc(0), lambda gauge: gauge.dec(0)])
def test_a_gauge_has_a_value_where_somebody_gave_it_one(give: object) -> None:
    assert callable(give)
    registry = CollectorRegistry()
    gauge = GaugeWhenSet("gateway_something", "Something", registry=registry)
    assert [(family.name, family.samples) for family in registry.collect()] == [("gateway_something", [])]
    give(gauge)
    assert [sample.value for family in registry.collect() for sample in family.samples] == [0.0]
