"""What is said of a field of the record, and a table of such rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum, Flag, StrEnum, auto
from functools import cached_property
from typing import Any

from gateway.domain.words import Term

Path = tuple[str, ...]


class Kind(StrEnum):
    """The types that fields have. The last three hold further rows, of which the path begins with theirs."""

    ID = "id"
    """An id, code or name that a system gave; one line, kept as it came."""
    TEXT = "text"
    """One line."""
    PROSE = "prose"
    """Any number of lines, blanks included."""
    PHONE = "phone"
    """A telephone number that can be dialled, in E.164, with ``;ext=`` where it has an extension."""
    WORD = "word"
    """A word of the vocabulary ``words``."""
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    """An instant: RFC 3339, UTC."""
    ANY = "any"
    """A value of whichever field it is for."""
    OBJECT = "object"
    LIST = "list"
    """A list of objects."""
    MAP = "map"
    """An object whose keys are paths of the record."""


GROUPS = frozenset({Kind.OBJECT, Kind.LIST, Kind.MAP})


class By(Flag):
    """Who may set a field, besides the house itself; it alone sets what names nobody."""

    HOUSE = 0
    SOURCE = auto()
    """Whoever hands a contact over."""
    PERSON = auto()
    """People at the desk and clients that correct (PATCH)."""
    GUESS = auto()
    """Pre-fill, from what was said."""


class Mask(Enum):
    """How a field is shown to whom need not see everything; ``gateway.domain.masking`` does it."""

    SHOWN = auto()
    """As it is: codes, instants, figures, ids of our own."""
    SAID = auto()
    """A text without the names and numbers of people in it."""
    NAME = auto()
    """A person's name: its first character."""
    NUMBER = auto()
    """A telephone number: its ends."""
    RAW = auto()
    """An address as a network gave it: neither the middle of its number nor its host nor an account."""
    FOREIGN_ID = auto()
    """An id that others gave, without an address in it."""
    URL = auto()
    """A link of ours; of one that the sender chose what ``SAID`` leaves."""
    KEYS = auto()
    """Pressed keys: a number may be among them."""
    GUESSED = auto()
    """As the field that the value was guessed for."""
    MENTIONED = auto()
    """By the kind of what was mentioned."""
    WHOLLY = auto()
    """Nothing but its length."""
    UNKNOWN = auto()
    """As if nobody had told it."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One row: a field of the record, or an object or list of such."""

    path: str
    """Keys from the record down, joined by dots; what a list holds stands below the list itself."""
    kind: Kind
    mask: Mask
    """Of an object or list ``SHOWN``: its fields say it, each for itself."""
    zh: str
    en: str
    _: KW_ONLY
    by: By = By.HOUSE
    default: Any = None
    null: bool = True
    """Null where unknown; of what people may set: null clears it. Objects and lists that are null as a whole."""
    many: bool = False
    """A list of ``kind``, at most ``items`` of them."""
    items: int | None = None
    most: int | None = None
    """Characters that are taken from outside."""
    least: float | None = None
    greatest: float | None = None
    pattern: str | None = None
    """What is taken from outside looks like this."""
    words: type[Term] | None = None
    """The vocabulary; of a ``TEXT`` the words that are offered, others are taken, too."""
    private: bool = False
    """Of a person although it is shown: where they are, what they need, which file is theirs."""
    hidden: Mask | None = None
    """How it is masked of a requester who wants to stay unknown; None: as of everybody."""
    code: str | None = None
    """Of an object that one key names: that key. A bare value stands for ``{code: value}``, a guess holds it alone."""
    needed: bool = False
    """Whoever sends the object around it must send it."""
    offered: str | None = None
    """Where under ``prefill.candidates`` its candidates are offered."""
    catalogue: str | None = None
    """The table of the city that its codes are chosen from: taxonomy, units or divisions."""
    form: int | None = None
    """Its place in the desk's form; None: not in it."""
    whole: bool = False
    """Only in a whole record, not in lists."""
    note: str = ""
    """What a client has to know to send it."""

    @property
    def name(self) -> str:
        """Its key."""
        return self.path.rpartition(".")[2]

    @property
    def personal(self) -> bool:
        """Whether it is of a person: it can be erased, and no event tells it."""
        return self.private or self.mask is not Mask.SHOWN

    @property
    def parent(self) -> str:
        """The path of what it stands in; ``""`` of the record itself."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True)
class FieldTable:
    """Rows in the order in which a record is answered; whatever holds others stands before them."""

    rows: tuple[FieldRow, ...]

    def __iter__(self) -> Iterator[FieldRow]:
        return iter(self.rows)

    @cached_property
    def _at(self) -> dict[Path, FieldRow]:
        return {tuple(row.path.split(".")): row for row in self.rows}

    @cached_property
    def _within(self) -> dict[str, tuple[FieldRow, ...]]:
        found: dict[str, tuple[FieldRow, ...]] = {}
        for row in self.rows:
            found[row.parent] = (*found.get(row.parent, ()), row)
        return found

    def get(self, path: str) -> FieldRow | None:
        """The row of ``path``; None when the record has no such field."""
        return self._at.get(tuple(path.split(".")))

    def within(self, path: str = "") -> tuple[FieldRow, ...]:
        """The rows that stand directly in ``path``."""
        return self._within.get(path, ())

    def names(self, path: str = "") -> tuple[str, ...]:
        """The keys of the object, or of each item of the list, at ``path``."""
        return tuple(row.name for row in self.within(path))

    def settable(self, by: By) -> tuple[FieldRow, ...]:
        """The fields that ``by`` may set as a whole: of what is named by a code the object, not its parts."""
        coded = {row.path for row in self.rows if row.code}
        return tuple(
            row
            for row in self.rows
            if by in row.by and row.parent not in coded and (row.kind not in GROUPS or row.path in coded)
        )

    def coded(self, path: str, value: Any) -> Any:
        """``value`` of the field at ``path``; where a code names it, that code."""
        row = self.get(path)
        return value.get(row.code) if row is not None and row.code and isinstance(value, Mapping) else value

    def default(self, path: str) -> Any:
        """What stands at ``path`` while nobody has told it; made anew for each caller."""
        row = self._at[tuple(path.split("."))]
        if row.kind is Kind.LIST or (row.many and not row.null):
            return []
        if row.kind is Kind.MAP:
            return {}
        if row.kind is Kind.OBJECT and not row.null:
            return {inner.name: self.default(inner.path) for inner in self.within(path)}
        return row.default
