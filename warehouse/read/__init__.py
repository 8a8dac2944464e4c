"""Queries of the steps on the current snapshot."""
