"""What providers tell of messages we sent: delivered, read, failed."""

from __future__ import annotations

from collections import OrderedDict

from gateway.domain.change import Change, DeliveryUpdate, NewEvent
from gateway.domain.veil import text_wholly
from gateway.intake.channel.health import HealthBoard
from gateway.intake.conversation.watching import Watchers
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ConversationStore, SentMessage
from gateway.ports.message import Receipt, same_subscriber
from gateway.ports.store import ChangeStore

EARLY_KEPT = 20_000
STATES = frozenset({"sent", "delivered", "read", "failed"})


class Receipts:
    """Notes receipts in the record."""

    def __init__(
        self, *, store: ChangeStore, reads: ConversationStore, watchers: Watchers, health: HealthBoard, clock: Clock
    ) -> None:
        """Nothing is kept but receipts that came too early."""
        self._store = store
        self._reads = reads
        self._watchers = watchers
        self._health = health
        self._clock = clock
        self._early: OrderedDict[tuple[str, str], Receipt] = OrderedDict()

    async def take(self, receipt: Receipt) -> None:
        """See ``Conversations.receipt``."""
        if receipt.state not in STATES:
            return
        found = await self._message_of(receipt)
        if found is None:
            # Either not ours, or it overtook the commit that knows its message as sent: kept for ``sent_as``.
            for external_id in dict.fromkeys((receipt.external_id, *receipt.also)):
                self._early[receipt.channel_id, external_id] = receipt
                if len(self._early) > EARLY_KEPT:
                    self._early.popitem(last=False)
            return
        # A provider may repeat the number that it did not reach, and events are for ever.
        data = {"message_id": found.message_id, "error": text_wholly(receipt.error)}
        applied = await self._store.apply(
            Change(
                ticket_id=found.ticket_id,
                interaction_id=found.interaction_id,
                deliveries=(
                    DeliveryUpdate(
                        message_id=found.message_id, state=receipt.state, at=receipt.at, error=receipt.error
                    ),
                ),
                events=(NewEvent(type=f"message.{receipt.state}", at=self._clock.now(), data=data),),
            )
        )
        if not applied.skipped:
            if receipt.state == "failed":
                self._health.failed(receipt.channel_id)
            self._watchers.wake(receipt.channel_id, found.recipient)

    async def _message_of(self, receipt: Receipt) -> SentMessage | None:
        """The message of ours that a receipt means: one to the telephone it names, else the one of exactly its id."""
        exact: SentMessage | None = None
        for external_id in dict.fromkeys((receipt.external_id, *receipt.also)):
            found = await self._reads.receipted(receipt.channel_id, external_id)
            if found is not None and same_subscriber(found.recipient, receipt.recipient):
                return found
            if external_id == receipt.external_id:
                exact = found
        return exact

    async def sent_as(self, channel_id: str, external_id: str | None) -> None:
        """A message of ours is known as sent: receipts that were here before that are taken now."""
        early = self._early.pop((channel_id, external_id or ""), None)
        if early is not None:
            await self.take(early)
