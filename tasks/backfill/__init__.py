"""Backfill: pages of WARC files that others wrote, a shard at a time.

A shard is a stretch of a WARC file. `shards` finds and cuts them, `records` reads them, `selection`
says which pages are wanted, `responses` what a record brought, `stage` refines a shard into staged
rows, `processes` runs that side by side, `loading` groups staged shards into runs.
"""
