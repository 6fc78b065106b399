"""Fixed answers to people, in Chinese and English."""

from __future__ import annotations

_PHRASES: dict[str, tuple[str, str]] = {
    "edit": ("已记下您的更正。", "Your correction is noted."),
    "recall": (
        "已记下您撤回了一条消息。工单保留原记录；如需更正，请直接写给我们。",
        "We noted that you recalled a message. The ticket keeps its record; please write to us to correct it.",
    ),
    "unsupported": (
        "这种消息暂时无法办理，请用文字、图片、语音或位置告诉我们。",
        "We cannot use this kind of message. Please write, or send a picture, a voice message or a location.",
    ),
    "too_large": (
        "文件太大，未能保存。请发送20MB以内的文件，或用文字说明。",
        "The file is too large and was not kept. Please send at most 20 MB, or describe it.",
    ),
    "not_allowed": (
        "这种文件无法接收。请发送图片、语音、视频、PDF或Office文档，或用文字说明。",
        "We cannot take this type of file. Please send a picture, audio, video, PDF or office document.",
    ),
    "empty": ("文件是空的，请重新发送。", "The file was empty. Please send it again."),
    "fetch_failed": ("文件没有收到，请重新发送或用文字说明。", "The file did not arrive. Please send it again."),
    "not_understood": (
        "语音已保存，但没能转成文字，请用文字补充说明。",
        "Your voice message is kept, but we could not read it. Please describe it in writing.",
    ),
    "not_decodable": (
        "语音文件无法播放，未能转成文字，请重新录制或用文字说明。",
        "The voice message cannot be played and was not read. Please record it again, or describe it in writing.",
    ),
    "long_text": (
        "您的文字较长，已作为附件全文保存，工单内先显示前8000字。",
        "Your text is long. It was kept whole as an attachment; the ticket shows its first 8,000 characters.",
    ),
    "another": (
        "听起来是另一件事，已先记在本工单。要单独登记，请用文字把这件事再写一遍。",
        "This sounds like another matter; it is kept in this ticket. For a ticket of its own, please write it to us.",
    ),
    "number": ("工单号：{number}。", "Ticket number: {number}."),
    "same": ("截至目前没有变化：", "No change so far: "),
    "texted": (
        "【12345热线】您的来电已登记，工单号：{number}。回复“进度”可查询办理情况。",
        '12345 hotline: your call is registered as ticket {number}. Reply "progress" to ask how it goes.',
    ),
    "thanks": ("不客气，有新情况随时写给我们。", "You are welcome. Write to us whenever there is news."),
    "rating": ("感谢您的评价。", "Thank you for your rating."),
    "not_judged": (
        "这条答复现在不能再评价，您说的已记下。还有问题请直接写明。",
        "This answer cannot be rated any more; what you wrote is kept. Is something not solved? Please write it.",
    ),
    "rating_bad": (
        "已记下您的评价，很抱歉没有让您满意，我们会核实后再处理。可以直接写明还有什么没有解决。",
        "Your rating is noted. We are sorry, and will look into it again. Please write what is not solved.",
    ),
    "danger": (
        "如果有人有危险，请马上拨打{number}。您说的已记入工单。",
        "If anyone is in danger, call {number} now. What you said is recorded.",
    ),
    "incomplete": ("〔部分缺失〕", "[parts missing]"),
}


def phrase(name: str, language: str) -> str:
    """A fixed answer in zh or en."""
    return _PHRASES[name][language == "en"]


def danger_phrase(number: str, language: str) -> str:
    """What somebody in danger is told where no flow speaks with them."""
    return phrase("danger", language).format(number=number)
