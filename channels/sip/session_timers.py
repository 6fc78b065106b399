"""Session timers: RFC 4028, as the called and as the calling side."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from channels.sip import uri as uris
from channels.sip.message import Request, Response

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
MARGIN_S = 32.0


class IntervalTooSmall(Exception):
    """The peer wants shorter refreshes than we take."""


@dataclass(frozen=True, slots=True)
class AgreedTimer:
    """``interval_s`` seconds between refreshes, sent by us or by them."""

    interval_s: int
    we_refresh: bool


def parse(value: str | None) -> tuple[int, str] | None:
    """Seconds and refresher (``uac``, ``uas`` or empty) of a Session-Expires value; None when unreadable."""
    if value is None:
        return None
    number, _, rest = value.partition(";")
    if not _SECONDS.fullmatch(number.strip()):
        return None
    refresher = uris.params(rest).get("refresher", "").lower()
    return int(number), refresher if refresher in {"uac", "uas"} else ""


def agree(request: Request, *, preferred_s: int, min_s: int) -> AgreedTimer:
    """What we, as the UAS of ``request``, settle on (§9); ``IntervalTooSmall`` calls for 422."""
    supported = "timer" in request.options("supported") or "timer" in request.options("require")
    wanted = parse(request.first("session-expires"))
    if wanted is None:
        floor = request.number("min-se") or 0
        return AgreedTimer(max(preferred_s, floor), we_refresh=not supported)
    seconds, refresher = wanted
    if seconds < min_s:
        if supported:
            raise IntervalTooSmall
        seconds = min_s  # set by a proxy for a caller without timers; we refresh
    if not supported:
        return AgreedTimer(seconds, we_refresh=True)
    return AgreedTimer(seconds, we_refresh=refresher == "uas")


def answer_headers(agreed: AgreedTimer, request: Request) -> list[tuple[str, str]]:
    """The headers of our 2xx (§9)."""
    headers = [("Session-Expires", f"{agreed.interval_s};refresher={'uas' if agreed.we_refresh else 'uac'}")]
    if not agreed.we_refresh or "timer" in request.options("supported"):
        headers.append(("Require", "timer"))
    return headers


def accepted(response: Response, *, asked_s: int, min_s: int) -> AgreedTimer:
    """What the 2xx to a request of ours settled (§7.2); a peer without timers leaves the refreshing to us."""
    answered = parse(response.first("session-expires"))
    if answered is None:
        return AgreedTimer(asked_s, we_refresh=True)
    return AgreedTimer(max(answered[0], min_s), we_refresh=answered[1] != "uas")


class SessionTimer:
    """Fires ``refresh`` at half the interval when it is ours, ``expired`` shortly before its end (§10)."""

    def __init__(self, refresh: Callable[[], None], expired: Callable[[], None]) -> None:
        self._refresh = refresh
        self._expired = expired
        self._handles: list[asyncio.TimerHandle] = []
        self.agreed: AgreedTimer | None = None

    def start(self, agreed: AgreedTimer) -> None:
        """(Re)start after a 2xx."""
        self.stop()
        self.agreed = agreed
        loop = asyncio.get_running_loop()
        end = agreed.interval_s - min(MARGIN_S, agreed.interval_s / 3)
        self._handles.append(loop.call_later(end, self._expired))
        if agreed.we_refresh:
            self._handles.append(loop.call_later(agreed.interval_s / 2, self._refresh))

    def stop(self) -> None:
        """Stop both."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()
