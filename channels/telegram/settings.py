"""The ``[[channel]]`` table of kind ``telegram``."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{10,100}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http(s) address such as https://api.telegram.org")
    return value.rstrip("/")


def _bot_token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("must look like 123456789:AA… as BotFather shows it")
    return value


def _hook_secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("takes letters, digits, _ and -, 256 at most (Bot API, setWebhook)")
    return value


Url = Annotated[str, AfterValidator(_base_url)]


class TelegramSettings(BaseModel):
    """A bot; see README.md for advice on each key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Annotated[SecretStr, AfterValidator(_bot_token)]
    """The bot's token."""
    mode: Literal["webhook", "polling"] = "webhook"
    """``webhook``: Telegram calls ``/hooks/{channel_id}``; ``polling``: we ask (getUpdates), one process only."""
    secret_token: Annotated[SecretStr, AfterValidator(_hook_secret)] = SecretStr("")
    """Webhook only: what Telegram repeats in X-Telegram-Bot-Api-Secret-Token; at least 16 characters."""
    set_webhook: bool = True
    """Webhook only: tell Telegram our address at the start; false when the operator does it."""
    max_connections: Annotated[int, Field(ge=1, le=100)] = 40
    """Webhook only: deliveries at once."""
    base_url: Url = "https://api.telegram.org"
    """Where the Bot API is; a server of one's own (telegram-bot-api) takes larger files."""
    base_file_url: Annotated[str, AfterValidator(lambda value: _base_url(value) if value else value)] = ""
    """Where files are; empty: as ``base_url``."""
    poll_timeout_s: Annotated[int, Field(ge=1, le=50)] = 25
    """Polling only: how long one question waits for news."""
    request_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10
    """For one API call."""
    max_file_bytes: Annotated[int, Field(ge=1024, le=2_147_483_648)] = 20_971_520
    """Largest file that is downloaded; the public Bot API hands out 20 MB at most."""
    greeting: Annotated[str, Field(max_length=2000)] = (
        "您好，这里是 12345。请直接说您遇到的事：在哪里、什么情况。您的第一条消息就会登记成工单，"
        "也可以发照片、位置或语音。\n"
        "Hello, this is 12345. Tell us what happened and where; your first message becomes a ticket at once."
    )
    """What Start is answered with; empty: nothing."""
    flow: Annotated[str, Field(min_length=1)] = "chat"
    """The flow that answers."""
    line: Literal["citizen", "enterprise"] = "citizen"
    """For whom it answers."""

    @model_validator(mode="after")
    def _consistent(self) -> TelegramSettings:
        secret = self.secret_token.get_secret_value()
        if self.mode == "webhook" and len(secret) < 16:  # noqa: PLR2004 - about 90 bits; it is the only proof of origin
            raise ValueError("secret_token: webhook mode needs one of at least 16 characters")
        return self

    @property
    def files(self) -> str:
        """Where files are, in force."""
        return self.base_file_url or self.base_url
