"""The ``remote`` engine: any server of vosk-server's protocol, named in ``[asr] url``. Nothing runs on this machine."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gateway.ports.recogniser import EngineSpec


class RemoteSettings(BaseModel):
    """It has no options: address, token and CA are ``[asr] url``, ``token``, ``ca_file``."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SPEC = EngineSpec(name="remote", settings=RemoteSettings, load=None, streaming=True)
