"""Every metric of the product, defined once. Labels are bounded words, never numbers or names of people."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric


class GaugeWhenSet(Gauge):
    """A gauge without labels that has a value only in a process that gave it one.

    An ordinary one says 0 in every process that knows its name: a worker would seem to have no speech waiting.
    """

    _given = False

    def set(self, value: float) -> None:
        """See ``Gauge.set``."""
        self._given = True
        super().set(value)

    def inc(self, amount: float = 1) -> None:
        """See ``Gauge.inc``; by 0: it is counted here, and there is nothing yet."""
        self._given = True
        super().inc(amount)

    def dec(self, amount: float = 1) -> None:
        """See ``Gauge.dec``."""
        self._given = True
        super().dec(amount)

    def collect(self) -> Iterable[Metric]:
        """See ``Gauge.collect``: the name with its type, and the value if there is one."""
        for family in super().collect():
            if not self._given:
                family.samples = []
            yield family


CALLS_ACTIVE = Gauge("gateway_calls_active", "Calls that have been offered and have not ended", ["channel_id"])
RTP_PORTS_IN_USE = Gauge("gateway_rtp_ports_in_use", "RTP port pairs held by calls", ["channel_id"])
TASKS = GaugeWhenSet("gateway_tasks", "asyncio tasks alive in this process")
ACCEPT_SECONDS = Histogram(
    "gateway_accept_seconds",
    "From a change's arrival at the writer to its commit",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
CALLS = Counter("gateway_calls_total", "Calls ended, by disposition", ["channel_id", "disposition"])
SIP_MALFORMED = Counter("gateway_sip_malformed_total", "SIP datagrams dropped or refused as malformed", ["channel_id"])
SIP_REFUSED = Counter(
    "gateway_sip_refused_total", "Requests refused by a limit, a trunk list or draining", ["channel_id", "reason"]
)
REFUSED_CALLS_LOST = Counter(
    "gateway_refused_calls_lost_total", "Refused calls of which too many came at once to be listed", ["channel_id"]
)
RTP_REFUSED = Counter(
    "gateway_rtp_refused_total", "RTP packets from a source that is not the latched one", ["channel_id"]
)
FEED_PENDING = Gauge("gateway_feed_pending", "Deliveries waiting", ["feed"])
FEED_DEAD = Gauge("gateway_feed_dead", "Dead letters", ["feed"])
FEED_HELD = Gauge("gateway_feed_held", "1: the receiver takes nothing, the feed is held and probed", ["feed"])
FEED_POSTS = Counter("gateway_feed_posts_total", "Delivery attempts", ["feed", "result"])
ASR_BACKLOG_SECONDS = GaugeWhenSet("gateway_asr_backlog_seconds", "Speech heard and not yet recognised")
ASR_FINAL_SECONDS = Histogram(
    "gateway_asr_final_seconds",
    "From the end of a segment of speech to its text",
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60),
)
READINGS_FAILED = Counter("gateway_readings_failed_total", "Contents that pre-fill broke on; they were stored unread")
RECORDING_FREE_FRACTION = GaugeWhenSet("gateway_recording_free_fraction", "Free share of the recordings' disk")
RECORDING_ALARM = GaugeWhenSet("gateway_recording_alarm", "1 while the disk is below its watermark or recording fails")
LOGINS = Counter("gateway_logins_total", "Log-ins at the desk by what became of them", ["result"])
HTTP_REQUESTS = Counter("gateway_http_requests_total", "API and desk requests", ["route", "status"])
CHANNEL_MESSAGES = Counter(
    "gateway_channel_messages_total", "Messages by what became of them", ["channel_id", "direction", "result"]
)
CHANNEL_REFUSED = Counter("gateway_channel_refused_total", "Deliveries refused", ["channel_id", "reason"])
CHANNEL_LAST = Gauge(
    "gateway_channel_last_message_seconds", "Unix time of the last message", ["channel_id", "direction"]
)
CHANNEL_CONNECTED = Gauge("gateway_channel_connected", "1 while its connection is bound", ["channel_id"])
CHANNEL_TOKEN = Gauge("gateway_channel_token_ok", "1 while the provider's credential works", ["channel_id"])
CHANNEL_SILENT = Gauge("gateway_channel_silent", "1 while a channel that normally speaks is silent", ["channel_id"])
OUTBOX_PENDING = Gauge("gateway_outbox_pending", "Messages waiting to be sent", ["channel_id"])
ATTACHMENTS = Counter("gateway_attachments_total", "Attachments by what became of them", ["channel_id", "result"])
CONVERSATIONS_CLOSED = Counter(
    "gateway_conversations_closed_total", "Conversations closed because nobody wrote", ["channel_id", "disposition"]
)


def forget_feed(feed_id: str) -> None:
    """A feed that is configured no more has no alarms."""
    for gauge in (FEED_PENDING, FEED_DEAD, FEED_HELD):
        with suppress(KeyError):
            gauge.remove(feed_id)
