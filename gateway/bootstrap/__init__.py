"""The composition root: settings in, a house out. The only place that picks concrete classes.

``house`` wires a process, ``foundation`` what all of its rooms stand on; ``voice``, ``written``, ``worker`` and ``web``
are the rooms, loaded only where they are run.
"""
