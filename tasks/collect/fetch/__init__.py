"""Fetching politely, from hosts that are hostile until shown otherwise."""
