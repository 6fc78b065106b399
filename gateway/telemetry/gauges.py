"""Gauges that are exposed only while their value is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import prometheus_client
from prometheus_client.samples import Sample


class Gauge(prometheus_client.Gauge):
    """A gauge that is exposed where somebody gave it a value, with labels or without, and for as long as that holds.

    An ordinary one says 0 in every process that knows its name: a web process would seem to have no disk left.
    """

    _given = False

    def set(self, value: float) -> None:
        """See ``prometheus_client.Gauge.set``."""
        self._given = True
        super().set(value)

    def inc(self, amount: float = 1) -> None:
        """See ``prometheus_client.Gauge.inc``; by 0: it is counted here, and there is nothing yet."""
        self._given = True
        super().inc(amount)

    def dec(self, amount: float = 1) -> None:
        """See ``prometheus_client.Gauge.dec``."""
        self._given = True
        super().dec(amount)

    def unset(self) -> None:
        """Nothing is known any more: of this value, or with labels of all of them."""
        if self._labelnames and not self._labelvalues:
            self.clear()
        self._given = False

    def replace(self, values: Mapping[str, float]) -> None:
        """Have a value for each key of ``values``, which is its only label, and for nothing else."""
        for (label,) in [labels for labels in self._known() if labels[0] not in values]:
            self.remove(label)
        for label, value in values.items():
            self.labels(label).set(value)

    def forget(self, label: str, value: str) -> None:
        """Drop what is labelled so: a channel or feed that ended."""
        if label in self._labelnames:
            place = self._labelnames.index(label)
            for labels in [labels for labels in self._known() if labels[place] == value]:
                self.remove(*labels)

    def _known(self) -> list[tuple[str, ...]]:
        with self._lock:
            return [tuple(labels) for labels in self._metrics]

    def _child_samples(self) -> Iterable[Sample]:
        return super()._child_samples() if self._given else ()
