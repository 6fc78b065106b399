"""How long whoever must act has, who is told when they do not, and what the city has decided otherwise about cases.

A policy is one immutable version. Clocks and events name the version that they went by; a new one moves nothing that
runs unless somebody moves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.words import DemandType, Term

WALL = WorkCalendar(code="wall")
"""Counts around the clock, for everybody."""


class ClockKind(Term):
    """What somebody must do in time."""

    RESPOND = "respond", "响应", "Respond"
    SIGN = "sign", "签收", "Sign"
    REPLY = "reply", "反馈", "Reply"
    DECIDE = "decide", "派单裁定", "Decide who must act"
    REVIEW = "review", "异议审核", "Review a return"
    APPROVE = "approve", "审批", "Approve"
    VISIT = "visit", "回访", "Ask what the requester thinks"
    JUDGE = "judge", "不满意处理", "Decide about a dissatisfied requester"
    ANSWER = "answer", "回复诉求人", "Answer the requester"


BY_CALL = frozenset({ClockKind.VISIT})
"""What is done by calling somebody: it stands among the calls that are owed, so neither in the centre's queue nor on
the list of what is overdue."""


class Reckoning(Term):
    """Which time counts."""

    WALL = "wall", "自然时间", "Around the clock"
    WORK = "work", "工作时间", "The unit's working time"


class EscalateTo(Term):
    """Who is told of a limit that nobody kept."""

    UNIT = "unit", "承办单位负责人", "The unit's head"
    PARENT = "parent", "上级单位", "The unit that answers for it"
    CENTRE = "centre", "受理中心", "The centre"
    SUPERVISION = "supervision", "督查督办", "Supervision"


class UnreviewedReturn(Term):
    """What a return comes to that the centre has not reviewed in time."""

    RETURNED = "returned", "视为同意退单", "It is accepted"
    UPHELD = "upheld", "视为维持派单", "The dispatch is upheld"


@dataclass(frozen=True, slots=True)
class Script:
    """告知用语: what a requester is told where the centre writes nothing of its own."""

    zh: str
    en: str

    def spoken(self, language: str | None) -> str:
        """In the requester's language: Chinese, unless it is ``en``."""
        return self.en if language == "en" else self.zh


Scripts = Mapping[str, Script]
"""By the code of the reason (``WhyInformed``)."""
NO_SCRIPTS: Scripts = {}


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step of an escalation, so long after the limit."""

    after: timedelta
    to: EscalateTo


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long something may take; ``warn_before`` and the steps are counted in the same time."""

    length: timedelta
    counted: Reckoning = Reckoning.WALL
    warn_before: timedelta | None = None
    escalation: tuple[EscalationStep, ...] = ()
    """In order of their time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Demands of a category and all below it; of one type, or (None) of any."""

    category: str
    demand_type: DemandType | None = None

    def fits(self, category: str | None, demand_type: str | None) -> bool:
        """Whether a demand is one of them."""
        return (category or "").startswith(self.category) and self.demand_type in {None, demand_type}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOverride:
    """Another limit for some demands."""

    kind: ClockKind
    matter: Matter
    limit: TimeLimit

    @property
    def exact(self) -> tuple[int, bool]:
        """Of several that fit the one with the longest category counts, then the one that names a type."""
        return len(self.matter.category), self.matter.demand_type is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTerms:
    """What a clock goes by: its limit, the calendar on which that is counted, and the policy that says so."""

    limit: TimeLimit
    calendar: WorkCalendar
    policy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePolicy:
    """One version of what the city has decided."""

    version: int
    limits: Mapping[ClockKind, TimeLimit]
    """Of every kind, where nothing below says otherwise."""
    replies: Mapping[str, TimeLimit] = field(default_factory=dict)
    """Of replies, by the type of the demand."""
    overrides: tuple[LimitOverride, ...] = ()
    silence: UnreviewedReturn = UnreviewedReturn.UPHELD
    approve_replies: bool = False
    approve_extensions: bool = True
    approve_pauses: bool = True
    keep_on_reassignment: frozenset[ClockKind] = frozenset()
    """Clocks that go on when another unit takes over; the others begin anew."""
    automatic_above: float | None = None
    """自动派单: from this confidence of the category on nobody need confirm a dispatch; None: somebody always does."""
    most_extensions: int = 1
    longest_extension: timedelta = timedelta(hours=48)
    scripts: Scripts = field(default_factory=dict)
    """Of what is not the hotline's to act on (告知)."""
    archive_alone: bool = True
    """What was judged well, who would not judge, and whom nobody could reach: put away without anybody's doing."""
    gives_out: bool = True
    """Whether cases are given to units here: what nobody has given out yet has a clock. Else a system of the city's own
    does that."""

    def first(self, *, urgent: bool) -> ClockKind:
        """What a unit must do first: respond, from registration on; or sign, from dispatch on."""
        return ClockKind.RESPOND if urgent else ClockKind.SIGN

    def limit(
        self,
        kind: ClockKind,
        *,
        category: str | None = None,
        demand_type: str | None = None,
        own_limit: timedelta | None = None,
    ) -> TimeLimit:
        """The limit of a demand's clock: of an override, else (replies) the taxonomy's, else its type's or its kind's.

        ``own_limit``: how long the taxonomy gives the reply, around the clock; the policy's override goes before it.
        """
        fitting = [one for one in self.overrides if one.kind is kind and one.matter.fits(category, demand_type)]
        if fitting:
            return max(fitting, key=lambda one: one.exact).limit
        usual = self.limits[kind]
        if kind is not ClockKind.REPLY:
            return usual
        typed = self.replies.get(demand_type or "", usual)
        return typed if own_limit is None else replace(typed, length=own_limit, counted=Reckoning.WALL)

    def terms(
        self,
        kind: ClockKind,
        own: WorkCalendar,
        *,
        category: str | None = None,
        demand_type: str | None = None,
        own_limit: timedelta | None = None,
    ) -> ClockTerms:
        """What such a clock goes by at a unit whose calendar is ``own``; the others as in ``limit``."""
        limit = self.limit(kind, category=category, demand_type=demand_type, own_limit=own_limit)
        return ClockTerms(limit=limit, calendar=own if limit.counted is Reckoning.WORK else WALL, policy=self.version)


VISIT_LIMIT = TimeLimit(length=timedelta(days=7), warn_before=timedelta(days=4))
"""The requester has three days to judge by themselves, then somebody asks them."""
JUDGE_LIMIT = TimeLimit(
    length=timedelta(hours=24),
    warn_before=timedelta(hours=4),
    escalation=(EscalationStep(timedelta(), EscalateTo.SUPERVISION),),
)
ANSWER_LIMIT = TimeLimit(
    length=timedelta(hours=4),
    warn_before=timedelta(hours=1),
    escalation=(EscalationStep(timedelta(), EscalateTo.CENTRE),),
)
_HALF_AN_HOUR, _DAY, _TWO_DAYS = timedelta(minutes=30), timedelta(hours=24), timedelta(hours=48)
PLAN = CasePolicy(
    version=0,
    limits={
        ClockKind.RESPOND: TimeLimit(length=_HALF_AN_HOUR),
        ClockKind.SIGN: TimeLimit(length=_HALF_AN_HOUR),
        ClockKind.REPLY: TimeLimit(length=_TWO_DAYS),
        ClockKind.DECIDE: TimeLimit(length=timedelta(hours=2)),
        ClockKind.REVIEW: TimeLimit(length=_DAY),
        ClockKind.APPROVE: TimeLimit(length=_DAY),
        ClockKind.VISIT: VISIT_LIMIT,
        ClockKind.JUDGE: JUDGE_LIMIT,
        ClockKind.ANSWER: ANSWER_LIMIT,
    },
    replies={DemandType.CONSULTATION: TimeLimit(length=_DAY), DemandType.SUGGESTION: TimeLimit(length=_DAY)},
)
"""The limits of the city's plan (速派即办), where nobody has imported a policy."""
