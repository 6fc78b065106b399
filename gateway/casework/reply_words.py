"""What a requester is told with a reply: the numbers of their tickets, the words of the centre, how to judge it."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.ids import spelled_no
from gateway.domain.reply_state import BUTTON

SCORES = (
    ("5", "很满意", "Very satisfied"),
    ("4", "满意", "Satisfied"),
    ("3", "基本满意", "Fairly satisfied"),
    ("2", "不满意", "Dissatisfied"),
    ("1", "很不满意", "Very dissatisfied"),
)
"""Key, and what it means in both languages."""


def reply_text(numbers: Sequence[str], text: str, language: str | None, *, asks: bool, link: str | None) -> str:
    """The message; ``asks``: how satisfied they are, too.

    Nobody is named in it: whoever reads it on another's telephone learns no more than its words.
    """
    english = language == "en"
    spelled = [spelled_no(number) for number in numbers]
    if english:
        named = ("ticket " if len(spelled) == 1 else "tickets ") + " and ".join(spelled)
        told = f"12345 hotline, reply to {named}: {text}"
        asked = "\nHow satisfied are you? Reply 5 (very satisfied) to 1 (very dissatisfied)"
        opens, stop = f", or open {link}" if link else "", "."
    else:
        told = f"【12345热线】您反映的工单{'、'.join(spelled)}答复如下：{text}"
        asked = "\n请评价：5很满意、4满意、3基本满意、2不满意、1很不满意，回复数字即可"
        opens, stop = f"；或打开{link}" if link else "", "。"
    return f"{told}{asked}{opens}{stop}" if asks else told


def score_buttons(language: str | None) -> tuple[tuple[str, str], ...]:
    """The answers that a channel with buttons offers."""
    return tuple((f"{BUTTON}{key}", en if language == "en" else zh) for key, zh, en in SCORES)
