"""Record paths (``demand.category``) of a ticket's form: how each is read, set and named by a code."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from gateway.domain.fields import TABLE, FieldRow, Kind
from gateway.domain.form import Category, ComplainedAbout, Division, Evaluation, Form, Source, Urgency, cloned
from gateway.domain.limits import content_of
from gateway.domain.status import Status
from gateway.domain.words import Line
from gateway.errors import RejectedInput

_OBJECTS = (Category, Division, Urgency, ComplainedAbout, Evaluation, Source)
_SETTABLE = ("requester", "demand", "place", "outcome", "related", "source")


class FieldPath:
    """One path. ``coded``: its value is a code, an instant, a flag or a figure, and events tell of it."""

    def __init__(self, row: FieldRow, default: Any, *, named: bool = False) -> None:
        """The field of ``row``; ``named``: what the code of its object says already."""
        self.path = row.path
        *holder, self._name = row.path.split(".")
        self._holder = tuple(holder)
        self.room = row.path.partition(".")[0]
        self.offered = row.offered
        self._row, self._default, self._kind = row, default, type(default)
        self._keys = {one.name for one in dataclasses.fields(default)} if self._kind in _OBJECTS else None
        """Of an object: its fields."""
        self.code_key = row.code
        self.code_path = row.path if row.code is None else f"{row.path}.{row.code}"
        self.get: Callable[[Form], Any] = attrgetter(row.path)
        """What stands there, as the form holds it."""
        self.code: Callable[[Form], Any] = attrgetter(self.code_path)
        """The same, but of coded objects the code: what events and ``prefill.fields`` tell."""
        told = not row.personal and row.hidden is None  # events reach whoever sees the record masked
        self.coded = told and not named and (self._kind not in _OBJECTS or row.code is not None)

    def put(self, form: Form, value: Any) -> None:
        """Set what ``shaped`` has made. An object within a section is replaced, not altered: copies may share it."""
        section = getattr(form, self._holder[0]) if self._holder else form
        if len(self._holder) > 1:
            inner = cloned(getattr(section, self._holder[1]))
            setattr(section, self._holder[1], inner)
            section = inner
        setattr(section, self._name, value)

    def put_code(self, form: Form, code: Any) -> None:
        """Set the value that an event tells; of an object that a code names, nothing but the code is known then."""
        if self.code_key is None:
            self.put(form, list(code) if type(code) is list else code)
        elif self.code(form) != code:
            self.put(form, self._kind(**{self.code_key: code}))

    def code_of(self, value: Any) -> Any:
        """The code of a value that ``shaped`` has made."""
        return getattr(value, self.code_key) if self.code_key is not None else value

    def is_default(self, form: Form) -> bool:
        """Whether nobody has said anything else than what stands there from the beginning."""
        value = self.get(form)
        return value is None or value == self._default

    def shaped(self, value: Any) -> Any:
        """``value`` as the form holds it: of objects also a mapping or a bare code. ``RejectedInput`` for others."""
        if self._keys is not None:
            return self._object(value, self._keys)
        if self._kind is list:
            return [str(one) for one in value or ()]
        if self._kind is bool:
            return bool(value)
        if self.path == "demand.content" and isinstance(value, str):
            return content_of(value)
        if self._row.words is not None and self._row.kind is Kind.WORD and value is not None:
            return self._word(value)
        if isinstance(value, int | float) and not self._within(value):
            raise RejectedInput(f"{self.path} cannot be {value!r}")
        if value is not None and not isinstance(value, str | int | float):
            raise RejectedInput(f"{self.path} takes a single value")
        return value

    def _within(self, value: float) -> bool:
        least, greatest = self._row.least, self._row.greatest
        return (least is None or least <= value) and (greatest is None or value <= greatest) and math.isfinite(value)

    def _word(self, value: Any) -> str:
        words = self._row.words
        try:
            return words(value).value if words is not None else value
        except ValueError:
            raise RejectedInput(f"{self.path} cannot be {value!r}") from None

    def _object(self, value: Any, keys: set[str]) -> Any:
        if value is None:
            return self._kind()
        if isinstance(value, self._kind):
            return value  # never altered in place: see ``put``
        if not isinstance(value, Mapping):
            if self.code_key is None:
                raise RejectedInput(f"{self.path} takes an object")
            return self._kind(**{self.code_key: value})
        if unknown := value.keys() - keys:
            raise RejectedInput(f"the record has no field {self.path}.{min(map(str, unknown))!r} that can be set")
        return self._kind(**value)


def _paths() -> dict[str, FieldPath]:
    form, found = Form(), {}
    for row in TABLE:
        room, _, within = row.path.partition(".")
        settable = room in _SETTABLE and row.kind is not Kind.LIST and (within or room == "source")
        if row.path not in _ALONE and not settable:
            continue
        try:
            default = attrgetter(row.path)(form)
        except AttributeError:  # it lies in a list, or is counted when it is read
            continue
        above = TABLE.get(row.parent)
        named = above is not None and above.code is not None and row.name != above.code
        found[row.path] = FieldPath(row, default, named=named)
    return found


_ALONE = frozenset(
    {
        "entry_number",
        "handling.lead_unit",
        "handling.first_asked",
        "handling.crossing",
        "handling.reassigned",
        "handling.undecided_since",
        "handling.reopened",
        "handling.reopened_at",
        "handling.dissatisfied",
        "handling.supervised_at",
        "handling.reported_at",
        "prefill.pending",
    }
)
PATHS: dict[str, FieldPath] = _paths()
"""Every path of the form that a command may set."""
_NAMED = frozenset(path for path, field in PATHS.items() if field.code_key is not None)
CODED = tuple(path for path, field in PATHS.items() if field.coded and path.rpartition(".")[0] not in _NAMED)
"""Paths that events tell of, each value once: of an object that a code names, the object."""
_coded = attrgetter(*(PATHS[path].code_path for path in CODED))
_EMPTY = _coded(Form())


def coded_values(form: Form) -> dict[str, Any]:
    """The codes of a form by ``CODED`` path, but for those that stand there from the beginning."""
    return {path: value for path, value, empty in zip(CODED, _coded(form), _EMPTY, strict=True) if value != empty}


OFFERED = {path: field.offered for path, field in PATHS.items() if field.offered is not None}
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
