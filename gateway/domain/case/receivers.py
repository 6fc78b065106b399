"""Who is told of what happens to a case: units by their contacts and deputies, each by the way its address names.

A mobile number, an e-mail address and a WeCom robot can be written to; a landline cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.domain.case.directory import Directory, Unit
from gateway.domain.case.policy import BY_CALL, ClockKind, EscalateTo
from gateway.domain.case.reasons import ConferWay
from gateway.domain.events import REGISTRY, Audience
from gateway.domain.form import Form, UnitTask
from gateway.domain.phone_numbers import e164
from gateway.domain.task_status import RUNNING, WITH_UNIT, Role, TaskStatus, is_gone
from gateway.domain.words import Term

ROBOTS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
"""How the address of a WeCom group's robot begins."""
Entry = Mapping[str, Any]
"""An event as the reader shows it: event_seq, type, at, ticket_id, ticket_no and data at least."""


class NoticeWay(Term):
    """How a notice leaves."""

    SMS = "sms", "短信", "Text message"
    EMAIL = "email", "邮件", "E-mail"
    WECOM = "wecom", "企业微信群机器人", "WeCom group robot"


def way_of(address: str) -> NoticeWay | None:
    """By which way an address of the directory is written to; None: by none."""
    if address.startswith(ROBOTS):
        return NoticeWay.WECOM
    if "@" in address:
        return NoticeWay.EMAIL
    mobile = address.startswith("+861") and e164(address) == address
    return NoticeWay.SMS if mobile else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """The units of the directory that stand for the centre and for supervision; None: nobody does."""

    centre: str | None = None
    supervision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A unit that is told, at ``addresses``; without any nobody can be."""

    unit: Unit
    addresses: tuple[str, ...]


def receivers(
    event: Entry, form: Form, directory: Directory, posts: Posts, on: date, *, urgent: bool
) -> Iterator[Receiver]:
    """Who is told of ``event``, each unit once. Of what is ``urgent`` the deputies are told with the contacts."""
    kind = REGISTRY.get(event["type"])
    if kind is None or kind.TELLS is None:
        return
    seen: set[str] = set()
    for code, deputies in _asked(kind.TELLS, event["data"], form, directory, posts):
        unit = directory.standing(code, on) if code is not None else None
        if unit is not None and unit.code not in seen:
            seen.add(unit.code)
            yield Receiver(unit=unit, addresses=_addresses(unit, deputies=deputies, everybody=urgent))


def _asked(
    audience: Audience, data: Mapping[str, Any], form: Form, directory: Directory, posts: Posts
) -> Iterator[tuple[str | None, bool]]:
    """(unit's code, whether its deputies are meant)."""
    tasks = form.handling.units
    match audience:
        case Audience.TASK:
            yield from ((one.unit, False) for one in tasks if one.task_id == data.get("task_id"))
        case Audience.OWNER:
            yield from _owner(data, posts)
        case Audience.STEP:
            yield _step(data, directory, posts)
        case Audience.ALL:
            yield from ((one.unit, False) for one in tasks if TaskStatus(one.status) in RUNNING or _leads(one))
        case Audience.AT_WORK:
            yield from _at_work(form, posts)
        case Audience.OTHERS:
            yield posts.centre, False
            own = data.get("task_id")
            yield from ((one.unit, False) for one in tasks if one.task_id != own and TaskStatus(one.status) in RUNNING)
        case Audience.ANSWER:
            if any(_waits_for_centre(one, form) for one in tasks if one.task_id == data.get("task_id")):
                yield posts.centre, False
        case Audience.NAMED:
            if data.get("way") == ConferWay.SYSTEM:  # by the other ways they have been spoken with
                yield from ((code, False) for code in data.get("units") or ())
        case Audience.CENTRE:
            yield posts.centre, False


def _owner(data: Mapping[str, Any], posts: Posts) -> Iterator[tuple[str | None, bool]]:
    """Nobody of what stands in the list of calls."""
    if data["clock_kind"] not in BY_CALL:
        yield data.get("unit") or posts.centre, False


def _at_work(form: Form, posts: Posts) -> Iterator[tuple[str | None, bool]]:
    """Nobody of a merged ticket: the one in which it is handled has an event of its own."""
    if form.related.merged_into is None:
        acting = [one.unit for one in form.handling.units if TaskStatus(one.status) in WITH_UNIT]
        yield from ((code, False) for code in acting or (posts.centre,))


def _leads(task: UnitTask) -> bool:
    return task.role == Role.LEAD and not is_gone(task.status)


def _waits_for_centre(replied: UnitTask, form: Form) -> bool:
    """Whether the unit's reply is to be approved, or the centre is to answer the requester now."""
    answers = (one for one in form.handling.clocks if one.kind == ClockKind.ANSWER)
    return replied.status == TaskStatus.REPLIED or any(not (one.met_at or one.stopped_at) for one in answers)


def _step(data: Mapping[str, Any], directory: Directory, posts: Posts) -> tuple[str | None, bool]:
    own = directory.units.get(data.get("unit") or "")
    match data.get("to"):
        case EscalateTo.UNIT:
            return (own.code if own is not None else posts.centre), True
        case EscalateTo.PARENT:
            return (own.parent if own is not None and own.parent else posts.centre), False
        case EscalateTo.SUPERVISION:
            return posts.supervision or posts.centre, False
        case _:
            return posts.centre, False


def _addresses(unit: Unit, *, deputies: bool, everybody: bool) -> tuple[str, ...]:
    """Where those are written to who are meant; where there are no such people, the others of the unit."""
    people = (*unit.contacts, *unit.deputies) if everybody else unit.deputies if deputies else unit.contacts
    found = _written(one.address for one in people)
    return found or _written(one.address for one in (*unit.contacts, *unit.deputies))


def _written(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in addresses if way_of(one) is not None))
