"""``/r/{token}``: the page on which a requester judges a reply. Reading it judges nothing, whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from aiohttp import web

from gateway.casework.case_work import WorkOnCase
from gateway.casework.judging_links import PATH, Judged, JudgingLinks
from gateway.casework.reply_words import SCORES
from gateway.domain.case.replies import SECOND_THOUGHTS
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import from_rfc3339, new_ulid, spelled_no
from gateway.errors import AlreadyErased, NotFound
from gateway.ports.store import Record
from gateway.web.desk import files
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

REQUESTER = "requester"
"""Who acts: whoever has the address. Events name nobody more exactly."""
MOST_CHARS = 1000
_STYLE = "judge/judge.css"


async def page(context: Context) -> web.Response:
    """The reply, and a form; GET and HEAD alter nothing."""
    token = context.request.match_info["token"]
    judged, record = await _judged(context, token)
    reply = record["handling"]["replies"][judged.nth]
    form_token = await _links(context).form_token(token)
    done = _is_done(context, record, reply["reply_id"])
    return _html(_form(context, record, form_token) if not done else _thanks(context))


async def judge(context: Context) -> web.Response:
    """Take the form down."""
    token = context.request.match_info["token"]
    judged, record = await _judged(context, token)
    given = await context.request.post()
    if _text(given, "form") != await _links(context).form_token(token):
        raise Problem(403, "wrong_form", "Open the address once more, and judge on its page.")
    score = _text(given, "satisfied")
    if score not in {key for key, _, _ in SCORES}:
        raise Problem(422, "invalid_body", "satisfied is 1 to 5.")
    reply_id = record["handling"]["replies"][judged.nth]["reply_id"]
    if _is_done(context, record, reply_id):
        return _html(_thanks(context))
    command = WorkOnCase(
        at=context.services.clock.now(),
        actor=REQUESTER,
        ticket_id=judged.ticket_id,
        verb=CaseVerb.EVALUATE,
        text=_text(given, "comment")[:MOST_CHARS].strip() or None,
        note_id=new_ulid(),
        satisfied=int(score),
        channel="link",
        reply_id=reply_id,
    )
    try:
        await context.services.store.execute(command)
    except AlreadyErased:
        raise _unknown() from None
    return _html(_thanks(context))


async def style(context: Context) -> web.Response:  # noqa: ARG001 - every handler takes its context
    """How the page looks."""
    content, media_type, etag = files()[_STYLE]
    return web.Response(body=content, headers={"ETag": etag, "Cache-Control": "no-cache", "Content-Type": media_type})


def _unknown() -> Problem:
    return Problem(404, "not_found", "There is nothing at this address.")


def _links(context: Context) -> JudgingLinks:
    if context.services.judging is None:
        raise _unknown()
    return context.services.judging


async def _judged(context: Context, token: str) -> tuple[Judged, Record]:
    judged = await _links(context).read(token)
    if judged is None:
        raise _unknown()
    try:
        record = await context.services.reader.ticket(judged.ticket_id)
    except NotFound:
        raise _unknown() from None
    if record["erased_at"] is not None or judged.nth >= len(record["handling"]["replies"]):
        raise _unknown()
    return judged, record


def _is_done(context: Context, record: Record, reply_id: str) -> bool:
    """Whether the reply was judged so long ago that nobody thinks again."""
    now = context.services.clock.now()
    given = [one["at"] for one in record["outcome"]["evaluations"] if one["reply_id"] == reply_id and one["at"]]
    return any(now - from_rfc3339(at) > SECOND_THOUGHTS for at in given)


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _english(context: Context) -> bool:
    return context.request.headers.get("Accept-Language", "zh").strip().lower().startswith("en")


def _form(context: Context, record: Record, form_token: str) -> str:
    english = _english(context)
    title = "How satisfied are you?" if english else "请评价"
    named = "Ticket" if english else "工单"
    choices = "".join(
        f'<label><input type="radio" name="satisfied" value="{key}" required> {en if english else zh}</label>'
        for key, zh, en in SCORES
    )
    more, send = ("Anything to add?", "Send") if english else ("补充说明（可不填）", "提交")
    reply = record["outcome"]["public_reply"] or ""
    return (
        f"<h1>{title}</h1><p>{named} {spelled_no(record['ticket_no'])}</p><blockquote>{escape(reply)}</blockquote>"
        f'<form method="post"><input type="hidden" name="form" value="{form_token}"><fieldset>{choices}</fieldset>'
        f'<label>{more}<textarea name="comment" maxlength="{MOST_CHARS}"></textarea></label>'
        f"<button>{send}</button></form>"
    )


def _thanks(context: Context) -> str:
    return "<h1>Thank you for your rating.</h1>" if _english(context) else "<h1>感谢您的评价。</h1>"


def _html(body: str) -> web.Response:
    page = (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>12345</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f'<link rel="stylesheet" href="{PATH}judge.css"><body>{body}</body></html>'
    )
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=page, content_type="text/html", charset="utf-8", headers=headers)


ROUTES = (
    Route(method="GET", path=f"{PATH}judge.css", handler=style, summary="How it looks", public=True, quiet=True),
    Route(method="GET", path=f"{PATH}{{token}}", handler=page, summary="Judge a reply", public=True),
    Route(method="POST", path=f"{PATH}{{token}}", handler=judge, summary="Take a judgement down", public=True),
)
