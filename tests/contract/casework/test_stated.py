"""What the centre states, and what is told in its place: crossing duties, scripts of 告知, who reviewed a return."""

from __future__ import annotations

import pytest

from gateway.domain.case.verbs import CaseVerb
from gateway.domain.events import event_of
from gateway.domain.fold import recounted
from gateway.domain.ids import from_rfc3339
from gateway.domain.task_status import TaskVerb
from gateway.domain.words import Crossing
from gateway.errors import Conflict
from gateway.storage.database import Database
from tests.contract.casework.test_acting import POLICY_TEXT, Centre
from tests.support.clocks import SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]
PLACE = {("place", "district"): {"code": "460108"}, ("place", "street"): {"code": "460108101"}}
SCRIPTS = """
scripts:
  litigation: {zh: 请向人民法院提起诉讼。, en: Please go to court.}
"""


@pytest.fixture
async def centre(db: Database, clock: SetClock) -> Centre:
    made = Centre(db, clock)
    await made.open(POLICY_TEXT + SCRIPTS)
    return made


async def test_the_centre_states_that_enforcement_crosses_and_the_town_leads(centre: Centre) -> None:
    await centre.registered("0101", fields=PLACE)
    await centre.case(CaseVerb.DISPATCH, crossing=Crossing.ENFORCEMENT)
    handling = (await centre.record())["handling"]
    assert handling["crossing"] == "enforcement"
    assert [(one["unit"], one["role"]) for one in handling["units"]] == [("T1", "lead"), ("M02", "joint")]
    assert handling["routing_trace"][-1]["rule"] == "town_leads"
    decided = centre.acting.dispatcher.suggest(await centre.record()).decision
    assert decided.lead == "T1", "what is decided later goes by it, too"


async def test_that_functions_cross_is_kept_where_no_unit_follows_from_it(centre: Centre) -> None:
    await centre.registered("0605", fields=PLACE)
    assert centre.acting.dispatcher.suggest(await centre.record(), Crossing.ENFORCEMENT).decision.lead == "T1"
    assert centre.acting.dispatcher.suggest(await centre.record()).decision.lead is None
    await centre.case(CaseVerb.DISPATCH, crossing=Crossing.FUNCTION)
    record = await centre.record()
    assert (record["handling"]["crossing"], record["status"]) == ("function", "classified")
    await centre.case(CaseVerb.DISPATCH, crossing=Crossing.FUNCTION)
    assert (await centre.record())["version"] == record["version"], "said twice it is so already"


async def test_the_centre_that_is_to_decide_already_states_it_with_a_unit(centre: Centre) -> None:
    await centre.registered("0605")
    await centre.case(CaseVerb.DISPATCH)
    with pytest.raises(Conflict, match="name the unit"):
        await centre.case(CaseVerb.DISPATCH, crossing=Crossing.FUNCTION)
    await centre.case(CaseVerb.DISPATCH, crossing=Crossing.FUNCTION, unit="M08", joint=("M09",), reason="duty")
    handling = (await centre.record())["handling"]
    assert (handling["crossing"], handling["lead_unit"], len(handling["units"])) == ("function", "M08", 2)


async def test_who_is_informed_without_words_is_told_the_script_in_their_language(centre: Centre) -> None:
    for language, words in ((None, "请向人民法院提起诉讼。"), ("en", "Please go to court.")):
        await centre.registered(fields={("requester", "language"): language})
        await centre.case(CaseVerb.INFORM, reason="litigation")
        record = await centre.record()
        assert (record["status"], record["outcome"]["public_reply"]) == ("informed", words)
        (note,) = await centre.db.case_lists.notes(centre.ticket_id)
        assert (note.kind.value, note.text) == ("reply", words)
        assert [one["reply_id"] for one in record["handling"]["replies"]] == [note.note_id]


async def test_own_words_go_before_the_script_and_without_either_nobody_is_told(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.INFORM, reason="litigation", text="请到美兰区人民法院。")
    assert (await centre.record())["outcome"]["public_reply"] == "请到美兰区人民法院。"
    await centre.registered()
    await centre.case(CaseVerb.INFORM, reason="answered")
    assert (await centre.record())["outcome"]["public_reply"] is None


async def test_who_reviewed_a_return_and_how_often_it_was_given_on_stand_in_the_record(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    await centre.task(TaskVerb.RETURN, reason="not_ours")
    (asked,) = (await centre.record())["handling"]["units"][0]["returns"]
    assert (asked["reviewed_at"], asked["reviewed_by"]) == (None, None)
    centre.clock.forward(60)
    await centre.task(TaskVerb.UPHOLD)
    (upheld,) = (await centre.record())["handling"]["units"][0]["returns"]
    assert (upheld["upheld"], upheld["reviewed_by"]) == (True, "user:li")
    await centre.task(TaskVerb.RETURN, reason="unclear")
    centre.clock.forward(60)
    await centre.task(TaskVerb.REASSIGN, unit="M08", reason="duty")
    await centre.task(TaskVerb.REASSIGN, unit="M09", reason="duty")
    handling = (await centre.record())["handling"]
    assert handling["reassigned"] == 2
    first, second = handling["units"][0]["returns"]
    assert first == upheld, "what was decided before stays as it was"
    assert (second["upheld"], second["reviewed_by"]) == (False, "user:li")
    assert first["reviewed_at"] < second["reviewed_at"]
    events = await centre.db.reader.events(ticket_id=centre.ticket_id)
    told = [(None, event_of(one["type"], from_rfc3339(one["at"]), one["actor"], one["data"])) for one in events]
    assert recounted(told)["handling.reassigned"] == 2
