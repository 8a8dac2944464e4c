"""Monitors an installation: incidents, messages about them, and which were reported."""
