"""The table of all alarms: for ``/readyz``, the log, the verbs, Prometheus' rules and the runbook.

An alarm has one name for all of them: the event in the log, the rule in ``deploy/prometheus``, the paragraph in
``docs/runbook.md``. Tests hold them against this table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Families = Sequence[Mapping[str, Any]]
"""See ``telemetry.exposition``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that a person has to look at."""

    name: str
    """Of the alarm everywhere, e.g. ``recogniser_unusable``."""
    part: str
    """What ``/readyz`` calls degraded; ``:`` and the value of ``label`` follow. Empty: that value alone."""
    metric: str
    zh: str
    en: str
    label: str | None = None
    """The label whose values alarm apart, e.g. ``channel_id``."""
    above: float | None = None
    below: float | None = None
    """Threshold: active when the metric is above or below it. With neither, Prometheus decides by its change."""
    log: str | None = None
    """The log event that the finder of the fault writes, with the reason; None: the alarm's name, when it begins."""

    def rings(self, value: float) -> bool:
        """Whether ``value`` makes the alarm active."""
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


@dataclass(frozen=True, slots=True, order=True)
class Ringing:
    """An active alarm."""

    name: str
    of: str | None
    """The value of its label: which channel, feed, process."""
    value: float

    @property
    def part(self) -> str:
        """What is degraded."""
        return ":".join(filter(None, (BY_NAME[self.name].part, self.of)))


PROCESS_DOWN = "process_down"
ALARMS = (
    Alarm(
        name="no_metrics",
        part="gateway",
        metric="gateway_process_up",
        zh="监控读不到网关的指标",
        en="Monitoring gets no measures from the gateway",
    ),
    Alarm(
        name=PROCESS_DOWN,
        part="process",
        label="process",
        metric="gateway_process_up",
        below=1,
        log="child_died",
        zh="一个进程没有应答",
        en="A process does not answer",
    ),
    Alarm(
        name="process_restarting",
        part="process",
        metric="process_start_time_seconds",
        zh="一个进程反复重启",
        en="A process is restarted again and again",
    ),
    Alarm(
        name="part_down",
        part="",
        label="part",
        metric="gateway_part_up",
        below=1,
        zh="数据库、流程或监听端口不可用",
        en="SQL, the flows or a listener is down",
    ),
    Alarm(
        name="valkey_down",
        part="valkey",
        metric="gateway_valkey_up",
        below=1,
        zh="Valkey（Redis）没有应答",
        en="Valkey or Redis does not answer",
    ),
    Alarm(
        name="calls_refused",
        part="calls",
        metric="gateway_calls_total",
        zh="来电因没有空位被拒绝",
        en="Calls are refused for want of room",
    ),
    Alarm(
        name="refused_calls_lost",
        part="calls",
        metric="gateway_refused_calls_lost_total",
        zh="被拒来电太多，有号码没有记下",
        en="More calls were refused than could be listed",
    ),
    Alarm(
        name="calls_interrupted",
        part="calls",
        metric="gateway_calls_total",
        zh="很多通话中途断开",
        en="Many calls break off",
    ),
    Alarm(
        name="ports_leak",
        part="calls",
        metric="gateway_rtp_ports_in_use",
        zh="没有通话却占着音频端口",
        en="Audio ports are held without calls",
    ),
    Alarm(
        name="commits_slow",
        part="sql",
        metric="gateway_accept_seconds",
        zh="写入数据库太慢",
        en="Commits are slow",
    ),
    Alarm(
        name="spool_refused",
        part="spool",
        metric="gateway_spool_refused",
        above=0,
        zh="暂存的通话内容无法收入工单",
        en="What was spooled of calls is refused",
    ),
    Alarm(
        name="recording_stopped",
        part="disk",
        metric="gateway_recording_alarm",
        above=0,
        zh="通话没有录音",
        en="Calls are not recorded",
    ),
    Alarm(
        name="recordings_disk_low",
        part="disk",
        metric="gateway_recording_free_fraction",
        below=0.15,
        zh="录音盘快满了",
        en="The recordings' disk is filling up",
    ),
    Alarm(
        name="data_disk_low",
        part="disk",
        metric="gateway_data_free_fraction",
        below=0.15,
        zh="数据盘快满了",
        en="The disk of data_dir is filling up",
    ),
    Alarm(
        name="attachments_refused",
        part="disk",
        metric="gateway_attachment_alarm",
        above=0,
        log="attachments_refused",
        zh="附件盘满，附件暂不收取",
        en="Attachments are not kept: their disk is full",
    ),
    Alarm(
        name="attachments_disk_low",
        part="disk",
        metric="gateway_attachment_free_fraction",
        below=0.15,
        zh="附件盘快满了",
        en="The attachments' disk is filling up",
    ),
    Alarm(
        name="retention_clock_doubted",
        part="clock",
        metric="gateway_retention_clock_doubted",
        above=0,
        log="retention_clock_doubted",
        zh="时钟跳变，到期删除已暂停",
        en="The clock has leaped: nothing is deleted by age",
    ),
    Alarm(
        name="recogniser_unusable",
        part="recogniser",
        metric="gateway_asr_usable",
        below=1,
        zh="没有可用的语音识别",
        en="No recogniser can be reached",
    ),
    Alarm(
        name="recogniser_behind",
        part="recogniser",
        metric="gateway_asr_backlog_seconds",
        above=60,
        zh="语音识别跟不上",
        en="Recognition cannot keep up",
    ),
    Alarm(
        name="transcripts_late",
        part="recogniser",
        metric="gateway_transcripts_oldest_seconds",
        above=1800,
        zh="录音久未转成文字",
        en="Recordings wait long to be transcribed",
    ),
    Alarm(
        name="channel_silent",
        part="channel",
        label="channel_id",
        metric="gateway_channel_silent",
        above=0,
        zh="一个渠道（含电话）反常地安静",
        en="A channel, or the telephone, is quieter than it should be",
    ),
    Alarm(
        name="channel_token_failed",
        part="channel",
        label="channel_id",
        metric="gateway_channel_token_ok",
        below=1,
        zh="服务商拒绝了渠道的凭据",
        en="A provider refuses a channel's credential",
    ),
    Alarm(
        name="channel_disconnected",
        part="channel",
        label="channel_id",
        metric="gateway_channel_connected",
        below=1,
        zh="渠道的连接断开",
        en="A channel's connection is down",
    ),
    Alarm(
        name="outbox_late",
        part="channel",
        label="channel_id",
        metric="gateway_outbox_oldest_seconds",
        above=600,
        zh="发给市民的消息久未送出",
        en="Messages to people wait long to be sent",
    ),
    Alarm(
        name="messages_failed",
        part="channel",
        metric="gateway_channel_messages_total",
        zh="发给市民的消息被服务商永久拒绝",
        en="Messages to people are refused for good",
    ),
    Alarm(
        name="callbacks_overdue",
        part="callbacks",
        metric="gateway_callbacks_overdue",
        above=0,
        zh="该回的电话过了时限",
        en="Calls that the city owes are overdue",
    ),
    Alarm(
        name="feed_held",
        part="feed",
        label="feed",
        metric="gateway_feed_held",
        above=0,
        log="feed_held",
        zh="推送被暂停：接收方拒绝一切",
        en="A feed is held: its receiver refuses everything",
    ),
    Alarm(
        name="feed_late",
        part="feed",
        label="feed",
        metric="gateway_feed_oldest_seconds",
        above=900,
        zh="推送落后",
        en="A feed is behind",
    ),
    Alarm(
        name="feed_dead",
        part="feed",
        label="feed",
        metric="gateway_feed_dead",
        above=0,
        zh="有事件被接收方永久拒绝",
        en="A feed has dead letters",
    ),
    Alarm(
        name="notices_late",
        part="notices",
        label="way",
        metric="gateway_notices_oldest_seconds",
        above=1800,
        zh="给承办单位的通知久未送出",
        en="Notices to units wait long to be sent",
    ),
    Alarm(
        name="notices_dead",
        part="notices",
        label="way",
        metric="gateway_notices_dead",
        above=0,
        zh="有给承办单位的通知无法送达",
        en="Notices to units cannot be delivered",
    ),
    Alarm(
        name="clocks_late",
        part="clocks",
        metric="gateway_clocks_oldest_seconds",
        above=120,
        zh="时限到点而无人处理",
        en="Limits of cases run out and nothing comes of it",
    ),
    Alarm(
        name="case_table_unreadable",
        part="case_tables",
        label="table",
        metric="gateway_case_table_unreadable",
        above=0,
        log="case_table_unreadable",
        zh="派单目录、单位目录、时限规则或节假日的最新版本读不了",
        en="The newest version of a table that decides about cases cannot be read",
    ),
    Alarm(
        name="follower_left_out",
        part="worker",
        metric="gateway_left_out_total",
        zh="有事件的后续没能做成",
        en="What should follow an event could not be done",
    ),
    Alarm(
        name="open_work_uncounted",
        part="worker",
        metric="gateway_transcripts_pending",
        zh="没有进程在统计待办",
        en="Nobody counts what is still to be done",
    ),
    Alarm(
        name="clock_wrong",
        part="clock",
        metric="gateway_clock_offset_seconds",
        above=2,
        zh="本机时钟与数据库不一致",
        en="This machine's clock differs from the database's",
    ),
    Alarm(
        name="readings_failed",
        part="reader",
        metric="gateway_readings_failed_total",
        zh="有内容没能自动填写",
        en="Contents could not be read into the form",
    ),
    Alarm(
        name="passwords_guessed",
        part="desk",
        metric="gateway_logins_total",
        zh="有人在猜密码",
        en="Somebody guesses passwords",
    ),
    Alarm(
        name="sip_malformed",
        part="calls",
        metric="gateway_sip_malformed_total",
        zh="大量畸形 SIP 报文",
        en="Many malformed SIP messages",
    ),
    Alarm(
        name="certificate_expires",
        part="certificate",
        metric="gateway_certificate_expires_days",
        below=30,
        zh="证书三十天内到期",
        en="A certificate ends within thirty days",
    ),
    Alarm(
        name="certificate_ends",
        part="certificate",
        metric="gateway_certificate_expires_days",
        below=3,
        zh="证书三天内到期或已过期",
        en="A certificate ends within three days, or has ended",
    ),
    Alarm(
        name="descriptors_leak",
        part="process",
        metric="process_open_fds",
        zh="打开的文件快到上限",
        en="A process runs out of descriptors",
    ),
)
BY_NAME = {alarm.name: alarm for alarm in ALARMS}


def ringing(families: Families) -> list[Ringing]:
    """The alarms that follow from the metrics of one process, each once for a value of its label."""
    samples: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in families:
        for name, labels, value in family["samples"]:
            samples.setdefault(name, []).append((labels, value))
    found: dict[tuple[str, str | None], Ringing] = {}
    for alarm in ALARMS:
        for labels, value in samples.get(alarm.metric, ()):
            if alarm.rings(value):
                of = labels.get(alarm.label) if alarm.label else None
                found.setdefault((alarm.name, of), Ringing(alarm.name, of, value))
    return list(found.values())


def told(alarms: Iterable[Ringing]) -> dict[str, Any]:
    """As ``/readyz`` tells them: the parts ``degraded``, and the ``alarms`` with the value of their metric."""
    each = sorted({(one.name, one.of): one for one in alarms}.values(), key=lambda one: (one.name, one.of or ""))
    return {
        "degraded": sorted({one.part for one in each}),
        "alarms": [{"name": one.name, "of": one.of, "value": one.value} for one in each],
    }
