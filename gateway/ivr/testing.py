"""Runs ``<flow>.test.yaml`` on the real engine with a scripted caller, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from gateway.domain.words import DangerKind, Disposition
from gateway.edge.yaml_source import YamlSource, spelled
from gateway.errors import ConfigError
from gateway.ivr import engine
from gateway.ivr.actions import ACTIONS, DAY, DUE_BY, FAILED, IN_CHARGE, MONTH, OK, UNIT
from gateway.ivr.audio import duration_s
from gateway.ivr.engine import (
    Act,
    ActionDone,
    Begin,
    DangerHeard,
    DialogueState,
    End,
    Finished,
    FlowEngine,
    HungUp,
    Input,
    Key,
    Output,
    Say,
    Silence,
    Wait,
    WordsHeard,
)
from gateway.ivr.graph import AskNode, Flow, ways
from gateway.ivr.loader import TEST_SUFFIX, Flows
from gateway.ivr.schema import Beside, Language, Part, PressedKey

GIVEN = {"ticket_no": "202611230000001", "handled": f"{IN_CHARGE} {UNIT}M02;{DUE_BY} {MONTH}12 {DAY}3"}
"""What actions give in tests."""
LONGEST_S = 7200.0
"""A dialogue that is not over after so much virtual time is stuck."""


class CallerTurn(Part):
    """One thing that the caller does when asked: speaks (of danger too), presses a key, keeps silent or hangs up."""

    speaks: str | None = None
    for_s: Annotated[float, Field(gt=0)] = 3.0
    """How long they speak, pauses included."""
    pause_s: float = 0.5
    """Their longest pause while speaking."""
    language: Language | None = None
    """What the recogniser takes it for; null: the dialogue's language."""
    recognised_after_s: float = 0.5
    """How long the recogniser needs after the last word."""
    danger: DangerKind | None = None
    """They speak of danger to life."""
    key: PressedKey | None = None
    keyed: Annotated[str, Field(pattern=r"^[0-9]{2,40}$")] | None = None
    """They key in a number."""
    beside: Beside | None = None
    """Writes something that is no answer: thanks, a picture."""
    moves_on: bool = False
    """It was to be an answer: asked often enough, the dialogue goes on without one."""
    silent: bool = False
    hangs_up: bool = False
    after_s: float = 1.0
    """When, counted from the end of the prompt; negative: so long before its end (barge-in)."""

    @model_validator(mode="after")
    def _one_thing(self) -> CallerTurn:
        given = (
            self.speaks is not None,
            self.danger is not None,
            self.key is not None,
            self.keyed is not None,
            self.beside is not None,
            self.silent,
            self.hangs_up,
        )
        if given.count(True) != 1:
            raise ValueError("a turn has exactly one of speaks, danger, key, beside, silent, hangs_up")
        return self


class Expected(Part):
    """What must have happened; what is left out is not looked at."""

    says: tuple[str, ...] | None = None
    """Ids of everything said or begun to be said, in order; ``digits`` for a number."""
    acts: tuple[str, ...] | None = None
    ends: Disposition
    language: Language | None = None
    within_s: float | None = None
    """Length of the whole dialogue at most."""


class FlowCase(Part):
    """One dialogue."""

    name: str
    language: Language | None = None
    another: bool = False
    """It begins where another matter does, within a conversation."""
    caller: tuple[CallerTurn, ...] = ()
    """After the last turn the caller is silent."""
    actions: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Outcomes of actions, where not ok: by name, or by name and field ("missing place"); a list is taken in order."""
    expect: Expected


class TestFile(Part):
    """``<flow>.test.yaml``."""

    flow: str
    tests: Annotated[tuple[FlowCase, ...], Field(min_length=1)]


@dataclass(slots=True)
class Report:
    """What became of a folder's tests."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """One line each: file:line, test, what differs."""


def run_tests(folder: Path, flows: Flows) -> Report:
    """Run the tests beside every flow. A flow without tests, and a branch that no test takes, is a failure."""
    report = Report()
    for name, flow in flows.items():
        path = folder / f"{name}{TEST_SUFFIX}"
        try:
            source, file = _read(path, flow)
        except ConfigError as error:
            report.failed += error.problems
            continue
        taken: set[tuple[str, str]] = set()
        for index, case in enumerate(file.tests):
            dialogue = _Dialogue(flow, case, taken)
            problems = dialogue.run()
            report.failed += [f"{source.where(('tests', index))}: {case.name}: {problem}" for problem in problems]
            if not problems:
                report.passed.append(f"{name}: {case.name} ({dialogue.now_s:.0f} s)")
        report.failed += [
            f"{path}: no test has a turn `beside: {name}`"
            for name in flow.asides
            if not any(turn.beside == name for case in file.tests for turn in case.caller)
        ]
        report.failed += [
            f"{path}: no test takes branch {branch!r} of step {address!r}"
            for address, node in flow.nodes.items()
            for branch, _ in ways(node)
            if (address, branch) not in taken
        ]
    return report


def _read(path: Path, flow: Flow) -> tuple[YamlSource, TestFile]:
    source = YamlSource(path)
    try:
        file = TestFile.model_validate(source.value)
    except ValidationError as error:
        raise ConfigError(spelled(error, source)) from None
    unknown = sorted({action for case in file.tests for action in case.actions if action.split()[0] not in ACTIONS})
    problems = [f"{path}: no action {action!r}" for action in unknown]
    if file.flow != flow.name:
        problems.append(f"{source.where(('flow',))}: tests flow {file.flow!r} but lies beside {flow.name!r}")
    if problems:
        raise ConfigError(problems)
    return source, file


class _Wrong(Exception):
    """The script and the flow do not fit together."""


class _Dialogue:
    """One case being played."""

    def __init__(self, flow: Flow, case: FlowCase, taken: set[tuple[str, str]]) -> None:
        self.now_s = 0.0
        self._flow = flow
        self._case = case
        self._taken = taken
        self._turns: Iterator[CallerTurn] = iter(case.caller)
        self._said: list[str] = []
        self._acts: list[str] = []
        self._ended: str | None = None
        self._done: dict[tuple[str, str | None], int] = {}

    def run(self) -> list[str]:
        """Play it; what was not as expected."""
        runs = FlowEngine({self._flow.name: self._flow})
        state = self._begin(runs)
        event: Input = Begin()
        try:
            while self._ended is None and self.now_s < LONGEST_S:
                before = state
                state, outputs = runs.step(replace(state, path=()), event)
                self._cover(before, event, state)
                event = self._perform(outputs, state)
                if isinstance(event, HungUp):
                    self._ended = Disposition.ABANDONED_IN_FLOW
        except _Wrong as error:
            return [str(error)]
        left = len(list(self._turns))
        return [*([f"{left} turn(s) of the caller were never asked for"] if left else []), *self._differences(state)]

    def _begin(self, runs: FlowEngine) -> DialogueState:
        if not self._case.another:
            return runs.begin(self._flow.name, self._case.language)
        state = runs.another(self._flow.name, self._case.language)
        if state is None:
            raise _Wrong("the flow has no place for another matter")
        return replace(state, vars=GIVEN)

    def _differences(self, state: DialogueState) -> list[str]:
        expect, found = self._case.expect, []
        if self._ended != expect.ends:
            found.append(f"ends {self._ended}, expected {expect.ends.value}")
        for what, got, wanted in (
            ("says", tuple(self._said), expect.says),
            ("acts", tuple(self._acts), expect.acts),
            ("language", state.language, expect.language),
        ):
            if wanted is not None and got != wanted:
                found.append(f"{what} {_listed(got)}, expected {_listed(wanted)}")
        if expect.within_s is not None and self.now_s > expect.within_s:
            found.append(f"takes {self.now_s:.1f} s, expected at most {expect.within_s:g} s")
        return found

    def _perform(self, outputs: tuple[Output, ...], state: DialogueState) -> Input:
        """Play the outputs as a call does; the input that follows."""
        prompt_s, barge_in = 0.0, True
        for output in outputs:
            match output:
                case Say(items=items):
                    self._said += [item.id for item in items]
                    prompt_s += sum(duration_s(item) for item in items if item.wav)
                    barge_in = barge_in and output.barge_in
                case Wait():
                    return self._answer(output, state, prompt_s, barge_in=barge_in)
                case Act(name=name, args=args):
                    self.now_s += prompt_s
                    self._acts.append(name)
                    outcome = self._outcome(name, args.get("field"))
                    given = {var: GIVEN[var] for var in ACTIONS[name].gives} if outcome != FAILED else {}
                    return ActionDone(name, outcome, given)
                case End(disposition=disposition):
                    self._ended = disposition
        self.now_s += prompt_s
        return Finished()

    def _outcome(self, name: str, field: str | None) -> str:
        """What the test says the action comes to: each time the next of a list, its last one ever after."""
        given = self._case.actions.get(f"{name} {field}") or self._case.actions.get(name, OK)
        if isinstance(given, str):
            return given
        self._done[name, field] = times = self._done.get((name, field), 0) + 1
        return given[min(times, len(given)) - 1]

    def _answer(self, wait: Wait, state: DialogueState, prompt_s: float, *, barge_in: bool) -> Input:
        turn = next(self._turns, None)
        while turn is not None and turn.key is not None and turn.key not in wait.keys:
            turn = next(self._turns, None)  # a key that nobody asked for is passed over
        if turn is None or turn.silent:
            self.now_s += prompt_s + wait.silence_s
            return Silence()
        if turn.after_s > wait.silence_s:
            raise _Wrong(f"answers {turn.after_s:g} s after the prompt, but {state.step!r} waits {wait.silence_s:g} s")
        self.now_s += max(0.0, prompt_s + turn.after_s)
        if turn.hangs_up:
            return HungUp()
        if turn.key is not None:
            return Key(turn.key)
        if turn.danger is not None:  # known as soon as it is recognised, whatever else is still to be said
            self.now_s += turn.for_s + turn.recognised_after_s
            return DangerHeard(turn.danger.value)
        if turn.beside is not None:
            return engine.Beside(turn.beside, turn.moves_on)
        return self._spoken(turn, wait, state, barge_in=barge_in)

    def _spoken(self, turn: CallerTurn, wait: Wait, state: DialogueState, *, barge_in: bool) -> Input:
        """What the caller says, or keys in; the time that it takes."""
        if turn.keyed is not None:
            if len(turn.keyed) > wait.keyed:
                raise _Wrong(f"keys {len(turn.keyed)} digits, but {state.step!r} takes {wait.keyed}")
            return WordsHeard(turn.keyed, state.language)
        if not wait.speech:
            raise _Wrong(f"speaks, but {state.step!r} takes keys only")
        if turn.after_s < 0 and not barge_in:
            raise _Wrong(f"speaks into a prompt of {state.step!r} that only a key cuts")
        if turn.for_s > wait.max_s:
            raise _Wrong(f"is cut off: {state.step!r} hears {wait.max_s:g} s, the caller speaks {turn.for_s:g} s")
        if turn.pause_s >= wait.end_silence_s:
            raise _Wrong(f"is cut off: {state.step!r} takes {wait.end_silence_s:g} s of silence for the end")
        waited_s = min(max(0.0, turn.recognised_after_s - wait.end_silence_s), wait.recognise_wait_s)
        self.now_s += turn.for_s + wait.end_silence_s + waited_s
        understood = turn.recognised_after_s <= wait.end_silence_s + wait.recognise_wait_s and bool(turn.speaks)
        return WordsHeard(turn.speaks, turn.language or state.language) if understood else WordsHeard(None)

    def _cover(self, before: DialogueState, event: Input, after: DialogueState) -> None:
        """Note which branches this step took: the one out of the waiting step, and those it ran through."""
        steps = list(after.path)
        if not steps:
            return
        node = self._flow.nodes[before.step]
        if not isinstance(event, Begin | DangerHeard):
            outcomes = [branch for branch, _ in ways(node)]
            self._taken |= {
                (before.step, branch)
                for branch, to in ways(node)
                if to == steps[0] and _fits(branch, event, outcomes, listens=isinstance(node, AskNode) and node.listens)
            }
        self._taken |= {(address, "next") for address in steps[:-1]}


def _fits(branch: str, event: Input, branches: list[str], *, listens: bool) -> bool:
    match event:
        case Key(key=key):
            return branch == f"key {key}"
        case ActionDone(outcome=outcome):
            return branch == (outcome if outcome in branches else OK)
        case WordsHeard():
            return not branch.startswith("key ") and not (listens and branch == "no_answer")
        case Silence() | engine.Beside():
            return branch == "no_answer"
        case _:
            return branch == "next"


def _listed(value: Any) -> str:
    return value if isinstance(value, str) else f"[{', '.join(value)}]"
