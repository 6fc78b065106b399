"""All typed configuration: TOML file, then environment (``GATEWAY_…`` with ``__``), then secret files.

The only reader of ``config/`` and of the environment. Everything below gets values as arguments.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.errors import ConfigError
from gateway.settings.sections import (
    INSTALLATION,
    Asr,
    AsrServer,
    Attachments,
    Calls,
    ChannelTable,
    Conversations,
    Database,
    FeedTable,
    Health,
    Http,
    Log,
    Open311Table,
    Recording,
    Redis,
    Telemetry,
    Title,
    on_loopback,
    unique_ids,
)

DEFAULT_CHANNELS = (ChannelTable(id="hotline", kind="sip"),)
"""Without any configuration the house answers the telephone."""


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
    http: Http = Http()
    health: Health = Health()
    database: Database = Database()
    redis: Redis = Redis()
    asr: Asr = Asr()
    asr_server: AsrServer = AsrServer()
    recording: Recording = Recording()
    attachments: Attachments = Attachments()
    calls: Calls = Calls()
    conversations: Conversations = Conversations()
    open311: Open311Table = Open311Table()
    title: Title = Title()
    log: Log = Log()
    telemetry: Telemetry = Telemetry()
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
        """Speech leaves a machine encrypted and to those who know the token, unless somebody says otherwise."""
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
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a fixed signature; we read no .env
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over secret files over the TOML file (which arrives as init values)."""
        secrets = os.environ.get("GATEWAY_SECRETS_DIR")
        sources: list[PydanticBaseSettingsSource] = [env_settings]
        if secrets:
            sources.append(
                NestedSecretsSettingsSource(file_secret_settings, secrets_dir=secrets, secrets_nested_delimiter="__")
            )
        return (*sources, InitSettingsSource(settings_cls, init_kwargs=_kwargs(init_settings)))


def _kwargs(source: PydanticBaseSettingsSource) -> dict[str, Any]:
    return source.init_kwargs if isinstance(source, InitSettingsSource) else {}


def load(config: Path | None) -> Settings:
    """Read the configuration; ``ConfigError`` lists every mistake with its place and what to do.

    Without a file the built-in defaults hold. ``GATEWAY_SECRETS_DIR`` names a folder of secret files
    (``GATEWAY_ASR__TOKEN`` holds the value of ``asr.token``).
    """
    table = read_table(config) if config is not None else {}
    try:
        return Settings(**table)
    except ValidationError as error:
        raise ConfigError(explain(error, str(config) if config else "environment")) from None


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


def explain(error: ValidationError, where: str, prefix: str = "") -> list[str]:
    """Each mistake of a pydantic model as one line: place, what is wrong, what came."""
    lines = []
    for item in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part) for part in (*([prefix] if prefix else []), *item["loc"])) or "(top)"
        message = "unknown key; remove it or check its spelling" if item["type"] == "extra_forbidden" else item["msg"]
        lines.append(f"{where}: {path}: {message}")
    return lines
