"""What Prefect is given of a run: settings, names, states, artifacts, events, progress."""
