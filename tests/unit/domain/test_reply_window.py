from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.reply_window import ReplyWindow, may_send

pytestmark = pytest.mark.unit
START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WECHAT = ReplyWindow(messages=5, within_s=48 * 3600)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_five_messages_in_48_hours() -> None:
    heard = [(at(0), None)]
    assert may_send(heard, [at(n) for n in range(1, 5)], WECHAT, at(10))
    assert not may_send(heard, [at(n) for n in range(1, 6)], WECHAT, at(10))
    assert may_send(heard, [], WECHAT, at(48 * 3600 - 1))
    assert not may_send(heard, [], WECHAT, at(48 * 3600))


def test_a_new_message_opens_the_window_anew() -> None:
    sent = [at(n) for n in range(1, 6)]
    assert may_send([(at(0), None), (at(100), None)], sent, WECHAT, at(101))


def test_a_menu_event_opens_a_small_window_beside_the_large_one() -> None:
    menu = (at(100), (3, 60.0))
    assert may_send([menu], [at(101), at(102)], WECHAT, at(103))
    assert not may_send([menu], [at(101), at(102), at(103)], WECHAT, at(104))
    assert not may_send([menu], [], WECHAT, at(161))
    # The message of before still lets us write, when the menu's minute is over.
    assert may_send([(at(0), None), menu], [at(101), at(102), at(103)], WECHAT, at(161))
    assert not may_send([(at(0), None), menu], [at(n) for n in range(101, 106)], WECHAT, at(161))


def test_nobody_has_written() -> None:
    assert not may_send([], [], WECHAT, at(0))
    assert may_send([], [], None, at(0))
