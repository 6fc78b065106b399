"""Record paths (``demand.category``) of a ticket's form: how each is read, set and named by a code."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from copy import copy
from operator import attrgetter
from typing import Any

from gateway.domain.form import Category, ComplainedAbout, Division, Evaluation, Form, Source, Urgency
from gateway.domain.limits import content_of
from gateway.domain.words import Line, Status
from gateway.errors import RejectedInput

_CODE = {Category: "code", Division: "code", Urgency: "level"}
"""Objects that one key names: a plain value stands for the object with that key."""
_OBJECTS = (Category, Division, Urgency, ComplainedAbout, Evaluation, Source)
PERSONAL = frozenset(
    {
        "requester.requester_id",
        "requester.returning",
        "requester.gender",
        "requester.name",
        "requester.phone",
        "requester.callback_phone",
        "requester.org_name",
        "requester.uscc",
        "requester.labels",
        "demand.title",
        "demand.content",
        "demand.urgency.reason",
        "demand.complained_about.name",
        "demand.complained_about.phone",
        "place.address",
        "place.lat",
        "place.lon",
        "place.grid_id",
        "outcome.public_reply",
        "outcome.evaluation.comment",
        "source.event_id",
        "entry_number",
    }
)
"""Who people are, their texts and places: they stand in rows that can be blanked or parted, never in an event."""
_LEAD = "handling.lead_unit"
_COUNTED = "related.similar"
"""What the index of matters finds, whenever somebody asks."""
_SETTABLE = ("requester", "demand", "place", "handling", "outcome", "related", "source")


class FieldPath:
    """One path. ``coded``: its value is a code, an instant, a flag or a figure, and events tell of it."""

    __slots__ = ("_default", "_holder", "_kind", "_name", "code_key", "coded", "path", "room")

    def __init__(self, path: str, holder: tuple[str, ...], name: str, default: Any, *, named: bool = False) -> None:
        """Found by walking the sections of an empty form. ``named``: what its object's code says already."""
        self.path = path
        self.room = path.partition(".")[0]
        self._holder, self._name, self._default = holder, name, default
        self._kind = type(default)
        self.code_key = _CODE.get(self._kind)
        self.coded = not named and path not in PERSONAL and (self._kind not in _OBJECTS or self.code_key is not None)

    def get(self, form: Form) -> Any:
        """What stands there, as the form holds it."""
        return getattr(self._inner(form), self._name)

    def put(self, form: Form, value: Any) -> None:
        """Set what ``shaped`` has made. An object within a section is replaced, not altered: copies may share it."""
        section = getattr(form, self._holder[0]) if self._holder else form
        if len(self._holder) > 1:
            inner = copy(getattr(section, self._holder[1]))
            setattr(section, self._holder[1], inner)
            section = inner
        setattr(section, self._name, value)

    def put_code(self, form: Form, code: Any) -> None:
        """Set the value that an event tells; of an object that a code names, nothing but the code is known then."""
        if self.code_key is None:
            self.put(form, list(code) if type(code) is list else code)
        elif getattr(self.get(form), self.code_key) != code:
            self.put(form, self._kind(**{self.code_key: code}))

    def code(self, form: Form) -> Any:
        """What stands there, of coded objects the code: what events and ``prefill.fields`` tell."""
        return self.code_of(self.get(form))

    def code_of(self, value: Any) -> Any:
        """The code of a value that ``shaped`` has made."""
        return getattr(value, self.code_key) if self.code_key is not None else value

    def is_default(self, form: Form) -> bool:
        """Whether nobody has said anything else than what stands there from the beginning."""
        value = self.get(form)
        return value is None or value == self._default

    def cleared(self, form: Form) -> None:
        """Put there what stands there from the beginning."""
        self.put(form, self.shaped(None))

    def shaped(self, value: Any) -> Any:
        """``value`` as the form holds it: of objects also a mapping or a bare code. ``RejectedInput`` for others."""
        if self._kind in _OBJECTS:
            return self._object(value)
        if self._kind is list:
            return [str(one) for one in value or ()]
        if self._kind is bool:
            return bool(value)
        if self.path == "demand.content" and isinstance(value, str):
            return content_of(value)
        if isinstance(value, float) and not math.isfinite(value):
            raise RejectedInput(f"{self.path} takes a number that has an end")
        if value is not None and not isinstance(value, str | int | float):
            raise RejectedInput(f"{self.path} takes a single value")
        return value

    def _object(self, value: Any) -> Any:
        if value is None:
            return self._kind()
        if isinstance(value, self._kind):
            return dataclasses.replace(value)
        if not isinstance(value, Mapping):
            if self.code_key is None:
                raise RejectedInput(f"{self.path} takes an object")
            return self._kind(**{self.code_key: value})
        if unknown := value.keys() - {one.name for one in dataclasses.fields(self._kind)}:
            raise RejectedInput(f"the record has no field {self.path}.{min(map(str, unknown))!r} that can be set")
        return self._kind(**value)

    def _inner(self, form: Form) -> Any:
        inner: Any = form
        for name in self._holder:
            inner = getattr(inner, name)
        return inner


def _walked() -> dict[str, FieldPath]:
    found: dict[str, FieldPath] = {}

    def walk(holder: tuple[str, ...], section: Any) -> None:
        for one in dataclasses.fields(section):
            default = getattr(section, one.name)
            path = ".".join((*holder, one.name))
            named = type(section) in _CODE and one.name != _CODE[type(section)]
            found[path] = FieldPath(path, holder, one.name, default, named=named)
            if isinstance(default, _OBJECTS):
                walk((*holder, one.name), default)

    form = Form()
    for room in _SETTABLE:
        walk((room,), getattr(form, room))
    found["source"] = FieldPath("source", (), "source", form.source)
    found["entry_number"] = FieldPath("entry_number", (), "entry_number", None)
    found["prefill.pending"] = FieldPath("prefill.pending", ("prefill",), "pending", default=False)
    return {path: one for path, one in found.items() if path != _COUNTED and (one.room != "handling" or path == _LEAD)}


PATHS: dict[str, FieldPath] = _walked()
"""Every path of the form that a command may set."""
_NAMED = frozenset(path for path, field in PATHS.items() if field.code_key is not None)
CODED = tuple(path for path, field in PATHS.items() if field.coded and path.rpartition(".")[0] not in _NAMED)
"""Paths that events tell of, each value once: of an object that a code names, the object."""
_coded = attrgetter(*(path if (key := PATHS[path].code_key) is None else f"{path}.{key}" for path in CODED))
_EMPTY = _coded(Form())


def coded_values(form: Form) -> dict[str, Any]:
    """The codes of a form by ``CODED`` path, but for those that stand there from the beginning."""
    return {path: value for path, value, empty in zip(CODED, _coded(form), _EMPTY, strict=True) if value != empty}


OFFERED = {"demand.category": "category", "handling.lead_unit": "unit"} | {
    f"place.{level}": level for level in ("district", "street", "community")
}
"""Paths whose candidates the record offers, and where."""
COLUMNS = frozenset({"status", "line", "empty"})
"""Paths of the ticket itself."""


def path_of(name: str) -> FieldPath:
    """The path called ``name``; ``RejectedInput`` when the record has none that can be set."""
    found = PATHS.get(name)
    if found is None:
        raise RejectedInput(f"the record has no field {name!r} that can be set")
    return found


def column(name: str, value: Any) -> Any:
    """``value`` for one of ``COLUMNS``; ``RejectedInput`` for a status or line that does not exist."""
    try:
        return {"status": Status, "line": Line, "empty": bool}[name](value)
    except ValueError:
        raise RejectedInput(f"there is no {name} {value!r}") from None
