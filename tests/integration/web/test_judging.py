"""The page on which a requester judges a reply: reading it judges nothing, and only its own form does."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.casework.case_work import CaseVerb, WorkOnCase
from gateway.casework.judging_links import JudgingLinks
from gateway.domain.case.replies import MOST_TIMES
from gateway.domain.ids import new_ulid
from gateway.web.services import Limits
from tests.contract.storage.changes import written
from tests.support.change import Change
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration
HOSTILE: list[tuple[str, bytes]] = [
    ("application/x-www-form-urlencoded; charset=nonsense", b"form=x&satisfied=5"),
    ("application/x-www-form-urlencoded", b"form=\xff\xfe&satisfied=5"),
    ("application/x-www-form-urlencoded", b"form=%FF%FE&satisfied=%ED%A0%80"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"f"),
    ("application/x-www-form-urlencoded", b"a=1&" * 20_000),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name=form; filename=a\r\n\r\nx\r\n--b--",
    ),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Transfer-Encoding: zz\r\n\r\nx\r\n--b--"),
    ("multipart/form-data; boundary=b", b"--b\r\ncut off"),
    ("application/json", b'{"satisfied": 5}'),
    ("text/plain", b"satisfied=5"),
]


async def answered(house: WebHouse, key: str) -> tuple[str, str]:
    """A ticket that was answered, and the path at which that is judged."""
    now = house.clock.now()
    ticket = (await house.database.changes.execute(written(key, at=now))).ticket_id
    reply = WorkOnCase(
        at=now, actor="user:li", ticket_id=ticket, verb=CaseVerb.REPLY, text="<b>修好了</b>", note_id=new_ulid()
    )
    await house.database.changes.execute(reply)
    link = await JudgingLinks(house.database.channel_states, "https://12345.example").link(ticket, 0)
    assert link is not None
    return ticket, link.removeprefix("https://12345.example")


async def evaluations(house: WebHouse, ticket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.database.reader.ticket(ticket))["outcome"]["evaluations"]
    return found


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([A-Z2-7]+)"', page)
    assert found is not None
    return found[1]


async def test_a_scanners_get_rates_nothing(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    for method in ("GET", "HEAD") * 25:
        async with house.http.request(method, house.url + path) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"
            page = await response.text()
            if method == "GET":
                assert "&lt;b&gt;修好了" in page
    assert await evaluations(house, ticket) == []


async def test_one_post_with_the_pages_token_rates(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    _, other = await answered(house, "2")
    async with house.http.get(house.url + path, headers={"Accept-Language": "en"}) as response:
        page = await response.text()
    async with house.http.get(house.url + other) as response:
        foreign = form_of(await response.text())
    assert "Very satisfied" in page
    for form, score, status in (
        (foreign, "5", 403),
        ("", "5", 403),
        (form_of(page), "6", 422),
        (form_of(page), "2", 200),
    ):
        data = {"form": form, "satisfied": score, "comment": "还是不亮"}
        async with house.http.post(house.url + path, data=data) as response:
            assert response.status == status
    (only,) = await evaluations(house, ticket)
    assert (only["satisfied"], only["channel"], only["comment"], only["score"]) == (2, "link", "还是不亮", "first")
    async with house.http.post(house.url + path, data={"form": form_of(page), "satisfied": "5"}) as response:
        assert response.status == 200
    assert [one["satisfied"] for one in await evaluations(house, ticket)] == [2, 5]


async def test_the_address_of_an_earlier_reply_does_not_show_a_later_one(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    for verb, reason, text in ((CaseVerb.REOPEN, "not_solved", None), (CaseVerb.REPLY, None, "又修好了")):
        work = WorkOnCase(
            at=house.clock.now(),
            actor="user:li",
            ticket_id=ticket,
            verb=verb,
            reason=reason,
            text=text,
            note_id=new_ulid(),
        )
        await house.database.changes.execute(work)
    async with house.http.get(house.url + path) as response:
        page = await response.text()
    assert "又修好了" not in page
    async with house.http.post(house.url + path, data={"form": form_of(page), "satisfied": "4"}) as response:
        assert response.status == 200
    (only,) = await evaluations(house, ticket)
    assert (only["satisfied"], only["score"]) == (4, "first")


async def test_an_address_that_was_made_up_is_nothing(house: WebHouse) -> None:
    _, path = await answered(house, "1")
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/r/x", path.replace("-0-", "-1-"), path.lower()):
        async with house.http.get(house.url + wrong) as response:
            assert response.status == 404


@pytest.mark.parametrize(("kind", "body"), HOSTILE)
async def test_whatever_is_sent_is_refused_and_no_fault(house: WebHouse, kind: str, body: bytes) -> None:
    ticket, path = await answered(house, "1")
    async with house.http.post(house.url + path, data=body, headers={"Content-Type": kind}) as response:
        assert response.status in {400, 403, 413, 415, 422}
        assert response.content_type == "text/html"
    assert await evaluations(house, ticket) == []


async def test_words_that_no_database_holds_are_refused(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    async with house.http.get(house.url + path) as response:
        form = form_of(await response.text())
    for comment in ("a\0b", "a%ED%A0%80"):
        body = f"form={form}&satisfied=5&comment={comment}".encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with house.http.post(house.url + path, data=body, headers=headers) as response:
            assert response.status in {200, 422}
    assert all("\0" not in (one["comment"] or "") for one in await evaluations(house, ticket))


async def test_other_methods_do_nothing_and_nobody_needs_a_session(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        async with house.http.request(method, house.url + path, data={"satisfied": "5"}) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD,POST")
    assert await evaluations(house, ticket) == []


async def test_minds_are_changed_a_few_times_not_for_ever(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    async with house.http.get(house.url + path) as response:
        form = form_of(await response.text())
    for nth in range(9):
        data = {"form": form, "satisfied": str(1 + nth % 5)}
        async with house.http.post(house.url + path, data=data) as response:
            assert response.status == (200 if nth < MOST_TIMES else 409)
            assert ("评价过" in await response.text()) == (nth >= MOST_TIMES)
    assert [one["satisfied"] for one in await evaluations(house, ticket)] == [1, 2, 3, 4, 5]
    async with house.http.get(house.url + path) as response:
        assert "form" not in await response.text()


async def test_posts_at_once_are_no_more_than_one_after_the_other(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    async with house.http.get(house.url + path) as response:
        form = form_of(await response.text())

    async def post(nth: int) -> int:
        data = {"form": form, "satisfied": str(1 + nth % 5), "comment": str(nth)}
        async with house.http.post(house.url + path, data=data) as response:
            return response.status

    statuses = await asyncio.gather(*map(post, range(20)))
    assert (statuses.count(200), statuses.count(409)) == (MOST_TIMES, 20 - MOST_TIMES)
    assert len(await evaluations(house, ticket)) == MOST_TIMES


async def test_the_page_has_the_limit_of_other_public_routes(tmp_path: Path) -> None:
    async with web_house(tmp_path, limits=Limits(requests_per_s=0.1)) as house:
        _, path = await answered(house, "1")
        for status in (200, 429):
            async with house.http.get(house.url + path) as response:
                assert (response.status, response.content_type) == (status, "text/html")
        assert int(response.headers["Retry-After"]) > 0


async def test_an_erased_or_withdrawn_ticket_is_a_page_that_says_so(house: WebHouse) -> None:
    erased, erased_path = await answered(house, "1")
    withdrawn, path = await answered(house, "2")
    async with house.http.get(house.url + path) as response:
        form = form_of(await response.text())
    async with house.http.get(house.url + erased_path) as response:
        erased_form = form_of(await response.text())
    assert (await house.ask("POST", f"/api/v1/tickets/{erased}/actions/erase", "admin"))[0] == 200
    await house.database.changes.execute(
        Change(ticket_id=withdrawn, ticket_fields={("status",): "withdrawn"}),
    )
    for method, where, data, status in (
        ("GET", erased_path, None, 404),
        ("POST", erased_path, {"form": erased_form, "satisfied": "5"}, 404),
        ("POST", path, {"form": form, "satisfied": "5"}, 409),
        ("GET", "/r/nothing", None, 404),
    ):
        for language, words in (("en-GB,en", 'lang="en"'), ("zh-CN", 'lang="zh"')):
            headers = {"Accept-Language": language}
            async with house.http.request(method, house.url + where, data=data, headers=headers) as response:
                page = await response.text()
                assert (response.status, response.content_type) == (status, "text/html")
                assert words in page
                assert "修好了" not in page
    assert await evaluations(house, withdrawn) == []
