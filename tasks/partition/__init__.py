"""Partitions staged rows into Parquet: article versions, files per day, commits."""
