"""The garbage collector of a process that answers in milliseconds."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""New objects between two looks at the young ones: a batch of accepts makes thousands, and few are garbage cycles."""


def settle() -> None:
    """Call once everything has started: what is there now stays, and is not looked at again.

    Otherwise each full collection stops the loop for some 60 ms (two or three audio frames) to find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
