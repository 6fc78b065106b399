"""Rows of the record: the interactions, with what was said and written in them."""

from __future__ import annotations

from gateway.domain.fields.row import By, FieldRow, Kind, Mask
from gateway.domain.limits import SEGMENT_CHARS
from gateway.domain.words import Direction, Disposition, MessageKind, Speaker

INTERACTIONS = (
    FieldRow("interactions", Kind.LIST, Mask.SHOWN, "接触", "Interactions", null=False),
    FieldRow("interactions.interaction_id", Kind.ID, Mask.SHOWN, "接触标识", "Interaction id", null=False),
    FieldRow("interactions.channel", Kind.ID, Mask.SHOWN, "来源", "Channel", null=False),
    FieldRow("interactions.channel_id", Kind.ID, Mask.SHOWN, "渠道", "Channel id", null=False),
    FieldRow("interactions.direction", Kind.WORD, Mask.SHOWN, "方向", "Direction", null=False, words=Direction),
    FieldRow("interactions.external_id", Kind.ID, Mask.RAW, "外部标识", "Id there"),
    FieldRow("interactions.from_raw", Kind.ID, Mask.RAW, "主叫（原样）", "From, as it came"),
    FieldRow("interactions.to_raw", Kind.ID, Mask.RAW, "被叫（原样）", "To, as it came"),
    FieldRow("interactions.asserted_identity", Kind.ID, Mask.RAW, "网络证实的主叫", "Asserted identity"),
    FieldRow("interactions.diversion", Kind.ID, Mask.RAW, "转接前号码", "Diversion"),
    FieldRow("interactions.node", Kind.ID, Mask.SHOWN, "节点", "Node"),
    FieldRow("interactions.started_at", Kind.TIME, Mask.SHOWN, "来电时间", "Called at", null=False),
    FieldRow("interactions.queued_at", Kind.TIME, Mask.SHOWN, "排队时间", "Queued"),
    FieldRow("interactions.answered_at", Kind.TIME, Mask.SHOWN, "接听时间", "Answered"),
    FieldRow("interactions.ended_at", Kind.TIME, Mask.SHOWN, "结束时间", "Ended at"),
    FieldRow("interactions.disposition", Kind.WORD, Mask.SHOWN, "结果", "Result", words=Disposition),
    FieldRow("interactions.agent_id", Kind.ID, Mask.SHOWN, "坐席", "Agent"),
    FieldRow("interactions.flow", Kind.OBJECT, Mask.SHOWN, "流程", "Flow", null=False),
    FieldRow("interactions.flow.name", Kind.ID, Mask.SHOWN, "名称", "Name"),
    FieldRow("interactions.flow.version", Kind.ID, Mask.SHOWN, "版本", "Version"),
    FieldRow("interactions.dtmf", Kind.ID, Mask.KEYS, "按键", "Keys", null=False, many=True),
    FieldRow("interactions.recording", Kind.OBJECT, Mask.SHOWN, "通话录音", "Recording"),
    FieldRow("interactions.recording.url", Kind.ID, Mask.SHOWN, "地址", "URL", null=False),
    FieldRow("interactions.recording.duration_s", Kind.NUMBER, Mask.SHOWN, "时长（秒）", "Duration in seconds"),
    FieldRow("interactions.recording.sha256", Kind.ID, Mask.SHOWN, "SHA-256", "SHA-256"),
    FieldRow("interactions.recording.tracks", Kind.ID, Mask.SHOWN, "声道", "Tracks", null=False, many=True),
    FieldRow("interactions.transcript", Kind.LIST, Mask.SHOWN, "文字记录", "Transcript", null=False, whole=True),
    FieldRow("interactions.transcript.seq", Kind.WHOLE, Mask.SHOWN, "序号", "Number", null=False),
    FieldRow("interactions.transcript.speaker", Kind.WORD, Mask.SHOWN, "说话人", "Speaker", null=False, words=Speaker),
    FieldRow("interactions.transcript.start_ms", Kind.WHOLE, Mask.SHOWN, "开始（毫秒）", "Begins at ms", null=False),
    FieldRow("interactions.transcript.end_ms", Kind.WHOLE, Mask.SHOWN, "结束（毫秒）", "Ends at ms", null=False),
    FieldRow("interactions.transcript.text", Kind.PROSE, Mask.SAID, "识别原文", "As recognised", null=False),
    FieldRow(
        "interactions.transcript.corrected_text",
        Kind.PROSE,
        Mask.SAID,
        "更正后的文字",
        "Corrected",
        by=By.PERSON,
        most=SEGMENT_CHARS,
    ),
    FieldRow("interactions.transcript.language", Kind.ID, Mask.SHOWN, "语言", "Language"),
    FieldRow("interactions.transcript.confidence", Kind.NUMBER, Mask.SHOWN, "把握", "Confidence"),
    FieldRow("interactions.transcript.engine", Kind.ID, Mask.SHOWN, "识别引擎", "Engine"),
    FieldRow("interactions.messages", Kind.LIST, Mask.SHOWN, "留言内容", "Messages", null=False, whole=True),
    FieldRow("interactions.messages.seq", Kind.WHOLE, Mask.SHOWN, "序号", "Number", null=False),
    FieldRow(
        "interactions.messages.direction", Kind.WORD, Mask.SHOWN, "方向", "Direction", null=False, words=Direction
    ),
    FieldRow("interactions.messages.sent_at", Kind.TIME, Mask.SHOWN, "时间", "Sent", null=False),
    FieldRow("interactions.messages.kind", Kind.WORD, Mask.SHOWN, "种类", "Kind", null=False, words=MessageKind),
    FieldRow("interactions.messages.text", Kind.PROSE, Mask.SAID, "文字", "Text"),
    FieldRow("interactions.messages.attachment_id", Kind.ID, Mask.SHOWN, "附件", "Attachment"),
    FieldRow("interactions.messages.external_id", Kind.ID, Mask.FOREIGN_ID, "外部标识", "Id there"),
    FieldRow("interactions.messages.delivery", Kind.ID, Mask.SHOWN, "送达情况", "Delivery"),
)
