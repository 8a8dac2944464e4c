"""Training of the block models; nothing here is installed."""
