"""Which runs are alive, and which run collects which source."""
