"""The ``[[channel]]`` table of kind ``sip``."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.domain.phone_numbers import CHINA, CITY, DialPlan, is_country


def _ip_literal(value: str) -> str:
    """An IP address; names are refused because nothing here ever asks DNS."""
    ipaddress.ip_address(value)
    return value


def _ip_literal_or_empty(value: str) -> str:
    return _ip_literal(value) if value else value


def _network(value: str) -> str:
    ipaddress.ip_network(value, strict=False)
    return value


def _country(value: str) -> str:
    if not is_country(value):
        raise ValueError("name a country by its two capital letters (ISO 3166-1), e.g. CN")
    return value


Network = Annotated[str, AfterValidator(_network)]
Port = Annotated[int, Field(ge=0, le=65535)]


class SipSettings(BaseModel):
    """How a SIP listener behaves; see README.md for advice on each key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[str, AfterValidator(_ip_literal)] = "0.0.0.0"  # noqa: S104 - a telephone exchange listens everywhere by default
    """The address that SIP and RTP sockets bind to."""
    port: Annotated[int, Field(ge=0, le=65535)] = 5060
    """UDP and TCP port; 0 takes a free one."""
    advertised_host: Annotated[str, AfterValidator(_ip_literal_or_empty)] = ""
    """The address written into Contact, Via and SDP; empty: the one the peer reaches us by."""
    rtp_ports: tuple[Port, Port] = (20000, 29999)
    """First and last UDP port for RTP; (0, 0) takes whatever is free."""
    max_calls: Annotated[int, Field(ge=1)] = 500
    """Calls at once; one more is refused with 503. A quarter of them may wait for their ACK."""
    max_calls_per_source: Annotated[int, Field(ge=1)] = 20
    """Calls at once from one address that is neither a trunk nor a phone of ours; more are refused with 503."""
    calls_per_second_per_source: Annotated[int, Field(ge=1)] = 200
    """New calls per second from one address; more are refused with 503."""
    realm: Annotated[str, Field(min_length=1, pattern=r'^[^"\\\r\n]+$')] = "12345"
    """Digest realm of our phones. Changing it makes every stored HA1 useless."""
    session_expires_s: Annotated[int, Field(ge=90, le=86400)] = 1800
    """Session-Expires that we ask for (RFC 4028)."""
    min_se_s: Annotated[int, Field(ge=90, le=86400)] = 90
    """Smallest Session-Expires that we take; a smaller one is refused with 422."""
    no_media_timeout_s: Annotated[float, Field(gt=0)] = 30
    """A call that is not on hold ends after this long without RTP."""
    t1_ms: Annotated[int, Field(ge=10, le=4000)] = 500
    """RFC 3261's T1, the round-trip estimate all retransmissions are derived from."""
    trusted_proxies: tuple[Network, ...] = ()
    """Peers besides ``trunks`` whose P-Asserted-Identity is believed (addresses or networks)."""
    trunks: tuple[Network, ...] = ()
    """Addresses or networks that may call; our phones always may. Empty: all, refused where an address is public."""
    country: Annotated[str, AfterValidator(_country)] = CHINA
    """The country (ISO 3166-1, two letters) by whose rules national numbers of callers are read."""
    area_code: Annotated[str, Field(pattern=r"^(0?[1-9][0-9]{1,3})?$")] = CITY.area_code
    """Of callers' numbers that come without one, e.g. 66534321; empty: such a number is not dialable."""
    flow: str = "hotline"
    """The flow of a call that comes in here."""
    line: Literal["citizen", "enterprise"] = "citizen"

    @property
    def plan(self) -> DialPlan:
        """How callers' numbers are completed."""
        return DialPlan(self.country, self.area_code)

    @model_validator(mode="after")
    def _ranges(self) -> SipSettings:
        first, last = self.rtp_ports
        if (first, last) != (0, 0) and not 0 < first < last:
            raise ValueError("rtp_ports: the last port must lie above the first")
        if self.session_expires_s < self.min_se_s:
            raise ValueError("session_expires_s must not be smaller than min_se_s")
        return self
