"""What a run tells Prefect and shows in its UI: settings, names, states, artifacts, progress."""
