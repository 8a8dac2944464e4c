"""One source in one run: read its listings, fetch what is new, archive it."""
