"""What the city's taxonomy says about time, by category: what is answered at once, and limits of replies of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from gateway.domain.form import Form
from gateway.domain.words import DemandType, UrgencyLevel

TALK = frozenset({DemandType.CONSULTATION, DemandType.PRAISE, DemandType.SUGGESTION})
"""Who only asks, praises or suggests needs nobody at once by the matter alone."""
_LEVEL_DIGITS = 2
_CATEGORY, _URGENCY = "demand.category", "demand.urgency"


class MatterRow(Protocol):
    """One row of the taxonomy."""

    @property
    def urgent(self) -> bool:
        """速派即办: it is answered at once."""

    @property
    def reply_limits(self) -> Mapping[str, timedelta]:
        """By the type of the demand, around the clock; where it says none the rows above and the policy count."""


@dataclass(frozen=True, slots=True)
class Matters:
    """The rows by code, two digits a level."""

    rows: Mapping[str, MatterRow] = field(default_factory=dict)

    def is_urgent(self, form: Form) -> bool:
        """Whether a demand is answered at once: entered so, or a matter of that kind about which nothing is entered.

        ``normal`` stands, whoever has entered it: what was said has the last word ("已经来水了"). Only a guess from
        before a person named another matter knew nothing of that.
        """
        demand = form.demand
        if demand.urgency.level == UrgencyLevel.URGENT:
            return True
        if demand.type in TALK or not self._is_urgent(demand.category.code):
            return False
        return demand.urgency.level is None or _is_outdated(form)

    def reply_limit(self, category: str | None, demand_type: str | None) -> timedelta | None:
        """How long the reply may take by the nearest row that says so; None: as long as the policy says."""
        limits = (row.reply_limits.get(demand_type or "") for row in self._upwards(category))
        return next((limit for limit in limits if limit is not None), None)

    def _is_urgent(self, category: str | None) -> bool:
        return any(row.urgent for row in [*self._upwards(category)][:1])

    def _upwards(self, category: str | None) -> Iterator[MatterRow]:
        """The row of ``category``, or the nearest that is known, and those above it."""
        code = category or ""
        while code:
            if code in self.rows:
                yield self.rows[code]
            code = code[:-_LEVEL_DIGITS]


def _is_outdated(form: Form) -> bool:
    named, guess = form.prefill.fields.get(_CATEGORY), form.prefill.fields.get(_URGENCY)
    by_person = named is not None and named.source == "agent"
    return by_person and guess is not None and guess.confirmed_by is None
