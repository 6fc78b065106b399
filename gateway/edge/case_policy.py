"""``config/case_policy.yaml``: the city's time limits and rules for cases, read strictly."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from gateway.domain.case.note import MOST_CHARS
from gateway.domain.case.policy import (
    ANSWER_LIMIT,
    JUDGE_LIMIT,
    VISIT_LIMIT,
    CasePolicy,
    ClockKind,
    EscalateTo,
    EscalationStep,
    LimitOverride,
    Matter,
    Reckoning,
    Script,
    TimeLimit,
    UnreviewedReturn,
)
from gateway.domain.case.reasons import WhyInformed
from gateway.domain.words import DemandType
from gateway.edge.field_models import Closed
from gateway.edge.yaml_source import YamlSource, spelled
from gateway.errors import ConfigError

_TIME = re.compile(r"(\d{1,6}) ?(min|h)")
_LONGEST = timedelta(days=366)


def _time(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no time; write it as 30 min or 24 h")
    time = int(found[1]) * (timedelta(hours=1) if found[2] == "h" else timedelta(minutes=1))
    if time > _LONGEST:
        raise ValueError(f"{value} is longer than a year")
    return time


def _code(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a category is written in quotes: '0101'")  # noqa: TRY004 - pydantic's way to tell
    return value


Time = Annotated[timedelta, BeforeValidator(_time)]
_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CHARS)]
Code = Annotated[str, BeforeValidator(_code), Field(pattern=r"^(\d{2}){1,4}$")]


class _Step(Closed):
    after: Time
    to: EscalateTo


class _Part(Closed):
    """What a limit says otherwise than the one of its kind."""

    within: Time | None = None
    counted: Reckoning | None = None
    warn_before: Time | None = None
    escalate: tuple[_Step, ...] | None = None

    def limit(self, usual: TimeLimit) -> TimeLimit:
        """With what it leaves out as usual."""
        steps = None if self.escalate is None else tuple(EscalationStep(one.after, one.to) for one in self.escalate)
        return TimeLimit(
            length=usual.length if self.within is None else self.within,
            counted=self.counted or usual.counted,
            warn_before=usual.warn_before if self.warn_before is None else self.warn_before,
            escalation=usual.escalation if steps is None else steps,
        )


class _Limit(_Part):
    within: Time

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if wrong := list(_wrong(self.limit(TimeLimit(length=self.within)))):
            raise ValueError("; ".join(wrong))
        return self


class _Matter(Closed):
    category: Code
    type: DemandType | None = None

    @property
    def matter(self) -> Matter:
        return Matter(category=self.category, demand_type=self.type)


class _Override(_Part, _Matter):
    clock: ClockKind


class _Approve(Closed):
    replies: bool = False
    extensions: bool = True
    pauses: bool = True


class _Extensions(Closed):
    most: int = Field(1, ge=0, le=20)
    longest: Time = timedelta(hours=48)


class _Script(Closed):
    zh: _Said
    en: _Said


class _Limits(Closed):
    """One of each kind of clock."""

    respond: _Limit
    sign: _Limit
    reply: _Limit
    decide: _Limit
    review: _Limit
    approve: _Limit
    visit: _Limit = Field(default_factory=lambda: _told(VISIT_LIMIT))
    judge: _Limit = Field(default_factory=lambda: _told(JUDGE_LIMIT))
    answer: _Limit = Field(default_factory=lambda: _told(ANSWER_LIMIT))


def _told(limit: TimeLimit) -> _Limit:
    """A limit as a file spells it: of kinds that files of earlier releases do not have."""
    steps = tuple(_Step(after=one.after, to=one.to) for one in limit.escalation)
    return _Limit(within=limit.length, warn_before=limit.warn_before, escalate=steps)


class _File(Closed):
    @model_validator(mode="before")
    @classmethod
    def _says_nothing_of_urgency(cls, value: Any) -> Any:
        if isinstance(value, dict) and "urgent" in value:
            raise ValueError("urgent: take it out; what is urgent stands in taxonomy.csv (danger, plan_urgent)")
        return value

    limits: _Limits
    replies: dict[DemandType, _Part] = Field(default_factory=dict)
    overrides: tuple[_Override, ...] = ()
    silence: UnreviewedReturn = UnreviewedReturn.UPHELD
    approve: _Approve = Field(default_factory=_Approve)
    keep_on_reassignment: frozenset[ClockKind] = frozenset()
    extensions: _Extensions = Field(default_factory=_Extensions)
    automatic_dispatch_above: float | None = Field(None, ge=0.5, le=1)
    archive_alone: bool = True
    gives_out: bool = True
    scripts: dict[WhyInformed, _Script] = Field(default_factory=dict)


def read_case_policy(
    path: Path, *, text: str | None = None, version: int = 0, categories: Collection[str] | None = None
) -> CasePolicy:
    """The policy in ``path``, or in the ``text`` that was imported from it, as ``version``.

    ``categories``: all codes of the taxonomy; None: codes are not looked up. ``ConfigError`` lists every mistake as
    ``file:line: …``.
    """
    source = YamlSource(path, text)
    try:
        file = _File.model_validate(source.value)
    except ValidationError as error:
        raise ConfigError(spelled(error, source)) from None
    limits = {kind: getattr(file.limits, kind).limit(TimeLimit(length=timedelta())) for kind in ClockKind}
    replies: dict[str, TimeLimit] = {name: part.limit(limits[ClockKind.REPLY]) for name, part in file.replies.items()}
    overrides = tuple(
        LimitOverride(kind=one.clock, matter=one.matter, limit=one.limit(limits[one.clock])) for one in file.overrides
    )
    problems = [
        f"{source.where(('replies', name))}: replies.{name}: {wrong}"
        for name, limit in replies.items()
        for wrong in _wrong(limit)
    ]
    seen: set[tuple[ClockKind, Matter]] = set()
    for at, one in enumerate(overrides):
        wrongs = [*_wrong(one.limit), *_unknown(one.matter, categories)]
        if (one.kind, one.matter) in seen:
            wrongs.append("another override says the same clock of the same category and type")
        seen.add((one.kind, one.matter))
        problems += [f"{source.where(('overrides', at))}: overrides.{at}: {wrong}" for wrong in wrongs]
    if problems:
        raise ConfigError(problems)
    return CasePolicy(
        version=version,
        limits=limits,
        replies=replies,
        overrides=overrides,
        silence=file.silence,
        approve_replies=file.approve.replies,
        approve_extensions=file.approve.extensions,
        approve_pauses=file.approve.pauses,
        keep_on_reassignment=file.keep_on_reassignment,
        automatic_above=file.automatic_dispatch_above,
        most_extensions=file.extensions.most,
        longest_extension=file.extensions.longest,
        archive_alone=file.archive_alone,
        gives_out=file.gives_out,
        scripts={why.value: Script(zh=one.zh, en=one.en) for why, one in file.scripts.items()},
    )


def _wrong(limit: TimeLimit) -> Iterable[str]:
    if limit.length <= timedelta():
        yield "within must be longer than nothing"
    if limit.warn_before is not None and not timedelta() < limit.warn_before < limit.length:
        yield "warn_before must be longer than nothing and shorter than within"
    afters = [step.after for step in limit.escalation]
    if afters != sorted(afters):
        yield "the steps of escalate stand in order of their time"


def _unknown(matter: Matter, categories: Collection[str] | None) -> Iterable[str]:
    if categories is not None and matter.category not in categories:
        yield f"the taxonomy has no category {matter.category}"
