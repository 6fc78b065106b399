"""Versions of the tables that decide about tickets; the city's officers import them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueVersion:
    """One version; ``kind`` is directory, dispatch, policy, calendar or taxonomy, ``version`` counts from 1 in it."""

    kind: str
    version: int
    author: str
    at: datetime
    note: str
    body: str
    """JSON."""
    sha256: str
    """Of ``body`` in UTF-8, in hexadecimal digits."""

    @property
    def name(self) -> str:
        """As events name it: ``dispatch:7``."""
        return f"{self.kind}:{self.version}"


class CatalogueStore(Protocol):
    """Every version that ever was in force; none is altered or deleted."""

    async def add(self, new: CatalogueVersion, *, beside: Mapping[str, int] | None = None) -> None:
        """Keep ``new``, which follows the newest of its kind, and write down in the audit trail who brought it.

        ``beside``: other kinds that it was held against, with the number of the version that was the newest then (0:
        there was none). ``Conflict`` when somebody else has added this version, or another one of those, meanwhile.
        """
        ...

    async def newest_versions(self) -> dict[str, int]:
        """The number of the newest version of each kind that has one."""
        ...

    async def one(self, kind: str, version: int) -> CatalogueVersion:
        """``NotFound`` when there is none."""
        ...

    async def all(self, kind: str) -> list[CatalogueVersion]:
        """Every version of a kind, newest first."""
        ...
