"""The composition root: settings in, a house out. The only place that picks concrete classes."""

from gateway.bootstrap.channels import BuiltChannel
from gateway.bootstrap.house import House, open_house

__all__ = ["BuiltChannel", "House", "open_house"]
