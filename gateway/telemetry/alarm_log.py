"""Logs each alarm once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.telemetry import log
from gateway.telemetry.alarms import BY_NAME, Ringing

_log = log.get("alarm")


class AlarmLog:
    """Of one process."""

    def __init__(self) -> None:
        """No alarm is active yet."""
        self._known: dict[tuple[str, str | None], Ringing] = {}

    def now(self, alarms: Iterable[Ringing]) -> None:
        """``alarms`` are active now, and no others."""
        ringing = {(one.name, one.of): one for one in alarms}
        for key, one in ringing.items():
            if key not in self._known and BY_NAME[one.name].log is None:
                _log.error(one.name, **_of(one), value=one.value)
        for key, one in self._known.items():
            if key not in ringing:
                _log.info("alarm_over", alarm=one.name, **_of(one))
        self._known = ringing


def _of(one: Ringing) -> dict[str, str]:
    label = BY_NAME[one.name].label
    return {label: one.of} if label and one.of is not None else {}
