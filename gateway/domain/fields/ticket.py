"""Rows of the record: the ticket itself, and what is done about it (``AROUND``)."""

from __future__ import annotations

from typing import Any

from gateway.domain.fields.row import By, FieldRow, Kind, Mask
from gateway.domain.limits import LINE_CHARS, NAME_CHARS, URL_CHARS, WORD_CHARS
from gateway.domain.status import Status
from gateway.domain.task_status import Role, TaskStatus
from gateway.domain.words import CallbackState, ContactBy, GuessSource, Line

HEAD = (
    FieldRow("ticket_id", Kind.ID, Mask.SHOWN, "工单标识", "Ticket id", null=False),
    FieldRow("ticket_no", Kind.ID, Mask.SHOWN, "工单号", "Ticket", null=False, pattern=r"^\d{8}-?\d{7}$"),
    FieldRow("schema_version", Kind.WHOLE, Mask.SHOWN, "结构版本", "Schema version", null=False),
    FieldRow("status", Kind.WORD, Mask.SHOWN, "状态", "Status", null=False, words=Status),
    FieldRow("created_at", Kind.TIME, Mask.SHOWN, "登记时间", "Registered", null=False),
    FieldRow("updated_at", Kind.TIME, Mask.SHOWN, "最近更新", "Last change", null=False),
    FieldRow("version", Kind.WHOLE, Mask.SHOWN, "版本", "Version", null=False),
    FieldRow("event_seq", Kind.WHOLE, Mask.SHOWN, "事件序号", "Event number", null=False),
    FieldRow("empty", Kind.FLAG, Mask.SHOWN, "未说话", "Nothing said", null=False),
    FieldRow("erased_at", Kind.TIME, Mask.SHOWN, "个人信息删除时间", "Personal data erased"),
    FieldRow("line", Kind.WORD, Mask.SHOWN, "专线", "Line", null=False, words=Line, by=By.SOURCE | By.PERSON),
    FieldRow("channel", Kind.ID, Mask.SHOWN, "来源", "Channel", null=False),
    FieldRow("channel_id", Kind.ID, Mask.SHOWN, "渠道", "Channel id", null=False),
    FieldRow("entry_number", Kind.ID, Mask.SHOWN, "被叫号码", "Dialled"),
    FieldRow("source", Kind.OBJECT, Mask.SHOWN, "来源平台", "Source", null=False),
    FieldRow("source.name", Kind.ID, Mask.SHOWN, "名称", "Name", by=By.SOURCE, most=WORD_CHARS),
    FieldRow("source.event_id", Kind.ID, Mask.FOREIGN_ID, "来源单号", "Its id there", by=By.SOURCE, most=LINE_CHARS),
)


def _candidates(name: str, zh: str, en: str) -> tuple[FieldRow, ...]:
    path = f"prefill.candidates.{name}"
    return (
        FieldRow(path, Kind.LIST, Mask.SHOWN, zh, en, null=False),
        FieldRow(f"{path}.code", Kind.ID, Mask.SHOWN, "代码", "Code", null=False),
        FieldRow(f"{path}.confidence", Kind.NUMBER, Mask.SHOWN, "把握", "Confidence", null=False, least=0, greatest=1),
    )


_SHA256: Any = {"private": True, "pattern": r"^[0-9a-f]{64}$"}
_UNIT: Any = {"most": NAME_CHARS, "catalogue": "units", "offered": "unit", "form": 80, "note": "Code of a unit."}
AROUND = (
    FieldRow("handling", Kind.OBJECT, Mask.SHOWN, "办理", "Handling", null=False),
    FieldRow("handling.lead_unit", Kind.ID, Mask.SHOWN, "承办单位", "Lead unit", by=By.PERSON | By.GUESS, **_UNIT),
    FieldRow("handling.undecided_since", Kind.TIME, Mask.SHOWN, "待定承办单位", "Undecided since"),
    FieldRow("handling.reopened", Kind.WHOLE, Mask.SHOWN, "重办次数", "Reopened", null=False),
    FieldRow("handling.units", Kind.LIST, Mask.SHOWN, "承办任务", "Tasks of units", null=False),
    FieldRow("handling.units.task_id", Kind.ID, Mask.SHOWN, "任务标识", "Task id", null=False),
    FieldRow("handling.units.unit", Kind.ID, Mask.SHOWN, "单位", "Unit"),
    FieldRow("handling.units.role", Kind.WORD, Mask.SHOWN, "角色", "Role", null=False, words=Role),
    FieldRow("handling.units.status", Kind.WORD, Mask.SHOWN, "任务状态", "State", null=False, words=TaskStatus),
    FieldRow("handling.units.version", Kind.WHOLE, Mask.SHOWN, "任务版本", "Task version", null=False),
    FieldRow("handling.units.dispatched_at", Kind.TIME, Mask.SHOWN, "派单时间", "Dispatched"),
    FieldRow("handling.units.signed_at", Kind.TIME, Mask.SHOWN, "签收时间", "Signed"),
    FieldRow("handling.units.responded_at", Kind.TIME, Mask.SHOWN, "响应时间", "Responded"),
    FieldRow("handling.units.arrived_at", Kind.TIME, Mask.SHOWN, "到场时间", "Arrived"),
    FieldRow("handling.units.replied_at", Kind.TIME, Mask.SHOWN, "答复时间", "Replied"),
    FieldRow("handling.units.accepted_at", Kind.TIME, Mask.SHOWN, "审核时间", "Accepted"),
    FieldRow("handling.units.due_at", Kind.TIME, Mask.SHOWN, "办理期限", "Due"),
    FieldRow("handling.units.asked_until", Kind.TIME, Mask.SHOWN, "申请延期至", "Asks for time until"),
    FieldRow("handling.units.returns", Kind.LIST, Mask.SHOWN, "退单", "Returns", null=False),
    FieldRow("handling.units.returns.at", Kind.TIME, Mask.SHOWN, "时间", "Time"),
    FieldRow("handling.units.returns.unit", Kind.ID, Mask.SHOWN, "单位", "Unit"),
    FieldRow("handling.units.returns.rule", Kind.ID, Mask.SHOWN, "依据", "Rule"),
    FieldRow("handling.units.returns.reason", Kind.PROSE, Mask.SAID, "理由", "Reason"),
    FieldRow("handling.units.returns.upheld", Kind.FLAG, Mask.SHOWN, "维持派单", "Upheld", null=False),
    FieldRow("handling.routing_trace", Kind.LIST, Mask.SHOWN, "派单依据", "Why these units", null=False),
    FieldRow("handling.routing_trace.stage", Kind.ID, Mask.SHOWN, "步骤", "Stage"),
    FieldRow("handling.routing_trace.rule", Kind.ID, Mask.SHOWN, "规则", "Rule"),
    FieldRow("handling.routing_trace.reason", Kind.PROSE, Mask.SAID, "说明", "Reason"),
    FieldRow("handling.clocks", Kind.LIST, Mask.SHOWN, "时限", "Time limits", null=False),
    FieldRow("handling.clocks.clock_id", Kind.ID, Mask.SHOWN, "时限标识", "Clock id", null=False),
    FieldRow("handling.clocks.kind", Kind.ID, Mask.SHOWN, "种类", "Kind"),
    FieldRow("handling.clocks.task_id", Kind.ID, Mask.SHOWN, "任务标识", "Task id"),
    FieldRow("handling.clocks.started_at", Kind.TIME, Mask.SHOWN, "起算时间", "Started"),
    FieldRow("handling.clocks.due_at", Kind.TIME, Mask.SHOWN, "到期时间", "Due"),
    FieldRow("handling.clocks.met_at", Kind.TIME, Mask.SHOWN, "完成时间", "Met"),
    FieldRow("handling.clocks.warned_at", Kind.TIME, Mask.SHOWN, "预警时间", "Warned"),
    FieldRow("handling.clocks.breached_at", Kind.TIME, Mask.SHOWN, "超时时间", "Breached"),
    FieldRow("handling.clocks.paused_at", Kind.TIME, Mask.SHOWN, "暂停时间", "Paused"),
    FieldRow("handling.clocks.stopped_at", Kind.TIME, Mask.SHOWN, "停止时间", "Stopped"),
    FieldRow("handling.clocks.next_at", Kind.TIME, Mask.SHOWN, "下次检查", "Next check"),
    FieldRow("handling.callback", Kind.OBJECT, Mask.SHOWN, "回拨", "Callback"),
    FieldRow("handling.callback.state", Kind.WORD, Mask.SHOWN, "状态", "State", null=False, words=CallbackState),
    FieldRow("handling.callback.due_at", Kind.TIME, Mask.SHOWN, "应回拨时间", "Call back by"),
    FieldRow("handling.callback.attempts", Kind.WHOLE, Mask.SHOWN, "已拨次数", "Attempts", null=False),
    FieldRow("handling.callback.how", Kind.WORD, Mask.SHOWN, "方式", "How", null=False, words=ContactBy),
    FieldRow("outcome", Kind.OBJECT, Mask.SHOWN, "结果", "Outcome", null=False),
    FieldRow("outcome.replied_at", Kind.TIME, Mask.SHOWN, "答复时间", "Replied"),
    FieldRow("outcome.public_reply", Kind.PROSE, Mask.SAID, "公开答复", "Public reply"),
    FieldRow("outcome.resolved", Kind.FLAG, Mask.SHOWN, "是否解决", "Resolved"),
    FieldRow("outcome.evaluation", Kind.OBJECT, Mask.SHOWN, "最近评价", "Last rating", null=False),
    FieldRow("outcome.evaluation.channel", Kind.ID, Mask.SHOWN, "评价渠道", "Channel"),
    FieldRow("outcome.evaluation.satisfied", Kind.WHOLE, Mask.SHOWN, "满意度", "Satisfied", least=1, greatest=5),
    FieldRow("outcome.evaluation.comment", Kind.PROSE, Mask.SAID, "评价内容", "Comment"),
    FieldRow("outcome.evaluations", Kind.LIST, Mask.SHOWN, "历次评价", "Ratings", null=False),
    FieldRow("outcome.evaluations.at", Kind.TIME, Mask.SHOWN, "时间", "Time"),
    FieldRow("outcome.evaluations.channel", Kind.ID, Mask.SHOWN, "评价渠道", "Channel"),
    FieldRow("outcome.evaluations.satisfied", Kind.WHOLE, Mask.SHOWN, "满意度", "Satisfied", least=1, greatest=5),
    FieldRow("outcome.evaluations.comment", Kind.PROSE, Mask.SAID, "评价内容", "Comment"),
    FieldRow("outcome.closed_at", Kind.TIME, Mask.SHOWN, "办结时间", "Closed"),
    FieldRow("prefill", Kind.OBJECT, Mask.SHOWN, "预填", "Pre-fill", null=False),
    FieldRow("prefill.fields", Kind.MAP, Mask.SHOWN, "预填字段", "Fields", null=False),
    FieldRow("prefill.fields.value", Kind.ANY, Mask.GUESSED, "值", "Value"),
    FieldRow("prefill.fields.source", Kind.WORD, Mask.SHOWN, "来自", "From", null=False, words=GuessSource),
    FieldRow("prefill.fields.span", Kind.WHOLE, Mask.SHOWN, "原文位置", "Place in the content", many=True, items=2),
    FieldRow(
        "prefill.fields.confidence", Kind.NUMBER, Mask.SHOWN, "把握", "Confidence", null=False, least=0, greatest=1
    ),
    FieldRow("prefill.fields.confirmed_by", Kind.ID, Mask.SHOWN, "确认人", "Confirmed by"),
    FieldRow("prefill.candidates", Kind.OBJECT, Mask.SHOWN, "候选", "Candidates", null=False),
    *_candidates("category", "分类", "Category"),
    *_candidates("unit", "单位", "Unit"),
    *_candidates("district", "区", "District"),
    *_candidates("street", "街道", "Street"),
    *_candidates("community", "社区", "Community"),
    FieldRow("prefill.mentions", Kind.LIST, Mask.SHOWN, "提到的内容", "Mentioned", null=False),
    FieldRow("prefill.mentions.kind", Kind.ID, Mask.SHOWN, "种类", "Kind", null=False),
    FieldRow("prefill.mentions.value", Kind.TEXT, Mask.MENTIONED, "值", "Value", null=False),
    FieldRow("prefill.mentions.span", Kind.WHOLE, Mask.SHOWN, "原文位置", "Place in the content", many=True, items=2),
    FieldRow(
        "prefill.mentions.confidence", Kind.NUMBER, Mask.SHOWN, "把握", "Confidence", null=False, least=0, greatest=1
    ),
    FieldRow("prefill.pending", Kind.FLAG, Mask.SHOWN, "转写中", "Transcribing", null=False, default=False),
    FieldRow("related", Kind.OBJECT, Mask.SHOWN, "关联", "Related", null=False),
    FieldRow("related.parent_id", Kind.ID, Mask.SHOWN, "主工单", "Parent"),
    FieldRow("related.child_ids", Kind.ID, Mask.SHOWN, "子工单", "Children", null=False, many=True),
    FieldRow("related.merged_into", Kind.ID, Mask.SHOWN, "并入", "Merged into"),
    FieldRow("related.merged_ids", Kind.ID, Mask.SHOWN, "被并工单", "Merged here", null=False, many=True),
    FieldRow("related.merged_count", Kind.WHOLE, Mask.SHOWN, "被并工单数", "Merged here in all", null=False, default=0),
    FieldRow("related.similar", Kind.LIST, Mask.SHOWN, "相似工单", "Similar tickets", null=False),
    FieldRow("related.similar.ticket_id", Kind.ID, Mask.SHOWN, "工单标识", "Ticket id", null=False),
    FieldRow("related.similar.score", Kind.NUMBER, Mask.SHOWN, "相似度", "Likeness", null=False, least=0, greatest=1),
    FieldRow("attachments", Kind.LIST, Mask.SHOWN, "附件", "Attachments", null=False),
    FieldRow("attachments.attachment_id", Kind.ID, Mask.SHOWN, "附件标识", "Attachment id", null=False),
    FieldRow("attachments.name", Kind.TEXT, Mask.SAID, "文件名", "Name", by=By.SOURCE, most=LINE_CHARS),
    FieldRow("attachments.media_type", Kind.ID, Mask.SHOWN, "类型", "Media type", by=By.SOURCE, most=NAME_CHARS),
    FieldRow("attachments.bytes", Kind.WHOLE, Mask.SHOWN, "字节数", "Bytes", by=By.SOURCE, least=0),
    FieldRow("attachments.sha256", Kind.ID, Mask.SHOWN, "SHA-256", "SHA-256", by=By.SOURCE, **_SHA256),
    FieldRow("attachments.url", Kind.ID, Mask.URL, "地址", "URL", by=By.SOURCE, most=URL_CHARS),
    FieldRow("attachments.error", Kind.TEXT, Mask.SHOWN, "问题", "Error", private=True),
)
