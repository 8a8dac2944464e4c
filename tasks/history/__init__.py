"""History: days that were not collected, from a source's old sitemaps and the Wayback Machine."""
