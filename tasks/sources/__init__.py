"""Sources: sources.toml as frozen types, and a source's own overrides."""
