"""``/r/{token}``: the page on which a requester judges a reply. Reading it judges nothing, whoever reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.casework.judging_links import PATH, Judged, JudgingLinks
from gateway.casework.reply_words import SCORES
from gateway.domain.case.replies import is_settled, judged_at
from gateway.domain.form import Judgement
from gateway.domain.status import Status
from gateway.errors import AlreadyErased, Conflict, NotFound, RejectedInput
from gateway.intake.ticket.rate import RateReply
from gateway.ports.store import Record
from gateway.web import judging_page as pages
from gateway.web.desk import files
from gateway.web.problems import Problem, from_gateway_error
from gateway.web.routing import Context, Route

_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 16 * 1024
_MOST_FIELDS = 10
_STYLE = "judge/judge.css"


def _for_people(handler: Callable[[Context], Awaitable[web.Response]]) -> Callable[[Context], Awaitable[web.Response]]:
    """Whoever is refused reads why on a page: no program asks here."""

    async def answer(context: Context) -> web.Response:
        house = context.house
        try:
            house.requests.take(f"judging:{house.proxies.counted(context.request)}")
            return await handler(context)
        except Problem as problem:
            status, headers = problem.status, problem.headers
        except (Conflict, RejectedInput) as error:
            status, headers = from_gateway_error(error).status, {}
        refused = pages.refused(status, english=pages.is_english(context.request))
        refused.headers.update(headers)
        return refused

    return answer


@_for_people
async def page(context: Context) -> web.Response:
    """The reply, and a form; GET and HEAD alter nothing."""
    token, english = context.request.match_info["token"], pages.is_english(context.request)
    judged, record = await _judged(context, token)
    if _is_done(context, record, record["handling"]["replies"][judged.nth]["reply_id"]):
        return pages.thanks(english=english)
    return pages.form(record, judged.nth, await _links(context).form_token(token), english=english)


@_for_people
async def judge(context: Context) -> web.Response:
    """Take the form down."""
    token = context.request.match_info["token"]
    judged, record = await _judged(context, token)
    given = await _given(context.request)
    if given.get("form") != await _links(context).form_token(token):
        raise Problem(403, "wrong_form", "Open the address once more, and judge on its page.")
    score = given.get("satisfied", "")
    if score not in {key for key, _, _ in SCORES}:
        raise Problem(422, "invalid_body", "satisfied is 1 to 5.")
    command = RateReply(
        at=context.services.clock.now(),
        ticket_id=judged.ticket_id,
        satisfied=int(score),
        channel="link",
        comment=given.get("comment", "")[: pages.MOST_CHARS].strip() or None,
        reply_id=record["handling"]["replies"][judged.nth]["reply_id"],
    )
    try:
        await context.services.store.execute(command)
    except AlreadyErased:
        raise _unknown() from None
    return pages.thanks(english=pages.is_english(context.request))


async def style(context: Context) -> web.Response:  # noqa: ARG001 - every handler takes its context
    """How the page looks."""
    content, media_type, etag = files()[_STYLE]
    return web.Response(body=content, headers={"ETag": etag, "Cache-Control": "no-cache", "Content-Type": media_type})


async def _given(request: web.Request) -> Mapping[str, str]:
    """What the form sent, as browsers send forms without files; 413, 415, or 422 for what no browser sends."""
    if request.content_type != _FORM:
        raise Problem(415, "not_a_form", f"Send {_FORM}.")
    too_large = Problem(413, "body_too_large", f"The form has at most {_MOST_BYTES} bytes.")
    if (request.content_length or 0) > _MOST_BYTES:
        raise too_large
    raw = await request.read()
    if len(raw) > _MOST_BYTES:
        raise too_large
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise Problem(422, "invalid_body", "The body is no form in UTF-8.") from None


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
    if record["status"] == Status.WITHDRAWN:
        raise Problem(409, "not_now", "A ticket that was withdrawn is not judged.")
    return judged, record


def _is_done(context: Context, record: Record, reply_id: str) -> bool:
    """Whether its requester does not judge this reply again."""
    given = [Judgement(**one) for one in record["outcome"]["evaluations"]]
    return is_settled(judged_at(reply_id, given), context.services.clock.now())


ROUTES = (
    Route(method="GET", path=f"{PATH}judge.css", handler=style, summary="How it looks", public=True, quiet=True),
    Route(method="GET", path=f"{PATH}{{token}}", handler=page, summary="Judge a reply", public=True),
    Route(method="POST", path=f"{PATH}{{token}}", handler=judge, summary="Take a judgement down", public=True),
)
