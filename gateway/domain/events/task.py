"""Events of what units do about a ticket (``handling.units``). ``changed`` tells what became of the task, by its id.

``reason`` is a code of the city's policy; words, replies and pictures lie in the note ``note_id``, which can be erased.
"""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("task.offered")
class TaskOffered(Event):
    """A unit has the ticket: by which rule of which directory; None: somebody at the centre chose it."""

    task_id: str
    unit: str
    role: str
    rule: str | None = None
    directory: str | None = None


@event("task.signed")
class TaskSigned(Event):
    """签收."""

    task_id: str


@event("task.responded")
class TaskResponded(Event):
    """响应: the unit has spoken with the requester or begun."""

    task_id: str
    note_id: str | None = None


@event("task.arrived")
class TaskArrived(Event):
    """到场: somebody of the unit is there."""

    task_id: str
    note_id: str | None = None


@event("task.return_asked")
class TaskReturnAsked(Event):
    """退单: the unit says that the matter is not its own; the centre decides."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.returned")
class TaskReturned(Event):
    """The centre has taken the task back. ``by_silence``: it did not decide in time."""

    task_id: str
    by_silence: bool = False


@event("task.upheld")
class TaskUpheld(Event):
    """维持派单: the unit keeps the task. ``by_silence``: the centre did not decide in time."""

    task_id: str
    by_silence: bool = False
    note_id: str | None = None


@event("task.reassigned")
class TaskReassigned(Event):
    """改派: another unit has the matter from now on, as ``to_task``."""

    task_id: str
    to_task: str
    unit: str
    reason: str
    note_id: str | None = None


@event("task.extension_asked")
class TaskExtensionAsked(Event):
    """The unit asks for more time; the centre decides."""

    task_id: str
    until: str
    reason: str
    note_id: str | None = None


@event("task.extended")
class TaskExtended(Event):
    """延期: the unit has until ``until``."""

    task_id: str
    until: str
    reason: str | None = None
    note_id: str | None = None


@event("task.paused")
class TaskPaused(Event):
    """暂停: the unit cannot go on, and its clock stands still."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.resumed")
class TaskResumed(Event):
    """恢复: its clock goes on."""

    task_id: str


@event("task.replied")
class TaskReplied(Event):
    """答复: the unit says what it did. ``solved``: whether the matter is settled."""

    task_id: str
    note_id: str
    solved: bool = True


@event("task.accepted")
class TaskAccepted(Event):
    """The centre takes the unit's reply as its own."""

    task_id: str


@event("task.sent_back")
class TaskSentBack(Event):
    """退回重办: the unit has to do it again."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.cancelled")
class TaskCancelled(Event):
    """Nothing is to be done by the unit any more: the ticket was withdrawn, merged or ended otherwise."""

    task_id: str
