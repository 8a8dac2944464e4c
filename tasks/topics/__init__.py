"""Topics: topics.toml as frozen types, matching aliases, counting mentions."""
