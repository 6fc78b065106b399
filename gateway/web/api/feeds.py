"""``/api/v1/feeds``: what could not be delivered, for a person to look at and send again."""

from __future__ import annotations

from aiohttp import web

from gateway.web.api.models import MAX_SEQ, DeadLettersQuery
from gateway.web.auth import ADMIN
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response


async def counts(context: Context) -> web.Response:
    """Per feed, what waits and what is dead."""
    found = await context.services.deliveries.counts()
    return json_response({"items": [{"feed": feed, **numbers} for feed, numbers in sorted(found.items())]})


async def dead_letters(context: Context) -> web.Response:
    """Dead letters with the last error of each."""
    query = context.query(DeadLettersQuery)
    items = await context.services.deliveries.dead_letters(query.feed, query.limit)
    return json_response({"items": items})


async def replay(context: Context) -> web.Response:
    """Make one dead letter due again."""
    feed, seq = context.request.match_info["feed"], context.request.match_info["event_seq"]
    if not (seq.isascii() and seq.isdigit()) or int(seq) > MAX_SEQ:
        raise Problem(404, "not_found", "There is no such dead letter.")
    await context.services.deliveries.replay(feed, int(seq))
    await context.house.audit(context.principal, "feed.replayed", None)
    return json_response({"feed": feed, "event_seq": int(seq)}, status=202)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/feeds",
        handler=counts,
        summary="Feeds and how much waits or is dead",
        scope=ADMIN,
        returns="FeedList",
        errors=(401, 403, 429, 503),
        tag="feeds",
    ),
    Route(
        method="GET",
        path="/api/v1/feeds/dead-letters",
        handler=dead_letters,
        summary="What could not be delivered",
        scope=ADMIN,
        query=DeadLettersQuery,
        returns="DeadLetterList",
        errors=(400, 401, 403, 429, 503),
        tag="feeds",
    ),
    Route(
        method="POST",
        path="/api/v1/feeds/{feed}/dead-letters/{event_seq}/replay",
        handler=replay,
        summary="Deliver a dead letter again",
        scope=ADMIN,
        returns="Replayed",
        status=202,
        errors=(401, 403, 404, 429, 503),
        tag="feeds",
    ),
)
