"""自动派单: what is surely classified goes to its unit without anybody's confirming it, where the policy allows that.

A ticket is looked at when its content may be complete, or was corrected. What is not sure enough, and everything where
the policy says nothing, waits in the centre's queue until somebody gives it out, by a clock; so does what the tables
leave open.
"""

from __future__ import annotations

from gateway.casework.await_dispatch import AwaitDispatch
from gateway.casework.dispatcher import Dispatcher
from gateway.domain.events import SYSTEM, InteractionEnded, TicketCorrected, TicketRegistered, TranscriptCompleted
from gateway.domain.status import NOT_BEGUN, Status
from gateway.errors import Conflict, NotFound, StaleVersion, StoreUnavailable
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import CommandStore, Record, TicketReader
from gateway.telemetry import log

CURSOR = "dispatch"
TRIES = 5
"""How often a ticket that is altered meanwhile is looked at anew in a row."""
WAITS_FROM = frozenset({TicketRegistered.TYPE, InteractionEnded.TYPE})
"""What may be the last that its person had to say; so may be whatever is the first (``_says_something``)."""
GOES_FROM = WAITS_FROM | {TranscriptCompleted.TYPE, TicketCorrected.TYPE}
"""What may say more of where it goes."""
_log = log.get("dispatch")


class AutomaticDispatch:
    """Follows the event log. Several processes may: a ticket is dispatched once, whoever sees it first."""

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        store: CommandStore,
        reader: TicketReader,
        cursors: ChannelStates,
        next_commit: Wake,
        clock: Clock,
    ) -> None:
        """What was registered before the first run ever is left to people."""
        self._dispatcher = dispatcher
        self._store = store
        self._reader = reader
        self._clock = clock
        self._follower = Follower(
            CURSOR,
            read=lambda after: reader.events(after=after),
            begin=reader.last_event_seq,
            cursors=cursors,
            on=next_commit,
            wants=self._wants,
            handle=lambda event: self.look(event["ticket_id"]),
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self._follower.run()

    def _wants(self, event: Record) -> bool:
        looked_at = WAITS_FROM if self._dispatcher.automatic_above is None else GOES_FROM
        return event["type"] in looked_at or _says_something(event)

    async def look(self, ticket_id: str) -> None:
        """Dispatch this ticket, if it is to go by itself; otherwise it waits for somebody who does."""
        for _ in range(TRIES):
            try:
                await self._look(await self._reader.ticket(ticket_id))
            except StaleVersion:  # by what it says now another unit may be the one
                continue
            except (NotFound, Conflict):  # erased, merged or taken up by somebody meanwhile
                return
            else:
                return
        raise StoreUnavailable("this ticket is altered all the time; try again", retry_after_s=1)

    async def _look(self, record: Record) -> None:
        if not _is_nobodys(record):
            return
        ticket_id = record["ticket_id"]
        if not self._goes_alone(record):
            await self._store.execute(AwaitDispatch(at=self._clock.now(), ticket_id=ticket_id))
            return
        command = self._dispatcher.dispatch(record, SYSTEM, version=record["version"], only_new=True)
        applied = await self._store.execute(command)
        if not applied.skipped:
            _log.info("dispatched_automatically", ticket_id=ticket_id)

    def _goes_alone(self, record: Record) -> bool:
        """Whether everything that was said is there, and its category is sure enough."""
        above = self._dispatcher.automatic_above
        if above is None or record["prefill"]["pending"]:
            return False
        return self._dispatcher.suggest(record).confidence >= above


def _says_something(event: Record) -> bool:
    """Whether its ticket said nothing before: a call may be heard, and a contact be added to, long after its end."""
    return "empty" in (event["data"].get("changed") or {})


def _is_nobodys(record: Record) -> bool:
    """Whether nobody has begun with it, and its person has said what they had to say."""
    return (
        Status(record["status"]) in NOT_BEGUN
        and not record["empty"]
        and not record["handling"]["units"]
        and all(interaction["disposition"] for interaction in record["interactions"])
    )
