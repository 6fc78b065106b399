"""The error taxonomy: few classes, each one something a caller acts on differently."""

from __future__ import annotations


class GatewayError(Exception):
    """Root of every error this product raises on purpose.

    ``code`` is a stable snake_case word for logs and problem details; the message says to a person what to do.
    """

    code = "gateway_error"


class ConfigError(GatewayError):
    """Configuration or a flow is wrong; ``problems`` lists every mistake found, not only the first."""

    code = "config_error"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class RejectedInput(GatewayError):
    """The peer sent something we refuse (bad signature, bad payload). Retrying the same input is useless."""

    code = "rejected_input"


class VisitUnanswered(RejectedInput):
    """A call that asks what somebody thinks of a reply is to end without saying what came of it."""

    code = "visit_unanswered"


class Conflict(GatewayError):
    """The same idempotency key came with another body, or a ticket moved on since it was read."""

    code = "conflict"


class StaleVersion(Conflict):
    """``If-Match`` named a version that is no longer the newest (HTTP 412)."""

    code = "stale_version"


class AlreadyErased(Conflict):
    """The ticket has been erased: nothing of a person's is written to it any more."""

    code = "ticket_erased"


class NotJudged(Conflict):
    """A reply cannot be judged, or not any more: tell whoever judges it; what else they said is kept."""


class AlreadyDispatched(Conflict):
    """Units have the ticket: which one leads is altered by what is done with their tasks alone."""

    code = "already_dispatched"


class AlreadyClaimed(Conflict):
    """Another agent has claimed the callback task."""

    code = "callback_claimed"


class CallbackClosed(Conflict):
    """The callback task has ended: no call is owed any more."""

    code = "callback_closed"


class NotFound(GatewayError):
    """No such ticket, interaction, recording or other named thing."""

    code = "not_found"


class StoreUnavailable(GatewayError):
    """The store cannot commit now (down, locked, disk full). Nothing was written: answer 503 and let the peer retry."""

    code = "store_unavailable"

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DeliveryError(GatewayError):
    """A send failed. ``http_status`` and ``errcode`` (the provider's own) tell in the log why; None: there was none."""

    code = "delivery_error"

    def __init__(self, message: str, *, http_status: int | None = None, errcode: int | str | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.errcode = errcode


class TransientDeliveryError(DeliveryError):
    """A send failed but may succeed later; ``retry_after_s`` is the peer's wish, or None."""

    code = "transient_delivery_error"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        http_status: int | None = None,
        errcode: int | str | None = None,
    ) -> None:
        super().__init__(message, http_status=http_status, errcode=errcode)
        self.retry_after_s = retry_after_s


class PermanentDeliveryError(DeliveryError):
    """A send failed and will fail again; a person has to look."""

    code = "permanent_delivery_error"


class FeedRefused(DeliveryError):
    """A receiver takes nothing of a feed now, and no event is at fault; a person has to look.

    ``cause`` is one of ``ports.feed.CAUSES``; ``http_status`` where there was an answer.
    """

    code = "feed_refused"

    def __init__(self, message: str, *, cause: str, http_status: int | None = None) -> None:
        super().__init__(message, http_status=http_status)
        self.cause = cause


class ReplyWindowClosed(PermanentDeliveryError):
    """The provider does not let us answer this person now; the message has to go another way (SMS, callback)."""

    code = "reply_window_closed"


class CallEnded(GatewayError):
    """The call leg is over: playing and listening on it stop here."""

    code = "call_ended"


class RecogniserUnavailable(GatewayError):
    """No recogniser can be reached; the call goes on and its transcription catches up."""

    code = "recogniser_unavailable"


class ReaderUnavailable(GatewayError):
    """The reader process does not answer; the words are kept and read later."""

    code = "reader_unavailable"


class TitleUnavailable(GatewayError):
    """The endpoint that writes titles gave none; the template's stays. The message never holds what it answered."""

    code = "title_unavailable"


class PeerDown(GatewayError):
    """Another process of this machine does not answer; go on without it."""

    code = "peer_down"
