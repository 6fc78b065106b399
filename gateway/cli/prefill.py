"""``gateway prefill``: train a model on a city's own tickets, measure it, and see what a text would fill."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.cli import prefill_export
from gateway.cli.stored import with_database
from gateway.domain.filling import filled_form
from gateway.domain.guess import FILL_AT, Reading
from gateway.domain.words import DemandType, UrgencyLevel
from gateway.errors import ConfigError, RejectedInput
from gateway.prefill import dataset, model
from gateway.prefill.features import MAX_CHARS
from gateway.prefill.reader import PrefillReader
from gateway.settings import Settings

REPORT = "report.html"
SHOWN = 10
_CODES = {"category": "taxonomy.csv", "unit": "units.csv"}
_ANSWERED = ("demand", "place", "requester", "prefill")


def add_parser(verbs: Any) -> None:
    """``gateway prefill train|eval|predict|export``."""
    prefill = verbs.add_parser("prefill", help="pre-fill models: train, eval, predict, export / 预填模型")
    sub = prefill.add_subparsers(dest="prefill_verb", required=True, metavar="WHAT")
    train = sub.add_parser("train", help="learn from labelled tickets (CSV)")
    train.add_argument("--data", type=Path, required=True, metavar="CSV")
    train.add_argument("--target", choices=model.TARGETS, required=True)
    train.add_argument("--text-column", default="text", metavar="NAME")
    train.add_argument("--label-column", default="label", metavar="NAME")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="config/models/TARGET puts it into use")
    evaluate = sub.add_parser("eval", help="measure a model, the plainest one beside it")
    evaluate.add_argument("--model", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--data", type=Path, required=True, metavar="CSV")
    evaluate.add_argument("--text-column", metavar="NAME", help="default: as in training")
    evaluate.add_argument("--label-column", metavar="NAME", help="default: as in training")
    evaluate.add_argument("--json", action="store_true", help="machine-readable answer")
    predict = sub.add_parser("predict", help="what a text would fill")
    predict.add_argument("--text", required=True, metavar="T", help="the text; - reads it from stdin")
    predict.add_argument("--json", action="store_true", help="machine-readable answer")
    export = sub.add_parser("export", help="rows to train on: what people confirmed or corrected, masked")
    export.add_argument("--target", choices=model.TARGETS, required=True)
    export.add_argument("--out", type=Path, required=True, metavar="CSV")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run one of the verbs; the exit code."""
    match args.prefill_verb:
        case "train":
            return _train(args, settings)
        case "eval":
            return _evaluate(args)
        case "export":
            return asyncio.run(with_database(settings, lambda database: prefill_export.run(args, database.reader)))
        case _:
            return _predict(args, settings)


class ProgressNotes:
    """Tells on stderr what is going on, and keeps what it told as a note."""

    def __init__(self) -> None:
        """The clock starts now."""
        self._began = time.monotonic()
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Say something about the data that the report repeats."""
        self.notes.append(text)
        self(f"note: {text}")

    def __call__(self, text: str) -> None:
        """Say where the work is."""
        print(f"prefill: {text} ({time.monotonic() - self._began:.0f} s)", file=sys.stderr, flush=True)


def _train(args: argparse.Namespace, settings: Settings) -> int:
    from gateway.prefill import evaluation, report, training  # noqa: PLC0415 - scikit-learn takes seconds to import

    if args.out.exists() and not args.out.is_dir():
        raise ConfigError([f"{args.out}: is no folder"])
    say = ProgressNotes()
    columns = {"text_column": args.text_column, "label_column": args.label_column}
    rows = dataset.learnable(dataset.read(args.data, say=say.note, **columns), say.note)
    strange = _strange(args.target, set(rows.labels), settings.config_dir)
    if strange:
        say.note(f"{len(strange)} label(s) are no known {args.target}: {', '.join(strange[:SHOWN])}")
    about = training.About(
        target=args.target,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        data=str(args.data.resolve()),
        **columns,
    )
    trained = training.train(rows, about, say)
    model.save(args.out, trained.card, trained.names, trained.arrays)
    (args.out / REPORT).write_text(report.html(trained, say.notes), encoding="utf-8")
    truth = [trained.card.labels[n] for n in trained.truth]
    ranked = evaluation.ranking(trained.card.labels, trained.chances)
    found = evaluation.figures(truth, ranked)
    print(report.confusion_text(truth, [labels[0] for labels in ranked]))
    print(_line("cross-validated", found.as_dict()))
    print(f"{args.out}\t{REPORT}")
    return 0


def _strange(target: str, labels: set[str], config_dir: Path) -> list[str]:
    """Labels that the installation does not know; none when it has no list of them."""
    known: set[str] = set()
    if target == "type":
        known = {str(kind) for kind in DemandType}
    elif target == "urgency":
        known = {str(level) for level in UrgencyLevel}
    elif (path := config_dir / _CODES[target]).is_file():
        with path.open(encoding="utf-8-sig", newline="") as file:
            known = {row.get("code") or "" for row in csv.DictReader(file)}
    return sorted(labels - known) if known else []


def _evaluate(args: argparse.Namespace) -> int:
    from gateway.prefill import evaluation  # noqa: PLC0415 - scikit-learn takes seconds to import

    say = ProgressNotes()
    own = model.load(args.model)
    columns = {
        "text_column": args.text_column or own.card.text_column,
        "label_column": args.label_column or own.card.label_column,
    }
    rows = dataset.read(args.data, say=say.note, **columns)
    unknown = sorted(set(rows.labels) - set(own.card.labels))
    if unknown:
        say.note(f"{len(unknown)} label(s) the model never saw, counted as wrong: {', '.join(unknown[:SHOWN])}")
    found, sure = evaluation.judge(own, rows)
    learnt = _training_rows(own.card, say)
    plainest = evaluation.baseline(learnt, rows).as_dict() if learnt else None
    if args.json:
        answer = found.as_dict() | {"calibration": sure.as_dict(), "baseline": plainest}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return 0
    print(_line("this model", found.as_dict()))
    if plainest:
        print(_line("char 1-2 TF-IDF + LinearSVC", plainest))
    print(_line(f"at confidence >= {sure.at}", {"share": sure.share, "accuracy": sure.accuracy}))
    return 0


def _training_rows(card: model.Card, say: ProgressNotes) -> dataset.Rows | None:
    """The rows the model was trained on, for the baseline; None, and why, when they are gone or changed."""
    path = Path(card.data)
    if not path.is_file():
        say.note(f"no baseline: the training data {path} are gone")
        return None
    rows = dataset.read(path, text_column=card.text_column, label_column=card.label_column, say=lambda _: None)
    if rows.sha256 != card.data_sha256:
        say.note(f"no baseline: {path} has changed since the training")
        return None
    say("training the baseline on the same data")
    return dataset.learnable(rows, lambda _: None)


def _predict(args: argparse.Namespace, settings: Settings) -> int:
    text = sys.stdin.read() if args.text == "-" else args.text
    if not text.strip():
        raise RejectedInput("--text is empty")
    if len(text) > MAX_CHARS:
        print(f"gateway: the text is longer than {MAX_CHARS} characters: only its beginning is read", file=sys.stderr)
        text = text[:MAX_CHARS]
    answer = prefilled(text, PrefillReader.of(settings.config_dir, settings.timezone).read(text, at=datetime.now(UTC)))
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return 0
    for path, entry in answer["prefill"]["fields"].items():
        mark = "filled" if entry["confidence"] >= FILL_AT else "offered"
        value = json.dumps(entry["value"], ensure_ascii=False)
        print(f"{path}\t{value}\t{entry['source']}\t{entry['confidence']:.2f}\t{mark}")
    return 0


def prefilled(content: str, reading: Reading) -> dict[str, Any]:
    """The record's sections for ``content``: what ``reading`` found, filled as in a ticket."""
    form: dict[str, Any] = msgspec.to_builtins(filled_form(content, reading))
    return {name: form[name] for name in _ANSWERED}


def _line(name: str, found: dict[str, Any]) -> str:
    cells = [f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}" for key, value in found.items()]
    return "\t".join([name, *cells])
