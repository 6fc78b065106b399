"""Commands of what somebody does about a case, made from what they sent: one door for the API and the command line.

Whatever names a unit names one of the directory in force: events tell its code for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.casework.case_work import WorkOnCase
from gateway.casework.dispatch import DispatchTicket, LeaveUndecided
from gateway.casework.dispatcher import Dispatcher, UnitChoice
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Command
from gateway.domain.ids import new_ulid
from gateway.domain.keys import ExternalKey
from gateway.domain.task_status import Role, TaskVerb
from gateway.errors import NotFound
from gateway.ports.clock import Clock
from gateway.ports.store import Record

KEYS = ":case"
"""The place of the keys of requests about cases; no channel can be called so."""


class Acting:
    """Makes commands. ``said`` is a body of the API as plain values; what it lacks it does not say."""

    def __init__(self, *, dispatcher: Dispatcher, clock: Clock) -> None:
        """``dispatcher`` knows the tables in force."""
        self.dispatcher = dispatcher
        self._clock = clock

    def on_case(
        self,
        verb: CaseVerb,
        record: Record,
        actor: str,
        said: Mapping[str, Any],
        *,
        version: int | None = None,
        key: ExternalKey | None = None,
    ) -> Command:
        """``verb`` on the case of ``record``; ``UnknownUnit``, ``RejectedInput`` as ``Dispatcher.choose``."""
        if verb is CaseVerb.DISPATCH:
            return self._dispatch(record, actor, said, version, key)
        units = tuple(said.get("units", ()))
        for unit in units:
            self.dispatcher.check(unit)
        return WorkOnCase(
            at=self._clock.now(),
            actor=actor,
            ticket_id=record["ticket_id"],
            version=version,
            verb=verb,
            reason=said.get("reason"),
            text=said.get("text"),
            note_id=new_ulid(),
            satisfied=said.get("satisfied"),
            way=said.get("way"),
            units=units,
            key=key,
            reply_id=said.get("reply_id"),
        )

    def _dispatch(
        self,
        record: Record,
        actor: str,
        said: Mapping[str, Any],
        version: int | None,
        key: ExternalKey | None,
    ) -> DispatchTicket | LeaveUndecided:
        command: DispatchTicket | LeaveUndecided
        crossing = said.get("crossing")
        if said.get("unit") is None:
            command = self.dispatcher.dispatch(record, actor, version=version, crossing=crossing)
        else:
            choice = UnitChoice(
                unit=said["unit"],
                joint=tuple(said.get("joint", ())),
                reason=said.get("reason"),
                text=said.get("text"),
                crossing=crossing,
            )
            command = self.dispatcher.choose(record, actor, choice, version=version)
        command.key = key
        return command

    def on_task(
        self,
        verb: TaskVerb,
        record: Record,
        task_id: str,
        actor: str,
        said: Mapping[str, Any],
        *,
        unit: str | None = None,
        version: int | None = None,
        key: ExternalKey | None = None,
    ) -> WorkOnTask:
        """``verb`` on a task of ``record`` at ``version``; ``unit``: whose own it has to be, None: the centre acts.

        ``NotFound``; ``UnknownUnit``, ``RejectedInput`` as ``Dispatcher.offer``.
        """
        task = next((one for one in record["handling"]["units"] if one["task_id"] == task_id), None)
        if task is None:
            raise NotFound(f"the ticket has no task {task_id}")
        to = self.dispatcher.offer(record, said["unit"], Role(task["role"])) if verb is TaskVerb.REASSIGN else None
        return WorkOnTask(
            at=self._clock.now(),
            actor=actor,
            unit=unit,
            ticket_id=record["ticket_id"],
            task_id=task_id,
            task_version=version,
            verb=verb,
            reason=said.get("reason"),
            text=said.get("text"),
            note_id=new_ulid(),
            until=said.get("until"),
            to=to,
            solved=said.get("solved", True),
            directory=self.dispatcher.directory_name,
            key=key,
        )
