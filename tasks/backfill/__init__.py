"""Backfill: pages of WARC files that others wrote, a shard at a time."""
