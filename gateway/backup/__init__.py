"""Backups: everything that must be kept, in one archive; taken beside a running gateway, verified, restored."""
