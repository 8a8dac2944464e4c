"""Data in an S3-compatible store, and data folders that are working copies of it."""
