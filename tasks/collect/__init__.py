"""Collects a source: read its listings, fetch new pages, archive every attempt."""
