"""The store among processes, full disks and servers that die."""
