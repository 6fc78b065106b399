"""Models of what others may send of a record, made from ``fields.TABLE``: closed, with the limits of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from gateway.domain.coordinates import Crs, crs_of
from gateway.domain.fields import TABLE, By, FieldRow, FieldTable, Kind, Mask
from gateway.domain.veil import MASK

M = TypeVar("M", bound=BaseModel)


class Closed(BaseModel):
    """An unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _system(value: Any) -> Any:
    try:
        return crs_of(value) if isinstance(value, str) else value
    except ValueError:
        return value


System = Annotated[Crs, BeforeValidator(_system)]
"""A coordinate system in any usual spelling."""


class Located(Closed):
    """Coordinates, which mean nothing without their system."""

    lat: float | None = None
    lon: float | None = None
    crs: System | None = None

    @model_validator(mode="after")
    def _coordinates_name_their_system(self) -> Located:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("give lat and lon together")
        if self.lat is not None and self.crs is None:
            raise ValueError("coordinates need their crs: WGS84, GCJ02, CGCS2000 or BD09")
        return self


_BASES: Mapping[str, type[Closed]] = {"place": Located}
"""What holds of an object as a whole."""


def made_of(path: str, by: By, table: FieldTable = TABLE) -> Callable[[type[M]], type[M]]:
    """A class decorator: the model also has the fields at ``path`` that ``by`` may set, with the limits of their rows.

    What the class itself declares is what its readers rely on; the row says the rest.
    """

    def with_fields(model: type[M]) -> type[M]:
        about: dict[str, Any] = {"__doc__": model.__doc__, "__module__": model.__module__}
        return create_model(model.__name__, __base__=model, **about, **_fields(table, path, by))

    return with_fields


def _fields(table: FieldTable, path: str, by: By) -> dict[str, Any]:
    found = {}
    for row in table.within(path):
        if row.kind is Kind.OBJECT:
            inner = _fields(table, row.path, by)
            if inner:
                base = _BASES.get(row.path, Closed)
                name = f"{row.name.title().replace('_', '')}{'Patch' if by is By.PERSON else ''}"
                kind = create_model(name, __base__=base, __doc__=f"{row.en} ({row.zh}).", __module__=__name__, **inner)
                found[row.name] = _taken(row, kind, by)
        elif by in row.by and row.kind is not Kind.LIST:
            found[row.name] = _taken(row, _values(row, by), by)
    return found


def _taken(row: FieldRow, kind: Any, by: By) -> tuple[Any, Any]:
    """Type and default of a field; a correction may leave anything out, and clears what it sends as null."""
    about = row.note or None
    if row.needed:
        return kind, Field(description=about)
    if by is By.SOURCE and row.default is not None and not row.null:
        return kind, Field(kind(row.default), description=about)
    return kind | None, Field(None, description=about)


def _values(row: FieldRow, by: By) -> Any:
    kind = _one(row)
    if by is By.PERSON and row.mask in {Mask.NAME, Mask.NUMBER}:
        kind = Annotated[kind, AfterValidator(_not_masked)]
    return Annotated[list[kind], Field(max_length=row.items)] if row.many else kind  # type: ignore[valid-type]  # made at run time


def _one(row: FieldRow) -> Any:
    match row.kind:
        case Kind.FLAG:
            return bool
        case Kind.WHOLE | Kind.NUMBER:
            return Annotated[int if row.kind is Kind.WHOLE else float, Field(ge=row.least, le=row.greatest)]
        case Kind.WORD:
            return System if row.words is Crs else row.words
        case Kind.PROSE:
            return Annotated[str, StringConstraints(max_length=row.most)]
        case _ if row.pattern is not None:
            return Annotated[str, StringConstraints(pattern=row.pattern)]
        case _:
            return Annotated[str, StringConstraints(strip_whitespace=True, max_length=row.most)]


def _not_masked(value: str) -> str:
    """``value``, unless it is one that we masked: it must not overwrite the real one."""
    if MASK in value:
        raise ValueError("this is a masked value; send the real one or leave it out")
    return value
