"""What a requester who judges a reply is shown, in Chinese or English: plain HTML, readable without a script."""

from __future__ import annotations

from html import escape

from aiohttp import web

from gateway.casework.judging_links import PATH
from gateway.casework.reply_words import SCORES
from gateway.domain.ids import spelled_no
from gateway.ports.store import Record

MOST_CHARS = 1000
"""Of what somebody adds to a rating."""
_REFUSALS = {
    404: (
        "这里没有可以评价的回复，或链接已失效。如需帮助，请拨打12345。",
        "There is no reply to judge here, or not any more. If you need help, call 12345.",
    ),
    409: ("这条答复已经评价过，或现在不能评价。", "This reply was judged already, or cannot be judged now."),
    429: ("打开得太频繁，请过一会儿再试。", "Too often in a short time. Please try again a little later."),
}
_WRONG = (
    "提交的内容有误，没有记录。请重新打开链接再评价。",
    "Something was wrong with what was sent, and nothing was taken down. Open the address once more.",
)


def is_english(request: web.Request) -> bool:
    """Whether the requester's browser asks for English first; everybody else reads Chinese."""
    return request.headers.get("Accept-Language", "zh").strip().lower().startswith("en")


def form(record: Record, nth: int, form_token: str, *, english: bool) -> web.Response:
    """How to judge the ``nth`` reply of a ticket, and what it said while no later one stands."""
    title = _title(english=english)
    named = "Ticket" if english else "工单"
    choices = "".join(
        f'<label><input type="radio" name="satisfied" value="{key}" required> {en if english else zh}</label>'
        for key, zh, en in SCORES
    )
    more, send = ("Anything to add?", "Send") if english else ("补充说明（可不填）", "提交")
    stands = nth == len(record["handling"]["replies"]) - 1
    reply = f"<blockquote>{escape(record['outcome']['public_reply'] or '')}</blockquote>" if stands else ""
    return _html(
        f"<h1>{title}</h1><p>{named} {spelled_no(record['ticket_no'])}</p>{reply}"
        f'<form method="post"><input type="hidden" name="form" value="{form_token}">'
        f"<fieldset><legend>{title}</legend>{choices}</fieldset>"
        f'<label>{more}<textarea name="comment" maxlength="{MOST_CHARS}"></textarea></label>'
        f"<button>{send}</button></form>",
        english=english,
    )


def thanks(*, english: bool) -> web.Response:
    """It was taken down, or was before."""
    return _html("<h1>Thank you for your rating.</h1>" if english else "<h1>感谢您的评价。</h1>", english=english)


def refused(status: int, *, english: bool) -> web.Response:
    """Why nothing was taken down, for a person; ``status`` is that of the answer."""
    words = _REFUSALS.get(status, _WRONG)[english]
    return _html(f'<h1>{_title(english=english)}</h1><p role="alert">{words}</p>', english=english, status=status)


def _title(*, english: bool) -> str:
    return "How satisfied are you?" if english else "请评价"


def _html(body: str, *, english: bool, status: int = 200) -> web.Response:
    page = (
        f'<!doctype html><html lang="{"en" if english else "zh"}"><meta charset="utf-8">'
        f"<title>{_title(english=english)} · 12345</title>"
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f'<link rel="stylesheet" href="{PATH}judge.css"><body><main>{body}</main></body></html>'
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
    return web.Response(text=page, status=status, content_type="text/html", charset="utf-8", headers=headers)
