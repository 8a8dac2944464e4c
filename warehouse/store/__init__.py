"""Data in an S3-compatible store, and data folders that are working copies of it.

`objects` is the client of the store. Its `states` are numbered; each names all valid objects. A
data folder's `link` records the state that it was updated to. `pull` updates the folder to the last
state, `push` creates the next one, `lease` admits one machine at a time, `source_leases` one per
source, and `working_copy` combines them.
"""
