"""When each alarm rings and when it does not, for Prometheus: a sample every 15 s, ``_`` is a scrape without one."""

from __future__ import annotations

from dataclasses import dataclass

JOB = 'job="hotline-gateway"'
UP = {f"up{{{JOB}}}": "1x60", f'gateway_process_up{{{JOB},process="voice"}}': "1x60"}
"""A gateway that answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What ``alarm`` does of these series, at a time."""

    alarm: str
    series: dict[str, str]
    at: str = "10m"
    rings: tuple[str, ...] = ()
    """The labels of each ring, besides job, severity and the alarm's name."""
    job: bool = True
    """Whether the ring carries the label ``job``."""


def _level(alarm: str, metric: str, *, bad: str, good: str, label: str = "", at: str = "10m") -> list[Case]:
    """Of a gauge: it rings while it is bad, over a restart's gap, too; not when it is well, gone, or never was."""
    name = f'{metric}{{{JOB},process="p"{"," if label else ""}{label}}}'
    rings = (f'process="p"{"," if label else ""}{label}',)
    return [
        Case(alarm=alarm, series={name: f"{bad}x200"}, at=at, rings=rings),
        Case(alarm=alarm, series={name: f"{good}x8 " + f"{bad} {bad} {bad} _ _ " * 40}, at=at, rings=rings),
        Case(alarm=alarm, series={name: f"{good}x200"}, at=at),
        Case(alarm=alarm, series={name: f"{bad}x8 _x200"}, at=at),
        Case(alarm=alarm, series={}, at=at),
    ]


def _count(alarm: str, metric: str, *, much: str, little: str, label: str = "", rings: str | None = None) -> list[Case]:
    """Of a counter: it rings when it grows fast, also when its process was restarted meanwhile."""
    name = f'{metric}{{{JOB},process="p"{"," if label else ""}{label}}}'
    ring = (label if rings is None else rings,)
    return [
        Case(alarm=alarm, series={name: f"0+{much}x200"}, rings=ring),
        Case(alarm=alarm, series={name: f"0+{much}x30 _ 0+{much}x100"}, rings=ring),
        Case(alarm=alarm, series={name: f"0+{little}x200"}),
        Case(alarm=alarm, series={name: "1000x20 0x100"}),
        Case(alarm=alarm, series={}),
    ]


CHANNEL = 'channel_id="sms"'
CASES = [
    Case(alarm="no_metrics", series={f"up{{{JOB}}}": "1x8 0x60"}, rings=("",)),
    Case(alarm="no_metrics", series=UP),
    Case(alarm="no_metrics", series=UP | {f"up{{{JOB}}}": "1x8 0 0 1x60"}),
    Case(alarm="no_metrics", series={}, rings=("",)),
    *_level("process_down", "gateway_process_up", bad="0", good="1"),
    Case(
        alarm="process_restarting",
        series={f'process_start_time_seconds{{{JOB},process="voice"}}': "1 1 1 _ 2 2 2 _ 3 3 3 _ 4 4 4 _ 5x60"},
        at="5m",
        rings=('process="voice"',),
    ),
    Case(alarm="process_restarting", series={f'process_start_time_seconds{{{JOB},process="voice"}}': "1x20 _ 2x60"}),
    *_level("part_down", "gateway_part_up", bad="0", good="1", label='part="sql"'),
    *_level("valkey_down", "gateway_valkey_up", bad="0", good="1"),
    *_count(
        "calls_refused",
        "gateway_calls_total",
        much="1",
        little="0.1",
        label='channel_id="hotline",disposition="rejected"',
    ),
    Case(
        alarm="calls_refused",
        series={f'gateway_calls_total{{{JOB},process="p",channel_id="hotline",disposition="completed"}}': "0+9x99"},
    ),
    *_count(
        "refused_calls_lost", "gateway_refused_calls_lost_total", much="1", little="0", label='channel_id="hotline"'
    ),
    Case(
        alarm="calls_interrupted",
        series={
            f'gateway_calls_total{{{JOB},process="p",channel_id="hotline",disposition="interrupted"}}': "0+1x99",
            f'gateway_calls_total{{{JOB},process="p",channel_id="hotline",disposition="completed"}}': "0+4x99",
        },
        rings=('channel_id="hotline"',),
    ),
    Case(
        alarm="calls_interrupted",
        series={
            f'gateway_calls_total{{{JOB},process="p",channel_id="hotline",disposition="interrupted"}}': "0+1x99",
            f'gateway_calls_total{{{JOB},process="p",channel_id="hotline",disposition="completed"}}': "0+40x99",
        },
    ),
    Case(
        alarm="ports_leak",
        series={
            f'gateway_rtp_ports_in_use{{{JOB},process="voice",channel_id="hotline"}}': "2x100",
            f'gateway_calls_active{{{JOB},process="voice",channel_id="hotline"}}': "1x20 0x80",
        },
        at="16m",
        rings=('process="voice",channel_id="hotline"',),
    ),
    Case(
        alarm="ports_leak",
        series={
            f'gateway_rtp_ports_in_use{{{JOB},process="voice",channel_id="hotline"}}': "2x100",
            f'gateway_calls_active{{{JOB},process="voice",channel_id="hotline"}}': "1x20 0x20 1x60",
        },
        at="16m",
    ),
    Case(
        alarm="commits_slow",
        series={
            f'gateway_accept_seconds_bucket{{{JOB},process="p",le="0.5"}}': "0+1x99",
            f'gateway_accept_seconds_bucket{{{JOB},process="p",le="1"}}': "0+9x99",
            f'gateway_accept_seconds_bucket{{{JOB},process="p",le="+Inf"}}': "0+9x99",
        },
        rings=("",),
    ),
    Case(
        alarm="commits_slow",
        series={
            f'gateway_accept_seconds_bucket{{{JOB},process="p",le="0.5"}}': "0+9x99",
            f'gateway_accept_seconds_bucket{{{JOB},process="p",le="+Inf"}}': "0+9x99",
        },
    ),
    *_level("spool_refused", "gateway_spool_refused", bad="1", good="0"),
    *_level("recording_stopped", "gateway_recording_alarm", bad="1", good="0"),
    *_level("recordings_disk_low", "gateway_recording_free_fraction", bad="0.1", good="0.5"),
    *_level("data_disk_low", "gateway_data_free_fraction", bad="0.1", good="0.5"),
    *_level("attachments_refused", "gateway_attachment_alarm", bad="1", good="0"),
    *_level("attachments_disk_low", "gateway_attachment_free_fraction", bad="0.1", good="0.5"),
    *_level("retention_clock_doubted", "gateway_retention_clock_doubted", bad="1", good="0"),
    *_level("recogniser_unusable", "gateway_asr_usable", bad="0", good="1"),
    *_level("recogniser_behind", "gateway_asr_backlog_seconds", bad="61", good="59", at="20m"),
    *_level("transcripts_late", "gateway_transcripts_oldest_seconds", bad="1801", good="1799"),
    *_level("channel_silent", "gateway_channel_silent", bad="1", good="0", label='channel_id="hotline"'),
    *_level("channel_token_failed", "gateway_channel_token_ok", bad="0", good="1", label=CHANNEL),
    *_level("channel_disconnected", "gateway_channel_connected", bad="0", good="1", label=CHANNEL),
    *_level("outbox_late", "gateway_outbox_oldest_seconds", bad="601", good="599", label=CHANNEL),
    *_count(
        "messages_failed",
        "gateway_channel_messages_total",
        much="1",
        little="0.05",
        label='channel_id="sms",direction="outbound",result="failed"',
    ),
    *_level("callbacks_overdue", "gateway_callbacks_overdue", bad="1", good="0", at="25m"),
    *_level("feed_held", "gateway_feed_held", bad="1", good="0", label='feed="cases"'),
    *_level("feed_late", "gateway_feed_oldest_seconds", bad="901", good="899", label='feed="cases"'),
    *_level("feed_dead", "gateway_feed_dead", bad="3", good="0", label='feed="cases"'),
    *_level("notices_late", "gateway_notices_oldest_seconds", bad="1801", good="1799", label='way="sms"'),
    *_level("notices_dead", "gateway_notices_dead", bad="1", good="0", label='way="email"'),
    *_level("clocks_late", "gateway_clocks_oldest_seconds", bad="121", good="119"),
    *_level("case_table_unreadable", "gateway_case_table_unreadable", bad="1", good="0", label='table="policy"'),
    *_count("follower_left_out", "gateway_left_out_total", much="1", little="0", label='follower="replies"'),
    Case(alarm="open_work_uncounted", series=UP, rings=("",), job=False),
    Case(alarm="open_work_uncounted", series=UP | {"gateway_transcripts_pending": "0x8 _x60"}, rings=("",), job=False),
    Case(alarm="open_work_uncounted", series=UP | {"gateway_transcripts_pending": "0x8 _x4 0x60"}),
    Case(alarm="open_work_uncounted", series={}),
    *_level("clock_wrong", "gateway_clock_offset_seconds", bad="2.5", good="0.1"),
    *_count("readings_failed", "gateway_readings_failed_total", much="1", little="0"),
    *_count("passwords_guessed", "gateway_logins_total", much="5", little="0.5", label='result="failed"', rings=""),
    *_count("sip_malformed", "gateway_sip_malformed_total", much="200", little="10", label='channel_id="hotline"'),
    *_level("certificate_expires", "gateway_certificate_expires_days", bad="29", good="90"),
    *_level("certificate_ends", "gateway_certificate_expires_days", bad="2", good="29"),
    *(
        Case(
            alarm="descriptors_leak",
            series={
                f'process_open_fds{{{JOB},process="voice"}}': f"{count}x99",
                f'process_max_fds{{{JOB},process="voice"}}': "1000x99",
            },
            rings=('process="voice"',) if count > 800 else (),
        )
        for count in (900, 700)
    ),
]
