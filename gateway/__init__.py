"""The 12345 intake gateway: every contact with the city becomes one ticket that cannot be lost."""

__version__ = "0.1.0"
