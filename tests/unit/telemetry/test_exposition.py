"""One text for Prometheus from what several processes measured."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry import metrics
from gateway.telemetry.exposition import exposition
from gateway.telemetry.gauges import Gauge
from tests.support.command import ROOT

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
from gateway.telemetry import metrics
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


GIVE = pytest.mark.parametrize(
    "give", [lambda gauge: gauge.set(0), lambda gauge: gauge.inc(0), lambda gauge: gauge.dec(0)]
)


@GIVE
def test_a_gauge_has_a_value_where_somebody_gave_it_one(give: object) -> None:
    assert callable(give)
    registry = CollectorRegistry()
    gauge = Gauge("gateway_something", "Something", registry=registry)
    assert [(family.name, family.samples) for family in registry.collect()] == [("gateway_something", [])]
    give(gauge)
    assert [sample.value for family in registry.collect() for sample in family.samples] == [0.0]
    gauge.unset()
    assert [(family.name, family.samples) for family in registry.collect()] == [("gateway_something", [])]


def shown(registry: CollectorRegistry) -> dict[str, float]:
    return {sample.labels["feed"]: sample.value for family in registry.collect() for sample in family.samples}


@GIVE
def test_a_gauge_with_a_label_has_a_value_where_somebody_gave_it_one(give: object) -> None:
    assert callable(give)
    registry = CollectorRegistry()
    gauge = Gauge("gateway_something", "Something", ["feed"], registry=registry)
    one = gauge.labels("one")
    assert shown(registry) == {}
    give(one)
    assert shown(registry) == {"one": 0.0}
    one.unset()
    assert shown(registry) == {}


@given(st.lists(st.dictionaries(WORDS, st.floats(allow_nan=False), max_size=4), min_size=1, max_size=4))
def test_what_is_there_no_more_is_shown_no_more(looks: list[dict[str, float]]) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("gateway_something", "Something", ["feed"], registry=registry)
    for look in looks:
        gauge.replace(look)
        assert shown(registry) == look
    gauge.unset()
    assert shown(registry) == {}


def test_what_ended_is_forgotten_by_every_gauge_that_told_of_it() -> None:
    metrics.CHANNEL_CONNECTED.labels("ends").set(1)
    metrics.CHANNEL_LAST.labels("ends", "inbound").set(1)
    metrics.CHANNEL_CONNECTED.labels("stays").set(1)
    metrics.FEED_HELD.labels("ends").set(1)
    metrics.forget("channel_id", "ends")
    left = {
        (sample.name, *sorted(sample.labels.values()))
        for family in REGISTRY.collect()
        for sample in family.samples
        if {"ends", "stays"} & set(sample.labels.values())
    }
    assert left == {("gateway_channel_connected", "stays"), ("gateway_feed_held", "ends")}
    metrics.forget("channel_id", "stays")
    metrics.forget("feed", "ends")
