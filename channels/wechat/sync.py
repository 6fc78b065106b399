"""微信客服: messages are read from a durable cursor; a callback only says that there are some."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from channels.wechat import customer_service
from channels.wechat.api import Api
from channels.wechat.official import Origin
from channels.wechat.refusals import UnreadableCallback
from channels.wechat.settings import WechatSettings
from gateway.errors import (
    Conflict,
    PermanentDeliveryError,
    RejectedInput,
    StoreUnavailable,
    TransientDeliveryError,
)
from gateway.ports.clock import Clock
from gateway.ports.message import TextServices
from gateway.telemetry import log

_log = log.get("wechat")

_PAGE = 200
_LOCK_S = 120.0
_ACCOUNTS = "kf:accounts"
_OTHERS_S = 1.0
"""Another process reads this account; it may have looked before our callback came, so we look again."""
_LONGEST_BACK_OFF_S = 60.0


class MessageSync:
    """Reads every account of one channel; one reader per account over all processes.

    WeCom keeps messages for three days: what was missed while we were away is read at the start.
    """

    def __init__(
        self, settings: WechatSettings, *, channel_id: str, api: Api, services: TextServices, clock: Clock
    ) -> None:
        self._settings = settings
        self._channel_id = channel_id
        self._api = api
        self._text = services
        self._clock = clock
        self._wakes: dict[str, asyncio.Event] = {account: asyncio.Event() for account in settings.open_kfids}
        self._tokens: dict[str, str] = {}
        self._stored: frozenset[str] = frozenset()
        self._readers: asyncio.TaskGroup | None = None

    async def announce(self, account: str, token: str | None) -> None:
        """There is something for ``account``. Returns when the account is durably known: then nothing can be missed."""
        if account not in self._stored:
            await self._remember(account)
        if token:
            self._tokens[account] = token
        wake = self._wakes.get(account)
        if wake is None:
            wake = self._wakes[account] = asyncio.Event()
            if self._readers is not None:
                self._readers.create_task(self._read(account, wake), name=f"wechat-kf-{self._channel_id}")
        wake.set()

    async def run(self) -> None:
        """Read until cancelled."""
        self._stored = frozenset(await self._accounts())
        for account in self._stored:
            self._wakes.setdefault(account, asyncio.Event())
        async with asyncio.TaskGroup() as readers:
            self._readers = readers
            try:
                for account, wake in self._wakes.items():
                    readers.create_task(self._read(account, wake), name=f"wechat-kf-{self._channel_id}")
                await asyncio.get_running_loop().create_future()
            finally:
                self._readers = None

    async def _accounts(self) -> list[str]:
        stored = await self._text.state.get(_ACCOUNTS)
        return [account for account in json.loads(stored or "[]") if isinstance(account, str)]

    async def _remember(self, account: str) -> None:
        while True:
            async with self._text.cache.lock(f"wechat:{self._channel_id}:{_ACCOUNTS}", _LOCK_S) as ours:
                if ours:
                    known = {*await self._accounts(), account}
                    await self._text.state.put(_ACCOUNTS, json.dumps(sorted(known)))
                    self._stored = frozenset(known)
                    return
            await asyncio.sleep(_OTHERS_S / 20)

    async def _read(self, account: str, wake: asyncio.Event) -> None:
        """Read whenever there is something, and now and then without being told."""
        failures = 0
        pause_s: float | None
        while True:
            wake.clear()
            try:
                ours = await self._sync(account)
            except (StoreUnavailable, TransientDeliveryError, PermanentDeliveryError) as error:
                pause_s = min(_LONGEST_BACK_OFF_S, getattr(error, "retry_after_s", None) or 2.0**failures)
                failures = min(failures + 1, 6)
                _log.warning("wechat_sync_failed", retry_in_s=pause_s, exc_info=error)
                await asyncio.sleep(pause_s)
                continue
            failures = 0
            pause_s = (self._settings.sync_every_s or None) if ours else _OTHERS_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await wake.wait()

    async def _sync(self, account: str) -> bool:
        """Read all there is; False when another process is doing so."""
        async with self._text.cache.lock(f"wechat:{self._channel_id}:kf:{account}", _LOCK_S) as ours:
            if not ours:
                return False
            key = f"kf:cursor:{account}"
            cursor = await self._text.state.get(key)
            more = True
            while more:
                answer = await self._page(account, cursor)
                listed = answer.get("msg_list")
                for item in listed if isinstance(listed, list) else []:
                    await self._take(item)
                following = answer.get("next_cursor")
                more = answer.get("has_more") == 1
                if isinstance(following, str) and following and following != cursor:
                    # Only now: what the cursor has passed is never read again.
                    await self._text.state.put(key, following)
                    cursor = following
                elif more:
                    raise TransientDeliveryError("sync_msg: more, but the cursor stands still")
            return True

    async def _page(self, account: str, cursor: str | None) -> dict[str, Any]:
        body: dict[str, Any] = {"open_kfid": account, "limit": _PAGE, "voice_format": 0}
        if cursor:
            body["cursor"] = cursor
        token = self._tokens.get(account)
        if token is None:
            return await self._api.post("/cgi-bin/kf/sync_msg", body)
        try:
            return await self._api.post("/cgi-bin/kf/sync_msg", body | {"token": token})
        except PermanentDeliveryError:
            # A callback's token lives ten minutes; without one WeCom answers too, only less often.
            if self._tokens.get(account) == token:
                del self._tokens[account]
            return await self._api.post("/cgi-bin/kf/sync_msg", body)

    async def _take(self, item: Any) -> None:
        """Hand one item in. ``StoreUnavailable`` stops the reading; an item that can never be stored does not."""
        origin = Origin(self._channel_id, self._clock.now())
        try:
            if not isinstance(item, dict):
                raise UnreadableCallback("an item of msg_list is not an object")
            outcomes = customer_service.receipts(item, origin)
            for receipt in outcomes:
                await self._text.conversations.receipt(receipt)
            if outcomes:
                return
            message = customer_service.translate(item, origin, self._settings)
            if message is not None:
                await self._text.conversations.receive(message)
        except StoreUnavailable:
            raise
        except (RejectedInput, Conflict) as error:
            self._text.health.refused("malformed" if isinstance(error, UnreadableCallback) else error.code)
            _log.warning("wechat_item_refused", exc_info=error)
