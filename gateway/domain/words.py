"""The closed vocabularies of the record, each word with its name in both languages.

The statuses of a ticket have rules of their own: ``gateway.domain.status``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self


class Term(StrEnum):
    """A word of a closed vocabulary: its code, which the record holds, and what people read in its place."""

    _value_: str
    zh: str
    en: str

    def __new__(cls, code: str, zh: str = "", en: str = "") -> Self:
        """A member is written ``CODE = "code", "中文", "English"``; whoever looks one up has its code alone."""
        word = str.__new__(cls, code)
        word._value_ = code
        word.zh, word.en = zh, en
        return word


class Line(Term):
    """专线: who the caller said they are."""

    CITIZEN = "citizen", "市民", "Citizen"
    ENTERPRISE = "enterprise", "企业", "Enterprise"


class RequesterKind(Term):
    """What a requester is."""

    CITIZEN = "citizen", "市民", "Citizen"
    VISITOR = "visitor", "游客", "Visitor"
    ENTERPRISE = "enterprise", "企业", "Enterprise"
    GRID_WORKER = "grid_worker", "网格员", "Grid worker"
    MACHINE = "machine", "设备", "Machine"


def kind_on(line: str) -> str:
    """What a requester is by the line that they came on, while they say nothing else."""
    return (RequesterKind.ENTERPRISE if line == Line.ENTERPRISE else RequesterKind.CITIZEN).value


class Gender(Term):
    """A requester's gender, as they told it."""

    FEMALE = "female", "女", "Female"
    MALE = "male", "男", "Male"
    OTHER = "other", "其他", "Other"


class Disposition(Term):
    """How an interaction ended."""

    COMPLETED = "completed", "已完成", "Completed"
    SELF_SERVICE = "self_service", "自助完成", "Self-service"
    ANSWERED = "answered", "坐席已接", "Answered by an agent"
    VOICEMAIL = "voicemail", "留言", "Voicemail"
    CALLBACK_REQUESTED = "callback_requested", "要求回拨", "Asked for a callback"
    TRANSFERRED = "transferred", "已转接", "Transferred"
    DEFLECTED = "deflected", "已引导", "Redirected"
    ABANDONED_BEFORE_ANSWER = "abandoned_before_answer", "接听前挂断", "Hung up before answer"
    ABANDONED_IN_FLOW = "abandoned_in_flow", "流程中挂断", "Hung up in the dialogue"
    ABANDONED_IN_QUEUE = "abandoned_in_queue", "排队中挂断", "Hung up while waiting"
    REJECTED = "rejected", "已拒绝", "Rejected"
    INTERRUPTED = "interrupted", "通话中断", "Cut off"
    IDLE_CLOSED = "idle_closed", "超时关闭", "Timed out"


ABANDONED = frozenset(
    {
        Disposition.ABANDONED_BEFORE_ANSWER,
        Disposition.ABANDONED_IN_FLOW,
        Disposition.ABANDONED_IN_QUEUE,
        Disposition.INTERRUPTED,
    },
)
"""Dispositions after which the city calls back."""


class DemandType(Term):
    """诉求类型."""

    CONSULTATION = "consultation", "咨询", "Consultation"
    HELP = "help", "求助", "Help"
    COMPLAINT = "complaint", "投诉", "Complaint"
    REPORT = "report", "举报", "Report"
    SUGGESTION = "suggestion", "建议", "Suggestion"
    PRAISE = "praise", "表扬", "Praise"
    OTHER = "other", "其他", "Other"


class Crossing(Term):
    """How the duties of several units meet in one matter."""

    ENFORCEMENT = "enforcement", "执法监察交叉", "Enforcement crosses"
    FUNCTION = "function", "职能交叉", "Functions cross"


class UrgencyLevel(Term):
    """How soon somebody must act."""

    NORMAL = "normal", "普通", "Normal"
    URGENT = "urgent", "紧急", "Urgent"


class ContactBy(Term):
    """How a requester wants to be reached; unknown counts as ``phone``."""

    PHONE = "phone", "打电话", "Phone"
    MESSAGE = "message", "发消息，勿打电话", "Message, no phone call"


class Ability(Term):
    """What a requester needs so that they are understood; sources may name others."""

    HEARING = "hearing", "听力不便", "Hard of hearing"
    SIGN_LANGUAGE = "sign_language", "手语", "Sign language"
    VISION = "vision", "视力不便", "Low vision"
    SPEECH = "speech", "言语不便", "Speech"


class Speaker(Term):
    """Whose words a transcript segment holds."""

    REQUESTER = "requester", "诉求人", "Caller"
    AGENT = "agent", "坐席", "Agent"
    BOT = "bot", "系统", "System"


class Direction(Term):
    """Which way a message or a call goes."""

    INBOUND = "inbound", "来", "Inbound"
    OUTBOUND = "outbound", "去", "Outbound"


class MessageKind(Term):
    """What a message holds."""

    TEXT = "text", "文字", "Text"
    IMAGE = "image", "图片", "Picture"
    VOICE = "voice", "语音", "Voice"
    LOCATION = "location", "位置", "Location"
    FILE = "file", "文件", "File"
    EVENT = "event", "事件", "Event"


class GuessSource(Term):
    """Where a pre-filled value comes from."""

    RULE = "rule", "规则", "rule"
    MODEL = "model", "模型", "model"
    ASR = "asr", "识别", "speech"
    CALLER_ID = "caller_id", "来电号码", "caller number"
    FLOW = "flow", "流程", "call flow"
    AGENT = "agent", "坐席", "agent"


class CallbackState(Term):
    """A callback task's life."""

    OPEN = "open", "待回拨", "Owed"
    DONE = "done", "已联系上", "Reached"
    FAILED = "failed", "未能联系上", "Not reached"
    CANCELLED = "cancelled", "已取消", "Cancelled"


class EmergencyNumber(Term):
    """The numbers to call when a life is in danger."""

    POLICE = "110", "公安", "Police"
    FIRE = "119", "消防救援", "Fire and rescue"
    MEDICAL = "120", "医疗急救", "Ambulance"
    TRAFFIC = "122", "交通事故", "Traffic police"


class DangerKind(StrEnum):
    """A danger to life."""

    FIRE = "fire"
    """Fire, gas, explosion, drowning, people trapped or buried."""
    POLICE = "police"
    """Violence, robbery, intruders, people gone missing."""
    MEDICAL = "medical"
    """Somebody may die of illness, injury or poison."""
    TRAFFIC = "traffic"
    """An accident on the road in which somebody was hit or hurt."""
    SELF_HARM = "self_harm"
    """Somebody is about to kill themselves."""


EMERGENCY_NUMBER: Final[Mapping[DangerKind, str]] = {
    DangerKind.FIRE: EmergencyNumber.FIRE.value,
    DangerKind.POLICE: EmergencyNumber.POLICE.value,
    DangerKind.MEDICAL: EmergencyNumber.MEDICAL.value,
    DangerKind.TRAFFIC: EmergencyNumber.TRAFFIC.value,
    DangerKind.SELF_HARM: EmergencyNumber.POLICE.value,
}
"""Which number answers which danger. Threatened suicides are the police's, who bring the others."""
