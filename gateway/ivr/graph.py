"""A flow as a graph: every step is a node with an address, every way onward names an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.domain.intents import Intent, means
from gateway.domain.spoken import is_only
from gateway.ivr import schema
from gateway.ivr.prompts import Prompts

Sayables = tuple[schema.Sayable, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What a spoken choice listens for."""

    words: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()

    def fits(self, text: str | None) -> bool:
        """Whether ``text`` is this choice, and nothing else."""
        return bool(text) and (is_only(text or "", self.words) or means(text, self.intents))

    @property
    def name(self) -> str:
        """The first of them, for messages."""
        return (*self.words, *self.intents)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SayNode:
    """Says and goes on."""

    say: Sayables
    barge_in: bool
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskNode:
    """Asks and waits: a menu or a listen step."""

    listens: bool
    """Free speech is an answer (listen), not only the words of a choice (menu)."""
    say: Sayables
    again: Sayables
    barge_in: bool
    attempts: int
    silence_s: float
    end_silence_s: float
    max_s: float
    recognise_wait_s: float
    keyed: int
    """So many digits may be keyed instead of said."""
    keys: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    spoken: tuple[tuple[Said, str], ...]
    languages: Mapping[str, str]
    no_answer: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActNode:
    """Calls an action."""

    action: str
    args: Mapping[str, str]
    outcomes: Mapping[str, str]
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GotoNode:
    """Goes on elsewhere."""

    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndNode:
    """Ends."""

    disposition: str


Node = SayNode | AskNode | ActNode | GotoNode | EndNode
OPEN_END = ""
"""The address after the last step of the flow; lint refuses a flow that can reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow, ready to run."""

    name: str
    version: str
    """Short hash of the file and of the words it says."""
    title: str
    languages: tuple[str, ...]
    start: str
    nodes: Mapping[str, Node]
    prompts: Prompts
    places: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    """Where each address stands in the file."""
    written: bool = False
    """It has texts without recordings: for text channels only."""
    danger: Mapping[str, str]
    """Where the dialogue goes when the requester speaks of danger to life, by its kind."""
    follow_up: str | None = None
    """Where a conversation about an earlier ticket waits."""
    another: str | None = None
    """Where a dialogue about another matter begins."""
    asides: Mapping[schema.Beside, schema.Aside] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[str, ...]:
        """Every address at which a dialogue may begin."""
        return (self.start, *self.danger.values(), *(one for one in (self.follow_up, self.another) if one is not None))


def ways(node: Node) -> list[tuple[str, str]]:
    """Every (branch, address) that ``node`` may go on to."""
    match node:
        case SayNode() | GotoNode():
            return [("next", node.next)]
        case ActNode():
            return [("ok", node.next), *node.outcomes.items()]
        case EndNode():
            return []
        case AskNode():
            found = [(f"key {key}", to) for key, to in node.keys.items()]
            found += [(f"spoken {said.name}", to) for said, to in node.spoken]
            found += [(f"language {language}", to) for language, to in node.languages.items()]
            found += [("heard", node.next)] if node.listens else []
            return [*found, ("no_answer", node.no_answer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """A file's steps as nodes."""

    start: str
    danger: Mapping[str, str]
    nodes: Mapping[str, Node]
    places: Mapping[str, tuple[int | str, ...]]
    doubled: list[str]
    """Ids used twice."""


def flatten(file: schema.FlowFile) -> Flattened:
    """The steps of ``file``; each kind of danger has a node of its own that says which number to call."""
    builder = _Builder()
    start = builder.block(file.steps, ("steps",), "", OPEN_END)
    then = builder.block(file.danger.then, ("danger", "then"), "danger.", OPEN_END)
    danger = {
        kind.value: builder.say(f"danger.{kind.value}", says, ("danger", "say", kind.value), then)
        for kind, says in file.danger.say.items()
    }
    return Flattened(start=start, danger=danger, nodes=builder.nodes, places=builder.places, doubled=builder.doubled)


class _Builder:
    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.places: dict[str, tuple[int | str, ...]] = {}
        self.doubled: list[str] = []

    def block(self, steps: schema.Steps, place: tuple[int | str, ...], prefix: str, after: str) -> str:
        """Flatten a list of steps that goes on at ``after``; the address of its first (``after`` when empty)."""
        names = [step.id or f"{prefix}{index + 1}" for index, step in enumerate(steps)]
        for index, (name, step) in enumerate(zip(names, steps, strict=True)):
            if name in self.nodes or name in names[:index]:
                self.doubled.append(name)
                continue
            following = names[index + 1] if index + 1 < len(names) else after
            self.places[name] = (*place, index)
            self.nodes[name] = GotoNode(next=following)  # holds the name while its branches are flattened
            self.nodes[name] = self._node(step, name, (*place, index), following)
        return names[0] if names else after

    def say(self, name: str, says: Sayables, place: tuple[int | str, ...], after: str) -> str:
        """A step that only says something; its address."""
        self.places[name] = place
        self.nodes[name] = SayNode(say=says, barge_in=False, next=after)
        return name

    def _node(self, step: schema.Step, name: str, place: tuple[int | str, ...], following: str) -> Node:
        match step:
            case schema.SayStep():
                return SayNode(say=step.say, barge_in=step.barge_in, next=following)
            case schema.GotoStep():
                return GotoNode(next=step.to)
            case schema.EndStep():
                return EndNode(disposition=step.disposition.value)
            case schema.ActStep():
                return ActNode(
                    action=step.action,
                    args=step.args,
                    outcomes={
                        outcome: self.block(steps, (*place, "outcomes", outcome), f"{name}.{outcome}.", following)
                        for outcome, steps in step.outcomes.items()
                    },
                    next=following,
                )
            case schema.MenuStep() | schema.ListenStep():
                return self._ask(step, name, place, following)

    def _ask(
        self, step: schema.MenuStep | schema.ListenStep, name: str, place: tuple[int | str, ...], following: str
    ) -> AskNode:
        listens = isinstance(step, schema.ListenStep)
        return AskNode(
            listens=listens,
            say=step.say,
            again=step.again,
            barge_in=step.barge_in,
            attempts=step.attempts,
            silence_s=step.silence_s,
            end_silence_s=step.end_silence_s,
            max_s=step.max_s,
            recognise_wait_s=step.recognise_wait_s,
            keyed=step.keyed if isinstance(step, schema.ListenStep) else 0,
            keys={
                key: self.block(choice.then, (*place, "keys", key, "then"), f"{name}.key_{key}.", following)
                for key, choice in step.keys.items()
            },
            labels={key: {str(k): v for k, v in choice.label.items()} for key, choice in step.keys.items()},
            spoken=tuple(
                (
                    Said(spoken.words, spoken.means),
                    self.block(spoken.then, (*place, "spoken", n, "then"), f"{name}.spoken_{n + 1}.", following),
                )
                for n, spoken in enumerate(step.spoken)
            ),
            languages={
                str(language): self.block(steps, (*place, "languages", language), f"{name}.{language}.", following)
                for language, steps in (step.languages.items() if isinstance(step, schema.ListenStep) else ())
            },
            no_answer=self.block(step.no_answer, (*place, "no_answer"), f"{name}.no_answer.", following),
            next=following,
        )


def prompt_ids(node: Node) -> Iterator[schema.Sayable]:
    """Everything that ``node`` may say."""
    if isinstance(node, SayNode):
        yield from node.say
    elif isinstance(node, AskNode):
        yield from (*node.say, *node.again)
