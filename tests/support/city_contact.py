"""What becomes of one contact: its person, the centre and the units, each in their own time.

The commands are the gateway's own. Nobody reads what others are about to do: who comes too late is refused, as people
are.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any

from gateway.casework.await_dispatch import AwaitDispatch
from gateway.casework.case_work import WorkOnCase
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.case.dispatch import Decision
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied, Command
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import NewMessage
from gateway.domain.status import Status
from gateway.domain.task_status import Role, TaskVerb
from gateway.domain.words import Disposition
from gateway.domain.world import NewTicket
from gateway.errors import GatewayError
from gateway.intake.contact.accept import AcceptContact
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from tests.support.city_days import DAY, HOUR, MINUTE, ByRules, CityDays, LeaveToCentre
from tests.support.clocks import SHANGHAI
from tests.support.small_city import Need

NOT_OURS = "not_our_duty"
"""Why a unit returns its task."""


class Life:
    """What becomes of one contact, and who does it when."""

    def __init__(self, days: CityDays, number: int, *, ticket_id: str = "", now: datetime | None = None) -> None:
        """``now`` is its own time."""
        self._all, self._number, self.ticket_id = days, number, ticket_id
        self.now = now or days.begin
        self._chance = Random(f"{days.seed}:{number}")
        self._ids = count(1)
        self._urgent = False

    def _beside(self, life: Callable[[Life], Coroutine[Any, Any, None]]) -> None:
        """Somebody else does something about it from now on."""
        other = copy(self)  # what it has been given stays the same: its number, its ids
        other._chance = Random(self._chance.random())
        self._all.time.live(life(other))

    async def waits(self, least: timedelta, most: timedelta, *, unit: str | None = None) -> None:
        """Some time, more often short than long; for a unit until it works again."""
        share = min(self._chance.expovariate(3.0), 1.0)
        await self.until(self.now + least + (most - least) * share, unit=unit)

    async def until(self, at: datetime, *, unit: str | None = None) -> None:
        """Go on at ``at``, or when ``unit`` works again."""
        self.now = self._all.city.at_work(unit, at) if unit is not None else at
        await self._all.time.until(self.now)

    def likely(self, share: float) -> bool:
        """Whether something happens that happens so often."""
        return self._chance.random() < share

    async def do(self, kind: type[Any], name: str, **values: Any) -> Applied | None:
        """Tried until the store is there; None when it is refused."""
        while self._all.down(self.now):
            await self.waits(MINUTE, 5 * MINUTE)
        command = kind(at=self.now, ticket_id=self.ticket_id, **values)
        return await self._execute(command, name)

    async def _execute(self, command: Command, name: str) -> Applied | None:
        try:
            applied = await self._all.db.changes.execute(ByRules(command, self._all.city.rules))
        except GatewayError as error:
            self._all.refused[f"{name}: {error.code}"] += 1
            return None
        self._all.done[name if not applied.skipped else f"{name} in vain"] += 1
        return applied

    async def task(self, verb: TaskVerb, task_id: str, *, unit: str | None = None, **more: Any) -> bool:
        """A verb about a task; whether it was possible."""
        actor = f"unit:{unit}" if unit else "user:li"
        note = f"{self.ticket_id}-n{next(self._ids)}"
        values = {"actor": actor, "unit": unit, "task_id": task_id, "verb": verb, "note_id": note, **more}
        applied = await self.do(WorkOnTask, verb.value, **values)
        return applied is not None and not applied.skipped

    async def case(self, verb: CaseVerb, **more: Any) -> bool:
        """A verb about the whole."""
        note = f"{self.ticket_id}-n{next(self._ids)}"
        return await self.do(WorkOnCase, verb.value, actor="user:li", verb=verb, note_id=note, **more) is not None

    async def record(self) -> dict[str, Any]:
        """The ticket, as somebody sees it who looks."""
        while self._all.down(self.now):
            await self.waits(MINUTE, 5 * MINUTE)
        return await self._all.db.reader.ticket(self.ticket_id)

    async def version(self) -> int:
        """Of the ticket then."""
        version: int = (await self.record())["version"]
        return version

    # -- the person ---------------------------------------------------------------------------------------------------

    async def from_the_call_on(self, at: datetime) -> None:
        """Somebody turns to the city at ``at``."""
        await self.until(at)
        need, decision = self._all.city.need_of_ours(self._chance, at.astimezone(SHANGHAI).date())
        while self._all.down(self.now):
            await self.waits(MINUTE, 5 * MINUTE)
        command = self._contact(need)
        applied = await self._execute(command, "contact")
        assert applied is not None
        self.ticket_id = applied.ticket_id
        self._all.arrived[self.ticket_id], self._all.accepted[self.ticket_id] = at, self.now
        if self.likely(0.05):  # the channel has not heard that it was taken, and sends it again
            again = await self._execute(self._contact(need), "contact sent again")
            assert again is not None
            assert again.ticket_id == self.ticket_id
        await self.do(AwaitDispatch, "awaited")
        await self._taken_down(need, decision)

    def _contact(self, need: Need) -> AcceptContact:
        key = f"c{self._number}"
        own = f"{self._number:06d}"
        message = NewMessage(
            message_id=f"m{own}", direction="inbound", sent_at=self.now, text=need.form().demand.content,
            external_id=key,
        )  # fmt: skip
        return AcceptContact(
            at=self.now,
            key=ExternalKey(channel_id="web", external_id=key),
            ticket=NewTicket(
                ticket_id=f"t{own}",
                created_at=self.now,
                line="citizen",
                channel="platform",
                channel_id="web",
                empty=need.empty,
                requester_id=f"r{own}",
                people=(Identity(kind="phone", value=need.phone),),
                form=need.form(),
            ),
            interaction=Interaction(
                interaction_id=f"i{own}",
                channel="platform",
                channel_id="web",
                started_at=self.now,
                external_id=key,
                ended_at=self.now,
                disposition=Disposition.COMPLETED,
            ),
            messages=(message,),
        )

    async def _taken_down(self, need: Need, decision: Decision) -> None:
        """The centre looks at it."""
        await self.waits(MINUTE, 6 * MINUTE)
        rules = self._all.city.rules
        self._urgent = rules.is_urgent(need.form())
        if need.empty or need.type == "praise":
            await self.case(CaseVerb.ARCHIVE, reason="no_evaluation_needed")
        elif self.likely(0.03):
            await self.case(CaseVerb.INFORM, reason=self._chance.choice(("petition", "litigation", "answered")))
        elif self.likely(0.01):
            await self.case(CaseVerb.DEFLECT, reason="110")
        else:
            await self._given_out(decision)
            for share, then in ((0.03, Life._withdrawn), (0.06, Life._merged), (0.05, Life._corrected)):
                if self.likely(share):
                    self._beside(then)

    async def _withdrawn(self) -> None:
        await self.waits(HOUR, 20 * HOUR)
        await self.do(WithdrawTicket, "withdraw", actor="user:li", version=await self.version(), reason="settled")

    async def _merged(self) -> None:
        await self.waits(10 * MINUTE, 5 * HOUR)
        heads = sorted(self._all.arrived)
        head = self._chance.choice([one for one in heads if one < self.ticket_id] or heads)
        about: dict[str, Any] = {"actor": "user:li", "head": head}
        merged = await self.do(MergeTicket, "merge", version=await self.version(), **about)
        if merged is not None and self.likely(0.3):
            await self.waits(HOUR, 9 * HOUR)
            parted = await self.do(MergeTicket, "unmerge", version=await self.version(), undo=True, **about)
            if parted is not None:
                await self._centre_decides(())

    async def _corrected(self) -> None:
        await self.waits(30 * MINUTE, 30 * HOUR)
        path, value = self._chance.choice(
            (("demand.type", "consultation"), ("demand.type", "complaint"), ("demand.urgency", {"level": "urgent"}))
        )
        await self.do(CorrectTicket, "correct", actor="user:li", values={path: value}, told=(path,))

    # -- the centre ---------------------------------------------------------------------------------------------------

    async def _given_out(self, decision: Decision) -> None:
        if decision.lead is None:
            step = decision.trace[-1]
            await self.do(LeaveToCentre, "undecided", reason=step.reason.value)
            await self._centre_decides(decision.candidates)
        else:
            await self._dispatched(decision.units, decision.stage.value)

    async def _centre_decides(self, candidates: tuple[str, ...]) -> None:
        await self.waits(5 * MINUTE, 4 * HOUR)
        ours = [code for code in candidates if code in self._all.city.units] or self._all.city.units
        lead, other = self._chance.choice(ours), self._chance.choice(self._all.city.units)
        joint = ((other, Role.JOINT),) if other != lead and self.likely(0.2) else ()
        await self._dispatched(((lead, Role.LEAD), *joint), "centre")

    async def _dispatched(self, units: tuple[tuple[str, Role], ...], stage: str) -> None:
        offers = tuple(
            Offer(task_id=f"{self.ticket_id}-k{next(self._ids)}", unit=unit, role=role) for unit, role in units
        )
        applied = await self.do(
            DispatchTicket,
            "dispatch",
            actor="user:li",
            offers=offers,
            stage=stage,
            directory="directory:1",
            policy="policy:1",
        )
        if applied is not None:
            for offer in offers:
                self._beside(partial(Life._at_the_unit, task_id=offer.task_id, unit=offer.unit))

    async def _reviewed(self, task_id: str, unit: str) -> None:
        """异议审核: followed, not followed, or nobody has the time."""
        fate = self._chance.choices(("follow", "uphold", "silence"), (5, 3, 2))[0]
        if fate == "silence":
            await self.until(self.now + DAY + HOUR)
            await self._works_on(task_id, unit)
            return
        await self.waits(20 * MINUTE, 20 * HOUR)
        if fate == "follow":
            if await self.task(TaskVerb.ACCEPT, task_id):
                await self._centre_decides(())
        elif await self.task(TaskVerb.UPHOLD, task_id):
            if self.likely(0.4):
                await self.waits(MINUTE, HOUR, unit=unit)
                assert not await self.task(TaskVerb.RETURN, task_id, unit=unit, reason=NOT_OURS)  # 终审
            await self._works_on(task_id, unit)

    async def _answered_to_the_person(self) -> None:
        """The lead's words have gone on if it was the last to finish; of several units the centre tells."""
        if (await self.record())["status"] != Status.REPLIED:
            await self.waits(5 * MINUTE, 2 * HOUR)
            if not await self.case(CaseVerb.REPLY, text="您反映的问题已处理"):
                return
        await self._judged()

    async def _judged(self) -> None:
        """评价; then 归档 or 重办."""
        if not self.likely(0.6):
            await self.until(self.now + 3 * DAY)
            await self.case(CaseVerb.ARCHIVE, reason="unreachable")
            return
        await self.waits(HOUR, 30 * HOUR)
        score = self._chance.choices((1, 2, 3, 4, 5), (6, 6, 10, 30, 48))[0]
        if not await self.case(CaseVerb.EVALUATE, satisfied=score, channel="sms"):
            return
        await self.waits(5 * MINUTE, 3 * HOUR)
        if score > 2 or self.likely(0.3):
            await self.case(CaseVerb.ARCHIVE, reason="evaluated")
        elif await self.case(CaseVerb.REOPEN, reason="not_solved"):
            for task in (await self.record())["handling"]["units"]:
                if task["status"] == "sent_back":
                    self._beside(partial(Life._works_on, task_id=task["task_id"], unit=task["unit"]))

    # -- the units ----------------------------------------------------------------------------------------------------

    async def _at_the_unit(self, task_id: str, unit: str) -> None:
        slow = self._all.city.slow[unit]
        if self._urgent:
            await self.waits(3 * MINUTE, 70 * MINUTE * slow)
            verb = self._chance.choice((TaskVerb.RESPOND, TaskVerb.ARRIVE))
            if await self.task(verb, task_id, unit=unit):
                await self._works_on(task_id, unit)
        elif self.likely(0.03 * slow):  # nobody looks
            await self.until(self.now + 3 * HOUR)
            if self.likely(0.5):
                await self._given_to_another(task_id)
        else:
            await self.waits(2 * MINUTE, 60 * MINUTE * slow, unit=unit)
            if not await self.task(TaskVerb.SIGN, task_id, unit=unit):
                return
            if self.likely(0.08):
                await self.waits(MINUTE, 5 * HOUR, unit=unit)
                if await self.task(TaskVerb.RETURN, task_id, unit=unit, reason=NOT_OURS, text="不属于我单位职责"):
                    await self._reviewed(task_id, unit)
                return
            if self.likely(0.04):
                await self.waits(HOUR, 10 * HOUR)
                await self._given_to_another(task_id)
                return
            await self._works_on(task_id, unit)

    async def _given_to_another(self, task_id: str) -> None:
        """改派."""
        unit = self._chance.choice(self._all.city.units)
        roles = {one["task_id"]: Role(one["role"]) for one in (await self.record())["handling"]["units"]}
        to = Offer(task_id=f"{self.ticket_id}-k{next(self._ids)}", unit=unit, role=roles[task_id])
        if await self.task(TaskVerb.REASSIGN, task_id, reason="wrong_unit", to=to, directory="directory:1"):
            await self._at_the_unit(to.task_id, unit)

    async def _works_on(self, task_id: str, unit: str) -> None:
        """Until it replies."""
        slow = self._all.city.slow[unit]
        if self.likely(0.03):  # it is forgotten
            return
        if self.likely(0.06):
            await self.waits(HOUR, 10 * HOUR, unit=unit)
            if await self.task(TaskVerb.PAUSE, task_id, unit=unit, reason="materials"):
                await self.waits(10 * MINUTE, 5 * HOUR)
                if self.likely(0.2):
                    await self.task(TaskVerb.UPHOLD, task_id)
                elif await self.task(TaskVerb.PAUSE, task_id, reason="materials"):
                    await self.waits(HOUR, 40 * HOUR, unit=unit)
                    await self.task(TaskVerb.RESUME, task_id, unit=unit)
        if self.likely(0.06):
            await self.waits(HOUR, 12 * HOUR, unit=unit)
            until = self.now + 2 * DAY
            await self.task(TaskVerb.EXTEND, task_id, reason="materials", until=until)
        await self.waits(20 * MINUTE, 50 * HOUR * slow, unit=unit)
        if not await self.task(TaskVerb.REPLY, task_id, unit=unit, text="已处理", solved=self.likely(0.9)):
            return
        if self.likely(0.05):
            await self.waits(10 * MINUTE, 3 * HOUR)
            if await self.task(TaskVerb.SEND_BACK, task_id, reason="incomplete"):
                await self._works_on(task_id, unit)
                return
        await self._answered_to_the_person()
