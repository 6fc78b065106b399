"""Notices to units: who is told of what, when, in which words, and the worker that sends them."""
