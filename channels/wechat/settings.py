"""The ``[[channel]]`` table of kind ``wechat``."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_API = {"official_account": "https://api.weixin.qq.com", "wecom_kf": "https://qyapi.weixin.qq.com"}


def _base_url(value: str) -> str:
    """An http(s) address without query, or empty for the platform's own."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http(s) address such as https://api.weixin.qq.com")
    return value.rstrip("/")


class TemplateSettings(BaseModel):
    """The message that goes out when WeChat no longer lets us answer freely (``[channel.template]``)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    """Template id as the platform lists it."""
    kind: Literal["template", "subscribe"] = "template"
    """``template``: message/template/send; ``subscribe``: message/subscribe/bizsend."""
    text_key: Annotated[str, Field(min_length=1)] = "thing1"
    """The field that takes our text."""
    text_limit: Annotated[int, Field(ge=5, le=2000)] = 20
    """Characters that the field takes; longer texts are cut."""
    data: dict[str, str] = {}
    """The template's other fields, as constants."""
    url: str = ""
    """Where a tap on it leads; empty: nowhere."""


class WechatSettings(BaseModel):
    """A WeChat entrance; see README.md for advice on each key."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)  # the input holds secrets

    platform: Literal["official_account", "wecom_kf"] = "official_account"
    """``official_account``: 公众号 (and 小程序客服, same callback); ``wecom_kf``: WeCom 微信客服."""
    app_id: Annotated[str, Field(min_length=1)]
    """AppID of the account; for ``wecom_kf`` the corp id."""
    app_secret: SecretStr
    """AppSecret; for ``wecom_kf`` the secret of 微信客服."""
    token: SecretStr
    """What callbacks are signed with."""
    previous_token: SecretStr | None = None
    """While the token is being changed in WeChat's console: callbacks signed with this one are taken, too."""
    mode: Literal["plain", "compatible", "safe"] = "safe"
    """How callbacks are encrypted; ``wecom_kf`` is always ``safe``."""
    encoding_aes_key: SecretStr | None = None
    """43 characters; needed unless ``mode`` is ``plain``."""
    previous_encoding_aes_key: SecretStr | None = None
    """While the key is being changed: what it encrypted is opened, too."""
    api_base: Annotated[str, AfterValidator(_base_url)] = ""
    """Where the platform's API is reached; empty: its public address."""
    replay_window_s: Annotated[int, Field(ge=10, le=86400)] = 300
    """How far a callback's timestamp may lie from our clock."""
    answer_within_s: Annotated[float, Field(gt=0, lt=5)] = 4.5
    """When a delivery is not stored by then, it is not acknowledged and comes again (WeChat cuts at 5 s)."""
    request_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10
    """For one API call."""
    template: TemplateSettings | None = None
    """Official account only: what is sent when the reply window is closed."""
    open_kfids: tuple[str, ...] = ()
    """``wecom_kf`` only: accounts to read from the start; others are learnt from callbacks."""
    sync_every_s: Annotated[float, Field(ge=0)] = 300
    """``wecom_kf`` only: read messages even without a callback after this long; 0: never."""
    flow: str = "chat"
    """The flow of a conversation that begins here."""
    line: Literal["citizen", "enterprise"] = "citizen"

    @property
    def api(self) -> str:
        """The API's address in force."""
        return self.api_base or _API[self.platform]

    @model_validator(mode="after")
    def _consistent(self) -> WechatSettings:
        if not self.token.get_secret_value() or not self.app_secret.get_secret_value():
            raise ValueError("token and app_secret must not be empty")
        if self.platform == "wecom_kf":
            if self.mode != "safe":
                raise ValueError("mode: WeCom always encrypts; leave it out or set safe")
            if self.template is not None:
                raise ValueError("template: only an official account has template messages")
        elif self.open_kfids:
            raise ValueError("open_kfids: only for platform wecom_kf")
        if self.mode != "plain" and self.encoding_aes_key is None:
            raise ValueError(f"encoding_aes_key is needed in mode {self.mode}")
        if self.previous_token is not None and not self.previous_token.get_secret_value():
            raise ValueError("previous_token must not be empty: leave it out")
        for name in ("encoding_aes_key", "previous_encoding_aes_key"):
            key: SecretStr | None = getattr(self, name)
            if key is not None and not _is_aes_key(key.get_secret_value()):
                raise ValueError(f"{name} must be the 43 letters and digits that the platform shows")
        return self


def _is_aes_key(value: str) -> bool:
    try:
        return len(value) == 43 and len(base64.b64decode(value + "=", validate=True)) == 32  # noqa: PLR2004 - AES-256 in base64
    except (binascii.Error, ValueError):
        return False
