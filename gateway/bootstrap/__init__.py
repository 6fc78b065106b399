"""The composition root: settings in, a wired process out. The only place that picks concrete classes.

``house`` wires a process, ``foundation`` what all of its parts share; ``voice``, ``written``, ``worker`` and ``web``
are its parts, loaded only where they run.
"""
