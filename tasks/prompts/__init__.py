"""Remove subscription prompts and page furniture from a page, keep the article."""
