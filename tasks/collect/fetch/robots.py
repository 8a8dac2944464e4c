"""What a host's robots.txt allows, cached for a day across runs."""

import logging
import math
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from protego import Protego

from tasks.collect.fetch.crawl_delay import hold_lock
from tasks.model import Attempt, Failure, Outcome
from tasks.text.charsets import decode_utf16
from warehouse.layers.documents import decode, encode

log = logging.getLogger(__name__)

TOKEN = "presswatch"  # noqa: S105 - the product token of RFC 9309
MAX_BYTES = 500 * 1024  # of a robots.txt; the rest is ignored (RFC 9309, 2.5)
MAX_REDIRECTS = 5  # RFC 9309, 2.3.1.2
MAX_DELAY_SECONDS = 60.0  # seconds between requests; a longer crawl-delay counts as this

_KEPT = timedelta(days=1)
_TOKEN = re.compile(r"[a-z_-]+|\*(?!\S)")
_AGENT_LINE = re.compile(r"\s*user[-\s]*agent[\s:]+(.*)", re.IGNORECASE)

Ask = Callable[[str], Attempt]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one origin for this project's token."""

    rules: Protego

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Parse a robots.txt; whatever is not a rule is ignored."""
        # One name for all agents that are not this one: Protego stores each rule once for each
        # agent of its group, so 20,000 agents above 20,000 rules (500 KiB) would take all memory.
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if match := _AGENT_LINE.match(line):
                # `Presswatch/1.0` names this one: what follows the token does not count.
                named = _TOKEN.match(match[1].lower())
                agent = named[0] if named and named[0] in ("*", TOKEN) else "other"
                lines[number] = f"User-agent: {agent}"
        return cls(Protego.parse("\n".join(lines)))

    def allows(self, url: str) -> bool:
        """Whether the URL may be requested."""
        return bool(self.rules.can_fetch(url, TOKEN))

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """Addresses of sitemaps, for all agents."""
        return tuple(self.rules.sitemaps)

    @property
    def delay(self) -> float:
        """Seconds between two requests, by crawl-delay and request-rate, capped."""
        delay = self.rules.crawl_delay(TOKEN) or 0.0
        rate = self.rules.request_rate(TOKEN)
        if rate:
            delay = max(delay, rate.seconds / rate.requests)
        return min(delay, MAX_DELAY_SECONDS)


@dataclass(frozen=True, slots=True)
class _Cached:
    origin: str
    fetched_at: datetime
    status: int | None
    text: str


class Robots:
    """The policies of all origins of a run; each is fetched once, however many threads ask."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / "robots"
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[tuple[str, bool], Policy | Failure] = {}

    def policy(
        self, origin: str, allow_private: bool, ask: Ask, deadline: float = math.inf
    ) -> Policy:
        """The policy of an origin such as `https://example.org`; `ask` fetches what no cache has.

        Raises a Failure: ROBOTS_UNREACHABLE; ADDRESS_REFUSED when the host's own address is
        refused; LEFT_FOR_LATER when the policy is not known by the deadline.
        """
        # Kept apart by `allow_private`: a refusal to one source must not count for another.
        key = (origin, allow_private)
        with self._lock:
            lock = self._locks.setdefault(origin, threading.Lock())
        with hold_lock(lock, deadline):
            if key not in self._known:
                self._known[key] = self._load(origin, ask)
            known = self._known[key]
        if isinstance(known, Failure):
            raise Failure(known.outcome, known.detail)
        return known

    def _load(self, origin: str, ask: Ask) -> Policy | Failure:
        path = self._folder / f"{sha256(origin.encode()).hexdigest()[:40]}.json"
        try:
            kept = decode(_Cached, path.read_bytes(), path)
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.warning("a cached robots.txt is fetched again: %s", error)
        else:
            age = datetime.now(UTC) - kept.fetched_at
            if kept.origin == origin and timedelta(0) <= age < _KEPT:
                return Policy.parse(kept.text)
        attempt = ask(f"{origin}/robots.txt")
        text = _rules_text(attempt)
        if text is None:
            if attempt.outcome is Outcome.LEFT_FOR_LATER:  # does not count for other sources
                raise Failure(attempt.outcome, attempt.detail)
            if attempt.outcome is Outcome.ADDRESS_REFUSED and not attempt.exchanges:
                return Failure(Outcome.ADDRESS_REFUSED, attempt.detail)
            reason = f"robots.txt could not be fetched: {attempt.outcome}: {attempt.detail}"
            return Failure(Outcome.ROBOTS_UNREACHABLE, reason)
        kept = _Cached(origin, datetime.now(UTC), attempt.status, text)
        self._folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
            file.write(encode(kept))
        Path(file.name).replace(path)
        return Policy.parse(text)


def _rules_text(attempt: Attempt) -> str | None:
    """The file's text; empty where there is no file and all is allowed; None: fetch nothing."""
    if attempt.outcome is Outcome.ROBOTS_READ:
        payload = attempt.payload
        text = decode_utf16(payload) or payload.decode("utf-8-sig", errors="replace")
        if len(payload) >= MAX_BYTES:
            # A truncated line may disallow more than the whole one: "Disallow: /" of "/private".
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
        return text
    # By RFC 9309, 2.3.1, every 4xx, including 401 and 403, and more than five redirects mean that
    # there is no file. 429 is an exception made here: the host asks to be left alone.
    refused = attempt.status is not None and 400 <= attempt.status < 500
    if refused and attempt.outcome in (Outcome.NOT_FOUND, Outcome.DENIED, Outcome.HTTP_ERROR):
        return ""
    return "" if attempt.outcome is Outcome.TOO_MANY_REDIRECTS else None
