"""Progress by number and verification on any account; of a merged ticket it is that of the one it went into."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.casework.case_work import WorkOnCase
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import new_ulid
from gateway.domain.task_status import Role, TaskVerb
from gateway.intake.ticket.merge import MergeTicket
from tests.contract.conversations.house import PHONE, ConversationHouse

pytestmark = pytest.mark.contract
LAST = PHONE[0].value[-4:]


async def taken(house: ConversationHouse, key: str = "1", sender: str = "li", **more: Any) -> dict[str, Any]:
    """A demand that somebody wrote, whose conversation is over."""
    record = await house.say(key, "龙华区国贸路10号路灯不亮", sender=sender, identities=PHONE, **more)
    house.clock.forward(3600)
    await house.idle.close_due()
    return record


async def told(house: ConversationHouse, key: str, text: str, sender: str = "zhao") -> str:
    """What a stranger is answered."""
    await house.say(key, text, sender=sender)
    return (await house.answers(sender))[-1]


async def dispatched(house: ConversationHouse, record: dict[str, Any], task_id: str, unit: str, role: Role) -> None:
    await house.database.changes.execute(
        DispatchTicket(
            at=house.clock.now(),
            actor="user:wang",
            ticket_id=record["ticket_id"],
            offers=(Offer(task_id=task_id, unit=unit, role=role),),
            stage="function",
            directory="directory:1",
            policy="policy:0",
        )
    )


async def test_nobody_is_promised_what_a_unit_owed_that_gave_the_task_back(house: ConversationHouse) -> None:
    """Not who asks by number, nor whoever wrote it."""
    record = await taken(house)
    await dispatched(house, record, "k1", "M02", Role.LEAD)
    house.clock.forward(3600)
    await dispatched(house, record, "k2", "M07", Role.JOINT)
    for verb, actor in ((TaskVerb.RETURN, "unit:M02"), (TaskVerb.ACCEPT, "user:wang")):
        command = WorkOnTask(
            at=house.clock.now(),
            actor=actor,
            ticket_id=record["ticket_id"],
            task_id="k1",
            verb=verb,
            note_id=new_ulid(),
            reason="not_ours",
        )
        await house.database.changes.execute(command)
    await told(house, "2", record["ticket_no"])
    for answer in (await told(house, "3", LAST), await told(house, "4", "查进度", sender="li")):
        assert "应于11月25日14:00前答复" in answer


async def test_number_and_last_four_digits_tell_the_stage_the_unit_and_the_day(house: ConversationHouse) -> None:
    record = await taken(house)
    await dispatched(house, record, "k1", "M02", Role.LEAD)
    assert "后四位" in await told(house, "2", record["ticket_no"])
    answer = await told(house, "3", LAST)
    assert "等待签收" in answer
    assert "承办单位：水务局。" in answer
    assert "应于11月25日13:00前答复" in answer
    assert "路灯" not in answer
    events = await house.database.reader.events()
    assert [one["data"]["of"] for one in events if one["type"] == "ticket.progress_asked"] == [record["ticket_id"]]


async def test_both_in_one_message(house: ConversationHouse) -> None:
    record = await taken(house)
    answer = await told(house, "2", f"{record['ticket_no']} {LAST}")
    assert "已登记，等待派单" in answer
    assert len((await house.database.reader.ticket(record["ticket_id"]))["interactions"]) == 1


async def test_a_wrong_number_and_a_wrong_verification_are_answered_alike(house: ConversationHouse) -> None:
    record = await taken(house)
    wrong = await told(house, "2", f"{record['ticket_no']} 0000", "zhao")
    unknown = await told(house, "3", f"20261123-9999999 {LAST}", "qian")
    assert wrong.splitlines()[-1] == unknown.splitlines()[-1]
    asked = [
        await told(house, f"4{nth}", number, f"s{nth}")
        for nth, number in enumerate((record["ticket_no"], "202611239999999"))
    ]
    assert asked[0].splitlines()[-1] == asked[1].splitlines()[-1]


async def test_the_third_wrong_one_in_ten_minutes_locks(house: ConversationHouse) -> None:
    record = await taken(house)
    for nth in range(3):
        assert "不符" in await told(house, f"w{nth}", f"{record['ticket_no']} 000{nth}")
    assert "过一会儿" in await told(house, "w5", f"{record['ticket_no']} {LAST}")
    house.clock.forward(20 * 60)
    assert "等待派单" in await told(house, "w6", f"{record['ticket_no']} {LAST}")


async def test_nobody_tries_one_ticket_out_from_many_accounts(house: ConversationHouse) -> None:
    record = await taken(house)
    for nth in range(10):
        await told(house, f"w{nth}", f"{record['ticket_no']} 000{nth}", f"account{nth}")
    assert "过一会儿" in await told(house, "w11", f"{record['ticket_no']} {LAST}", "another")


async def merged(house: ConversationHouse) -> tuple[dict[str, Any], dict[str, Any]]:
    head = await taken(house, "1", "wang")
    own = await house.say("2", "龙华区国贸路10号路灯不亮", sender="li")
    house.clock.forward(3600)
    await house.idle.close_due()
    own = await house.database.reader.ticket(own["ticket_id"])
    merge = MergeTicket(
        at=house.clock.now(),
        actor="user:wang",
        ticket_id=own["ticket_id"],
        head=head["ticket_id"],
        version=own["version"],
    )
    await house.database.changes.execute(merge)
    return head, own


@pytest.mark.parametrize("text", ["进度", "{number}"])
async def test_progress_of_a_merged_ticket_is_that_of_the_head(house: ConversationHouse, text: str) -> None:
    head, own = await merged(house)
    reply = WorkOnCase(
        at=house.clock.now(),
        actor="user:wang",
        ticket_id=head["ticket_id"],
        verb=CaseVerb.REPLY,
        text="修好了",
        note_id=new_ulid(),
    )
    await house.database.changes.execute(reply)
    answer = await told(house, "3", text.format(number=own["ticket_no"]), "li")
    assert "承办单位已答复" in answer
    assert f"{own['ticket_no'][:8]}-{own['ticket_no'][8:]}" in answer


@pytest.mark.parametrize(
    ("text", "kind"), [("怎么还没修好，{number}", "ticket.urged"), ("{number} 补充：在小区门口", "ticket.added_to")]
)
async def test_a_message_to_a_merged_number_lands_on_the_head(house: ConversationHouse, text: str, kind: str) -> None:
    head, own = await merged(house)
    await house.say("3", text.format(number=own["ticket_no"]), sender="li")
    events = await house.database.reader.events(ticket_id=head["ticket_id"])
    assert [one["data"]["of"] for one in events if one["type"] == kind] == [own["ticket_id"]]
    assert "小区门口" not in str((await house.database.reader.ticket(head["ticket_id"]))["demand"])


async def test_a_word_withdraws_only_ones_own_ticket(house: ConversationHouse) -> None:
    head, own = await merged(house)
    await house.say("3", f"撤销 {own['ticket_no']}", sender="li")
    await house.say("4", "是", sender="li")
    assert (await house.database.reader.ticket(head["ticket_id"]))["status"] == "registered"
    assert (await house.database.reader.ticket(own["ticket_id"]))["status"] == "merged"
