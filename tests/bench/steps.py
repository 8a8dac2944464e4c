"""Where extraction spends its CPU time, by step: `python -m tests.bench --only steps`."""

import gzip
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from tasks import extract
from tasks.prompts import clean_page, draft
from tasks.prompts.block_model import Forest
from tasks.prompts.word_weights import Lexicon
from tests.bench.peers.run_extract import page_paths
from tests.support.scoring import CORPUS

EVERY, WARM_UP = 5, 50
REST = "the rest"
# The functions of a step. Time in one that another one calls counts for the inner one alone.
STEPS: dict[str, tuple[tuple[object, str], ...]] = {
    "decode the bytes": ((extract, "decode"),),
    "parse the HTML": ((extract, "parse_html"),),
    "read the metadata": ((extract, "read_metadata"),),
    "split the page into blocks": ((clean_page, "split_tree"),),
    "weigh words, class names, link addresses": (
        (Lexicon, "score_text"),
        (Lexicon, "name_scores"),
    ),
    "compute the model's other columns": ((draft, "describe"), (draft, "relate")),
    "score by trees": ((Forest, "score"),),
    "match text rules": ((clean_page, "find_rule"),),
    "choose and strip blocks, assign roles": ((clean_page, "finish"),),
    "article or not, rejections": ((extract, "judge_page"), (extract, "reject")),
    "detect the language": ((extract, "choose_language"),),
}


class Timer:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.spent = defaultdict[str, float](float)
        self._open = [REST]
        self._since = time.process_time()

    def charge(self) -> None:
        """Add the time since the last call to the innermost step."""
        now = time.process_time()
        self.spent[self._open[-1]] += now - self._since
        self._since = now

    def timed(self, title: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time charged to a step."""

        @wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            self.charge()
            self._open.append(title)
            try:
                return function(*args, **options)
            finally:
                self.charge()
                self._open.pop()

        return call


def run() -> None:
    """Print milliseconds per page and share of each step over every fifth gold page."""
    paths = page_paths(CORPUS / "gold", None)[::EVERY]
    pages = [gzip.decompress(path.read_bytes()) for path in paths]
    for html in pages[:WARM_UP]:
        extract.extract_page(html, "text/html", "")
    timer = Timer()
    for title, functions in STEPS.items():
        for owner, name in functions:
            _replace(owner, name, timer.timed(title, getattr(owner, name)))
    timer.charge()
    timer.spent.clear()
    for html in pages:
        extract.extract_page(html, "text/html", "")
    timer.charge()
    print(table(timer.spent, len(pages)))


def _replace(owner: object, name: str, function: Callable[..., Any]) -> None:
    """Replace a method, or a function in every module that has imported it."""
    old = getattr(owner, name)
    for place in (owner, *list(sys.modules.values())):
        if getattr(place, "__dict__", {}).get(name) is old:
            setattr(place, name, function)


def table(spent: Mapping[str, float], pages: int) -> str:
    """A row a step, in the order of a page."""
    total = sum(spent.values())
    rows = [f"| {pages} pages | ms CPU per page | share |", "|---|--:|--:|"]
    for title in (*STEPS, REST):
        share = f"{100 * spent[title] / total:.0f} %"
        rows.append(f"| {title} | {1000 * spent[title] / pages:.2f} | {share} |")
    return "\n".join([*rows, f"| all | {1000 * total / pages:.2f} | 100 % |"])
