"""The index of the Wayback Machine: queries of its CDX API, and its answers."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from tasks.collect.listings.feeds_and_sitemaps import unreadable
from tasks.history.periods import Period
from tasks.text.urls import is_http

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest")
_NEEDED = frozenset({"urlkey", "timestamp", "original", "digest"})
_OWN_PORT = re.compile(r"\A(?:(http://[^/]*):80|(https://[^/]*):443)(?:/|\Z)")


@dataclass(frozen=True, slots=True)
class IndexedCapture:
    """A capture of a page, as the index has it."""

    # The URL in SURT order, without scheme, `www.` and port: com,paper)/news/1
    urlkey: str
    captured_at: datetime
    url: str  # as it was captured
    digest: str  # SHA-1 of the body as the archive keeps it, in base 32

    @property
    def page(self) -> str:
        """The URL of the page, without the port `:80` or `:443` that old captures have."""
        return _OWN_PORT.sub(r"\1\2/", self.url)


@dataclass(frozen=True, slots=True)
class Answer:
    """The captures of an answer, and the key of the next one."""

    captures: tuple[IndexedCapture, ...] = ()
    resume_key: str = ""  # empty in the last answer
    passed: dict[str, int] = field(default_factory=dict)  # rows that are no captures of pages


def query(archive: str, domain: str, period: Period, rows: int, resume_key: str = "") -> str:
    """The address that lists the captures of a domain in a period: the earliest of each URL."""
    # Not collapse=digest or timestamp: only adjacent rows are compared, and in answers about a
    # whole domain these are often of different URLs. All captures of a front page are thousands.
    asked = urlencode(
        [
            ("url", domain),
            ("matchType", "domain"),
            ("from", f"{period.first:%Y%m%d}"),
            ("to", f"{period.last:%Y%m%d}"),
            ("output", "json"),
            ("fl", ",".join(FIELDS)),
            ("filter", "statuscode:200"),
            ("filter", "mimetype:text/html"),
            ("collapse", "urlkey"),
            ("limit", rows),
            ("showResumeKey", "true"),
        ]
    )
    # The key comes encoded: com%2Cpaper%29%2Fnews+20240301000000%21
    resume = f"&resumeKey={quote(resume_key, safe='%+')}" if resume_key else ""
    return f"{archive.rstrip('/')}/cdx/search/cdx?{asked}{resume}"


def read_answer(payload: bytes) -> Answer:
    """Read an answer: a JSON array of rows, the first one the names of the fields.

    An empty payload is an answer without captures. Broken rows are counted and left out; raises a
    Failure, LISTING_UNREADABLE, without a readable row.
    """
    text = payload.decode("utf-8", "replace").strip()
    if text.replace(" ", "") in ("", "[]"):
        return Answer()
    rows, broken = _rows(text)
    if not rows:
        raise unreadable(f"not an answer of a CDX server: {text[:80]}")
    names = [str(name) for name in rows[0]]
    if not _NEEDED.issubset(names):
        raise unreadable(f"the index names other fields: {', '.join(names)[:80]}")
    resume_key = ""
    # An empty row, and then one with nothing but the key.
    if len(rows) > 2 and rows[-2] == [] and len(rows[-1]) == 1:
        resume_key, rows = str(rows[-1][0]), rows[:-2]
    passed, captures = Counter({"unreadable_row": broken}), []
    for row in rows[1:]:
        named = dict(zip(names, map(str, row), strict=False))
        at = parse_timestamp(named.get("timestamp", ""))
        if len(row) != len(names):
            reason = "unreadable_row"
        # A capture that repeats an earlier one has the type warc/revisit, and `-` for its status.
        elif named.get("mimetype") == "warc/revisit" or named.get("statuscode") == "-":
            reason = "revisit"
        elif named.get("statuscode", "200") != "200":
            reason = "no_success"
        elif at is None or not is_http(named["original"]):
            reason = "unreadable_row"
        else:
            digest = named["digest"].upper()
            captures.append(IndexedCapture(named["urlkey"], at, named["original"], digest))
            continue
        passed[reason] += 1
    return Answer(tuple(captures), resume_key, dict(+passed))


def _rows(text: str) -> tuple[list[list[object]], int]:
    """The rows, and how many lines were broken."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = []
        # The server writes a row a line, and may end in the middle of one.
        for line in (line.strip().rstrip(",") for line in text.splitlines()):
            if line in "[]":  # or empty
                continue
            row = line.removeprefix("[") if line.startswith("[[") else line
            row = row.removesuffix("]") if row.endswith("]]") else row
            try:
                found.append(json.loads(row))
            except (ValueError, RecursionError):
                found.append(None)
    rows = found if isinstance(found, list) else []
    lists = [row for row in rows if isinstance(row, list)]
    return lists, len(rows) - len(lists)


def parse_timestamp(timestamp: str) -> datetime | None:
    """The UTC time of a timestamp of 14 digits; None if it is not one."""
    try:
        return datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
