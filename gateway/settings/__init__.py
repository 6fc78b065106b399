"""All typed configuration: TOML file, then environment (``GATEWAY_…`` with ``__``), then secret files.

The only reader of ``config/`` and of the environment. Everything below gets values as arguments.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.errors import ConfigError
from gateway.settings import named
from gateway.settings.sections import (
    INSTALLATION,
    AsrSection,
    AsrServerSection,
    AttachmentsSection,
    CallsSection,
    ChannelTable,
    ConversationsSection,
    DatabaseSection,
    FeedTable,
    HealthSection,
    HttpSection,
    LogSection,
    NoticesSection,
    Open311Section,
    RecordingSection,
    RedisSection,
    RetentionSection,
    TelemetrySection,
    TitleSection,
    on_loopback,
    unique_ids,
)

DEFAULT_CHANNELS = (ChannelTable(id="hotline", kind="sip"),)
"""The channels of an installation without any configuration: the telephone."""


class Settings(BaseSettings):
    """The whole configuration of one installation."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    data_dir: Path = Path("var")
    config_dir: Path = INSTALLATION / "config"
    flows_dir: Path = INSTALLATION / "ivr_flows"
    models_dir: Path = INSTALLATION / "models"
    timezone: str = "Asia/Shanghai"
    node: str = ""
    """This machine's name in leases; empty = the host name."""
    http: HttpSection = HttpSection()
    health: HealthSection = HealthSection()
    database: DatabaseSection = DatabaseSection()
    redis: RedisSection = RedisSection()
    asr: AsrSection = AsrSection()
    asr_server: AsrServerSection = AsrServerSection()
    recording: RecordingSection = RecordingSection()
    attachments: AttachmentsSection = AttachmentsSection()
    retention: RetentionSection = RetentionSection()
    calls: CallsSection = CallsSection()
    conversations: ConversationsSection = ConversationsSection()
    open311: Open311Section = Open311Section()
    title: TitleSection = TitleSection()
    notices: NoticesSection = NoticesSection()
    log: LogSection = LogSection()
    telemetry: TelemetrySection = TelemetrySection()
    channel: tuple[ChannelTable, ...] = DEFAULT_CHANNELS
    feed: tuple[FeedTable, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone, e.g. Asia/Shanghai") from error
        return value

    @field_validator("channel", "feed")
    @classmethod
    def _unique(cls, value: tuple[ChannelTable, ...]) -> tuple[ChannelTable, ...]:
        return unique_ids(value)

    @field_validator("data_dir", "config_dir", "flows_dir", "models_dir")
    @classmethod
    def _can_be_a_path(cls, value: Path) -> Path:
        if "\0" in str(value):
            raise ValueError("a path cannot hold the character NUL")
        return value

    @field_validator("config_dir", "flows_dir", "models_dir")
    @classmethod
    def _from_installation(cls, value: Path) -> Path:
        return value if value.is_absolute() else INSTALLATION / value

    @model_validator(mode="after")
    def _recognisers_guarded(self) -> Self:
        """Refuse to serve other machines' recognition without TLS and token, unless explicitly allowed."""
        server = self.asr_server
        if server.port and not on_loopback(server.host) and not server.allow_insecure:
            missing = [] if server.cert_file else ["asr_server.cert_file and key_file"]
            missing += [] if self.asr.token.get_secret_value() else ["asr.token"]
            if missing:
                raise ValueError(
                    f"asr_server.host {server.host} is reached from elsewhere: set {' and '.join(missing)}; or "
                    "asr_server.allow_insecure = true, inside a closed network"
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def recordings_dir(self) -> Path:
        """Where call audio lies."""
        return self.recording.dir or self.data_dir / "recordings"

    @property
    def attachments_dir(self) -> Path:
        """Where files lie that people sent."""
        return self.attachments.dir or self.data_dir / "attachments"

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database.url or f"sqlite:///{(self.data_dir / 'gateway.db').resolve()}"

    @property
    def node_name(self) -> str:
        """This machine's name in leases."""
        return self.node or os.uname().nodename

    @property
    def public_url(self) -> str:
        """How links begin."""
        return (self.http.public_url or f"http://{self.http.host}:{self.http.port}").rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a fixed signature; ours leaves tables aside
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - we read no .env
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours are named as the environment is
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over secret files over the TOML file (which arrives as init values)."""
        given = (named.environment(), _secret_files())
        return (*(_Given(settings_cls, named.without_tables(one)) for one in given), init_settings)


class _Given(EnvSettingsSource):
    """Sections from names as the environment has them."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, str]) -> None:
        self._values = values
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._values


def _secret_files() -> dict[str, named.Given]:
    folder = os.environ.get("GATEWAY_SECRETS_DIR")
    found = named.secret_files(Path(folder)) if folder else {}
    known = {f"{named.PREFIX}{name.upper()}" for name in Settings.model_fields}
    if strange := [one.place for name, one in found.items() if name.partition("__")[0] not in known]:
        raise ConfigError([f"{place}: no key is called so; see config/gateway.example.toml" for place in strange])
    return found


def load(config: Path | None) -> Settings:
    """Read the configuration; ``ConfigError`` lists every mistake with its place and what to do.

    Without a file the built-in defaults hold. ``GATEWAY_SECRETS_DIR`` names a folder of secret files
    (``GATEWAY_ASR__TOKEN`` holds the value of ``asr.token``); what names a channel or a feed: see ``named``.
    """
    table = read_table(config) if config is not None else {}
    table.setdefault("channel", [row.model_dump(include={"id", "kind"}) for row in DEFAULT_CHANNELS])
    places = named.put_in(table, _secret_files() | named.environment())
    try:
        settings = Settings(**table)
    except ValidationError as error:
        raise ConfigError(explain(error, str(config) if config else "environment")) from None
    for kind, rows in (("channel", settings.channel), ("feed", settings.feed)):
        for row in rows:
            row.tell_places(
                {key: place for (table_, id_, key), place in places.items() if (table_, id_) == (kind, row.id)}
            )
    return settings


def load_again(config: Path | None) -> Settings:
    """As ``load``, for a running process: a file without any key is refused, since a full disk leaves such files."""
    if config is not None and not read_table(config):
        raise ConfigError([f"{config}: is empty, which would take away every channel and feed; write it again"])
    return load(config)


def read_table(config: Path) -> dict[str, Any]:
    """The file as TOML; ``ConfigError`` when it is not there or none."""
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"{config}: no such file; copy config/gateway.example.toml there"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{config}: cannot be read: {error}"]) from error
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, brackets in thousands
        raise ConfigError([f"{config}: not valid TOML: {error}"]) from error
    # They would be taken for arguments of the settings' own constructor.
    if private := sorted(key for key in table if key.startswith("_")):
        raise ConfigError([f"{config}: {key}: unknown key; remove it or check its spelling" for key in private])
    return table


def explain(
    error: ValidationError, where: str, prefix: str = "", places: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Each mistake of a pydantic model as one line: place, what is wrong, what came.

    ``places`` of keys that came from elsewhere than ``where``.
    """
    lines = []
    for item in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part) for part in (*([prefix] if prefix else []), *item["loc"])) or "(top)"
        message = "unknown key; remove it or check its spelling" if item["type"] == "extra_forbidden" else item["msg"]
        place = places.get(str(item["loc"][0]), where) if item["loc"] else where
        lines.append(f"{place}: {path}: {message}")
    return lines
