"""Lint of flows: faults that no schema finds, such as ways that lead nowhere and prompts without a recording."""

from __future__ import annotations

from collections.abc import Callable

from gateway.ivr.actions import ACTIONS, Action
from gateway.ivr.graph import OPEN_END, ActNode, AskNode, EndNode, Flow, prompt_ids, ways
from gateway.ivr.prompts import DIGITS, digit_id
from gateway.ivr.schema import Digits, Named

MENUS_BEFORE_A_PERSON = 1
"""GB/T 33358-2016: callers are not led through layers of menus."""
Where = Callable[[str], str]


def lint(flow: Flow, where: Where) -> list[str]:
    """Every mistake as one line. ``where`` gives an address as ``file:line``."""
    found = _targets(flow, where)
    if found:
        return found  # nothing else can be said of a graph with holes
    return [
        *_unreachable(flow, where),
        *_idle_cycles(flow, where),
        *_endless(flow, where),
        *_menu_levels(flow, where),
        *_actions(flow, where),
        *_voices(flow, where),
        *_languages(flow, where),
        *_follow_up(flow, where),
        *_asides(flow, where),
    ]


def _targets(flow: Flow, where: Where) -> list[str]:
    found = []
    for address, node in flow.nodes.items():
        for branch, to in ways(node):
            if to == OPEN_END:
                found.append(f"{where(address)}: {address}: after {branch} nothing follows; add an `end` or a `goto`")
            elif to not in flow.nodes:
                known = ", ".join(n for n in flow.nodes if "." not in n)
                found.append(f"{where(address)}: {address}: goes to {to!r}, which is no step; steps: {known}")
    return found


def reachable(flow: Flow, start: str) -> set[str]:
    """Addresses that can be come to from ``start``, itself included."""
    seen, todo = {start}, [start]
    while todo:
        new = {to for _, to in ways(flow.nodes[todo.pop()])} - seen
        seen |= new
        todo += new
    return seen


def _unreachable(flow: Flow, where: Where) -> list[str]:
    there = set().union(*(reachable(flow, entry) for entry in flow.entries if entry in flow.nodes))
    return [f"{where(a)}: {a}: no path leads here; remove it or go to it" for a in flow.nodes if a not in there]


def _idle_cycles(flow: Flow, where: Where) -> list[str]:
    """Cycles that never wait for the requester: they would keep a line busy for ever."""
    found = []
    for address in flow.nodes:
        seen: set[str] = set()
        todo = [address]
        while todo:
            current = todo.pop()
            node = flow.nodes[current]
            # Of a question only the way of silence counts: every other one needs somebody who answers.
            onward = [node.no_answer] if isinstance(node, AskNode) else [to for _, to in ways(node)]
            if address in onward:
                found.append(f"{where(address)}: {address}: comes back to itself without an answer from the requester")
                break
            todo += [to for to in onward if to not in seen]
            seen.update(onward)
    return found


def _endless(flow: Flow, where: Where) -> list[str]:
    ends = {address for address, node in flow.nodes.items() if isinstance(node, EndNode)}
    return [f"{where(a)}: {a}: no path from here ends" for a in flow.nodes if not reachable(flow, a) & ends]


def _menu_levels(flow: Flow, where: Where) -> list[str]:
    """Count the menus on every way to a person; once a demand is registered, menus hold nobody up any more."""
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    todo: list[tuple[str, frozenset[str]]] = [(flow.start, frozenset())]
    while todo:
        address, menus = todo.pop()
        node = flow.nodes[address]
        if isinstance(node, AskNode) and not node.listens:
            menus |= {address}
        if (address, menus) in seen:
            continue
        seen.add((address, menus))
        if isinstance(node, ActNode):
            if _action(node).reaches_person and len(menus) > MENUS_BEFORE_A_PERSON:
                found.add(
                    f"{where(address)}: {address}: a person is reached only through {len(menus)} menus"
                    f" ({', '.join(sorted(menus))}); GB/T 33358-2016 allows {MENUS_BEFORE_A_PERSON}"
                )
            if node.action == "register_ticket":
                continue
        todo += [(to, menus) for _, to in ways(node)]
    return sorted(found)


def _action(node: ActNode) -> Action:
    return ACTIONS.get(node.action, Action())


def _actions(flow: Flow, where: Where) -> list[str]:
    found = []
    for address, node in flow.nodes.items():
        if not isinstance(node, ActNode):
            continue
        at = f"{where(address)}: {address}"
        action = ACTIONS.get(node.action)
        if action is None:
            found.append(f"{at}: no action {node.action!r}; actions: {', '.join(sorted(ACTIONS))}")
            continue
        found += [f"{at}: {node.action} needs `{name}`" for name in action.args if name not in node.args]
        for name, value in node.args.items():
            allowed = action.args.get(name)
            if allowed is None:
                found.append(f"{at}: {node.action} takes no `{name}`")
            elif allowed and value not in allowed:
                found.append(f"{at}: {name} is {value!r}; allowed: {', '.join(allowed)}")
        found += [
            f"{at}: {node.action} never comes out {outcome!r}; outcomes: {', '.join(action.outcomes)}"
            for outcome in node.outcomes
            if outcome not in action.outcomes
        ]
    return found


def _voices(flow: Flow, where: Where) -> list[str]:
    actions = [_action(node) for node in flow.nodes.values() if isinstance(node, ActNode)]
    given = {var: action.names for action in actions for var in action.gives}
    found = []
    for address, node in flow.nodes.items():
        for said in prompt_ids(node):
            var: str | None = None
            ids: tuple[str, ...] = ()
            match said:
                case str():
                    ids = (said,)
                case Digits():
                    var, ids = said.digits, () if flow.written else tuple(map(digit_id, DIGITS))
                case Named():
                    var, ids = said.prompts, given.get(said.prompts, ())
            if var is not None and var not in given:
                found.append(f"{where(address)}: {address}: says {var!r}, which no action of this flow gives")
            found += [
                f"{where(address)}: {address}: prompt {prompt_id!r} is missing in {language}:"
                f" {flow.prompts.folder / language / prompt_id}.wav with its words in .txt"
                for language in flow.languages
                for prompt_id in ids
                if prompt_id not in flow.prompts.items.get(language, {})
            ]
    return found


def _follow_up(flow: Flow, where: Where) -> list[str]:
    """A follow-up step that does not listen."""
    node = flow.nodes.get(flow.follow_up) if flow.follow_up else None
    if flow.follow_up is None or (isinstance(node, AskNode) and node.listens):
        return []
    return [f"{where(flow.start)}: follow_up names {flow.follow_up!r}, which is no `listen` step"]


def _asides(flow: Flow, where: Where) -> list[str]:
    """``another`` that names no step, and asides without a prompt in some language."""
    found = []
    if flow.another is not None and flow.another not in flow.nodes:
        found.append(f"{where(flow.start)}: another names {flow.another!r}, which is no step")
    return found + [
        f"{where(flow.start)}: aside {name}: prompt {said!r} is missing in {language}"
        for name, aside in flow.asides.items()
        for language in flow.languages
        for said in aside.say
        if said not in flow.prompts.items.get(language, {})
    ]


def _languages(flow: Flow, where: Where) -> list[str]:
    """Switches to a language that ``languages`` does not list."""
    return [
        f"{where(address)}: {address}: sets language {node.args['language']!r}, which `languages` does not list"
        for address, node in flow.nodes.items()
        if isinstance(node, ActNode) and node.args.get("language", flow.languages[0]) not in flow.languages
    ]
