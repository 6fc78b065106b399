"""The engine: a pure step (state, input) → (state, outputs). It knows no clock, no audio and no store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from gateway.domain.spoken import word_count
from gateway.ivr.actions import SET_LANGUAGE, TAKE_ANSWER
from gateway.ivr.graph import ActNode, AskNode, EndNode, Flow, GotoNode, Node, SayNode
from gateway.ivr.prompts import PromptItem
from gateway.ivr.schema import Digits, Named, Sayable
from gateway.ivr.signals import (
    Act,
    ActionDone,
    Begin,
    Beside,
    DangerHeard,
    End,
    Finished,
    HungUp,
    Input,
    Key,
    Output,
    Say,
    Silence,
    SpeechBegan,
    Wait,
    Waiting,
    WordsHeard,
)

__all__ = [
    "Act",
    "ActionDone",
    "Begin",
    "Beside",
    "DangerHeard",
    "DialogueState",
    "End",
    "Finished",
    "FlowEngine",
    "HungUp",
    "Input",
    "Key",
    "Output",
    "PromptItem",
    "Say",
    "Silence",
    "SpeechBegan",
    "Wait",
    "Waiting",
    "WordsHeard",
]

MIN_WORDS_TO_SWITCH = 3
"""A recogniser takes a lone cough or "嗯" for English; so many words in another language are that language."""
SAID = "said:"
"""Counts, among a state's variables, how often an aside has been answered."""
PATH_KEPT = 64
"""The newest steps a state remembers, so that a long dialogue stays a small row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueState:
    """Where one dialogue is. JSON round-trips by ``to_json`` and ``from_json``."""

    flow: str
    version: str
    step: str
    """Address of the step that waits for the next input."""
    attempt: int = 0
    """How many times this step has asked in vain."""
    language: str = "zh"
    vars: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    """Addresses passed, oldest first, the newest ``PATH_KEPT``."""
    ended: str | None = None
    """The disposition, once over."""

    def to_json(self) -> str:
        """As one line of JSON."""
        # Field by field: ``asdict`` copies deeply, for every message of a conversation.
        values = {name: getattr(self, name) for name in _STATE_FIELDS}
        values["vars"] = dict(self.vars)
        return _JSON.encode(values)

    @classmethod
    def from_json(cls, text: str) -> DialogueState:
        """The state that ``to_json`` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "path": tuple(values["path"])})


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
_STATE_FIELDS = tuple(one.name for one in fields(DialogueState))


class FlowEngine:
    """Runs flows. A dialogue keeps the version it began with, also after ``reload``."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        """``flows`` by name, as ``load_flows`` gives them."""
        self._versions: dict[tuple[str, str], Flow] = {}
        self._current: dict[str, Flow] = {}
        self.reload(flows)

    def reload(self, flows: Mapping[str, Flow]) -> None:
        """New dialogues take ``flows``; versions known before stay (a few kB each) for those that began with them."""
        self._current = dict(flows.items())
        self._versions |= {(flow.name, flow.version): flow for flow in self._current.values()}

    def begin(self, flow: str, language: str | None = None) -> DialogueState:
        """The state before ``Begin``. ``KeyError`` for a flow that is not there (``gateway check`` finds that)."""
        current = self._current[flow]
        wanted = language if language in current.languages else current.languages[0]
        return DialogueState(flow=current.name, version=current.version, step=current.start, language=wanted)

    def follow_up(self, flow: str, language: str | None = None) -> DialogueState | None:
        """The state of a dialogue about an earlier ticket; None when the flow has no step for that."""
        step = self._current[flow].follow_up
        return replace(self.begin(flow, language), step=step) if step is not None else None

    def another(self, flow: str, language: str | None = None) -> DialogueState | None:
        """The state before ``Begin`` of a dialogue about another matter; None when the flow has no step for that."""
        step = self._current[flow].another
        return replace(self.begin(flow, language), step=step) if step is not None else None

    def waiting(self, state: DialogueState) -> Waiting | None:
        """What the dialogue waits for; None when it does not listen."""
        if state.ended is not None:
            return None
        found = self._flow_of(state)
        if found is None:
            return None
        flow, state = found
        node = flow.nodes[state.step]
        if not isinstance(node, AskNode):
            return None
        then = flow.nodes.get(node.next)
        asked = then.args["field"] if isinstance(then, ActNode) and then.action == TAKE_ANSWER else None
        return Waiting(
            keys=tuple(node.keys),
            choices=tuple(said for said, _ in node.spoken),
            asked=asked,
            at_rest=flow.follow_up is not None and state.step in _from(flow, flow.follow_up),
            languages=flow.languages,
            asides=frozenset(flow.asides),
        )

    def step(self, state: DialogueState, event: Input) -> tuple[DialogueState, tuple[Output, ...]]:
        """Take one input. Outputs come in the order in which they are to be carried out."""
        if isinstance(event, DangerHeard):
            state = replace(state, ended=None)
        if state.ended is not None or isinstance(event, SpeechBegan):
            return state, ()
        if isinstance(event, HungUp):
            return replace(state, ended="abandoned_in_flow"), ()
        found = self._flow_of(state)
        return _Run(*found).take(event) if found is not None else (state, ())

    def _flow_of(self, state: DialogueState) -> tuple[Flow, DialogueState] | None:
        """The version the dialogue began with; if this process never had it, the newest.

        There it stands at the same step, or at the first question when that step is gone. None: the flow itself is
        gone, and nothing is said any more; what people write is kept all the same.
        """
        flow = self._versions.get((state.flow, state.version))
        if flow is not None:
            return flow, state
        flow = self._current.get(state.flow)
        if flow is None:
            return None
        step = state.step if state.step in flow.nodes else _first_question(flow)
        return flow, replace(state, version=flow.version, step=step, attempt=0)


class _Run:
    """One step of one dialogue."""

    def __init__(self, flow: Flow, state: DialogueState) -> None:
        self._flow = flow
        self._state = state
        self._outputs: list[Output] = []

    def take(self, event: Input) -> tuple[DialogueState, tuple[Output, ...]]:
        node = self._flow.nodes[self._state.step]
        match node, event:
            case _, DangerHeard(kind=kind, language=language):
                if language in self._flow.languages:
                    self._state = replace(self._state, language=str(language))
                self._go(self._flow.danger[kind])
            case _, Begin():
                self._go(self._state.step)
            case SayNode(), Finished():
                self._go(node.next)
            case ActNode(action=waited), ActionDone(name=done) if done == waited:
                self._done(node, event)
            case AskNode(), Key(key=key) if key in node.keys:
                self._go(node.keys[key])
            case AskNode(), WordsHeard():
                self._heard(node, event)
            case AskNode(), Key() | Silence():
                self._ask_again(node)
            case AskNode(), Beside():
                self._beside(node, event)
            case _:
                pass  # late or unexpected: what we wait for will still come
        return self._state, tuple(self._outputs)

    def _done(self, node: ActNode, event: ActionDone) -> None:
        self._state = replace(self._state, vars={**self._state.vars, **event.vars})
        self._go(node.outcomes.get(event.outcome, node.next))

    def _heard(self, node: AskNode, event: WordsHeard) -> None:
        for said, to in node.spoken:
            if said.fits(event.text):
                self._go(to)
                return
        if not node.listens:
            self._ask_again(node)
            return
        language = event.language or self._state.language
        if language != self._state.language and language in node.languages and _certain(event.text):
            self._go(node.languages[language])
            return
        self._go(node.next)

    def _beside(self, node: AskNode, event: Beside) -> None:
        aside = self._flow.asides.get(event.name)
        if aside is not None:
            counted = f"{SAID}{event.name}"
            times = int(self._state.vars.get(counted, "0"))
            self._outputs.append(Say(self._items((aside.say[times % len(aside.say)],))))
            self._state = replace(self._state, vars={**self._state.vars, counted: str(times + 1)})
        asks = event.moves_on or (aside is not None and aside.asks)
        if asks and (event.moves_on or self._state.attempt < node.attempts):
            self._ask_again(node)
        else:
            self._ask(node, ())

    def _ask_again(self, node: AskNode) -> None:
        if self._state.attempt >= node.attempts:
            self._go(node.no_answer)
            return
        self._state = replace(self._state, attempt=self._state.attempt + 1)
        self._ask(node, node.again or node.say)

    def _ask(self, node: AskNode, say: tuple[Any, ...]) -> None:
        if say:
            self._outputs.append(Say(self._items(say), node.barge_in))
        language = self._state.language
        self._outputs.append(
            Wait(
                keys="".join(node.keys),
                speech=node.listens or bool(node.spoken),
                silence_s=node.silence_s,
                end_silence_s=node.end_silence_s,
                max_s=node.max_s,
                recognise_wait_s=node.recognise_wait_s,
                keyed=node.keyed,
                quick_replies=tuple((key, label[language]) for key, label in node.labels.items() if language in label),
            ),
        )

    def _go(self, address: str) -> None:
        """Run on from ``address`` until something has to be waited for. Lint has refused cycles without a wait."""
        while True:
            node: Node = self._flow.nodes[address]
            before = self._state
            self._state = DialogueState(
                flow=before.flow,
                version=before.version,
                step=address,
                language=before.language,
                vars=before.vars,
                path=(*before.path, address)[-PATH_KEPT:],
                ended=before.ended,
            )
            match node:
                case GotoNode():
                    address = node.next
                case SayNode():
                    self._outputs.append(Say(self._items(node.say), node.barge_in))
                    if not node.barge_in:
                        return  # the next question's barge-in must not cut it: go on when it is Finished
                    address = node.next
                case AskNode():
                    self._ask(node, node.say)
                    return
                case ActNode():
                    self._outputs.append(Act(node.action, node.args))
                    if node.action == SET_LANGUAGE:
                        self._state = replace(self._state, language=node.args["language"])
                    return
                case EndNode():
                    self._outputs.append(End(node.disposition))
                    self._state = replace(self._state, ended=node.disposition)
                    return

    def _items(self, say: tuple[Any, ...]) -> tuple[PromptItem, ...]:
        return tuple(item for each in say for item in self._item(each))

    def _item(self, said: Sayable) -> Iterator[PromptItem]:
        prompts, language, given = self._flow.prompts, self._state.language, self._state.vars
        match said:
            case Digits():
                yield prompts.digits(language, said.of(given.get(said.digits, "")))
            case Named():
                recorded = prompts.items[language]
                yield from (recorded[one] for one in said.of(given.get(said.prompts, ""), recorded.keys()))
            case _:
                yield prompts.item(language, said)


def _first_question(flow: Flow) -> str:
    """The address of the question that the flow begins with, or of its first step when it acts before it asks."""
    address = flow.start
    while isinstance(node := flow.nodes[address], SayNode | GotoNode):
        address = node.next
    return address if isinstance(node, AskNode) else flow.start


def _from(flow: Flow, address: str) -> set[str]:
    """The listen steps reachable from ``address`` by speech alone, itself included."""
    found: set[str] = set()
    while address not in found:
        found.add(address)
        node = flow.nodes[address]
        while not isinstance(node, AskNode):
            if not isinstance(node, SayNode | GotoNode):
                return found
            address = node.next
            node = flow.nodes[address]
        found.add(address)
        address = node.next
    return found


def _certain(text: str | None) -> bool:
    return text is not None and word_count(text) >= MIN_WORDS_TO_SWITCH
