"""Finding sources: the feeds and news sitemaps of a site, and what is known of it."""
