"""Whatever is edited in a masked record: nobody sees more of it than before, and what was not touched stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain import masking
from gateway.web.api.rewording import Rewording, edited, moved_evidence, still_known
from gateway.web.problems import Problem

pytestmark = pytest.mark.unit
NAME, OTHER, NUMBER, SPOKEN, MAIL = "张三丰", "李小四", "13912345678", "幺三八零零幺三八零零零", "zhang@example.com"
PIECES = st.sampled_from(
    [NAME, OTHER, NUMBER, SPOKEN, MAIL, "我叫", "，电话是", "138", "8", "路灯坏了", " ", "。", "王"]
)
CONTENTS = st.lists(PIECES, max_size=8).map("".join)
TYPED = st.text(alphabet="0123456789张李*，a@. ", max_size=6)


def record(content: str, wish: str | None = None) -> dict[str, Any]:
    mentions = [
        {"kind": "person", "value": name, "span": [at, at + len(name)], "confidence": 0.9}
        for name in (NAME, OTHER)
        if (at := content.find(name)) >= 0
    ]
    said = {"seq": 1, "text": content, "corrected_text": None}
    return {
        "requester": {
            "name": NAME,
            "phone": f"+86{NUMBER}",
            "org_name": "海口灯具公司",
            "anonymous": wish == "anonymous",
            "secret": wish == "secret",
        },
        "demand": {
            "title": content[:20],
            "content": content,
            "urgency": {"level": "normal", "reason": None},
            "complained_about": {"name": OTHER, "phone": None},
        },
        "place": {"address": f"民治大道1号，找{NAME}"},
        "interactions": [{"interaction_id": "i", "transcript": [said], "messages": [{"text": content}]}],
        "outcome": {"public_reply": f"已联系{OTHER}"},
        "prefill": {"fields": {"requester.name": {"value": NAME, "span": None}}, "mentions": mentions},
    }


def patched(full: dict[str, Any], path: str, sent: Any) -> dict[str, Any] | None:
    """The record after the edit, as the API would store it; None when it refuses."""
    rewording = Rewording(full)
    try:
        value = rewording.value(path, sent)
        changes: dict[tuple[str, ...], Any] = moved_evidence(full, value) if path == "demand.content" else {}
        changes[tuple(path.split("."))] = value
        if path == "requester.name":
            changes["prefill", "fields", path] = {"value": value, "span": None}
        after = edited(full, changes, None, {})
        changes["prefill", "mentions"] = [*after["prefill"]["mentions"], *still_known(full, after)]
        after = edited(full, changes, None, {})
        rewording.check(after, None)
    except Problem:
        return None
    return after


def texts(full: dict[str, Any]) -> dict[str, str]:
    """Every text that a reader sees, by where it stands."""
    one = full["interactions"][0]
    return {
        "demand.title": full["demand"]["title"],
        "demand.content": full["demand"]["content"],
        "demand.complained_about.name": full["demand"]["complained_about"]["name"],
        "place.address": full["place"]["address"],
        "requester.name": full["requester"]["name"],
        "requester.org_name": full["requester"]["org_name"],
        "transcript": one["transcript"][0]["text"],
        "message": one["messages"][0]["text"],
        "reply": full["outcome"]["public_reply"],
    }


def visible(full: dict[str, Any]) -> dict[str, list[bool]]:
    """Of each text which of its characters a reader sees."""
    stored, shown = texts(full), texts(masking.record(full))
    return {where: [a == b for a, b in zip(stored[where] or "", shown[where] or "", strict=True)] for where in stored}


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    """A content, and what somebody makes of what they see of it."""
    content = draw(CONTENTS)
    sent = texts(masking.record(record(content)))["demand.content"]
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(sent)))
        end = draw(st.integers(start, min(len(sent), start + 12)))
        sent = sent[:start] + draw(TYPED) + sent[end:]
    return content, sent


@given(edits())
@example((f"电话{NUMBER}", "****5678"))
@example((f"电话{NUMBER}", "电话8****"))
@example((f"电话{NUMBER}", "电话139****"))
@example((f"电话{NUMBER}", "电话139a****5678"))
@example((f"我叫{NAME}", "我叫张*"))
def test_what_was_put_back_is_not_shown(edit: tuple[str, str]) -> None:
    content, sent = edit
    full = record(content)
    before = copy.deepcopy(full)
    after = patched(full, "demand.content", sent)
    assert full == before
    if after is None:
        return
    stored, shown = after["demand"]["content"], masking.record(after)["demand"]["content"]
    assert len(stored) == len(shown) == len(sent)
    for n, (a, b, typed) in enumerate(zip(stored, shown, sent, strict=True)):
        # A letter that the editor did not type is one that was hidden: it stays so.
        assert a == typed or b == masking.MASK, (n, stored, shown)
    unseen = visible(before)
    for where, seen in visible(after).items():
        if where != "demand.content":
            assert all(was or not now for was, now in zip(unseen[where], seen, strict=True)), where


VALUES = st.sampled_from(["李小四大街1号", "张三丰", "王五", "烧烤店", "民治大道", "李小四", "海口", "", "张三丰路"])
FIELDS = st.sampled_from(
    ["requester.name", "demand.complained_about.name", "place.address", "demand.title", "requester.org_name"]
)


@given(CONTENTS, FIELDS, VALUES, st.sampled_from([None, "secret", "anonymous"]))
def test_no_other_text_shows_more_whatever_field_is_set(content: str, path: str, value: str, wish: str | None) -> None:
    full = record(content, wish)
    done = patched(full, path, value or None)
    assert done is not None, "a value without a mask reveals nothing, so it is never refused: that would tell"
    unseen = visible(full)
    for where, seen in visible(done).items():
        if where != path:
            assert all(was or not now for was, now in zip(unseen[where], seen, strict=True)), where


@example("zhang@example.com。", "。", "。")
@given(CONTENTS, st.text(alphabet="请快些谢。", max_size=5), st.text(alphabet="请快些谢。", max_size=5))
def test_what_was_not_touched_is_kept(content: str, before: str, behind: str) -> None:
    shown = masking.record(record(content))["demand"]["content"]
    done = patched(record(content), "demand.content", f"{before}{shown}{behind}")
    assert done is not None
    assert done["demand"]["content"] == f"{before}{content}{behind}"


def test_a_guess_cannot_be_guessed() -> None:
    """Whether the entry stayed the machine's would tell that a hidden name was hit upon."""
    rewording = Rewording(record(NAME))
    assert rewording.tells("requester.name", NAME)
    assert rewording.tells("requester.name", "王五")
    assert not rewording.tells("requester.name", "张**")
    assert not rewording.tells("demand.type", "help")
