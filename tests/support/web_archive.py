"""A web archive on loopback with the interface of the Wayback Machine: its index and its pages."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha1
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.support.loopback import Answer, Loopback, http, redirect

FORMAT = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class StoredCapture:
    """One capture."""

    url: str
    at: datetime
    body: bytes
    """As it is kept: encoded where the headers say so."""
    headers: dict[str, str] = field(default_factory=dict)
    status: str = "200"
    mimetype: str = "text/html"
    digest: str = ""

    @property
    def key(self) -> str:
        parts = urlsplit(self.url)
        host = (parts.hostname or "").removeprefix("www.")
        return f"{','.join(reversed(host.split('.')))}){parts.path.lower()}"

    @property
    def row(self) -> list[str]:
        found = base64.b32encode(sha1(self.body).digest()).decode()
        about = (self.mimetype, self.status, self.digest or found)
        return [self.key, f"{self.at:{FORMAT}}", self.url, *about]

    @property
    def response(self) -> bytes:
        fields = {"Content-Type": "text/html; charset=utf-8"} | self.headers
        return http(self.body, **{name.replace("-", "_"): text for name, text in fields.items()})


class WebArchive(Loopback):
    """Answers by what it has; what a test says for an address, or for the index, comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[StoredCapture] = []
        self.index_says: list[Answer] = []
        """Answers of the index, used up one by one."""

    def keep(self, *captures: StoredCapture) -> None:
        self.kept += captures

    @property
    def index_requests(self) -> list[str]:
        return [hit.path for hit in self.hits if hit.path.startswith("/cdx/")]

    @property
    def page_requests(self) -> list[str]:
        return [hit.path for hit in self.hits if hit.path.startswith("/web/")]

    def address(self, capture: StoredCapture) -> str:
        return f"/web/{capture.at:{FORMAT}}id_/{capture.url}"

    def _answers_to(self, path: str) -> list[Answer]:
        if path in self._answers:
            return self._answers[path]
        if path.startswith("/cdx/search/cdx?"):
            return [self.index_says.pop(0) if self.index_says else self.index(path)]
        if path.startswith("/web/"):
            return [self.page(path)]
        return []

    def index(self, path: str) -> bytes:
        """What the CDX API says."""
        asked = {name: found[0] for name, found in parse_qs(urlsplit(path).query).items()}
        assert (asked["output"], asked["matchType"], asked["collapse"]) == (
            *("json", "domain"),
            "urlkey",
        )
        domain = ",".join(reversed(asked["url"].split(".")))
        rows = sorted(
            each.row
            for each in self.kept
            if each.key.startswith((f"{domain})", f"{domain},"))
            and asked["from"] <= f"{each.at:{FORMAT}}"[: len(asked["from"])]
            and f"{each.at:{FORMAT}}"[: len(asked["to"])] <= asked["to"]
        )
        rows = [row for row in rows if (row[3], row[4]) == ("text/html", "200")]
        rows = list({row[0]: row for row in reversed(rows)}.values())[::-1]
        after = unquote(asked.get("resumeKey", ""))
        rows = [row for row in rows if f"{row[0]} {row[1]}" > after]
        limit = int(asked["limit"])
        found: list[list[str]] = [asked["fl"].split(","), *rows[:limit]]
        if len(rows) > limit:
            found += [[], [quote(f"{rows[limit - 1][0]} {rows[limit - 1][1]}", safe="")]]
        text = json.dumps(found).replace("], [", "],\n[") if rows else "[]"
        return http(text.encode(), Content_Type="application/json")

    def page(self, path: str) -> bytes:
        """A capture as it was; a redirect to the nearest one where there is none of that time."""
        moment, _, url = path.removeprefix("/web/").partition("id_/")
        found = [each for each in self.kept if each.url == url]
        if not found:
            return http(b"The Wayback Machine has not archived that URL.", "404 Not Found")
        at = datetime.strptime(f"{moment}+0000", f"{FORMAT}%z")
        nearest = min(found, key=lambda each: abs(each.at - at))
        if abs(nearest.at - at) > timedelta(0):
            return redirect(self.address(nearest))
        return nearest.response
