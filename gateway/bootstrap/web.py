"""Wires what comes by HTTP: API, desk, hooks, chat, Open311, health and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gateway.bootstrap.cases import acting
from gateway.bootstrap.erasure import erasure
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.written import WrittenContacts
from gateway.casework.judging_links import JudgingLinks
from gateway.intake.ticket.similar import SimilarTickets
from gateway.telemetry.alarms import Ringing
from gateway.web.app import build_app
from gateway.web.reportable import Open311, read_services
from gateway.web.services import CaseServices, WebServices


class Web:
    """The part that serves HTTP."""

    def __init__(self, base: Foundation, written: WrittenContacts) -> None:
        """Starts nothing. ``ConfigError`` for wrong tables of the configuration's folder."""
        self._base = base
        self._written = written
        self.similar = SimilarTickets(
            store=base.database.words, clock=base.clock, next_commit=base.database.committed.next
        )
        self.acting = acting(base.settings, base.tables, written.known, base.clock)
        self.open311 = Open311(
            services=read_services(base.settings.config_dir / "open311_services.csv"),
            jurisdiction_id=base.settings.open311.jurisdiction_id,
            contact=base.settings.open311.contact,
            public=base.settings.open311.public,
        )

    def app(
        self,
        *,
        ready: Callable[[], Awaitable[dict[str, bool]]],
        metrics: Callable[[], Awaitable[bytes]],
        alarms: Callable[[], Awaitable[list[Ringing]]],
        channels: Callable[[], Awaitable[list[dict[str, Any]]]],
    ) -> web.Application:
        """The application; the functions tell of every process of this machine."""
        base, settings, database = self._base, self._base.settings, self._base.database
        return build_app(
            WebServices(
                intake=self._written.intake,
                store=database.changes,
                reader=database.reader,
                users=database.users,
                sessions=database.sessions,
                tokens=database.tokens,
                login_attempts=database.login_attempts,
                devices=database.devices,
                audit=database.audit,
                deliveries=database.deliveries,
                refused_calls=database.refused_calls,
                notices=database.unit_notices,
                recordings=base.recordings,
                ready=ready,
                clock=base.clock,
                metrics=metrics,
                alarms=alarms,
                public_url=settings.http.public_url,
                session_ttl_s=settings.http.session_ttl_s,
                session_idle_s=settings.http.session_idle_s,
                trusted_proxies=settings.http.trusted_proxies,
                zone=settings.zone,
                similar=self.similar,
                channels=base.here,
                widget_channel=base.configured.widget,
                attachments=database.attachments,
                files=base.files,
                cases=CaseServices(acting=self.acting, lists=database.case_lists, overdue=database.case_clocks),
                erasure=erasure(settings, database),
                channels_report=channels,
                sources=base.configured.sources,
                catalogue=self._written.known,
                open311=self.open311,
                judging=JudgingLinks(database.channel_states, settings.http.public_url),
            )
        )
