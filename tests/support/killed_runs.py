"""Ingests to be killed, and the tables in which the run after them shows nothing of that."""

import os
import subprocess
import sys

from tests.support.sample_newsroom import Place

OF_ITS_RUN = [
    *("run_id", "capture_id", "raw_ref", "etag", "last_modified", "found_in", "url_keys"),
    *("fetched_at", "first_seen_at", "attempted_at", "last_attempt_at", "valid_from", "seconds"),
    *("listings_read", "listings_failed", "hours_read"),
]
TABLES = [
    *("articles", "article_versions", "mentions", "stripped_blocks"),
    *("topics", "sources", "source_calendars", "coverage", "topic_daily"),
]


def start(place: Place, api: str) -> "subprocess.Popen[bytes]":
    """Start `presswatch ingest` in a group of processes of its own."""
    command = [sys.executable, "-m", "flows", "ingest"]
    command += ["--sources", place.files["sources_file"], "--topics", place.files["topics_file"]]
    command += ["--data", place.files["data"]]
    with place.data.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            command,
            env={**os.environ, "PREFECT_API_URL": api},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def lasting(place: Place) -> dict[str, list[str]]:
    """The tables without run ids and clock times; of the captures, the pages and files.

    What another try may better, such as a page that robots.txt forbids, is asked for again.
    """
    left_out = ", ".join(f"'{name}'" for name in OF_ITS_RUN)
    columns = f"SELECT COLUMNS(lambda c: c NOT IN ({left_out}))"
    asked = {table: f"{columns} FROM {table}" for table in TABLES}
    asked["captures"] = f"{columns} FROM captures WHERE kind IN ('page', 'file')"
    return {table: sorted(map(repr, place.ask(sql))) for table, sql in asked.items()}
