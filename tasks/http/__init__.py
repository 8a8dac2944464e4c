"""HTTP responses, live or archived: content types, encodings, limits, outcomes."""
