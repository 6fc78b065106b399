"""Every single fault that a gateway has to bear: how it is told, and where it is injected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row. ``kept`` is what is not lost by it, as ``tests`` prove, which inject it."""

    name: str
    alarm: str | None
    """Of ``gateway.telemetry.alarms``; None: nothing of the gateway that runs is touched by it."""
    of: str | None = None
    """The value of the alarm's label."""
    log: str = ""
    """The event that tells why; the alarm's own name is logged besides, where its row says so. Empty: that alone."""
    keys: Mapping[str, object] = field(default_factory=dict)
    """Keys of that line."""
    doctor: str = ""
    """The line of ``gateway doctor``; empty: it has none for what another process is refused."""
    status: str = "fail"
    kept: str
    tests: tuple[str, ...]
    """``file::function`` beneath ``tests/``."""


OUTSIDE = "integration/faults/test_one_night.py::"
ELSEWHERE = "integration/roles/test_recognisers_elsewhere.py::"
WORKER = "contract/feeds/test_worker.py::"
FAULTS = (
    Fault(
        name="second start",
        alarm=None,
        kept="processes, sockets and files of the first one",
        tests=("integration/roles/test_processes.py::test_a_second_start_on_the_same_folder_touches_nothing",),
    ),
    Fault(
        name="dead models",
        alarm="process_down",
        of="asr-0",
        log="child_died",
        keys={"child": "asr-0"},
        doctor="models.sha256",
        kept="calls and contacts are taken, recordings become text later",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            "unit/cli/test_doctor.py::test_a_flipped_byte_of_a_model_is_a_failure",
            f"{ELSEWHERE}test_a_call_goes_on_without_a_recogniser_and_its_words_come_when_there_is_one",
        ),
    ),
    Fault(
        name="recogniser gone",
        alarm="recogniser_unusable",
        log="recogniser_unusable",
        doctor="provider.asr",
        kept="no word: it is recognised by another one, or later",
        tests=(
            "integration/roles/test_degraded.py::test_what_is_away_is_named_while_people_get_through",
            "integration/recognition/test_pool.py::test_machines_that_are_killed_and_come_back_cost_no_word",
        ),
    ),
    Fault(
        name="full disk",
        alarm="part_down",
        of="sql",
        log="database_failed",
        keys={"sqlite": "SQLITE_FULL"},
        doctor="disk.free",
        kept="every contact that was acknowledged; what was refused is taken when there is room",
        tests=(
            "integration/faults/test_full_disk.py::test_a_full_disk_refuses_clearly_loses_nothing_and_goes_on_when_freed",
            "integration/storage/test_disk_and_server.py::test_a_full_disk_refuses_and_recovers",
        ),
    ),
    Fault(
        name="clock jump",
        alarm="clock_wrong",
        doctor="sql.clock",
        status="warn",
        kept="calls, leases, recordings and events, however the clock leaps",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            f"{OUTSIDE}test_nothing_was_lost_and_nothing_came_twice",
            "integration/roles/test_housekeeping.py::test_a_clock_that_leaped_deletes_nothing",
            "crash/test_split_roles.py::test_every_fault_once",
        ),
    ),
    Fault(
        name="wrong secret",
        alarm="feed_held",
        of="secret",
        log="feed_held",
        keys={"feed": "secret", "cause": "key", "http_status": 401},
        doctor="provider.feed",
        status="warn",
        kept="every event, in order, once",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            f"{OUTSIDE}test_nothing_was_lost_and_nothing_came_twice",
            "integration/feeds/test_webhook.py::test_a_wrong_secret_is_no_events_fault",
        ),
    ),
    Fault(
        name="wrong URL",
        alarm="feed_held",
        of="address",
        log="feed_held",
        keys={"feed": "address", "cause": "address", "http_status": 404},
        doctor="provider.feed",
        status="warn",
        kept="every event, in order, once",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            f"{OUTSIDE}test_nothing_was_lost_and_nothing_came_twice",
            "integration/feeds/test_webhook.py::test_nobodys_event_is_at_fault",
        ),
    ),
    Fault(
        name="expired certificate",
        alarm="feed_held",
        of="certificate",
        log="feed_held",
        keys={"feed": "certificate", "cause": "certificate"},
        doctor="provider.feed",
        kept="every event, in order, once; no word of a call",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            f"{OUTSIDE}test_nothing_was_lost_and_nothing_came_twice",
            "integration/recognition/test_pool.py::test_machines_that_are_killed_and_come_back_cost_no_word",
            "unit/cli/test_doctor.py::test_the_end_of_a_certificate_is_told_a_month_before",
        ),
    ),
    Fault(
        name="receiver down with 20,000 events waiting",
        alarm="feed_held",
        of="down",
        log="feed_held",
        keys={"feed": "down", "cause": "down"},
        doctor="provider.feed",
        kept="every event, in its ticket's order, once; a few in hand at a time",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            f"{OUTSIDE}test_nothing_was_lost_and_nothing_came_twice",
            "integration/faults/test_many_waiting.py::test_twenty_thousand_events_come_in_order_once_and_few_at_a_time",
            f"{WORKER}test_a_receiver_that_is_down_is_not_asked_once_for_each_of_thousands",
        ),
    ),
    Fault(
        name="revoked token",
        alarm="channel_token_failed",
        of="bot",
        doctor="provider.telegram",
        kept="messages to people wait in the outbox; the provider keeps those to us",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            "integration/roles/test_degraded.py::test_what_is_away_is_named_while_people_get_through",
        ),
    ),
    Fault(
        name="Valkey gone",
        alarm="valkey_down",
        log="wakeups_without_valkey",
        doctor="redis.reachable",
        kept="everything: the record is SQL's, wake-ups go by the database",
        tests=(
            f"{OUTSIDE}test_each_fault_is_told",
            f"{OUTSIDE}test_nothing_was_lost_and_nothing_came_twice",
            "integration/feeds/test_stream.py::test_a_stream_feed_goes_on_when_valkey_is_back",
        ),
    ),
    Fault(
        name="SQL gone",
        alarm="part_down",
        of="sql",
        log="database_failed",
        doctor="sql.reachable",
        kept="every contact that was acknowledged; what was refused is taken when it is asked again",
        tests=(
            f"{OUTSIDE}test_sql_that_is_gone_is_told_and_what_was_refused_is_taken_afterwards",
            "integration/storage/test_disk_and_server.py::test_a_server_that_goes_away_and_comes_back",
            "crash/test_split_roles.py::test_every_fault_once",
        ),
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
