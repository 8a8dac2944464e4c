"""Staged rows into Parquet: versions, partitions, commits."""
