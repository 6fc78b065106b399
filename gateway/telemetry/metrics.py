"""Every metric of the product, defined once. Labels are bounded words, never numbers or names of people."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from gateway.telemetry.gauges import Gauge

CALLS_ACTIVE = Gauge("gateway_calls_active", "Calls that have been offered and have not ended", ["channel_id"])
RTP_PORTS_IN_USE = Gauge("gateway_rtp_ports_in_use", "RTP port pairs held by calls", ["channel_id"])
TASKS = Gauge("gateway_tasks", "asyncio tasks alive in this process")
PART_UP = Gauge("gateway_part_up", "1 while a part of this process that /readyz waits for is up", ["part"])
VALKEY_UP = Gauge("gateway_valkey_up", "1 while Valkey or Redis answers this process")
CLOCK_OFFSET = Gauge("gateway_clock_offset_seconds", "How far this machine's clock is from the database's, either way")
ACCEPT_SECONDS = Histogram(
    "gateway_accept_seconds",
    "From a change's arrival at the writer to its commit",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
SPOOL_REFUSED = Gauge("gateway_spool_refused", "Files of spooled changes that were refused, for a person to look at")
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
FEED_OLDEST = Gauge(
    "gateway_feed_oldest_seconds", "Age of the oldest event that is not delivered and not dead", ["feed"]
)
FEED_HELD = Gauge("gateway_feed_held", "1 while a feed is held: its receiver refuses everything", ["feed"])
NOTICES = Counter("gateway_notices_total", "Letters to units by what became of them", ["way", "result"])
NOTICES_PENDING = Gauge("gateway_notices_pending", "Notices to units that are due and have not left", ["way"])
NOTICES_OLDEST = Gauge("gateway_notices_oldest_seconds", "For how long the first of those notices is due", ["way"])
NOTICES_DEAD = Gauge("gateway_notices_dead", "Notices to units that cannot be delivered", ["way"])
CLOCKS = Counter("gateway_clocks_total", "Limits of cases that were due, by what came of it", ["result"])
CLOCKS_PENDING = Gauge("gateway_clocks_pending", "Limits of cases that are due and nobody has looked at")
CLOCKS_OLDEST = Gauge("gateway_clocks_oldest_seconds", "For how long the first of those limits is due")
CASE_TABLE_UNREADABLE = Gauge(
    "gateway_case_table_unreadable", "1 while the newest version of a table cannot be read: another decides", ["table"]
)
LEFT_OUT = Counter("gateway_left_out_total", "Events that a follower broke over again and again", ["follower"])
FEED_POSTS = Counter("gateway_feed_posts_total", "Delivery attempts", ["feed", "result"])
ASR_BACKLOG_SECONDS = Gauge("gateway_asr_backlog_seconds", "Speech heard and not yet recognised")
TRANSCRIPTS_PENDING = Gauge("gateway_transcripts_pending", "Ended calls whose recording waits to be transcribed")
TRANSCRIPTS_OLDEST = Gauge("gateway_transcripts_oldest_seconds", "How long ago the first of those calls ended")
ASR_FINAL_SECONDS = Histogram(
    "gateway_asr_final_seconds",
    "From the end of a segment of speech to its text",
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60),
)
ASR_USABLE = Gauge("gateway_asr_usable", "Recognisers that this process can reach and is let in by")
CERTIFICATE_EXPIRES = Gauge(
    "gateway_certificate_expires_days", "For how many days the certificate that this process serves still holds"
)
READINGS_FAILED = Counter("gateway_readings_failed_total", "Contents that pre-fill broke on; they were stored unread")
ATTACHMENT_FREE_FRACTION = Gauge("gateway_attachment_free_fraction", "Free share of the attachments' disk")
ATTACHMENT_ALARM = Gauge("gateway_attachment_alarm", "1 while the attachments' disk is below its watermark")
RETENTION_CLOCK_DOUBTED = Gauge(
    "gateway_retention_clock_doubted", "1 while this machine's clock has leaped and nothing is deleted by age"
)
RECORDING_FREE_FRACTION = Gauge("gateway_recording_free_fraction", "Free share of the recordings' disk")
DATA_FREE_FRACTION = Gauge("gateway_data_free_fraction", "Free share of the disk of data_dir, which holds the database")
RECORDING_ALARM = Gauge("gateway_recording_alarm", "1 while the disk is below its watermark or recording fails")
LOGINS = Counter("gateway_logins_total", "Log-ins at the desk by what became of them", ["result"])
SPANS_LOST = Counter("gateway_spans_lost_total", "Spans that the tracing system could not take")
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
OUTBOX_OLDEST = Gauge(
    "gateway_outbox_oldest_seconds", "Age of the oldest message that waits to be sent", ["channel_id"]
)
CALLBACKS_OPEN = Gauge("gateway_callbacks_open", "Calls that the city owes")
CALLBACKS_OVERDUE = Gauge("gateway_callbacks_overdue", "Calls that the city owes and should have made by now")
ATTACHMENTS = Counter("gateway_attachments_total", "Attachments by what became of them", ["channel_id", "result"])
CONVERSATIONS_CLOSED = Counter(
    "gateway_conversations_closed_total", "Conversations closed because nobody wrote", ["channel_id", "disposition"]
)


def from_zero(channel_id: str) -> None:
    """Begin at 0 what alarms by how it grows: a counter that appears with its first event has not grown by it."""
    for disposition in ("rejected", "interrupted"):
        CALLS.labels(channel_id, disposition)
    REFUSED_CALLS_LOST.labels(channel_id)
    CHANNEL_MESSAGES.labels(channel_id, "outbound", "failed")


def forget(label: str, value: str) -> None:
    """Drop every gauge of something that ended, e.g. ("channel_id", "sms")."""
    for gauge in [one for one in globals().values() if isinstance(one, Gauge)]:
        gauge.forget(label, value)
