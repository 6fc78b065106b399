"""The keys of a ``[[channel]]`` table with ``kind = "sms"``; which ones there are depends on ``provider``."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Seconds = Annotated[float, Field(gt=0)]


def _network(value: str) -> str:
    ipaddress.ip_network(value, strict=False)
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("must not be empty")
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 16 or not text.replace("-", "").replace("_", "").isalnum():  # noqa: PLR2004 - 16 characters, about 90 bits
        raise ValueError("needs at least 16 letters, digits, - or _: it is the only secret in the provider's callbacks")
    return value


Network = Annotated[str, AfterValidator(_network)]
Url = Annotated[str, AfterValidator(_http_url)]
Secret = Annotated[SecretStr, AfterValidator(_filled)]
PathToken = Annotated[SecretStr, AfterValidator(_long_enough)]
Name = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]


class SmsSettings(BaseModel):
    """What every provider's table has. ``SmsSettings(provider="smpp", …)`` makes an ``SmppSettings``, and so on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    """``smpp``, ``cmpp``, ``aliyun``, ``tencent`` or ``twilio``."""
    line: Literal["citizen", "enterprise"] = "citizen"
    flow: Name = "chat"
    """The flow that answers."""

    def __new__(cls, **options: Any) -> Self:
        """Pick the provider's own model, so that each mistake is named by its key and nothing else."""
        wanted = PROVIDERS.get(str(options.get("provider"))) if cls is SmsSettings else None
        return super().__new__(wanted or cls)  # type: ignore[return-value]  # a subclass of cls

    @model_validator(mode="before")
    @classmethod
    def _known_provider(cls, options: Any) -> Any:
        if cls is SmsSettings:
            raise ValueError(f"provider must be one of {', '.join(PROVIDERS)}")
        return options


class LinkSettings(SmsSettings):
    """What a kept TCP connection to an operator has."""

    host: Name
    """Name or address of the operator's gateway."""
    window: Annotated[int, Field(ge=1, le=1000)] = 16
    """Messages that may wait for the operator's answer at once."""
    response_timeout_s: Seconds = 60
    """How long an answer may take (CMPP's T)."""
    reconnect_min_s: Seconds = 1
    reconnect_max_s: Seconds = 60
    """Pause before the first and at most before every later attempt to connect; it doubles in between."""
    part_timeout_s: Seconds = 600
    """How long a long message waits for its missing parts, counted from the last one that came."""
    receipt_settle_s: Seconds = 10
    """A long text counts as delivered so long after one of its parts, when the operator says nothing of the others."""

    @model_validator(mode="after")
    def _pauses(self) -> Self:
        if self.reconnect_min_s > self.reconnect_max_s:
            raise ValueError("reconnect_min_s must not be larger than reconnect_max_s")
        return self


class SmppSettings(LinkSettings):
    """An SMSC that speaks SMPP 3.4."""

    provider: Literal["smpp"]
    port: Port = 2775
    system_id: Annotated[str, Field(min_length=1, max_length=15)]
    password: Annotated[SecretStr, Field(max_length=64)]
    system_type: Annotated[str, Field(max_length=12)] = ""
    tls: bool = False
    tls_ca_file: Path | None = None
    """The authority of the SMSC's certificate; without it, the machine's own list of authorities."""
    number: Annotated[str, Field(min_length=1, max_length=20)]
    """The number that our messages come from."""
    number_ton: Annotated[int, Field(ge=0, le=6)] = 0
    number_npi: Annotated[int, Field(ge=0, le=18)] = 1
    recipient_ton: Annotated[int, Field(ge=0, le=6)] = 1
    recipient_npi: Annotated[int, Field(ge=0, le=18)] = 1
    default_alphabet: Literal["gsm7", "ascii", "latin1", "gbk", "utf8"] = "gsm7"
    """What data_coding 0 means at this SMSC."""
    enquire_link_s: Seconds = 30
    """Silence after which the link is tested."""
    receipts: bool = True
    """Ask for delivery receipts."""


class CmppSettings(LinkSettings):
    """An operator's gateway that speaks CMPP 2.0 or 3.0."""

    provider: Literal["cmpp"]
    port: Port = 7890
    version: Literal["2.0", "3.0"] = "2.0"
    sp_id: Annotated[str, Field(min_length=1, max_length=6, pattern=r"^[!-~]+$")]
    """Source_Addr and Msg_src: who we are."""
    secret: Secret
    number: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[0-9]+$")]
    """Src_Id: the service code that telephones show."""
    service_id: Annotated[str, Field(max_length=10)] = ""
    fee_type: Annotated[str, Field(pattern=r"^0[1-5]$")] = "01"
    fee_code: Annotated[str, Field(max_length=6, pattern=r"^[0-9]*$")] = "000000"
    active_test_s: Seconds = 180
    """Silence after which the link is tested (C)."""
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    """How often a request is sent in all before it counts as unanswered (N)."""
    receipts: bool = True
    """Ask for status reports."""


class HookSettings(SmsSettings):
    """What a provider that calls us by HTTP has."""

    base_url: Url
    """Where the provider's API is; change it for a private cloud or a test."""
    request_timeout_s: Seconds = 10
    allowed_ips: tuple[Network, ...] = ()
    """Addresses or networks that callbacks may come from; empty: anywhere."""


class AliyunSettings(HookSettings):
    """Alibaba Cloud SMS: SmsUp and SmsReport callbacks, SendSms with ACS3-HMAC-SHA256."""

    provider: Literal["aliyun"]
    base_url: Url = "https://dysmsapi.aliyuncs.com"
    access_key_id: Name
    access_key_secret: Secret
    path_token: PathToken
    previous_path_token: PathToken | None = None
    """While the address is being changed at the provider: this one is taken, too."""
    sign_name: Name
    template_code: Name
    template_variable: Name = "content"
    """The variable of the template that takes our text."""


class TencentSettings(HookSettings):
    """Tencent Cloud SMS: reply and status callbacks, SendSms with TC3-HMAC-SHA256."""

    provider: Literal["tencent"]
    base_url: Url = "https://sms.tencentcloudapi.com"
    region: Name = "ap-guangzhou"
    secret_id: Name
    secret_key: Secret
    path_token: PathToken
    previous_path_token: PathToken | None = None
    """While the address is being changed at the provider: this one is taken, too."""
    sdk_app_id: Name
    sign_name: str = ""
    template_id: Name
    """A template with one variable, which takes our text."""


class TwilioSettings(HookSettings):
    """Twilio Programmable Messaging."""

    provider: Literal["twilio"]
    base_url: Url = "https://api.twilio.com"
    account_sid: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")]
    auth_token: Secret
    number: str = ""
    messaging_service_sid: str = ""
    receipts: bool = True
    """Ask for status callbacks."""

    @model_validator(mode="after")
    def _sender(self) -> Self:
        if bool(self.number) == bool(self.messaging_service_sid):
            raise ValueError("give either number or messaging_service_sid")
        return self


PROVIDERS: dict[str, type[SmsSettings]] = {
    "smpp": SmppSettings,
    "cmpp": CmppSettings,
    "aliyun": AliyunSettings,
    "tencent": TencentSettings,
    "twilio": TwilioSettings,
}
