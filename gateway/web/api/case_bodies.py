"""Which body goes with which verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from gateway.domain.case.verbs import CaseVerb
from gateway.domain.task_status import TaskVerb
from gateway.edge.field_models import Closed
from gateway.web.api import case_models
from gateway.web.api.models import ConfirmPaths, LiftSecrecyBody, MergeBody, SameRequesterBody, WithdrawBody

CASE_BODIES: Final[Mapping[CaseVerb, type[BaseModel]]] = {
    CaseVerb.DISPATCH: case_models.DispatchBody,
    CaseVerb.REPLY: case_models.CaseReplyBody,
    CaseVerb.EVALUATE: case_models.EvaluateBody,
    CaseVerb.ARCHIVE: case_models.ArchiveBody,
    CaseVerb.REOPEN: case_models.ReasonBody,
    CaseVerb.INFORM: case_models.InformBody,
    CaseVerb.DEFLECT: case_models.ReasonBody,
    CaseVerb.SUPERVISE: case_models.ReasonBody,
    CaseVerb.CONFER: case_models.ConferBody,
    CaseVerb.WITHDRAW: WithdrawBody,
}
TASK_BODIES: Final[Mapping[TaskVerb, type[BaseModel]]] = dict.fromkeys(TaskVerb, case_models.WordsBody) | {
    TaskVerb.RETURN: case_models.ReasonBody,
    TaskVerb.PAUSE: case_models.ReasonBody,
    TaskVerb.SEND_BACK: case_models.ReasonBody,
    TaskVerb.REASSIGN: case_models.ReassignBody,
    TaskVerb.EXTEND: case_models.ExtendBody,
    TaskVerb.REPLY: case_models.TaskReplyBody,
}
DESK_BODIES: Final[Mapping[str, type[BaseModel]]] = {
    "confirm": ConfirmPaths,
    "reveal": Closed,
    "merge": MergeBody,
    "unmerge": Closed,
    "same_requester": SameRequesterBody,
    "lift-secrecy": LiftSecrecyBody,
}
"""Of what is done about a ticket beside its case."""
