"""Which messages judge a reply, and by how much."""

from __future__ import annotations

import pytest

from gateway.intake.conversation.scores import score_in
from gateway.ports.message import InboundMessage
from tests.support.clocks import NOON

pytestmark = pytest.mark.unit


def said(text: str | None, **more: str) -> int | None:
    return score_in(
        InboundMessage(
            channel="wechat", channel_id="w", external_id="1", sender="o1", received_at=NOON, text=text, **more
        )
    )


@pytest.mark.parametrize(
    ("text", "score"),
    [("5", 5), ("４分", 4), ("3。", 3), ("2星", 2), (" 1 ", 1), ("我很满意！", 5), ("不满意", 2), ("非常不满意。", 1)],
)
def test_a_figure_or_the_words_for_it(text: str, score: int) -> None:
    assert said(text) == score


@pytest.mark.parametrize("text", ["谢谢", "0", "6", "55", "5号楼停水", "满意是满意，但是还漏水", "还是没水", "", None])
def test_nothing_else_is_a_judgement(text: str | None) -> None:
    assert said(text) is None


def test_a_button_judges_only_if_it_was_one_of_the_replys() -> None:
    assert said("很满意", choice="rate5") == 5
    assert said("跳过", choice="1") is None
    assert said("5", event="menu") is None
