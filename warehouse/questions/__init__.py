"""Queries that people ask of the snapshot: series over time, spikes, gaps, articles."""
