"""The ways by which replies reach their requesters, as the configuration has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.bootstrap.foundation import Foundation
from gateway.casework.judging_links import JudgingLinks
from gateway.casework.reply_teller import ReplyWays
from gateway.domain.case.reply_plan import QuietHours
from gateway.domain.reply_window import ReplyWindow
from gateway.ports.channel import ChannelSpec

_ANY = 1_000_000
"""As many messages as one likes."""


def reply_ways(base: Foundation, links: JudgingLinks) -> ReplyWays:
    """Read anew for each reply: channels come and go while the process runs."""
    settings, configured = base.settings, base.configured
    begin, end = settings.conversations.quiet
    talking = {one.channel_id: one.spec for one in configured.all if one.spec.converses and one.source is None}
    return ReplyWays(
        windows={channel_id: _window(spec) for channel_id, spec in talking.items()},
        patient=frozenset(channel_id for channel_id, spec in talking.items() if spec.window is None),
        sources=frozenset(configured.called_back),
        sms=configured.reaching_phones,
        quiet=QuietHours(begin=begin, end=end, zone=settings.zone),
        is_urgent=base.tables.rules.is_urgent,
        callback_due=timedelta(seconds=settings.calls.callback_due_s),
        links=links,
    )


def _window(spec: ChannelSpec[Any]) -> ReplyWindow | None:
    if spec.window is None and spec.read_for_s is not None:
        return ReplyWindow(messages=_ANY, within_s=spec.read_for_s)
    return spec.window
