"""The desk: pages over the current snapshot, for analysts."""
