"""All first guesses of a ticket from what its requester said so far."""

from __future__ import annotations

import re

from gateway.domain.guess import Guess
from gateway.prefill.demand_type import demand_type
from gateway.prefill.place import Gazetteer
from gateway.prefill.spoken_phone import spoken_phone

TITLE_CHARS = 30
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")
_GREETING = re.compile(r"^(?:喂|你好|您好|hello|hi|hey)[\s,，。.!！、]*", re.IGNORECASE)


class Rules:
    """Rule-based pre-fill: demand type, spoken phone, places, title. Cheap enough to run after every segment."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        """Rules that know ``gazetteer``'s places."""
        self._gazetteer = gazetteer

    def guesses(self, content: str) -> list[Guess]:
        """Guesses for ``demand.content == content``; spans count its characters."""
        found = [demand_type(content), spoken_phone(content), self._title(content)]
        return [g for g in found if g is not None] + self._gazetteer.find(content)

    @staticmethod
    def _title(content: str) -> Guess | None:
        start = 0
        while (greeting := _GREETING.match(content[start:])) and greeting.end():
            start += greeting.end()
        sentence = _SENTENCE_END.split(content[start:], maxsplit=1)[0].strip()[:TITLE_CHARS]
        if not sentence:
            return None
        begin = content.index(sentence, start)
        return Guess(
            path="demand.title",
            value=sentence,
            source="rule",
            span=(begin, begin + len(sentence)),
            confidence=0.5,
        )
