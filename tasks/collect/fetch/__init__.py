"""Fetching politely, from hosts that are hostile until shown otherwise."""

from tasks.collect.fetch.client import Client

__all__ = ["Client"]
