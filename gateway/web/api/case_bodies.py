"""Which body goes with which verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from gateway.domain.case.verbs import CaseVerb
from gateway.domain.task_status import TaskVerb
from gateway.web.api import models

CASE_BODIES: Final[Mapping[CaseVerb, type[BaseModel]]] = {
    CaseVerb.DISPATCH: models.DispatchBody,
    CaseVerb.REPLY: models.CaseReplyBody,
    CaseVerb.EVALUATE: models.EvaluateBody,
    CaseVerb.ARCHIVE: models.ArchiveBody,
    CaseVerb.REOPEN: models.ReasonBody,
    CaseVerb.INFORM: models.InformBody,
    CaseVerb.DEFLECT: models.ReasonBody,
    CaseVerb.SUPERVISE: models.ReasonBody,
    CaseVerb.WITHDRAW: models.WithdrawBody,
}
TASK_BODIES: Final[Mapping[TaskVerb, type[BaseModel]]] = dict.fromkeys(TaskVerb, models.WordsBody) | {
    TaskVerb.RETURN: models.ReasonBody,
    TaskVerb.PAUSE: models.ReasonBody,
    TaskVerb.SEND_BACK: models.ReasonBody,
    TaskVerb.REASSIGN: models.ReassignBody,
    TaskVerb.EXTEND: models.ExtendBody,
    TaskVerb.REPLY: models.TaskReplyBody,
}
