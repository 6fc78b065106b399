"""Events of what units do about a ticket (``handling.units``). ``changed`` tells what became of the task, by its id.

``reason`` is a code of the city's policy; words, replies and pictures lie in the note ``note_id``, which can be erased.
"""

from __future__ import annotations

from gateway.domain.events.base import Audience, Event, event


@event("task.offered", zh="派给单位", en="Given to a unit", tells=Audience.TASK)
class TaskOffered(Event):
    """A unit has the ticket: by which rule of which directory; None: somebody at the centre chose it."""

    task_id: str
    unit: str
    role: str
    rule: str | None = None
    directory: str | None = None


@event("task.leads", zh="改任主办", en="Leads from now on", tells=Audience.TASK)
class TaskLeads(Event):
    """协办改主办: the unit helped so far, and nobody else leads."""

    task_id: str


@event("task.signed", zh="单位签收", en="Signed by the unit")
class TaskSigned(Event):
    """签收."""

    task_id: str


@event("task.responded", zh="单位响应", en="Unit responded")
class TaskResponded(Event):
    """响应: the unit has spoken with the requester or begun."""

    task_id: str
    note_id: str | None = None


@event("task.arrived", zh="单位到场", en="Unit arrived")
class TaskArrived(Event):
    """到场: somebody of the unit is there."""

    task_id: str
    note_id: str | None = None


@event("task.return_asked", zh="申请退单", en="Return asked for", tells=Audience.CENTRE)
class TaskReturnAsked(Event):
    """退单: the unit says that the matter is not its own; the centre decides."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.returned", zh="同意退单", en="Return accepted", tells=Audience.TASK)
class TaskReturned(Event):
    """The centre has taken the task back. ``by_silence``: it did not decide in time."""

    task_id: str
    by_silence: bool = False


@event("task.upheld", zh="维持派单", en="Dispatch upheld", tells=Audience.TASK)
class TaskUpheld(Event):
    """维持派单: the unit keeps the task. ``by_silence``: the centre did not decide in time."""

    task_id: str
    by_silence: bool = False
    note_id: str | None = None


@event("task.reassigned", zh="改派", en="Re-assigned", tells=Audience.TASK)
class TaskReassigned(Event):
    """改派: another unit has the matter from now on, as ``to_task``."""

    task_id: str
    to_task: str
    unit: str
    reason: str
    note_id: str | None = None


@event("task.extension_asked", zh="申请延期", en="Extension asked for", tells=Audience.CENTRE)
class TaskExtensionAsked(Event):
    """The unit asks for more time; the centre decides."""

    task_id: str
    until: str
    reason: str
    note_id: str | None = None


@event("task.extension_refused", zh="不予延期", en="Extension refused", tells=Audience.TASK)
class TaskExtensionRefused(Event):
    """The centre grants no more time: the limit stays."""

    task_id: str
    note_id: str | None = None


@event("task.pause_asked", zh="申请挂起", en="Pause asked for", tells=Audience.CENTRE)
class TaskPauseAsked(Event):
    """The unit cannot go on; the centre decides, and time counts until then."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.pause_refused", zh="不予挂起", en="Pause refused", tells=Audience.TASK)
class TaskPauseRefused(Event):
    """The centre grants no pause: the limit stays."""

    task_id: str
    note_id: str | None = None


@event("task.extended", zh="延期", en="Extended", tells=Audience.TASK)
class TaskExtended(Event):
    """延期: the unit has until ``until``."""

    task_id: str
    until: str
    reason: str | None = None
    note_id: str | None = None


@event("task.paused", zh="挂起", en="Paused")
class TaskPaused(Event):
    """暂停: the unit cannot go on, and its clock stands still."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.resumed", zh="恢复办理", en="Resumed")
class TaskResumed(Event):
    """恢复: its clock goes on."""

    task_id: str


@event("task.replied", zh="单位答复", en="Unit replied", tells=Audience.ANSWER)
class TaskReplied(Event):
    """答复: the unit says what it did. ``solved``: whether the matter is settled."""

    task_id: str
    note_id: str
    solved: bool = True


@event("task.accepted", zh="答复审核通过", en="Reply accepted")
class TaskAccepted(Event):
    """The centre takes the unit's reply as its own."""

    task_id: str


@event("task.sent_back", zh="退回重办", en="Sent back", tells=Audience.TASK)
class TaskSentBack(Event):
    """退回重办: the unit has to do it again."""

    task_id: str
    reason: str
    note_id: str | None = None


@event("task.cancelled", zh="任务取消", en="Task cancelled", tells=Audience.TASK)
class TaskCancelled(Event):
    """Nothing is to be done by the unit any more: the ticket was withdrawn, merged or ended otherwise."""

    task_id: str


@event("task.noted", zh="会商留言", en="Note to the others", tells=Audience.OTHERS)
class TaskNoted(Event):
    """会商: the unit tells the centre and the other units of the ticket something."""

    task_id: str
    note_id: str


@event("task.pictured", zh="现场照片", en="Picture of the place")
class TaskPictured(Event):
    """The unit shows the place. ``shows``: before, after, or evidence of what it says."""

    task_id: str
    attachment_id: str
    shows: str
