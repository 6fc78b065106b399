"""The subjects, in the order in which they are told: loading one enters its checks into ``CHECKS``."""

from __future__ import annotations

from importlib import import_module

from gateway.cli.doctor.check import CHECKS, Check

SUBJECTS = (
    "processes",
    "alarms",
    "configuration",
    "ports",
    "rights",
    "disk",
    "models",
    "sql",
    "valkey",
    "clock",
    "tls",
    "limits",
    "providers",
)
"""Modules of this folder."""


def all_checks() -> list[Check]:
    """Every check there is."""
    for subject in SUBJECTS:
        import_module(f"gateway.cli.doctor.{subject}")
    return list(CHECKS)
