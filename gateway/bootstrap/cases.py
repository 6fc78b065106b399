"""Wires what is done about cases: commands of people, automatic dispatch, clocks."""

from __future__ import annotations

from gateway.casework.acting import Acting
from gateway.casework.automatic import AutomaticDispatch
from gateway.casework.clock_worker import ClockWorker
from gateway.casework.dispatcher import Dispatcher
from gateway.casework.fire_clock import FireClock
from gateway.casework.tables_in_force import TablesInForce
from gateway.ports.case_clocks import DueClock
from gateway.ports.clock import Clock
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.web.catalogue import Catalogue


def acting(settings: Settings, tables: TablesInForce, known: Catalogue, clock: Clock) -> Acting:
    """Who makes the commands of what people do."""
    dispatcher = Dispatcher(tables=tables, categories=known.categories_to_stay_at, zone=settings.zone, clock=clock)
    return Acting(dispatcher=dispatcher, clock=clock)


def clock_worker(database: Database, owner: str) -> ClockWorker:
    """What fires clocks."""

    def fire(due: DueClock) -> FireClock:
        return FireClock(at=due.found_at, ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at)

    return ClockWorker(due=database.case_clocks, commands=database.changes, fire=fire, owner=owner)


def automatic_dispatch(database: Database, acting: Acting, clock: Clock) -> AutomaticDispatch:
    """What dispatches without people, where the policy allows it, or lets tickets wait for people."""
    return AutomaticDispatch(
        dispatcher=acting.dispatcher,
        store=database.changes,
        reader=database.reader,
        cursors=database.channel_states,
        next_commit=database.committed.next,
        clock=clock,
    )
