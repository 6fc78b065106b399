"""What a flow file may hold. ``ivr_flows/flow.schema.json`` is generated from this (``gateway flows schema``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gateway.domain.intents import Intent
from gateway.domain.words import DangerKind, Disposition

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Language = Literal["zh", "en"]
PressedKey = Annotated[str, Field(pattern=r"^[0-9*#]$")]
Seconds = Annotated[float, Field(ge=0, le=600)]


class Part(BaseModel):
    """Closed and immutable. Keys of the telephone may stand unquoted (2: is "2")."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Digits(Part):
    """A variable read out digit by digit."""

    digits: Literal["ticket_no"]
    last: Annotated[int, Field(ge=1, le=15)] | None = None
    """Only so many from its end."""
    twice: bool = False
    """Read twice, with a pause between."""

    def of(self, value: str) -> str:
        """What of ``value`` is said."""
        said = value[-self.last :] if self.last else value
        return f"{said} {said}" if self.twice else said


class Named(Part):
    """Prompts that an action has named: phrases between ``;``, each of prompts between spaces.

    A phrase of which a prompt has no recording in the dialogue's language is left out.
    """

    prompts: Literal["handled"]

    @staticmethod
    def of(value: str, recorded: AbstractSet[str]) -> Iterator[str]:
        """The prompts of ``value`` that are said."""
        for phrase in value.split(";"):
            if recorded >= set(prompts := phrase.split()):
                yield from prompts


Beside = Literal[
    "greeting",
    "thanks",
    "ack",
    "abuse",
    "ignored",
    "no_phone",
    "decline",
    "secret",
    "addition",
    "phone",
    "location",
    "picture",
    "voice",
    "file",
]
"""Kinds of remarks that are no answer."""
Sayable = Id | Digits | Named
Says = Annotated[tuple[Sayable, ...], Field(min_length=1)]


class Choice(Part):
    """What a key does, and its label where buttons can be shown."""

    label: dict[Language, str] = Field(default_factory=dict)
    then: Steps


class SpokenChoice(Part):
    """What counts as a choice when it is all that was said: ``words``, or what ``means`` one of the intents."""

    words: tuple[str, ...] = ()
    means: tuple[Intent, ...] = ()
    """``gateway.domain.intents`` knows the words for them, in both languages."""
    then: Steps

    @model_validator(mode="after")
    def _something(self) -> SpokenChoice:
        if not self.words and not self.means:
            raise ValueError("name words, or what they mean")
        return self


class SayStep(Part):
    """Say something and go on."""

    do: Literal["say"]
    id: Id | None = None
    say: Says
    barge_in: bool = True
    """False: said to its end, whatever the requester does."""


class Asking(Part):
    """What ``menu`` and ``listen`` share."""

    id: Id | None = None
    say: tuple[Sayable, ...] = ()
    again: tuple[Sayable, ...] = ()
    """Said instead of ``say`` when nothing came; empty: ``say`` once more."""
    barge_in: bool = True
    """False: what is said is not cut by speech, only by a key."""
    attempts: int = Field(0, ge=0, le=5)
    """How often to ask again before ``no_answer``."""
    silence_s: Seconds = 6.0
    """Without a word or key for so long after the prompt, nothing came."""
    end_silence_s: Seconds = 2.0
    """The requester has finished when silent for so long."""
    recognise_wait_s: Seconds = 2.0
    """How long the dialogue waits for the recogniser after that."""
    keys: dict[PressedKey, Choice] = Field(default_factory=dict)
    spoken: tuple[SpokenChoice, ...] = ()
    no_answer: Steps = ()
    """When nothing came; empty: go on."""


class MenuStep(Asking):
    """A choice by key, quick reply or one of the spoken words; anything else counts as no answer."""

    do: Literal["menu"]
    max_s: Seconds = 10.0


class ListenStep(Asking):
    """Hear the requester out; then go on."""

    do: Literal["listen"]
    max_s: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """The longest speech in one go."""
    keyed: int = Field(0, ge=0, le=40)
    """So many digits may be keyed instead of said; ``#`` ends them before, ``*`` begins anew.

    A single one that is among ``keys`` is that key.
    """
    languages: dict[Language, Steps] = Field(default_factory=dict)
    """When they spoke another language than the dialogue's; then go on."""


class ActStep(Part):
    """Have intake do something; then go on, or into the branch of another outcome."""

    do: Literal["act"]
    id: Id | None = None
    action: str
    args: dict[str, str] = Field(default_factory=dict)
    outcomes: dict[str, Steps] = Field(default_factory=dict)


class GotoStep(Part):
    """Go on at another step of this flow."""

    do: Literal["goto"]
    id: Id | None = None
    to: Id


class EndStep(Part):
    """The dialogue is over."""

    do: Literal["end"]
    id: Id | None = None
    disposition: Disposition


Step = Annotated[SayStep | MenuStep | ListenStep | ActStep | GotoStep | EndStep, Field(discriminator="do")]
Steps = tuple[Step, ...]


class WhenInDanger(Part):
    """The warning given at once when the requester speaks of danger to life, and the steps that follow it."""

    say: dict[DangerKind, Says]
    """By kind of danger, all of them: which number to call."""
    then: Annotated[Steps, Field(min_length=1)]

    @field_validator("say")
    @classmethod
    def _every_kind(cls, value: dict[DangerKind, Says]) -> dict[DangerKind, Says]:
        missing = [kind.value for kind in DangerKind if kind not in value]
        if missing:
            raise ValueError(f"says nothing to who is in danger of {', '.join(missing)}")
        return value


class Aside(Part):
    """The reply to a remark that is no answer; the question stays open."""

    say: Annotated[tuple[Id, ...], Field(min_length=1)]
    """In turn, so that nobody reads the same sentence twice running."""
    asks: bool = False
    """The question is put once more, if it has not been put ``attempts`` times again yet."""


class FlowFile(Part):
    """One flow. A branch that runs out goes on after the step that it hangs from."""

    flow: Id
    title: str
    """For people: what this flow is for."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """All that it can speak; it begins in the first."""
    texts: dict[Id, dict[Language, str]] = Field(default_factory=dict)
    """What is only written, by id: such a flow serves text channels, without recordings."""
    follow_up: Id | None = None
    """The listen step at which a conversation about an earlier ticket waits."""
    danger: WhenInDanger
    another: Id | None = None
    """Where the dialogue about another matter begins that is told within a conversation; its number is known."""
    asides: dict[Beside, Aside] = Field(default_factory=dict)
    """Answers to what is no answer, at every question and when nothing is asked any more."""
    steps: Annotated[Steps, Field(min_length=1)]


for _model in (Choice, SpokenChoice, MenuStep, ListenStep, ActStep, WhenInDanger, FlowFile):
    _model.model_rebuild()


def json_schema() -> str:
    """The JSON schema of a flow file, for editors."""
    schema: dict[str, Any] = FlowFile.model_json_schema()
    return (
        json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema},
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )
