"""Inputs and outputs of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.ivr import schema
from gateway.ivr.graph import Said
from gateway.ivr.prompts import PromptItem


@dataclass(frozen=True, slots=True)
class Begin:
    """The dialogue begins."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What was said last has been said to its end."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """The requester has begun to speak; nothing is decided before they have finished."""


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """The requester said something; ``text`` is None when it has not been understood (yet)."""

    text: str | None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class DangerHeard:
    """The requester spoke of danger to life, of a kind of ``DangerKind``: nothing else matters."""

    kind: str
    language: str | None = None
    """In which they spoke."""


@dataclass(frozen=True, slots=True)
class Key:
    """The requester pressed a key, or chose the quick reply of that key."""

    key: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Neither a word nor a key came in time."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A remark that is no answer: a greeting, thanks, a picture (``schema.Beside``).

    It is answered, and the question stays open; unless ``moves_on``: then it is asked once more, and when it has been
    asked often enough the dialogue goes on without an answer.
    """

    name: schema.Beside
    moves_on: bool = False


@dataclass(frozen=True, slots=True)
class ActionDone:
    """An action was carried out."""

    name: str
    outcome: str
    vars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HungUp:
    """The requester is gone."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak or write these items."""

    items: tuple[PromptItem, ...]
    barge_in: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait for the requester; times in seconds. The answer is ``Key``, ``WordsHeard`` or ``Silence``."""

    keys: str
    speech: bool
    silence_s: float
    end_silence_s: float
    max_s: float
    recognise_wait_s: float
    keyed: int = 0
    """So many digits may be keyed instead of said: they come as ``WordsHeard``."""
    quick_replies: tuple[tuple[str, str], ...] = ()
    """(key, label) for channels that show buttons."""


@dataclass(frozen=True, slots=True)
class Act:
    """Carry out a named action; the answer is ``ActionDone``."""

    name: str
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The dialogue is over."""

    disposition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a dialogue waits for: tells an answer from other messages."""

    keys: tuple[str, ...]
    choices: tuple[Said, ...]
    """Words that are choices here."""
    asked: str | None
    """The field that the answer is taken for (``take_answer``)."""
    at_rest: bool
    """Nothing is asked any more: the dialogue waits at its follow-up step."""
    languages: tuple[str, ...]
    asides: frozenset[schema.Beside] = frozenset()
    """Kinds of remarks that it has a reply to, whatever it asks."""

    def chooses(self, text: str | None) -> bool:
        """Whether ``text`` is one of the choices."""
        return any(said.fits(text) for said in self.choices)


Input = Begin | Finished | SpeechBegan | WordsHeard | DangerHeard | Key | Silence | Beside | ActionDone | HungUp
Output = Say | Wait | Act | End
