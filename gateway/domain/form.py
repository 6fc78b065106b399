"""What a ticket says: the sections of its record (``docs/record.md``), typed, with their defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar

from gateway.domain.words import RequesterKind


@dataclass(slots=True)
class Source:
    """Which platform handed the ticket over, and its own id for it."""

    name: str | None = None
    event_id: str | None = None


@dataclass(slots=True)
class Requester:
    """诉求人. Numbers are E.164. Nobody may learn who they are when they are ``secret`` or ``anonymous``."""

    requester_id: str | None = None
    kind: str = RequesterKind.CITIZEN.value
    name: str | None = None
    phone: str | None = None
    callback_phone: str | None = None
    contact_by: str | None = None
    gender: str | None = None
    org_name: str | None = None
    uscc: str | None = None
    anonymous: bool = False
    secret: bool = False
    language: str | None = None
    accessibility: list[str] = field(default_factory=list)
    returning: bool = False
    labels: list[str] = field(default_factory=list)

    @property
    def hidden(self) -> bool:
        """Whether they asked that nobody learns who they are."""
        return self.secret or self.anonymous


@dataclass(slots=True)
class Category:
    """A category of four levels, by its code in one version of the taxonomy."""

    code: str | None = None
    l1: str | None = None
    l2: str | None = None
    l3: str | None = None
    l4: str | None = None
    taxonomy_version: str | None = None


@dataclass(slots=True)
class Urgency:
    """``normal`` or ``urgent``, and why."""

    level: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class ComplainedAbout:
    """Whom the demand is about."""

    name: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class Demand:
    """诉求: what is asked for. ``emergency`` is the number that answers the danger in it: 110, 119, 120, 122."""

    type: str | None = None
    title: str | None = None
    content: str | None = None
    category: Category = field(default_factory=Category)
    urgency: Urgency = field(default_factory=Urgency)
    emergency: str | None = None
    complained_about: ComplainedAbout = field(default_factory=ComplainedAbout)


@dataclass(slots=True)
class Division:
    """An administrative division, by the gazetteer's code."""

    code: str | None = None
    name: str | None = None


@dataclass(slots=True)
class Place:
    """Where it is. ``lat`` and ``lon`` in degrees of ``crs``."""

    address: str | None = None
    district: Division = field(default_factory=Division)
    street: Division = field(default_factory=Division)
    community: Division = field(default_factory=Division)
    grid_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    crs: str | None = None


@dataclass(slots=True)
class Return:
    """退单: a unit gave its task back. ``rule``: the code of why, ``reason``: its words. ``at`` is RFC 3339."""

    at: str
    unit: str | None = None
    rule: str | None = None
    reason: str | None = None
    upheld: bool = False
    """The centre did not follow it."""
    reviewed_at: str | None = None
    reviewed_by: str | None = None
    """As events name who acts; ``system``: nobody at the centre did in time."""


@dataclass(slots=True)
class UnitTask:
    """承办: what one unit has to do. Times are RFC 3339."""

    task_id: str
    unit: str | None = None
    role: str = ""
    status: str = ""
    version: int = 0
    dispatched_at: str | None = None
    signed_at: str | None = None
    responded_at: str | None = None
    arrived_at: str | None = None
    replied_at: str | None = None
    accepted_at: str | None = None
    due_at: str | None = None
    """Of its reply."""
    asked_until: str | None = None
    """延期: asked for and not decided."""
    asked_pause: str | None = None
    """暂停: asked for and not decided, with the code of why."""
    held: bool = False
    """首问负责: it keeps the matter to the end; only the centre may take it away."""
    returns: list[Return] = field(default_factory=list)


@dataclass(slots=True)
class Routing:
    """One step of deciding which unit acts: ``rule`` says what the stage found, ``reason`` is what people wrote."""

    stage: str
    rule: str | None = None
    reason: str | None = None
    units: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """Of the dispatch table."""


@dataclass(slots=True)
class TicketClock:
    """A limit that runs, was met or was breached: ``domain.case.clock.CaseClock`` as documents hold it.

    Times are RFC 3339.
    """

    clock_id: str
    kind: str = ""
    task_id: str | None = None
    unit: str | None = None
    policy: int = 0
    calendar: str = ""
    started_at: str | None = None
    owned_at: str | None = None
    length_ms: int = 0
    extended_ms: int = 0
    paused_ms: int = 0
    inherited_ms: int = 0
    due_at: str | None = None
    warn_at: str | None = None
    escalations: list[dict[str, str | None]] = field(default_factory=list)
    warned_at: str | None = None
    breached_at: str | None = None
    escalated: int = 0
    paused_at: str | None = None
    met_at: str | None = None
    stopped_at: str | None = None
    earlier: list[dict[str, str | None]] = field(default_factory=list)
    unsure: bool = False
    next_at: str | None = None


@dataclass(slots=True)
class GivenReply:
    """回复 on its way to this ticket's requester. Times are RFC 3339.

    ``reply_id``: the note with its words. ``of``: the ticket that was answered, where this one went into it.
    ``together``: another ticket of the same person, with which they are told. ``visit_id``: the call that asks them.
    """

    reply_id: str
    of: str | None = None
    together: str | None = None
    state: str = ""
    way: str | None = None
    because: str | None = None
    channel_id: str | None = None
    message_id: str | None = None
    callback_id: str | None = None
    visit_id: str | None = None
    replied_at: str | None = None
    reached_at: str | None = None
    declined_at: str | None = None
    """When they were asked what they think of it, and would not say."""
    uncallable_at: str | None = None
    """When they were to be asked, and no number of theirs was known."""
    tried: list[str] = field(default_factory=list)
    """Ways that came to nothing."""
    called_at: list[str] = field(default_factory=list)
    """When somebody called in vain."""


@dataclass(slots=True)
class CallbackShown:
    """The call that is owed for this ticket, as its record shows it; ``due_at`` is RFC 3339."""

    state: str
    due_at: str
    attempts: int = 0

    @property
    def told(self) -> dict[str, Any]:
        """As events tell it."""
        return {"state": self.state, "due_at": self.due_at, "attempts": self.attempts}


@dataclass(slots=True)
class Handling:
    """承办: who acts, until when."""

    lead_unit: str | None = None
    first_asked: str | None = None
    crossing: str | None = None
    """As the centre stated it; the dispatch table says it of the others."""
    undecided_since: str | None = None
    reassigned: int = 0
    reopened: int = 0
    reopened_at: str | None = None
    """When it was last."""
    dissatisfied: list[str] = field(default_factory=list)
    """Tickets, itself or merged ones, about whose dissatisfied requesters the centre is to decide, or did last."""
    supervised_at: str | None = None
    """When the units were pressed on last (督办)."""
    reported_at: str | None = None
    """When what the city's own case system reported last became so; RFC 3339."""
    units: list[UnitTask] = field(default_factory=list)
    routing_trace: list[Routing] = field(default_factory=list)
    clocks: list[TicketClock] = field(default_factory=list)
    callback: CallbackShown | None = None
    replies: list[GivenReply] = field(default_factory=list)


@dataclass(slots=True)
class Evaluation:
    """评价: ``satisfied`` 1 to 5."""

    channel: str | None = None
    satisfied: int | None = None
    comment: str | None = None


@dataclass(slots=True)
class Judgement:
    """One evaluation of several; ``at`` is RFC 3339, None of one from before each was kept."""

    at: str | None
    channel: str | None = None
    satisfied: int | None = None
    comment: str | None = None
    reply_id: str | None = None
    """Of the reply that is judged; None: none had been given."""
    score: str | None = None


@dataclass(slots=True)
class Outcome:
    """What the requester was told, and what they think of it. Times are RFC 3339."""

    replied_at: str | None = None
    public_reply: str | None = None
    resolved: bool | None = None
    evaluation: Evaluation = field(default_factory=Evaluation)
    evaluations: list[Judgement] = field(default_factory=list)
    closed_at: str | None = None


@dataclass(slots=True)
class Filled:
    """The entry of ``prefill.fields`` for one record path; of coded fields ``value`` is the code."""

    value: Any = None
    source: str | None = None
    span: list[int] | None = None
    confidence: float | None = None
    confirmed_by: str | None = None

    @property
    def sureness(self) -> float:
        """Its confidence; 0 where none is known."""
        return self.confidence or 0.0


@dataclass(slots=True)
class Candidate:
    """A code worth offering."""

    code: str
    confidence: float


@dataclass(slots=True)
class Candidates:
    """What is offered for coded fields, likeliest first."""

    category: list[Candidate] = field(default_factory=list)
    unit: list[Candidate] = field(default_factory=list)
    district: list[Candidate] = field(default_factory=list)
    street: list[Candidate] = field(default_factory=list)
    community: list[Candidate] = field(default_factory=list)


@dataclass(slots=True)
class Mentioned:
    """Something of a known form in ``demand.content``."""

    kind: str
    value: str
    span: list[int] | None
    """None: what was said of it stands there no more; it stays known, so that it stays hidden."""
    confidence: float


@dataclass(slots=True)
class Prefill:
    """What was filled in by others than people. ``pending``: some of what was said is not known yet."""

    fields: dict[str, Filled] = field(default_factory=dict)
    candidates: Candidates = field(default_factory=Candidates)
    mentions: list[Mentioned] = field(default_factory=list)
    pending: bool = False


@dataclass(slots=True)
class Similar:
    """A ticket that may be about the same matter."""

    ticket_id: str
    score: float


@dataclass(slots=True)
class Related:
    """Other tickets: of the same conversation, of the same matter."""

    parent_id: str | None = None
    child_ids: list[str] = field(default_factory=list)
    merged_into: str | None = None
    similar: list[Similar] = field(default_factory=list)


@dataclass(slots=True)
class AttachmentShown:
    """An attachment as the record shows it; ``error`` says why it is not kept."""

    attachment_id: str
    name: str | None = None
    media_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    url: str | None = None
    error: str | None = None


@dataclass(slots=True)
class Form:
    """Everything that a ticket says beyond its columns. ``callback_id`` and ``status_before_merge`` are not shown."""

    entry_number: str | None = None
    source: Source = field(default_factory=Source)
    requester: Requester = field(default_factory=Requester)
    demand: Demand = field(default_factory=Demand)
    place: Place = field(default_factory=Place)
    handling: Handling = field(default_factory=Handling)
    outcome: Outcome = field(default_factory=Outcome)
    prefill: Prefill = field(default_factory=Prefill)
    related: Related = field(default_factory=Related)
    attachments: list[AttachmentShown] = field(default_factory=list)
    callback_id: str | None = None
    status_before_merge: str | None = None

    def copied(self) -> Form:
        """A form that can be altered while this one stays as it is."""
        form = cloned(self)
        for name in _SECTIONS:
            setattr(form, name, cloned(getattr(self, name)))
        form.prefill.fields = dict(self.prefill.fields)
        form.prefill.candidates = cloned(self.prefill.candidates)
        form.attachments = [cloned(one) for one in self.attachments]
        handling = form.handling
        handling.units, handling.clocks, handling.replies = [*handling.units], [*handling.clocks], [*handling.replies]
        return form


_SECTIONS = ("requester", "demand", "place", "handling", "outcome", "prefill", "related")
T = TypeVar("T")


_FIELDS: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def cloned(value: T) -> T:
    """A copy of a dataclass that shares what its fields hold; ``copy.copy`` takes ten times as long."""
    kind = type(value)
    if kind not in _FIELDS:
        _FIELDS[kind] = attrgetter(*(one.name for one in fields(kind)))  # type: ignore[arg-type]  # a dataclass
    return kind(*_FIELDS[kind](value))
