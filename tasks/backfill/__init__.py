"""Backfill: pages of WARC files that others wrote, a shard at a time.

A shard is a stretch of a WARC file. `shards` finds and cuts them, `records` reads them, `selection`
says which pages are wanted, `responses` what a record holds, `captures` puts that together.
`stage` refines a shard into staged rows, in any process that is given a `ShardJob`; `processes`
runs that side by side, `cluster` on other machines, whose part is in `worker`. `loading` makes runs
of staged shards, `estimate` tries some.
"""
