"""Items of a ticket's lists that events alter one by one: tasks, clocks, replies.

Their paths are ``handling.<list>.<id>.<field>``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeVar

from gateway.domain.form import GivenReply, Handling, TicketClock, UnitTask, cloned

Item = TypeVar("Item", UnitTask, TicketClock, GivenReply)
_ROOMS: dict[str, tuple[str, type[UnitTask | TicketClock | GivenReply]]] = {
    "units": ("task_id", UnitTask),
    "clocks": ("clock_id", TicketClock),
    "replies": ("reply_id", GivenReply),
}
_ROOM_OF = {kind: (room, key) for room, (key, kind) in _ROOMS.items()}
_LISTS = frozenset({"returns"})
"""What an item lists is altered as a whole; its words are set beside the events."""
_NAMES = {
    room: [one.name for one in dataclasses.fields(kind) if one.name != key and one.name not in _LISTS]
    for room, (key, kind) in _ROOMS.items()
}
PREFIXES = tuple(f"handling.{room}." for room in _ROOMS)
Changed = dict[str, list[Any]]


def put_item(handling: Handling, path: str, code: Any) -> None:
    """Set the value that an event tells of one item; an item that is not there begins with it."""
    _, room, key, name = path.split(".")
    key_name, kind = _ROOMS[room]
    items = getattr(handling, room)
    place = next((nth for nth, item in enumerate(items) if getattr(item, key_name) == key), None)
    if place is None:
        place = len(items)
        items.append(kind(key))
    items[place] = altered = cloned(items[place])  # copies of the form share its items
    setattr(altered, name, code)


def changed(before: Item | None, after: Item) -> Changed:
    """``[from, to]`` of every coded value in which ``after`` differs; of a new item (None) of every value it has."""
    room, key_name = _ROOM_OF[type(after)]
    path = f"handling.{room}.{getattr(after, key_name)}"
    told: Changed = {}
    for name in _NAMES[room]:
        was, now = None if before is None else getattr(before, name), getattr(after, name)
        if was != now:
            told[f"{path}.{name}"] = [was, now]
    return told


def item_values(handling: Handling) -> Iterator[tuple[str, Any]]:
    """The coded values of all items by their paths, but for those that stand there from the beginning."""
    for room in _ROOMS:
        for item in getattr(handling, room):
            yield from ((path, now) for path, (_, now) in changed(None, item).items())
