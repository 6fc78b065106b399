"""The metrics of a process as data, and those of several processes as one Prometheus text."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

from gateway.telemetry import metrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Families = Sequence[Mapping[str, Any]]
"""Metric families as JSON can carry them: name, help, type, samples [name, labels, value]."""


def measured() -> list[dict[str, Any]]:
    """Everything that this process has measured. Call it on its event loop, whose tasks it counts."""
    metrics.TASKS.set(len(asyncio.all_tasks()))
    return [
        {
            "name": family.name,
            "help": family.documentation,
            "type": family.type,
            "samples": [[sample.name, dict(sample.labels), sample.value] for sample in family.samples],
        }
        for family in REGISTRY.collect()
    ]


def exposition(found: Mapping[str, Families | None]) -> bytes:
    """One text: each sample with the label ``process``, and which processes answered (None: this one did not)."""
    up = Metric("gateway_process_up", "1 while a process of this machine answers, 0 while it does not", "gauge")
    merged: dict[str, Metric] = {}
    for process, families in found.items():
        up.add_sample(up.name, {"process": process}, float(families is not None))
        for family in families or ():
            name = family["name"]
            metric = merged.setdefault(name, Metric(name, family["help"], family["type"]))
            for sample, labels, value in family["samples"]:
                metric.add_sample(sample, {**labels, "process": process}, value)
    return generate_latest(_Merged([up, *merged.values()]))


class _Merged(CollectorRegistry):
    """What ``generate_latest`` reads."""

    def __init__(self, families: Sequence[Metric]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return iter(self._families)
