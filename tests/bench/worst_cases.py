"""How long pages and listings made to be slow take: `python -m tests.bench.worst_cases`.

Prints the CPU seconds of the slowest of each kind beside its bound, and ends with status 1 when one
takes longer. A page of the largest size may take three quarters of `limits.page_seconds`, a smaller
one its share of that. Seconds are those of the machine that the bounds were taken on: a plain page
is timed before each.
"""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from tasks.collect.fetch.robots import Policy
from tasks.collect.listings import read_listing
from tasks.extract import extract_page
from tasks.model import Failure
from tasks.prompts.text_rules import MAX_TEXT_CHARS, find_rule
from tasks.topics.mentions import Matcher
from tasks.topics.topic import TopicEntry
from tests.prompts.test_prompts import LANGUAGE, RULES
from tests.prompts.test_properties import texts_for
from tests.support.worst_pages import (
    BROKEN,
    DEEP,
    FILLS,
    HTML,
    LARGE,
    LIMITS,
    SENTENCE,
    SIZE,
    SLOW_PROLOGS,
    deep,
    fill,
    large,
    page_of,
    repeated,
    slow_titles,
)

MOST_CPU = LIMITS.page_seconds * 0.75
"""Seconds that a page of the largest size may take; a smaller one its share and START."""
START = 0.6
PLAIN = page_of(fill(f"<p>{SENTENCE}</p>", 400_000))
PLAIN_SECONDS = 0.1
"""CPU seconds of that page where the bounds were taken (Python 3.11, a core of two)."""

Case = tuple[str, Callable[[], object], float]
"""What it is, the work, and the CPU seconds that it may take."""


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of the work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def page(name: str, payload: bytes, kind: str = HTML, most: float | None = None) -> Case:
    """A page that is extracted."""
    share = START + MOST_CPU * len(payload) / LIMITS.max_bytes
    return name, lambda: extract_page(payload, kind, ""), most or share


def listing(name: str, text: str, most: float) -> Case:
    """A feed that is read."""
    payload = text.encode()
    url = "https://paper.example/feed"

    def read() -> None:
        with suppress(Failure):  # no listing, which must be found out in time, too
            read_listing(payload, "application/xml", url, max_entries=100)

    return name, read, most


def rules() -> None:
    """Every rule over long texts."""
    for rule in RULES:
        language = rule.name.split("/")[0]
        for text in texts_for(rule):
            rule.pattern.search(text)
            find_rule(text, LANGUAGE.get(language, language))


def robots() -> None:
    """A robots.txt of many agents and rules."""
    agents = "".join(f"User-agent: a{i}\nuser agent b{i}\n" for i in range(8000))
    rest = "".join(f"Disallow: /*{i}*\n" for i in range(12000))
    Policy.parse(f"{agents}User-agent: *\n{rest}").allows("http://paper.example/page")


def endless_word() -> None:
    """A topic named five thousand times in one word."""
    matcher = Matcher([TopicEntry(id="h", name="H", aliases=("huawei",)).topic()])
    list(matcher.find("a-huawei." * 5000))


def cases() -> Iterable[Case]:
    """All of them, one kind after the other."""
    yield from (page("largest size", large(body), most=MOST_CPU) for body in LARGE.values())
    yield from (page("deep nesting", deep(tags), most=MOST_CPU / 2) for tags in DEEP)
    yield from (page(f"broken: {name}", page_of(build(SIZE))) for name, build in BROKEN.items())
    for text in FILLS:
        yield from (page("repeated text", *case) for case in repeated(text, MAX_TEXT_CHARS))
    yield from (listing("prologs of a feed", piece * 200_000, 5) for piece in SLOW_PROLOGS)
    yield listing("a feed of nothing but tags", "<rss>" + "<a>" * 3_000_000, 2)
    yield listing("titles of a feed", f"<rss><channel>{slow_titles()}</channel></rss>", 1.5)
    yield "rules over long texts", rules, 0.003 * sum(len(texts_for(rule)) for rule in RULES)
    yield "a large robots.txt", robots, 3
    yield "mentions in one endless word", endless_word, 5


def main() -> None:
    """Print the table."""
    slowest: dict[str, tuple[float, float]] = {}
    for name, work, most in cases():
        pace = min(1, PLAIN_SECONDS / cpu(lambda: extract_page(PLAIN, HTML, "")))
        taken = (cpu(work) * pace, most)
        slowest[name] = max(slowest.get(name, (0.0, most)), taken, key=lambda one: one[0] / one[1])
    print("| made to be slow | CPU s | at most |\n|---|---|---|")
    for name, (seconds, most) in slowest.items():
        print(f"| {name} | {seconds:.2f} | {most:.2f} |")
    sys.exit(any(seconds > most for seconds, most in slowest.values()))


if __name__ == "__main__":
    main()
