"""Runs as Prefect shows them: settings, names, states, artifacts, events, progress."""
