"""``gateway asr``: transcribe files, measure an engine, bring and list models."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from gateway.cli.asr_eval import error_rate, read_manifest
from gateway.errors import ConfigError
from gateway.plugins.engines import engine_settings, known_engines, load_engine_spec
from gateway.ports.recogniser import Engine
from gateway.recognition.local import joined, load_engine, recognise_file
from gateway.settings import Settings, load


def add_parser(verbs: Any) -> None:
    """``gateway asr transcribe|eval|models|add|fetch``."""
    asr = verbs.add_parser("asr", help="speech recognition: transcribe, eval, models, add, fetch / 语音识别")
    sub = asr.add_subparsers(dest="asr_verb", required=True, metavar="WHAT")
    transcribe = sub.add_parser("transcribe", help="audio files to text")
    transcribe.add_argument("files", nargs="+", type=Path, metavar="FILE")
    evaluate = sub.add_parser("eval", help="character error rate on a manifest (JSONL or TSV of file and text)")
    evaluate.add_argument("manifest", type=Path, metavar="MANIFEST")
    for verb in (transcribe, evaluate):
        verb.add_argument("--engine", metavar="E", help="whisper, vosk; default: the configured one")
        verb.add_argument("--json", action="store_true", help="machine-readable answer")
    sub.add_parser("models", help="which models there are, and whether their bytes are right")
    add = sub.add_parser("add", help="bring a model by hand: verify it and copy it in")
    add.add_argument("name", metavar="NAME", help="as `gateway asr models` lists it")
    add.add_argument("path", type=Path, metavar="PATH", help="its folder or archive")
    sub.add_parser("fetch", help="download the default model, verified; instant when it is there")


def run(args: argparse.Namespace) -> int:
    """Run one of the verbs; the exit code."""
    settings = load(getattr(args, "config", None))
    match args.asr_verb:
        case "transcribe":
            return _transcribe(args, settings)
        case "eval":
            return _evaluate(args, settings)
        case "models":
            return _models(settings)
        case "add":
            return _add(args, settings)
        case _:
            return _fetch(settings)


def _engine(args: argparse.Namespace, settings: Settings) -> Engine:
    spec, options = engine_settings(settings.asr, engine=args.engine)
    return load_engine(spec, options, settings.models_dir)


def _transcribe(args: argparse.Namespace, settings: Settings) -> int:
    missing = [f"{path}: no such file" for path in args.files if not path.is_file()]
    if missing:
        raise ConfigError(missing)
    engine = _engine(args, settings)
    answer = []
    for path in args.files:
        segments = recognise_file(engine, path, languages=settings.asr.languages, hotwords=settings.asr.hotwords)
        text = joined(segments)
        answer.append(
            {
                "file": str(path),
                "text": text,
                "segments": [
                    {
                        "start_ms": s.start_ms,
                        "end_ms": s.end_ms,
                        "text": s.text,
                        "language": s.language,
                        "confidence": s.confidence,
                        "engine": engine.name,
                    }
                    for s in segments
                ],
            }
        )
        if not args.json:
            print(f"{path}\t{text}", flush=True)
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    return 0


def _evaluate(args: argparse.Namespace, settings: Settings) -> int:
    wanted = read_manifest(args.manifest)
    engine = _engine(args, settings)
    files, wrong, total = [], 0, 0
    for path, text in wanted:
        heard = joined(recognise_file(engine, path, languages=settings.asr.languages, hotwords=settings.asr.hotwords))
        errors, length = error_rate(text, heard)
        wrong, total = wrong + errors, total + length
        files.append({"file": str(path), "cer": _ratio(errors, length), "chars": length, "text": text, "heard": heard})
        if not args.json:
            print(f"{_ratio(errors, length):.3f}\t{path.name}\t{text}\t{heard}", flush=True)
    answer = {"engine": engine.name, "files": files, "n": len(files), "chars": total, "cer": _ratio(wrong, total)}
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        print(f"{_ratio(wrong, total):.3f}\ttotal\t{len(files)} files\t{total} characters")
    return 0


def _ratio(errors: int, length: int) -> float:
    return round(errors / max(1, length), 4)


def _models(settings: Settings) -> int:
    for name in known_engines():
        spec = load_engine_spec(name)
        for model in spec.models:
            state = spec.store.state(settings.models_dir, model.name) if spec.store else "missing"
            path = settings.models_dir / model.path
            print(f"{name}\t{model.name}\t{state}\t{path}\t{model.sha256}\t{model.description}")
    return 0


def _add(args: argparse.Namespace, settings: Settings) -> int:
    listed = {model.name: spec for spec in map(load_engine_spec, known_engines()) for model in spec.models}
    spec = listed.get(args.name)
    if spec is None or spec.store is None:
        raise ConfigError([f"model {args.name!r} is not listed; known: {', '.join(sorted(listed))}"])
    if not args.path.exists():
        raise ConfigError([f"{args.path}: no such file or folder"])
    progress = StatusLine(args.name)
    print(spec.store.add(settings.models_dir, args.name, args.path, say=progress))
    progress.done()
    return 0


def _fetch(settings: Settings) -> int:
    spec, _ = engine_settings(settings.asr)
    if spec.store is None:
        return 0
    progress = StatusLine("recogniser model")
    try:
        spec.store.fetch(settings.models_dir, mirror=settings.asr.mirror, say=progress)
    finally:
        progress.done()
    return 0


class StatusLine:
    """One line on stderr that says what is going on; nothing at all when there was nothing to do."""

    def __init__(self, what: str) -> None:
        """``what`` is being worked on."""
        self._what = what
        self._began = time.monotonic()
        self._said = False
        self._tty = sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        """Say where it is."""
        start, end = ("\r\x1b[K", "") if self._tty else ("", "\n")
        seconds = time.monotonic() - self._began
        print(f"{start}asr: {self._what}: {text} ({seconds:.0f} s)", end=end, file=sys.stderr, flush=True)
        self._said = True

    def done(self) -> None:
        """Close the line."""
        if self._said and self._tty:
            print(file=sys.stderr)
