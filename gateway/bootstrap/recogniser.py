"""The recogniser of calls and voice messages."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.prefill.hot_words import hot_words
from gateway.recognition.client import WebSocketRecogniser
from gateway.recognition.tls import client_context
from gateway.settings import Settings
from gateway.telemetry import metrics


def recogniser(settings: Settings) -> WebSocketRecogniser | None:
    """This machine's asr processes and the servers of ``[asr] url``, as one pool. None: there is none.

    ``ConfigError`` when ``[asr] ca_file`` cannot be used.
    """
    if not settings.asr.urls and not settings.asr.workers_here:
        return None
    metrics.ASR_BACKLOG_SECONDS.inc(0)
    return WebSocketRecogniser(
        urls=lambda: recogniser_urls(settings),
        token=settings.asr.token.get_secret_value(),
        tls=client_context(settings.asr.ca_file),
        languages=settings.asr.languages,
        hotwords=(*settings.asr.hotwords, *(hot_words(settings.config_dir) if settings.asr.domain_hotwords else ())),
    )


def recogniser_urls(settings: Settings) -> Sequence[str]:
    """Where recognisers listen now: this machine's, and those of ``[asr] url``."""
    urls = []
    for path in sorted((settings.data_dir / "run").glob("asr-*.json")):
        try:
            urls.append(str(json.loads(path.read_text(encoding="ascii"))["url"]))
        except (OSError, ValueError, KeyError):
            continue  # being replaced
    return [*urls, *settings.asr.urls]
