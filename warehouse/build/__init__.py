"""The loader: relations, incremental merge, checks, snapshots."""
