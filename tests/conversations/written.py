"""Playing dialogues over web chat, SMS and WeChat: all of them in one house, all of a day at the same time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from tests.conversations.city import City, city
from tests.conversations.judge import Exchange, Played, filled
from tests.conversations.people import Browser, Follower, Handset, Person
from tests.conversations.script import Play, Turn

AT_ONCE = 12
"""Dialogues played at the same time: people do not wait for each other either."""
PEOPLE: dict[str, type[Person]] = {"webchat": Browser, "sms": Handset, "wechat": Follower}


class _Running:
    """One dialogue under way."""

    def __init__(self, place: City, play: Play, numbers: itertools.count[int]) -> None:
        """``numbers`` tells the people of all dialogues apart."""
        self.played = Played(play, None)
        self._city = place
        self._numbers = numbers
        self._people: dict[str, Person] = {}

    async def day(self, number: int, turns: Sequence[Turn]) -> None:
        """Play one day; what goes wrong in it ends the dialogue."""
        if self.played.failure:
            return
        try:
            for turn in turns:
                person = await self._person(turn.by)
                words = await self._words(turn)
                self.played.exchanges.append(Exchange(turn, await person.do(turn, words), number))
        except (AssertionError, aiohttp.ClientError) as error:
            self.played.failure = f"could not be played: {error}"

    async def _person(self, who: str) -> Person:
        if who not in self._people:
            kind = PEOPLE[self.played.play.channel]
            person = kind(self._city, next(self._numbers), self.played.play.dialogue.language)
            await person.begin()
            self._people[who] = person
            if who == "me":
                self.played.sender = person.phone
        return self._people[who]

    async def _words(self, turn: Turn) -> str | None:
        if turn.say is not None and "{" in turn.say:
            await self.read(await self._city.tickets())
            return filled(turn.say, self.played)
        return turn.say

    async def read(self, tickets: dict[str, list[dict[str, Any]]], *, whole: bool = False) -> None:
        """Find the tickets of both."""
        for who, person in self._people.items():
            found = tickets[person.sender]
            if whole:
                found = [await self._city.whole(item) for item in found]
            if who == "me":
                self.played.tickets = found
            else:
                self.played.others = found

    async def close(self) -> None:
        """Everybody goes."""
        for person in self._people.values():
            await person.close()


async def play_all(wanted: Iterable[Play], folder: Path) -> dict[str, Played]:
    """Play what is wanted, all of a day at the same time; by name."""
    async with city(folder) as place:
        numbers = itertools.count(1)
        running = [_Running(place, play, numbers) for play in wanted]
        places = asyncio.Semaphore(AT_ONCE)

        async def day(one: _Running, number: int, turns: Sequence[Turn]) -> None:
            async with places:
                await one.day(number, turns)

        left = running
        for number in itertools.count():
            await asyncio.gather(*(day(one, number, one.played.play.dialogue.days[number]) for one in left))
            tickets = await place.tickets()
            for one in left:
                await one.read(tickets, whole=True)
            left = [one for one in left if number + 1 < len(one.played.play.dialogue.days)]
            if not left:
                break
            await place.next_day()
        for one in running:
            await one.close()
        return {one.played.play.name: one.played for one in running}
