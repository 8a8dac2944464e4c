"""Pure functions on text: URLs, dates, charsets, folding, sentences, near copies."""
