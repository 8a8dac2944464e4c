"""Data in an S3-compatible store, and data folders that are working copies of it.

`objects` talks to the store. Its `states` follow one another; each names all that counts. A data
folder's `link` says which state it was brought up to. `pull` brings it up to the last one, `push`
creates the next, `lease` lets one machine at a time do that, and `working_copy` puts it together.
"""
