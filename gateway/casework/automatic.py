"""自动派单: what is surely classified goes to its unit without anybody's confirming it, where the policy allows that.

A ticket is looked at when its content may be complete, or was corrected. What the tables leave open then waits in the
centre's queue; what is not sure enough waits for an agent, as everything does where the policy says nothing.
"""

from __future__ import annotations

from gateway.casework.dispatcher import Dispatcher
from gateway.domain.events import SYSTEM, InteractionEnded, TicketCorrected, TicketRegistered, TranscriptCompleted
from gateway.domain.status import NOT_BEGUN, Status
from gateway.errors import Conflict, NotFound
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import CommandStore, Record, TicketReader
from gateway.telemetry import log

CURSOR = "dispatch"
LOOKED_AT = frozenset(
    {TicketRegistered.TYPE, InteractionEnded.TYPE, TranscriptCompleted.TYPE, TicketCorrected.TYPE},
)
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
    ) -> None:
        """What was registered before the first run ever is left to people."""
        self._dispatcher = dispatcher
        self._store = store
        self._reader = reader
        self._follower = Follower(
            CURSOR,
            read=lambda after: reader.events(after=after),
            begin=reader.last_event_seq,
            cursors=cursors,
            on=next_commit,
            wants=lambda event: event["type"] in LOOKED_AT and dispatcher.automatic_above is not None,
            handle=lambda event: self.look(event["ticket_id"]),
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self._follower.run()

    async def look(self, ticket_id: str) -> None:
        """Dispatch this ticket, if it is to go by itself."""
        above = self._dispatcher.automatic_above
        try:
            record = await self._reader.ticket(ticket_id)
            if above is None or not _is_whole(record) or self._dispatcher.suggest(record).confidence < above:
                return
            applied = await self._store.execute(self._dispatcher.dispatch(record, SYSTEM, only_new=True))
        except (NotFound, Conflict):  # erased, merged or taken up by somebody meanwhile
            return
        if not applied.skipped:
            _log.info("dispatched_automatically", ticket_id=ticket_id)


def _is_whole(record: Record) -> bool:
    """Whether nobody has begun with it, and everything that was said is there."""
    return (
        Status(record["status"]) in NOT_BEGUN
        and not record["empty"]
        and not record["handling"]["units"]
        and not record["prefill"]["pending"]
        and all(interaction["disposition"] for interaction in record["interactions"])
    )
