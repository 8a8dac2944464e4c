"""Texts made from the gold pages: copies as papers print them, and texts that only share a part.

What is true of the pages themselves is listed by their ids, each pair looked at.
"""

import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import islice
from pathlib import Path

from tasks.load.load_run import load
from tasks.text import sentence_split
from tests.support.publishing import publish
from tests.support.scoring import gold_index
from tests.support.sentences import sentences as spans
from tests.support.staged_pages import SOURCES, Page, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import query

SAME_TEXT = (
    ("638fe2d84c", "d179f4919e"),
    ("45e8ba2c92", "335a8ac969"),
    ("5beb9a5483", "7f9d6f10b9"),
    ("7a13f29762", "cbfe25adba"),
    ("841567a25a", "47939f51c2"),
    ("aab788c1dc", "5c7004619c"),
)
"""Gold pages that are two states or two addresses of one article."""
ONE_EVENT = (
    ("3b213b5439", "9bbf1cf59c"),  # a reunion tour, two music papers
    ("b6e057d391", "cff6e397a9"),  # a NASA study, the agency's words in both
    ("1ab248bc56", "1a8227ca06"),  # the rescue of a child
    ("bdc4c85ed7", "e840fb3e82"),  # two envoys, one inquiry
    ("c7bbcf4a33", "9ff626b018"),  # the tariffs on Mexico
    ("9685a691f2", "5bc20230c5"),  # a ranking of car rentals
    ("87566e821d", "24cab69891"),  # an inquiry into WeWork
)
"""Gold pages of two publishers about one event, each in its own words."""
SHARED_FRAME = (
    ("8f857ac022", "bbdf669714"),  # terms of two promotions
    ("931d54750d", "e377bd88c8"),  # the same theatre's two shows
    ("868d1adeac", "34c2384293"),
    ("66f7596ec5", "187153e3ad"),
)
"""Gold pages of one publisher with the same words around different matter."""
LISTED = {
    "gold pages of one text": SAME_TEXT,
    "gold pages on one event": ONE_EVENT,
    "gold pages in one frame": SHARED_FRAME,
}
LEAST = 40
"""Words of a text that is compared at all."""

# Each paragraph is cut and counted for most of the kinds of changes. The recorded figures are of
# texts that were changed at the sentences of the earlier rules.
sentences = cache(partial(spans, is_earlier=True))
word_count = cache(sentence_split.word_count)


@dataclass(frozen=True)
class Original:
    """A gold page's text, and other texts in its language to take sentences from."""

    page_id: str
    paragraphs: Sequence[str]
    foreign: Sequence[str]
    dice: random.Random

    @cached_property
    def words(self) -> int:
        """Words of the text."""
        return sum(map(word_count, self.paragraphs))


def originals() -> Iterator[Original]:
    """The texts of news pages, of 100 words and more, each text once."""
    second = {later for _, later in SAME_TEXT}
    pages = {page_id: page for page_id, page in gold_index().items() if page_id not in second}
    texts = {page_id: _paragraphs(page["body"]) for page_id, page in pages.items()}
    by_language: dict[str, list[str]] = defaultdict(list)
    for page_id in sorted(texts):
        by_language[pages[page_id]["lang"]].append(page_id)
    for page_id, paragraphs in texts.items():
        if pages[page_id]["news"] and word_count("\n".join(paragraphs)) >= 100:
            dice = random.Random(page_id)
            others = [other for other in by_language[pages[page_id]["lang"]] if other != page_id]
            dice.shuffle(others)
            foreign = _enough([texts[other] for other in others or sorted(texts)], paragraphs)
            yield Original(page_id, paragraphs, foreign, dice)


def _enough(texts: Iterable[Sequence[str]], paragraphs: Sequence[str]) -> list[str]:
    """Whole texts, one after another, until they are longer than the paragraphs."""
    taken: list[str] = []
    for text in texts:
        taken += text
        if len("".join(taken)) > 1.5 * len("".join(paragraphs)):
            break
    return taken


def _paragraphs(body: Sequence[str]) -> list[str]:
    return [" ".join(line.split()) for part in body for line in part.splitlines() if line.strip()]


def _cut(paragraphs: Sequence[str], share: float) -> list[str]:
    """The text without its last sentences, `share` of its words."""
    left = (1 - share) * sum(map(word_count, paragraphs))
    kept: list[str] = []
    for paragraph in paragraphs:
        taken = ""
        for start, end in sentences(paragraph):
            if left <= 0:
                break
            left -= word_count(paragraph[start:end])
            taken = paragraph[:end]
        kept += [taken] if taken else []
    return kept


def _shuffled(of: Original) -> list[str]:
    return of.dice.sample(list(of.paragraphs), len(of.paragraphs))


def _edited(of: Original, paragraphs: Sequence[str], many: int) -> list[str]:
    """Sentences taken out, another text's put in their place."""
    text = list(paragraphs)
    theirs = list(_sentences(of.foreign))
    for _ in range(many):
        at = of.dice.randrange(len(text))
        start, end = of.dice.choice(sentences(text[at]) or [(0, len(text[at]))])
        text[at] = text[at][:start] + of.dice.choice(theirs) + text[at][end:]
    return text


def _sentences(paragraphs: Sequence[str]) -> Iterator[str]:
    return (text[start:end] for text in paragraphs for start, end in sentences(text))


def _foreign(of: Original, words: float) -> list[str]:
    """About so many words of another text."""
    taken: list[str] = []
    for sentence in _sentences(of.foreign):
        if words <= 0:
            break
        taken.append(sentence)
        words -= word_count(sentence)
    return [" ".join(taken)]


def _some(of: Original, many: int) -> list[str]:
    """So many sentences of the text itself."""
    own = list(_sentences(of.paragraphs))
    return of.dice.sample(own, min(many, len(own)))


def _with_lines(paragraphs: Sequence[str]) -> list[str]:
    first, *rest = paragraphs
    closing = "Reporting by Ann Made and our Portwick newsroom; editing by Ben Made."
    return [f"PORTWICK, 4 March (Made News Agency) - {first}", *rest, closing]


def _retyped(paragraphs: Sequence[str]) -> list[str]:
    signs = str.maketrans({"“": '"', "”": '"', "’": "'", "–": "-", "—": "-", " ": "\u00a0"})
    return [paragraph.translate(signs) for paragraph in paragraphs]


def _end(of: Original, share: float) -> list[str]:
    """The last paragraphs, about `share` of the words."""
    taken: list[str] = []
    for paragraph in reversed(of.paragraphs):
        if sum(map(word_count, taken)) + word_count(paragraph) / 2 > share * of.words:
            break
        taken.insert(0, paragraph)
    return taken


Change = Callable[[Original], Sequence[str]]

COPIES: Mapping[str, Change] = {
    "another headline": lambda of: of.paragraphs,
    "other quotes, dashes, spaces": lambda of: _retyped(of.paragraphs),
    "paragraphs in another order": _shuffled,
    "agency's and editors' lines": lambda of: _with_lines(of.paragraphs),
    "intro of 40 words": lambda of: [*_foreign(of, 40), *of.paragraphs],
    "1 sentence replaced": lambda of: _edited(of, of.paragraphs, 1),
    "3 sentences replaced": lambda of: _edited(of, of.paragraphs, 3),
    "last 20 % cut": lambda of: _cut(of.paragraphs, 0.2),
    "last 40 % cut": lambda of: _cut(of.paragraphs, 0.4),
    "last 60 % cut": lambda of: _cut(of.paragraphs, 0.6),
    "order, lines, 1 sentence": lambda of: _with_lines(_edited(of, _shuffled(of), 1)),
    "40 % cut, intro, 1 sentence": lambda of: [
        *_foreign(of, 40),
        *_edited(of, _cut(of.paragraphs, 0.4), 1),
    ],
    "60 % cut, lines": lambda of: _with_lines(_cut(of.paragraphs, 0.6)),
}
"""What papers do to a text that they take over."""

OTHERS: Mapping[str, Change] = {
    "follow-up, last 30 % kept": lambda of: [*_foreign(of, 0.7 * of.words), *_end(of, 0.3)],
    "follow-up, last 50 % kept": lambda of: [*_foreign(of, 0.5 * of.words), *_end(of, 0.5)],
    "own report with 4 of its sentences": lambda of: [
        *_foreign(of, of.words),
        *_some(of, 4),
    ],
}
"""What is another article though it shares a part."""


@dataclass(frozen=True)
class CopyCounts:
    """What became of the made texts."""

    merged: Mapping[str, tuple[int, int]]
    """By kind: how many were taken for copies of their original, of how many."""
    pairs: Mapping[str, tuple[int, int]]
    """The same for the listed pairs of gold pages."""
    right: int
    wrong: int
    """Texts in a cluster to which they belong, and to which they do not."""


def measure(folder: Path, step: int = 1) -> CopyCounts:
    """Load the gold texts with all that is made of them; see what the warehouse calls copies.

    With a step, texts are made of every second, third ... gold text only.
    """
    layout = Layout(folder)
    made_of = islice(originals(), 0, None, step)
    pages = _gold_pages() + [page for of in made_of for page in _made_pages(of)]
    load(layout, [], SOURCES, [stage(layout, "20260401T060000Z-c0de00", pages)])
    publish(layout)
    sql = (
        "SELECT split_part(copy.url_canonical, '/', 4) AS slug, split_part(first.url_canonical,"
        " '/', 4) AS first FROM articles AS copy JOIN articles AS first"
        " ON first.article_id = copy.cluster_id"
    )
    return _judged({row["slug"]: row["first"] for row in query(layout, sql).to_pylist()})


def _gold_pages() -> list[Page]:
    return [
        Page(page_id, "\n\n".join(_paragraphs(page["body"])), 0, 24.0 * 20)
        for page_id, page in gold_index().items()
    ]


def _made_pages(of: Original) -> Iterator[Page]:
    for number, change in enumerate((*COPIES.values(), *OTHERS.values())):
        body = "\n\n".join(text for text in change(of) if text)
        day = of.dice.randint(1, 6)
        slug = f"{of.page_id}-{number}"
        if word_count(body) >= LEAST:
            yield Page(slug, body, day, 24.0 * 20, "de-blatt", headline=f"Headline {slug}")


def _judged(clusters: Mapping[str, str]) -> CopyCounts:
    """Figures of articles and the first of the cluster each was put in.

    That another article than the original is near a made follow-up is no fault: it was made of it.
    """
    kinds, same = (*COPIES, *OTHERS), {later: first for first, later in SAME_TEXT}
    merged = {kind: [0, 0] for kind in kinds}
    right = wrong = 0
    for slug, first in clusters.items():
        page_id, _, number = slug.partition("-")
        base, of = (same.get(one, one) for one in (page_id, first.partition("-")[0]))
        if number:
            merged[kinds[int(number)]][0] += of == base and "-" not in first
            merged[kinds[int(number)]][1] += 1
        if number and kinds[int(number)] in OTHERS:
            wrong += of == base and "-" not in first
        elif slug != first:
            right, wrong = right + (of == base), wrong + (of != base)
    return CopyCounts(
        {kind: (found, many) for kind, (found, many) in merged.items()},
        {
            name: (sum(clusters[one] == clusters[other] for one, other in pairs), len(pairs))
            for name, pairs in LISTED.items()
        },
        right,
        wrong,
    )


def table(found: CopyCounts) -> str:
    """The figures as lines of a table."""
    rows = {**found.merged, **found.pairs}
    lines = [f"| {kind} | {many} of {of} ({many / of:.1%}) |" for kind, (many, of) in rows.items()]
    precision = found.right / (found.right + found.wrong)
    summed = f"| in a cluster: right / wrong | {found.right} / {found.wrong} ({precision:.2%}) |"
    return "\n".join(["| taken for a copy of its original | |", "|---|---|", *lines, summed])


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(Path(folder))))


if __name__ == "__main__":
    main()
