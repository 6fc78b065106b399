"""Flows: declarative dialogues, their lint, and the one engine that runs them on voice and on text."""
