"""Makes notices of what happens to cases: a follower of the event log, which one process of all keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.casework.notices.hours import ReceivingHours, UnitsInForce, opening
from gateway.domain.case.receivers import Entry, NoticeWay, Posts, Receiver, receivers, way_of
from gateway.domain.events import REGISTRY
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339
from gateway.errors import StoreUnavailable
from gateway.following.follower import Follower
from gateway.following.lease import Lease
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.notices import NewNotice, NoticeStore
from gateway.telemetry import log

CURSOR = ":notices"
"""No channel can be called so."""
GATHER = timedelta(seconds=15)
"""What happens so soon after the first of several ordinary notices is told with it."""
_log = log.get("notices")
Page = Sequence[dict[str, Any]]
"""Events, in their order."""


class NoticeFollower:
    """The duty of making notices; what was before its first run is told to nobody."""

    def __init__(
        self,
        *,
        store: NoticeStore,
        read: Callable[[int], Awaitable[Page]],
        begin: Callable[[], Awaitable[int]],
        cursors: ChannelStates,
        next_commit: Wake,
        posts: Posts,
        ways: Collection[NoticeWay],
        hours: ReceivingHours,
        is_urgent: Callable[[Form], bool],
        clock: Clock,
        lease: Lease | None = None,
    ) -> None:
        """``read(after)`` gives events behind an event_seq.

        ``ways``: those by which this installation can send; addresses of others are passed over.
        """
        self._store = store
        self._events = read
        self._posts = posts
        self._ways = ways
        self._hours = hours
        self._is_urgent = is_urgent
        self._clock = clock
        self._lease = lease
        self._unreachable: set[str] = set()
        self._alone_to = 0
        """Events up to this event_seq are handled one by one: their page broke."""
        self._follower: Follower[Page] = Follower(
            CURSOR,
            read=self._pages,
            begin=begin,
            cursors=cursors,
            on=next_commit,
            seq=lambda page: int(page[-1]["event_seq"]),
            wants=lambda page: any(map(_tells, page)),
            handle=self._tell,
        )

    async def run(self) -> None:
        """Until cancelled."""
        if self._lease is None:
            await self._follower.run()
        else:
            await self._lease.run(self._follower.run)

    async def _pages(self, after: int) -> list[Page]:
        """A page is handled whole: 50,000 limits that ran out over night are a hundred transactions.

        One that broke is handled event by event, so that what is left out is the event that breaks, and no other.
        """
        page = await self._events(after)
        if after < self._alone_to:
            return [[event] for event in page]
        return [page] if page else []

    async def _tell(self, page: Page) -> None:
        """Make the notices of a page. Doing it twice makes them once."""
        try:
            await self._make(page)
        except StoreUnavailable:
            raise
        except Exception:
            self._alone_to = int(page[-1]["event_seq"])
            raise

    async def _make(self, page: Page) -> None:
        events = [event for event in page if _tells(event)]
        forms = await self._store.forms({event["ticket_id"] for event in events})
        units = await self._hours.units()
        for code in (self._posts.centre, self._posts.supervision):
            if code is not None and code not in units.directory.units:
                self._tell_unreachable(code)
        new: list[NewNotice] = []
        for event in events:
            form = forms.get(event["ticket_id"])
            if form is not None:
                new += self._of(event, form, units)
        await self._store.add(new)

    def _of(self, event: Entry, form: Form, units: UnitsInForce) -> list[NewNotice]:
        now = self._clock.now()
        today = now.astimezone(self._hours.usual.zone).date()
        found: list[NewNotice] = []
        for receiver in receivers(event, form, units.directory, self._posts, today, urgent=self._is_urgent(form)):
            code = receiver.unit.code
            due_at = now if self._is_urgent(form) else opening(units, self._hours.usual, code, now + GATHER)
            told = self._told(event, form, receiver, due_at)
            if not told:
                self._tell_unreachable(code)
            found += told
        return found

    def _told(self, event: Entry, form: Form, receiver: Receiver, due_at: datetime) -> list[NewNotice]:
        data = event["data"]
        return [
            NewNotice(
                event_seq=event["event_seq"],
                unit=receiver.unit.code,
                way=way,
                address=address,
                ticket_id=event["ticket_id"],
                ticket_no=event["ticket_no"],
                type=event["type"],
                clock_kind=data.get("clock_kind"),
                task_id=data.get("task_id"),
                urgent=self._is_urgent(form),
                at=from_rfc3339(event["at"]),
                due_at=due_at,
            )
            for address in receiver.addresses
            if (way := way_of(address)) is not None and way in self._ways
        ]

    def _tell_unreachable(self, unit: str) -> None:
        """Once a run: a directory without contacts would fill the log."""
        if unit not in self._unreachable:
            self._unreachable.add(unit)
            _log.warning(
                "unit_unreachable",
                unit=unit,
                do="enter a mobile number, an e-mail or a robot among its contacts there; configure that way",
            )


def _tells(event: Entry) -> bool:
    kind = REGISTRY.get(event["type"])
    return kind is not None and kind.TELLS is not None
