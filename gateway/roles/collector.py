"""Settings of the garbage collector for a process that answers in milliseconds."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""New objects between two looks at the young ones: a batch of accepts makes thousands, and few are garbage cycles."""


def settle() -> None:
    """Exempt all objects of the start from collection; call once everything has started.

    Otherwise each full collection stops the loop for some 60 ms (two or three audio frames) to find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
