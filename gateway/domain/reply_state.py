"""How a reply reaches one requester, and how far it has come: names, and what may follow what."""

from __future__ import annotations

from typing import Final

from gateway.domain.words import Term


class ReplyWay(Term):
    """How a reply reaches its requester."""

    CHANNEL = "channel", "原渠道", "Where they wrote from"
    SMS = "sms", "短信", "SMS"
    CALL = "callback", "回拨", "Callback"
    SOURCE = "source", "来源平台", "The platform that handed it over"
    TOGETHER = "together", "与其另一工单一并告知", "With another ticket of theirs"


class Because(Term):
    """Why a reply takes the way that it takes."""

    WRITES_THERE = "writes_there", "在其来信渠道的回复时限内", "They wrote there, and may be answered there"
    NO_ACCOUNT = "no_account", "没有可回复的来信渠道", "They did not write from a channel that can be answered"
    WINDOW_CLOSED = "window_closed", "来信渠道已超过回复时限", "Their channel lets no further answer through"
    FAILED = "way_failed", "前一方式未送达", "The way before it came to nothing"
    NO_NUMBER = "no_number", "没有可发短信的本人号码", "No number that is surely theirs can be texted"
    LAST_WAY = "last_way", "没有其他联系方式", "There is no other way"
    TOLD_BY_SOURCE = "told_by_source", "由来源平台转告", "The platform tells them"


class ReplyState(Term):
    """Where a reply stands on its way to one requester."""

    DUE = "due", "待送达", "To be told"
    UNDER_WAY = "under_way", "送达中", "Under way"
    SENT = "sent", "已发出", "Sent"
    DELIVERED = "delivered", "已送达", "Delivered"
    TOLD = "told", "已当面或电话告知", "Told by a person"
    FAILED = "failed", "未送达，改用其他方式", "Came to nothing; another way follows"
    UNREACHED = "unreached", "联系不上", "Could not be reached"


REACHED: Final = frozenset({ReplyState.SENT, ReplyState.DELIVERED, ReplyState.TOLD})
"""As far as anybody knows, the requester has it."""


class Score(Term):
    """Which of the replies a judgement is about."""

    FIRST = "first", "首次评价", "Of the first reply"
    FINAL = "final", "最终评价", "Of a later reply"


BUTTON = "rate"
"""Begins the key of a button that judges a reply: no other button's key does, so that none is taken for another."""
