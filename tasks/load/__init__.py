"""Loads the warehouse: new runs, topic counts, checks, publication."""
