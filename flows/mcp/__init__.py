"""The warehouse as tools of the Model Context Protocol, for assistants on this machine."""
