"""Log lines of a reload: which keys are in force, need a restart, or are refused."""

from __future__ import annotations

from gateway.errors import ConfigError
from gateway.settings import Settings
from gateway.settings.changes import changed_keys
from gateway.telemetry import log

_log = log.get("process")


def sections_taken(old: Settings, new: Settings) -> Settings:
    """Tell of the keys outside of channels and feeds that differ; ``old`` with what is taken of them: ``[log]``."""
    for key in changed_keys(old, new):
        if key.startswith("log."):
            taken(key)
        else:
            needs_restart(key)
    return log_taken(old, new)


def log_taken(old: Settings, new: Settings) -> Settings:
    """``old`` with the ``[log]`` of ``new``, in force from now on."""
    if old.log != new.log:
        log.configure(level=new.log.level, json=new.log.json_lines, show_pii=new.log.show_pii)
    return old.model_copy(update={"log": new.log})


def taken(key: str) -> None:
    """Log that a key's new value is in force."""
    _log.info("config_taken", key=key)


def needs_restart(key: str) -> None:
    """Log that a key's new value needs a restart."""
    _log.warning(
        "config_needs_restart", key=key, do="restart the gateway when it suits; until then the old value holds"
    )


def refused(error: ConfigError) -> None:
    """Log that a new configuration is refused as a whole."""
    _log.error("config_refused", problems=error.problems, do="correct it, see `gateway check`, then SIGHUP again")
