"""Which way a reply goes to one requester, and when: where they wrote from, else by SMS, else somebody calls them.

Pure. Whether a channel's provider lets one more message through is ``intake.channel.reply_window``'s to say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from gateway.domain.reply_state import Because, ReplyWay


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Times of the city's day in which no telephone is made to ring: from ``begin`` to before ``end``.

    The same instant twice: none are quiet.
    """

    begin: time = time(22)
    end: time = time(7)
    zone: tzinfo

    def over(self, now: datetime) -> datetime:
        """When they are over; ``now`` itself outside of them."""
        local = now.astimezone(self.zone)
        at = local.time().replace(tzinfo=None)
        over_midnight = self.end <= self.begin
        quiet = at >= self.begin or at < self.end if over_midnight else self.begin <= at < self.end
        if self.begin == self.end or not quiet:
            return now
        day = local.date() + timedelta(days=1 if over_midnight and at >= self.begin else 0)
        return datetime.combine(day, self.end, self.zone).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one requester can be reached.

    ``open_until``: up to when the channel they wrote from takes a message of ours that is sent now (it may be past;
    None: they wrote from none that can be answered). ``sms``: a number that is surely theirs, and can be texted.
    """

    open_until: datetime | None = None
    sms: str | None = None
    still: bool = False
    """After ``open_until``, too, the channel takes a message, though perhaps nobody looks there any more."""
    callable: bool = True
    """Some number of theirs is known."""
    by_source: bool = False
    """The platform that handed the contact over is told, and tells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The way, not before ``at``; of a call: when it is due at the latest is counted from ``at``."""

    way: ReplyWay
    at: datetime
    because: Because


def plan(reach: Reach, tried: Collection[str], now: datetime, quiet: QuietHours | None) -> Plan | None:
    """The first way that is left. None: every one was ``tried``, a call too. ``quiet`` None: it cannot wait.

    What a person's own account shows rings nobody's telephone: it waits for the end of the quiet hours only where it
    can still be sent then. A message by SMS and a call always wait.
    """
    failed = Because.FAILED if tried else None
    if ReplyWay.CALL in tried:
        return None
    later = quiet.over(now) if quiet is not None else now
    if reach.by_source and ReplyWay.SOURCE not in tried:
        return Plan(way=ReplyWay.SOURCE, at=now, because=Because.TOLD_BY_SOURCE)
    if ReplyWay.CHANNEL not in tried and reach.open_until is not None and now < reach.open_until:
        return Plan(way=ReplyWay.CHANNEL, at=later if later < reach.open_until else now, because=Because.WRITES_THERE)
    closed = Because.NO_ACCOUNT if reach.open_until is None else Because.WINDOW_CLOSED
    if ReplyWay.SMS not in tried and reach.sms is not None:
        return Plan(way=ReplyWay.SMS, at=later, because=failed or closed)
    if ReplyWay.CHANNEL not in tried and reach.still and not reach.callable:
        return Plan(way=ReplyWay.CHANNEL, at=now, because=Because.LAST_WAY)
    return Plan(way=ReplyWay.CALL, at=later, because=failed or (Because.NO_NUMBER if reach.sms is None else closed))
