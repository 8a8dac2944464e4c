"""Repair: damaged files are made again from a neighbouring layer, or quarantined."""
