"""Compaction, retention, verification, backup, rebuilding."""
