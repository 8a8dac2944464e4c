"""Value functions on text: URLs, dates, charsets, folding, sentences, similarity."""
