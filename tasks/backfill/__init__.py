"""Backfill: pages of WARC files that others wrote, a shard at a time.

A shard is a range of a WARC file. `shards` finds and cuts them, `any_warc_records` reads them,
`selection` says which pages are wanted, `captures` what a record holds. `refine_shard` refines a
shard into staged rows, in any process that is given a `ShardJob`; `shard_processes` runs that side
by side, `dask_cluster` on other machines. `shard_runs` makes runs of staged shards, `estimate`
tries some.
"""
