"""The processes of a command: how they start, and how they end with it."""
