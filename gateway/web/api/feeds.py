"""``/api/v1/feeds``: what waits, is held or could not be delivered, for a person to look at and send again."""

from __future__ import annotations

import re
from dataclasses import asdict

from aiohttp import web

from gateway.ports.feed import CAUSES, Replay
from gateway.web.api.models import MAX_SEQ, DeadLettersQuery, ReplayBody
from gateway.web.auth import ADMIN
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}")


async def list_feeds(context: Context) -> web.Response:
    """Per feed, what waits and what is dead; since when and why it is held, where it is."""
    deliveries = context.services.deliveries
    held = {
        one.feed: {key: value for key, value in asdict(one).items() if key != "feed"} | {"do": CAUSES[one.cause]}
        for one in await deliveries.held()
    }
    counts = await deliveries.counts()
    return json_response({"items": [{"feed": feed, **counts[feed], "held": held.get(feed)} for feed in sorted(counts)]})


async def dead_letters(context: Context) -> web.Response:
    """Dead letters with the last error of each."""
    query = context.query(DeadLettersQuery)
    items = await context.services.deliveries.dead_letters(query.feed, query.limit)
    return json_response({"items": items})


async def replay_many(context: Context) -> web.Response:
    """Send many events again. Written down before they go: what was asked for, and how many it came to."""
    feed = _feed(context)
    body = await context.body(ReplayBody)
    asked = body.model_dump(mode="json", exclude_defaults=True)
    await context.house.audit(context.principal, "feed.replayed", None, detail={"feed": feed, **asked})
    if body.events is not None:
        wanted = [Replay(first=seq, last=seq) for seq in sorted(set(body.events))]
    else:
        wanted = [Replay(first=body.since or 1, last=body.until, begin=body.begin, end=body.end, dead_only=body.dead)]
    events = sum([await context.services.deliveries.replay_many(feed, what) for what in wanted])
    return json_response({"feed": feed, "events": events}, status=202)


async def release(context: Context) -> web.Response:
    """Send again at once, without waiting for the next probe: the feed is held anew if that is in vain."""
    feed = _feed(context)
    await context.house.audit(context.principal, "feed.released", None, detail={"feed": feed})
    released = await context.services.deliveries.release(feed)
    return json_response({"feed": feed, "released": released}, status=202)


async def replay(context: Context) -> web.Response:
    """Make one dead letter due again."""
    feed, seq = _feed(context), context.request.match_info["event_seq"]
    if not (seq.isascii() and seq.isdigit()) or int(seq) > MAX_SEQ:
        raise Problem(404, "not_found", "There is no such dead letter.")
    await context.services.deliveries.replay(feed, int(seq))
    await context.house.audit(context.principal, "feed.replayed", None, detail={"feed": feed, "events": [int(seq)]})
    return json_response({"feed": feed, "event_seq": int(seq)}, status=202)


def _feed(context: Context) -> str:
    """The feed of the path; 404 for what can be no feed's id."""
    feed: str = context.request.match_info["feed"]
    if not _ID.fullmatch(feed):
        raise Problem(404, "not_found", "There is no such feed.")
    return feed


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/feeds",
        handler=list_feeds,
        summary="Feeds: how much waits or is dead, and which are held",
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
    Route(
        method="POST",
        path="/api/v1/feeds/{feed}/actions/replay",
        handler=replay_many,
        summary="Deliver all, the dead ones, a range or some events again",
        scope=ADMIN,
        body=ReplayBody,
        returns="ReplayStarted",
        status=202,
        errors=(400, 401, 403, 404, 413, 415, 422, 429, 503),
        tag="feeds",
    ),
    Route(
        method="POST",
        path="/api/v1/feeds/{feed}/actions/release",
        handler=release,
        summary="Send a held feed's events again at once",
        scope=ADMIN,
        returns="Released",
        status=202,
        errors=(401, 403, 404, 429, 503),
        tag="feeds",
    ),
)
