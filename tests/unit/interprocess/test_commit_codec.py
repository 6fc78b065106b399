"""Commits as they travel: what was told arrives, in texts that every carrier takes, and names nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.commit import Commit, thread_tag
from gateway.interprocess.commit_codec import MOST_CHARS, commits_of, texts

pytestmark = pytest.mark.unit
TAGS = st.frozensets(st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}"), max_size=20)
COMMITS = st.builds(
    lambda first, more, threads, todo: Commit(first, first + more, threads, todo=todo),
    st.integers(1, 2**62),
    st.integers(0, 2**32),
    st.none() | TAGS,
    st.booleans(),
)


@given(st.lists(COMMITS, max_size=200))
def test_what_is_told_arrives(commits: list[Commit]) -> None:
    carried = list(texts(commits))
    assert [commit for text in carried for commit in commits_of(text.encode())] == commits
    assert all(len(text.encode()) <= MOST_CHARS for text in carried)


@given(st.integers(300, 2000), st.lists(COMMITS, max_size=3))
def test_too_many_conversations_for_a_text_are_any(count: int, others: list[Commit]) -> None:
    many = Commit(1, 9, frozenset(thread_tag("web", str(n)) for n in range(count + 200)), todo=True)
    carried = list(texts([*others, many, *others]))
    assert all(len(text) <= MOST_CHARS for text in carried)
    assert [c for text in carried for c in commits_of(text)] == [*others, Commit(1, 9, None, todo=True), *others]


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode(errors="replace")))
def test_anything_else_is_refused(junk: bytes) -> None:
    try:
        commits = commits_of(junk)
    except ValueError:
        return
    assert commits == [] or all(0 < commit.first <= commit.last for commit in commits)


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_a_tag_is_of_one_conversation_and_does_not_name_its_person(channel_id: str, sender: str) -> None:
    tag = thread_tag(channel_id, sender)
    assert tag == thread_tag(channel_id, sender)
    assert len(tag) == 16
    assert int(tag, 16) >= 0
    assert tag != thread_tag(f"{channel_id}x", sender)
    assert tag != thread_tag(channel_id, f"x{sender}")
