"""Writing archive files group by group."""

import fcntl
import io
import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Self
from uuid import NAMESPACE_URL, UUID, uuid5

from fastwarc.warc import WarcRecordType

from tasks.archive.half_written import finish, is_at
from tasks.archive.warc_records import (
    OPEN_SUFFIX,
    TRUNCATED,
    Group,
    capture_of,
    warcinfo_id,
    write_record,
)
from tasks.model import Attempt, Capture, CaptureKind, Entry
from warehouse.store.archive_files import SUFFIX

_version = cache(version)  # it reads a file: 2 ms of the 3 that the archive of one feed took


class ArchiveWriter:
    """Writes the archive file of one source and run; used by one thread.

    The file is created with the first attempt, and on close truncated after the last complete
    group, synced, renamed. A retry may resume the file that the attempt before it closed.
    """

    def __init__(self, raw: Path, source_id: str, run_id: str, *, may_resume: bool = False) -> None:
        self._folder = raw / source_id
        self._source_id = source_id
        self._run_id = run_id
        self._warcinfo_id = warcinfo_id(source_id, f"{run_id}{SUFFIX}")
        self._file: io.FileIO | None = None
        self._whole = 0
        self._ids: set[UUID] = set()
        self._may_resume = may_resume
        self._resumed_at = 0  # bytes that an earlier attempt had archived
        # The closed file; None until it is closed, and where nothing was written.
        self.path: Path | None = None

    def write(self, attempt: Attempt, entry: Entry | None = None) -> Capture:
        """Archive one attempt; once this returns, killing the process does not lose it."""
        file, start = self._opened()
        name = [self._source_id, self._run_id, attempt.kind, attempt.url_requested]
        if attempt.kind is CaptureKind.FILE:
            name.append(attempt.etag or "")
        if self._resumed_at:  # the earlier attempt may have asked for the same URL
            name.append(f"resumed at {self._resumed_at}")
        text = "\n".join(name).encode("utf-8", "replace").decode()
        capture_id, count = uuid5(NAMESPACE_URL, text), 1
        while capture_id in self._ids:
            count += 1
            capture_id = uuid5(NAMESPACE_URL, f"{text}\n{count}")
        group = Group(capture_id, self._warcinfo_id, io.BytesIO())
        for number, exchange in enumerate(attempt.exchanges):
            is_last = number == len(attempt.exchanges) - 1
            truncated = TRUNCATED.get(attempt.outcome) if is_last else None
            group.add_exchange(number, exchange, truncated)
        if attempt.payload and not attempt.exchanges:
            group.add_resource(attempt)
        capture = capture_of(attempt, entry, capture_id, self._source_id, self._run_id)
        if group.last:
            place = f"{self._source_id}/{self._final_path.name}#{start + group.last[0]}"
            capture = replace(capture, raw_ref=place)
        group.add_capture(capture)
        self._whole = _write_at(file, start, group.buffer.getbuffer())
        self._ids.add(capture_id)
        return capture

    def close(self) -> None:
        """Truncate after the last complete group, sync and rename; remove a file without one."""
        if self._file is None:
            return
        with self._file as file:
            self._file = None
            if self._ids or self._resumed_at:
                finish(file, self._whole, self._open_path, self._final_path)
                self.path = self._final_path
            else:
                self._open_path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _final_path(self) -> Path:
        return self._folder / (self._run_id + SUFFIX)

    @property
    def _open_path(self) -> Path:
        return self._folder / (self._run_id + OPEN_SUFFIX)

    def _opened(self) -> tuple[io.FileIO, int]:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._may_resume and self._final_path.exists():
                self._file = self._final_path.open("r+b", buffering=0)
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._final_path.rename(self._open_path)
                self._whole = self._resumed_at = self._file.seek(0, os.SEEK_END)
                return self._file, self._whole
            if self._final_path.exists():
                raise FileExistsError(f"{self._final_path}: an archive of this run exists")
            while True:
                file = self._open_path.open("xb", buffering=0)
                fcntl.flock(file, fcntl.LOCK_EX)
                if is_at(file, self._open_path):
                    break
                file.close()  # `salvage` took it before it was locked
            self._file = file
            block = (
                f"software: presswatch/{_version('presswatch')}\r\nformat: WARC File Format 1.1\r\n"
                f"source_id: {self._source_id}\r\nrun_id: {self._run_id}\r\n"
            ).encode()
            headers = {
                "WARC-Filename": self._final_path.name,
                "Content-Type": "application/warc-fields",
            }
            buffer = io.BytesIO()
            kind, now = WarcRecordType.warcinfo, datetime.now(UTC)
            write_record(buffer, kind, self._warcinfo_id, now, block, headers)
            self._whole = _write_at(file, 0, buffer.getbuffer())
        return self._file, self._whole


def _write_at(file: io.FileIO, start: int, data: memoryview) -> int:
    file.seek(start)
    rest = data
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        error.filename = str(file.name)  # the system names no file for a full disk
        raise
    return start + len(data)
