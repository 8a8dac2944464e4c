"""The current snapshot, kept open for the requests of the desk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import duckdb

from warehouse.build.schema_version import SCHEMA_VERSION, schema_versions
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, confine, detect_damage, open_existing_snapshot


class Snapshots:
    """Opens the current snapshot once, and the next one when it has been published."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = Lock()
        self._path = ""
        self._con: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one request; QueryError when nothing has been published yet.

        It can read the snapshot and the article files, nothing else. A request keeps its snapshot
        even if another is published meanwhile.
        """
        with self._lock:
            path = os.path.realpath(self._layout.current)
            if self._con is None or path != self._path:
                con = open_existing_snapshot(self._layout)
                if schema_versions(con) != {SCHEMA_VERSION}:
                    con.close()
                    raise QueryError(
                        f"{self._layout.current} was loaded by an earlier version of Presswatch:"
                        " `presswatch ingest` loads it again"
                    )
                confine(con, self._layout)
                # The previous connection closes with its last cursor.
                self._con, self._path = con, path
            con = self._con
        with detect_damage(path), con.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            yield cursor

    def close(self) -> None:
        """Close the snapshot; requests in progress keep it until they end.

        Within a process DuckDB shares an open file: opening this path again would give the old
        file, even after another one has replaced it.
        """
        with self._lock:
            if self._con:
                self._con.close()
            self._con = None
