"""Questions that people ask the snapshot: series over time, spikes, gaps, articles."""
