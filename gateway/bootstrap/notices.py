"""Wires notices to units: who makes them, the ways by which they leave, and who sends."""

from __future__ import annotations

import random
from collections.abc import Mapping

from gateway.bootstrap.foundation import Foundation
from gateway.casework.notices.following import NoticeFollower
from gateway.casework.notices.hours import ReceivingHours, UnitsInForce
from gateway.casework.notices.wording import Wording
from gateway.casework.notices.worker import NoticeWorker
from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.receivers import NoticeWay, Posts
from gateway.domain.form import Form
from gateway.domain.hours import parse_span
from gateway.notifying.mail import MailSender, MailServer
from gateway.notifying.robot import RobotSender
from gateway.notifying.texts import TextSender
from gateway.ports.notices import NoticeSender, Pace
from gateway.settings.sections import NoticesSection

LEASE = ":notices"
"""No channel can be called so."""


class UnitNotices:
    """One process's part in them."""

    def __init__(self, base: Foundation) -> None:
        """Starts nothing. ``ConfigError`` for an ``sms_channel`` that is none."""
        settings, database, given = base.settings, base.database, base.settings.notices

        async def units() -> UnitsInForce:
            await base.tables.refresh()  # contacts that were imported just now count for what happens just now
            return UnitsInForce(directory=base.tables.in_force.directory, calendars=base.tables.rules.calendars)

        def is_urgent(form: Form) -> bool:
            return base.tables.rules.is_urgent(form)

        hours = ReceivingHours(
            units=units,
            # On holidays, too: nobody says of these hours that they are somebody's work.
            usual=WorkCalendar(code="notices", zone=settings.zone, spans=tuple(map(parse_span, given.hours))),
        )
        self.following = NoticeFollower(
            store=database.unit_notices,
            read=lambda after: database.reader.events(after=after),
            begin=database.reader.last_event_seq,
            cursors=database.channel_states,
            next_commit=database.committed.next,
            posts=Posts(centre=given.centre or None, supervision=given.supervision or None),
            ways=frozenset(_senders(base, given)),
            hours=hours,
            is_urgent=is_urgent,
            clock=base.clock,
            lease=base.lease(LEASE),
        )
        """Runs in a worker."""
        self.sending = NoticeWorker(
            store=database.unit_notices,
            make_senders=lambda: _senders(base, given),
            wording=Wording(
                language=given.language,
                zone=settings.zone,
                link=f"{settings.public_url}/unit/",
                desk=f"{settings.public_url}/desk/",
                at_desk={given.centre, given.supervision} - {""},
            ),
            hours=hours,
            pace=Pace(urgent_s=given.urgent_pause_s, ordinary_s=given.pause_s),
            clock=base.clock,
            owner=base.process.owner,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        """Runs in every process of written channels: a channel's connection is in one of them."""


def _senders(base: Foundation, given: NoticesSection) -> Mapping[NoticeWay, NoticeSender]:
    senders: dict[NoticeWay, NoticeSender] = {}
    if (sms := base.configured.texting(given.sms_channel, "notices.sms_channel")) is not None:
        senders[NoticeWay.SMS] = TextSender(sms, lambda: base.here.text(sms))
    if (server := MailServer.of(given)) is not None:
        senders[NoticeWay.EMAIL] = MailSender(server)
    if given.robot_url:
        senders[NoticeWay.WECOM] = RobotSender(given.robot_url, timeout_s=given.timeout_s)
    return senders
