"""Alias suggestions: words and phrases that distinguish a topic's articles from others."""
