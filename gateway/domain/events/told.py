"""What an event's class says of itself: the keys of ``data``, their types, and their words in both languages.

The page of events, OpenAPI and the JSON Schemas of feeds are made from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from gateway.domain.events.base import Event, attributes


@dataclass(frozen=True, slots=True)
class DataKey:
    """One key of ``data``."""

    name: str
    kind: type
    """str, int, float or bool."""
    many: bool
    """A list of them."""
    null: bool
    always: bool
    """Otherwise it is left out where there is nothing to say; events of earlier releases may have null there."""
    zh: str
    en: str


WORDS: Mapping[str, tuple[str, str]] = {
    "addition": ("是否为补充", "it adds to what was said before"),
    "after_ms": ("多久后接通，毫秒", "how long after the call came in, ms"),
    "attachment_id": ("附件标识", "the attachment"),
    "attempts": ("回拨次数", "how often the person has been called"),
    "because": ("为何用此方式，代码", "why this way, by code"),
    "by": ("由谁答复：desk、unit、case_system", "whose words they are: desk, unit or case_system"),
    "by_silence": ("逾期未审，按规则处理", "nobody decided in time"),
    "bytes": ("字节数", "length in bytes"),
    "callback_id": ("回拨标识", "the callback"),
    "candidates": ("可选单位代码", "the units that come into question, by code"),
    "caught_up": ("是否由录音补转", "it was transcribed from the recording"),
    "channel": ("渠道种类，代码", "kind of channel, by code"),
    "chars": ("字数", "length in characters"),
    "clock_id": ("时限标识", "the clock"),
    "clock_kind": ("时限种类，代码", "kind of clock, by code"),
    "directory": ("目录版本", "version of the directory"),
    "disposition": ("结束方式，代码", "how it ended, by code"),
    "due": ("按计时应发生的时间", "when it came to pass by the clock"),
    "due_at": ("期限", "the time limit"),
    "empty": ("尚未说任何内容", "nothing has been said yet"),
    "error": ("失败原因", "what failed"),
    "event": ("渠道对非普通消息的称呼", "what the channel calls a message that is no plain one"),
    "fields": ("更正或确认的栏，按记录路径", "the fields set or confirmed, by record path"),
    "flow": ("流程名称", "name of the flow"),
    "from": ("从哪件工单分出", "the ticket that it left"),
    "idle": ("因久无消息而结束", "it ended because nobody wrote any more"),
    "incomplete": ("消息不完整", "not all of the message arrived"),
    "instead": ("改用的方式：短信（sms）或回拨（callback）", "what is done instead: sms or callback"),
    "into": ("并入哪件工单", "the ticket that it went into"),
    "joined": ("并入已有的回拨", "a callback that was there already covers it"),
    "kind": ("消息种类，代码", "kind of message, by code"),
    "language": ("语言代码", "language code"),
    "late": ("是否晚于更新的反馈到达", "newer ones had come before"),
    "late_s": ("结束后多久转写完成，秒", "how long after the end, s"),
    "left": ("因诉求人另谈他事而结束", "it ended because its person went on about another matter"),
    "line": ("专线，代码", "line, by code"),
    "media": ("是否有声音", "whether audio ran"),
    "media_type": ("媒体类型", "media type"),
    "merged": ("并入本单或从本单分出的工单", "the ticket that went into this one, or left it"),
    "message_id": ("消息标识", "the message"),
    "not_understood": ("没有听懂", "nothing was understood"),
    "note_id": ("所附文字的标识", "the note that holds what was written"),
    "number": ("应拨打的紧急号码", "the emergency number that answers it"),
    "of": ("所指的另一件工单", "the other ticket that is meant"),
    "policy": ("规则版本", "version of the policy"),
    "previous": ("此人的上一次接触", "the person's interaction before it"),
    "reason": ("原因，代码", "why, by code"),
    "recovered": ("由系统代为结束：原处理进程已不在", "closed in place of a process that was gone"),
    "replied": ("是否已答复", "whether there is a reply"),
    "reported_at": ("承办系统所报时间", "when it became so in the case system"),
    "reply_id": ("答复标识", "the reply: the note that holds its words"),
    "reported_status": ("来源平台报告的状态", "the status that the platform reported"),
    "result": ("回拨结果，代码", "what came of the call, by code"),
    "role": ("主办或协办，代码", "lead or joint, by code"),
    "rule": ("依据的规则", "the rule that it rests on"),
    "satisfied": ("满意程度，1 到 5", "how satisfied, 1 to 5"),
    "score": ("首次或最终评价，代码", "first or final, by code"),
    "segments": ("段数", "number of segments"),
    "seq": ("第几段", "number of the segment"),
    "shows": ("照片内容，代码", "what the picture shows, by code"),
    "solved": ("是否已解决", "whether the matter is settled"),
    "stage": ("由哪一步决定，代码", "the stage that decided, by code"),
    "status": ("工单状态，代码", "status of the ticket, by code"),
    "table": ("派单目录版本", "version of the dispatch table"),
    "task_id": ("任务标识", "the unit's task"),
    "to": ("通知对象，代码", "who is told, by code"),
    "to_task": ("改派后的任务标识", "the task that takes its place"),
    "together": ("一并告知的工单", "the ticket with which they are told"),
    "trace": ("逐步依据", "each step with its rule"),
    "unit": ("单位代码", "the unit, by code"),
    "units": ("参与单位，代码", "the units, by code"),
    "until": ("延至何时", "until when"),
    "waived": ("为何无需评价，代码", "why no evaluation is needed, by code"),
    "way": ("方式，代码", "by which way, by code"),
    "why": ("为何结束，代码", "why it is over, by code"),
}
"""What each key means, of whichever event: in Chinese, in English."""


def keys(kind: type[Event]) -> Iterator[DataKey]:
    """The keys of ``data`` besides ``changed``. What a channel tells under keys of its own is not known here."""
    hints = get_type_hints(kind)
    for attribute, name, default in attributes(kind):
        inner, null = _without_none(hints[attribute])
        many = get_origin(inner) is list
        if many:
            (inner,) = get_args(inner)
        if get_origin(inner) is Mapping:
            continue
        always = default is MISSING
        zh, en = WORDS[name]
        yield DataKey(name, inner, many=many, null=null, always=always, zh=zh, en=en)


def _without_none(hint: Any) -> tuple[Any, bool]:
    """A type without None, and whether it had it."""
    if not isinstance(hint, UnionType):
        return hint, False
    (inner,) = (one for one in get_args(hint) if one is not NoneType)
    return inner, True


def meaning(kind: type[Event]) -> str:
    """What the event tells: the first sentence of its docstring."""
    whole = " ".join((inspect.getdoc(kind) or "").replace("``", "`").split())
    return whole.split(". ")[0].rstrip(".") + "."
