"""Alias suggestions: words and phrases that set a topic's articles apart from the others."""
