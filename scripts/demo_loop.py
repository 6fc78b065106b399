"""What becomes of the demo's call: dispatched, signed and answered by its unit, told to who asked, judged, archived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.ids import spelled_no
from scripts.demo_people import Api, Chat, DemoFailed, SmsProvider

CITY = ZoneInfo("Asia/Shanghai")
NEIGHBOUR = "龙华区国贸大道的路灯不亮，晚上走路很危险。"
REPLY = "您反映的路灯已修好，感谢您的监督。"
"""The unit's words, which go on to both who asked."""
SCORES = {"sms": 5, "webchat": 4}
"""What the caller texts, and the neighbour writes in the chat."""
UNCLEAR = {"unit": "M07", "reason": "unclear_duty"}
"""How the centre decides if the tables name nobody, as when the place or the matter was misheard."""
Row = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody of a unit."""

    unit: str
    username: str
    name: str
    password: str


@dataclass(frozen=True, kw_only=True)
class City:
    """Where the loop takes place, and who can be reached how."""

    base: str
    desk: Api
    """The centre, with all its rights."""
    sms: SmsProvider
    caller: str
    """The telephone of who called, without country code."""
    person_of: Callable[[str], Account]
    """Makes an account for a unit."""
    wait_for: Callable[[str, Callable[[], Any]], Any]
    """Polls until there is something, named by its first argument."""


def whole_loop(city: City, ticket_id: str) -> Iterator[Row]:
    """Every step when it is done: its name, and what it says of itself. ``DemoFailed`` when one cannot be done."""
    path = f"/api/v1/tickets/{ticket_id}"
    yield from _dispatch(city, path)
    chat = Chat(city.base, "web")
    neighbour = chat.write(NEIGHBOUR)
    yield _merge(city, neighbour, ticket_id)
    yield from _unit(city, path)
    yield from _told(city, path, chat, neighbour)
    yield from _judged(city, path, chat, neighbour)


def _dispatch(city: City, path: str) -> Iterator[Row]:
    """派单, and why there; the limits that begin."""
    found = city.desk.get(f"/api/v1/dispatch/suggestion?ticket={path.rpartition('/')[2]}")
    city.desk.post(f"{path}/actions/dispatch", {} if found["lead"] else UNCLEAR)
    case = city.desk.get(f"{path}/case")
    unit = case["tasks"][0]["unit"]
    yield "派单 / dispatched", f"{unit['zh']}  {unit['code']}"
    for step in case["trace"]:
        rows = f"  (dispatch.csv {', '.join(map(str, step['rows']))})" if step["rows"] else ""
        yield "  依据 / because", f"{_both(step['stage'])}: {_both(step['rule'])}{rows}"
    for limit in case["clocks"]:
        yield f"  {_both(limit['kind'])}", f"≤ {_time(limit['due_at'])}"


def _merge(city: City, number: str, into: str) -> Row:
    """并单: somebody else has said the same in the web chat."""
    other = city.desk.get(f"/api/v1/tickets/{number}")
    body, path = {"into": into}, f"/api/v1/tickets/{other['ticket_id']}/actions/merge"
    city.desk.post(path, body, version=other["version"])
    return "并单 / merged", f"{spelled_no(number)}  {NEIGHBOUR}"


def _unit(city: City, path: str) -> Iterator[Row]:
    """签收 and 答复 by somebody of the unit, who sees this and nothing else."""
    (task,) = city.desk.get(path)["handling"]["units"]
    account, page = city.person_of(task["unit"]), Api(city.base)
    session = page.sign_in(account.username, account.password)
    if task["task_id"] not in {one["task_id"] for one in page.get("/api/v1/unit/tasks")["items"]}:
        raise DemoFailed("the task is not in its unit's inbox; see the gateway's log")
    own = f"/api/v1/unit/tasks/{task['task_id']}"
    page.post(f"{own}/actions/sign", {})
    signed = _task(city, path)
    yield "签收 / signed", f"{_time(signed['signed_at'])}  {session['name']}  {session['unit_name']}  /unit/"
    page.post(f"{own}/actions/reply", {"text": REPLY})
    yield "单位答复 / unit's reply", f"{_time(_task(city, path)['replied_at'])}  {REPLY}"


def _told(city: City, path: str, chat: Chat, neighbour: str) -> Iterator[Row]:
    """答复: both who asked hear it, each by the way that they can be reached."""
    for at, heard in ((path, partial(city.sms.heard, city.caller)), (f"/api/v1/tickets/{neighbour}", chat.heard)):
        city.wait_for("the reply to be sent", partial(_reached, city, at))
        text = city.wait_for("the reply to arrive", partial(_reply_among, heard))
        reply = city.desk.get(at)["handling"]["replies"][-1]
        words = {key: _word(city, f"handling.replies.{key}", reply[key]) for key in ("way", "because", "state")}
        yield "答复 / reply", f"{_time(reply['reached_at'])}  {words['way']}  {words['state']}"
        yield "  依据 / because", words["because"]
        yield "  听到的 / as heard", text.partition("\n")[0]


def _judged(city: City, path: str, chat: Chat, neighbour: str) -> Iterator[Row]:
    """评价: each answers with a figure where they heard it. 归档 by itself, as the city's policy has it."""
    city.sms.write(city.caller, str(SCORES["sms"]))
    chat.write(str(SCORES["webchat"]))
    for at in (path, f"/api/v1/tickets/{neighbour}"):
        given = city.wait_for("the evaluation", partial(_judgement, city, at))
        score = _word(city, "outcome.evaluations.score", given["score"])
        yield "评价 / evaluation", f"{given['satisfied']} / 5  {given['channel']}  {score}"
    record = city.wait_for("the archive", partial(_archived, city, path))
    yield "归档 / archived", f"{_time(record['outcome']['closed_at'])}  {spelled_no(record['ticket_no'])}"


def _task(city: City, path: str) -> dict[str, Any]:
    task: dict[str, Any] = city.desk.get(path)["handling"]["units"][0]
    return task


def _reply_among(heard: Callable[[], list[str]]) -> str | None:
    return next((text for text in heard() if REPLY in text), None)


def _judgement(city: City, path: str) -> dict[str, Any] | None:
    given: list[dict[str, Any]] = city.desk.get(path)["outcome"]["evaluations"]
    return given[-1] if given else None


def _reached(city: City, path: str) -> dict[str, Any] | None:
    """The reply to the requester of a ticket, once it has reached them."""
    reply: dict[str, Any] | None = next(iter(city.desk.get(path)["handling"]["replies"]), None)
    if reply is not None and reply["state"] in {"failed", "unreached"}:
        raise DemoFailed(f"the reply to {path} has not arrived by {reply['way']}; see the gateway's log")
    return reply if reply is not None and reply["reached_at"] is not None else None


def _archived(city: City, path: str) -> dict[str, Any] | None:
    record: dict[str, Any] = city.desk.get(path)
    return record if record["status"] == "archived" else None


def _word(city: City, field: str, code: str | None) -> str:
    """What a word of the record's vocabulary means, in both languages."""
    fields = city.desk.get("/api/v1/fields")["items"]
    words = next(one["words"] for one in fields if one["path"] == field)
    return next((_both(one) for one in words if one["code"] == code), code or "")


def _both(word: dict[str, str]) -> str:
    return f"{word['zh']} {word['en']}"


def _time(at: str) -> str:
    return datetime.fromisoformat(at).astimezone(CITY).strftime("%m-%d %H:%M:%S")
