"""An archive file into staged rows: extract, clean, normalise, remove a site's boilerplate."""
