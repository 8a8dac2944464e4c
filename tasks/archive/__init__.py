"""The raw archive: one WARC file a source and run, with every attempt as it went over the wire.

An attempt is a group of records: requests and responses, or one resource, then a `metadata` record
with the `Capture` as JSON. The file being written ends in `.open` and is locked.
"""
