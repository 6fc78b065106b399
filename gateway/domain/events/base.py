"""What an event is: a closed, versioned class whose attributes are ids, codes, instants and figures, never a text.

``changed`` holds the coded fields that the event alters, each ``[from, to]`` by record path (``demand.category``,
``status``) or, of its interaction, ``interaction.disposition``. The coded state of a ticket is the fold of its events.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, dataclass_transform

SYSTEM = "system"
"""Who acts when nobody does."""
Changed = dict[str, list[Any]]


class Audience(StrEnum):
    """Which units are told of an event (``gateway.domain.case.receivers``)."""

    TASK = "task"
    """The unit of its task."""
    OWNER = "owner"
    """The unit whose clock it is; the centre where it is nobody else's."""
    STEP = "step"
    """Whom its step of the escalation names."""
    ALL = "all"
    """Every unit that still has something to do about the ticket, and the one that leads."""
    AT_WORK = "at_work"
    """Every unit that is to act next; where none is, the centre."""
    OTHERS = "others"
    """The centre, and every unit but that of its task that still has something to do about the ticket."""
    ANSWER = "answer"
    """The centre, while the reply of its task is the centre's to approve or, as the last one, to pass on."""
    NAMED = "named"
    """The units that it names."""
    CENTRE = "centre"
    """The centre."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Event:
    """One fact of a ticket. Attributes with a default are left out of ``data`` while they have it."""

    TYPE: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1
    """Raised when a key of ``data`` gets another meaning; a further key is none."""
    ZH: ClassVar[str] = ""
    EN: ClassVar[str] = ""
    """What people are told that it is, in Chinese and in English."""
    TELLS: ClassVar[Audience | None] = None
    """Which units get a notice of it; None: it is read where somebody looks."""
    at: datetime
    actor: str = SYSTEM
    changed: Changed = dataclasses.field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """What is stored of it and told to feeds."""
        told: dict[str, Any] = {}
        for name, key, default in attributes(type(self)):
            value = getattr(self, name)
            if default is dataclasses.MISSING or value != default:
                told[key] = value
        if self.changed:
            told["changed"] = self.changed
        return told


_KNOWN: dict[type[Event], tuple[tuple[str, str, Any], ...]] = {}
_BASE = frozenset({"at", "actor", "changed"})


def attributes(kind: type[Event]) -> tuple[tuple[str, str, Any], ...]:
    """(attribute, key of ``data``, default) of a class's own attributes."""
    found = _KNOWN.get(kind)
    if found is None:
        own = [one for one in dataclasses.fields(kind) if one.name not in _BASE]
        _KNOWN[kind] = found = tuple((one.name, one.name.rstrip("_"), _default(one)) for one in own)
    return found


def _default(one: dataclasses.Field[Any]) -> Any:
    if one.metadata.get(_TOLD):
        return _NOTHING
    return one.default if one.default_factory is dataclasses.MISSING else one.default_factory()


_TOLD = "told"
_NOTHING = object()


def or_null() -> Any:
    """The default of an attribute that is told also when it is None."""
    return dataclasses.field(default=None, metadata={_TOLD: True})


REGISTRY: dict[str, type[Event]] = {}
"""Every class by its type, those of earlier versions under theirs."""


E = TypeVar("E", bound=Event)


@dataclass_transform(kw_only_default=True, field_specifiers=(dataclasses.field,))
def event(
    name: str, *, zh: str, en: str, version: int = 1, tells: Audience | None = None
) -> Callable[[type[E]], type[E]]:
    """Enter a class as the one of events of type ``name``, which people know as ``zh`` and ``en``.

    ``tells``: which units get a notice of it.
    """

    def enter(kind: type[E]) -> type[E]:
        made = dataclasses.dataclass(slots=True, kw_only=True)(kind)
        made.TYPE, made.VERSION, made.ZH, made.EN, made.TELLS = name, version, zh, en, tells
        if name in REGISTRY:
            raise TypeError(f"two classes are called {name}")
        REGISTRY[name] = made
        return made

    return enter


def event_of(name: str, at: datetime, actor: str, data: Mapping[str, Any]) -> Event:
    """The event of a stored row; keys that its class does not know are left. ``KeyError`` for an unknown type."""
    kind = REGISTRY[name]
    given = {attribute: data[key] for attribute, key, _ in attributes(kind) if key in data}
    for attribute, _, default in attributes(kind):
        if default is dataclasses.MISSING:
            given.setdefault(attribute, None)
    return kind(at=at, actor=actor, changed=dict(data.get("changed") or {}), **given)
