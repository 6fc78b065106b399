"""Checks of the recogniser's models, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.errors import ConfigError


@check("models.sha256", within_s=30.0, loads=("gateway.plugins.engines",))
def models(machine: Machine) -> Iterator[Finding]:
    """Every file of the engine's models against the sha256 that the engine names; reads every byte."""
    from gateway.plugins.engines import engine_settings  # noqa: PLC0415 - the engine's SPEC, without its library

    name, asr = "models.sha256", machine.settings.asr
    if not asr.workers_here:
        if asr.urls:
            yield ok(name, f"recognisers run elsewhere: {', '.join(asr.urls)}")
        else:
            yield warn(
                name, "[asr] workers = 0 and no url: nothing that people say becomes text", "workers = 1, or a url"
            )
        return
    try:
        spec, _ = engine_settings(asr)
    except ConfigError:
        return  # config.asr tells
    if spec.load is None or spec.store is None:
        yield ok(name, f"[asr] engine = {spec.name!r} has no models here")
        return
    states = {model.name: spec.store.state(machine.settings.models_dir, model.name) for model in spec.models}
    if "verified" in states.values():
        yield ok(name, f"{', '.join(one for one, state in states.items() if state == 'verified')}: every byte is right")
    for model in (one for one, state in states.items() if state == "wrong"):
        # With another whole copy calls are heard all the same.
        tell = warn if "verified" in states.values() else fail
        yield tell(name, f"{model} is not what it should be: it is never loaded", "gateway asr fetch")
    if set(states.values()) == {"missing"}:
        folder, options = machine.settings.models_dir, asr.options.get("model")
        if options and (folder / str(options)).is_dir():
            yield ok(name, f"{folder / str(options)} is a model of your own; no sha256 is listed for it")
        else:
            yield fail(
                name,
                f"no model of {spec.name} in {folder}: calls are taken and recorded, and stay without text",
                "gateway asr fetch, or bring one: gateway asr add NAME PATH",
            )
