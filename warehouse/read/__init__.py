"""Questions that the steps ask the current snapshot."""
