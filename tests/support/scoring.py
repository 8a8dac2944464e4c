"""What the score programs of ../shared say of a system's output: figures a page, and their totals.

A system's figures are a dict of parts, each a dict by page id:

    corpus, text    labelled pages as HTML, and as text: kinds of prompts leaked, paragraphs lost
    article         the same of their articles alone as text, without the menus around them
    gold            precision, recall and F1 of the body's shingles, and F1 `neutral`: of the body
                    with or without the standfirst, as fits the gold better
    metadata        whether headline and day are those of the gold
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from statistics import mean
from types import ModuleType
from typing import Any

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
CROSSVAL = Path(__file__).parents[1] / "training" / "crossval.json"
SIDE_KINDS = frozenset({"other", "cookie_adblock"})
"""Kinds of prompts that are not at the core of the matter."""
REPOS = ("fundus", "scrapinghub", "misinformation", "web-content")
BAD = 0.8
"""A page whose body has a lower F1 has failed."""

_TITLES: dict[str, str] = {
    "og:title, another one than the h1": "99167c37da ae0226e1a0 1d968b9785 4b248cd8e2 fea351cfed"
    " 6bd878c1e0 e9766ca19b 11cf5f4ccc",
    "JSON-LD's headline, another one than the h1": "b9444ff2a5 a207d25d2d ca65431238 14a013f118"
    " d98ab20c20 fc23f05f91 2c311af3d5 3b84db6054",
    "og:title, a part of the h1": "c5c30e65d8 c8a1bec57f 7efa8ebe98",
    "half of the h1": "081bbd61d7",
    "JSON-LD's headline, cut at 110 characters": "59b133d5a5",
    "the h1 and more, as in the title element": "e2d10b02cd 0f6af0975b",
    "JSON-LD's headline, with HTML entities": "e82aa2b020",
}
OTHER_TITLES = {page: gold for gold, pages in _TITLES.items() for page in pages.split()}
"""Pages of fundus whose gold is not the title that they print, and what it is instead."""

WRONG_GOLD = frozenset(
    (
        "c5c30e65d8",  # the gold is the page's tags
        "b420d431bb",  # one paragraph of a press release
        "0d3a7d7b47",  # one paragraph of a prayer
        "3b84db6054",  # without the numbered list that the article is
        "9d4708a9e7",  # without its lists
        "507f38dc34",  # a line of a page that shows hardly more
    )
)
"""News pages whose gold is not their article, found among the thirty worst."""

_OF_ADVERTISEMENTS = "7a13f29762 cbfe25adba cd05e273ef 50750880fb"
"""A paragraph that has to stay ends with the label of an advertisement."""
_OF_OTHER_ARTICLES = "324e8403c5 1b6c0adbca 8d057bb70a 1a8227ca06 12bf6c1502"
"""Such a paragraph ends with headlines of other articles, or is nothing else."""
_OF_FURNITURE = "168c5a8ce3 9e9ce521f8"
"""Such paragraphs hold byline, advertisement's label and button; or offers to share a link."""
WRONG_LABELS = frozenset(f"{_OF_ADVERTISEMENTS} {_OF_OTHER_ARTICLES} {_OF_FURNITURE}".split())
"""Labelled pages from which nobody could keep all that their labels want kept."""

Page = dict[str, Any]
Part = dict[str, Page]
Figures = dict[str, Part]
Totals = dict[str, float]


@cache
def corpus_index() -> dict[str, Page]:
    """The labelled pages by id."""
    rows = json.loads((CORPUS / "pages" / "index.json").read_text())
    return {row["id"]: row for row in rows}


@cache
def gold_index() -> dict[str, Page]:
    """The gold pages by id."""
    lines = gzip.decompress((CORPUS / "gold" / "index.jsonl.gz").read_bytes()).splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


@cache
def program(path: Path) -> ModuleType:
    """The functions of a score program, without the last line that runs it."""
    module = ModuleType(path.stem)
    source = path.read_text(encoding="utf-8").removesuffix("\nmain()\n")
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def score_corpus(read: Callable[[str], str | None]) -> Part:
    """The figures of the labelled pages; `read` gives a page's cleaned text, None for no page."""
    scorer, hard = program(CORPUS / "score.py"), dict[str, int]()

    def text_of(page: Page) -> str | None:
        text = read(page["id"])
        letters = scorer.N(text or "")
        gone = [row for row in page["must"] if scorer.N(row["text"]) not in letters]
        hard[page["id"]] = sum(row["hard_negative"] for row in gone)
        return text

    totals, *_, pages = scorer.score(str(CORPUS / "pages"), text_of)
    part = {}
    for page_id, _, leaks, lost, must in pages:
        kinds = sorted({kind for group, kind, _ in leaks if group == "main"})
        part[page_id] = {"leak": kinds, "lost": lost, "must": must, "hard_lost": hard[page_id]}
    assert sum(page["hard_lost"] for page in part.values()) == totals["hard_lost"]
    return part


def score_gold(read: Callable[[str], Page | None]) -> Part:
    """The figures of the gold pages; `read` gives a page's record, None for no page."""
    scorer, part = program(CORPUS / "gold" / "score.py"), {}
    for page_id, gold in gold_index().items():
        record = read(page_id)
        if record is None:
            continue
        body, text = record["body"], "\n".join(gold["body"])
        p, r = scorer.page(text, body)
        part[page_id] = page = {"p": round(p, 4), "r": round(r, 4), "f1": round(_f1(p, r), 4)}
        page |= {"neutral_p": page["p"], "neutral_r": page["r"], "neutral": page["f1"]}
        if lead := record.get("standfirst"):
            p, r = scorer.page(text, f"{lead}\n{body}")
            if _f1(p, r) > page["f1"]:
                found = round(p, 4), round(r, 4), round(_f1(p, r), 4)
                page |= zip(("neutral_p", "neutral_r", "neutral"), found, strict=True)
    return part


def score_metadata(read: Callable[[str], Page | None]) -> Part:
    """Headline and day of the gold pages; `read` gives a page's record, None for no page."""
    part = {}
    for page_id, gold in gold_index().items():
        record = read(page_id)
        if record is not None:
            part[page_id] = {"headline": _has_title(gold, record), "day": _day(gold, record)}
    return part


def _has_title(gold: Page, record: Page) -> bool | None:
    fold = program(CORPUS / "score.py").N
    if not gold.get("title"):
        return None
    return bool(fold(record.get("headline") or "") == fold(gold["title"]))


def _day(gold: Page, record: Page) -> str | None:
    day = program(CORPUS / "gold" / "score.py").day
    if not gold.get("published"):
        return None
    found = day(record["published_at"]) if record.get("published_at") else None
    if found is None:
        return "none"
    return "right" if found == day(gold["published"]) else "wrong"


def score_folder(folder: Path) -> Figures:
    """All parts of what `folder` holds: gold/ID.json, and ID.txt in pages, text and article."""

    def record(page_id: str) -> Page | None:
        text = read_text(folder / "gold" / f"{page_id}.json")
        return None if text is None else dict(json.loads(text))

    figures = {"gold": score_gold(record), "metadata": score_metadata(record)}
    for part, name in (("corpus", "pages"), ("text", "text"), ("article", "article")):
        if (folder / name).is_dir():
            figures[part] = score_texts(folder / name)
    return figures


def score_texts(folder: Path) -> Part:
    """The figures of the labelled pages whose cleaned text is `folder`/ID.txt."""
    return score_corpus(lambda page_id: read_text(folder / f"{page_id}.txt"))


def read_text(path: Path) -> str | None:
    """What a file holds; None where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else None


def crossval() -> Figures:
    """The committed figures of models that saw no page of a page's owner; nothing if absent."""
    text = read_text(CROSSVAL)
    return json.loads(text) if text else {}


def totals(figures: Figures) -> Totals:
    """The figures over all pages; those that a part is missing for are left out."""
    found: Totals = {}
    if corpus := figures.get("corpus"):
        found |= _leaks_and_losses(corpus) | _hard_negatives(corpus)
        sound = _sound(corpus)
        of_sound = {"lost": _leaks_and_losses(sound)["lost"], **_hard_negatives(sound)}
        found |= {f"sound_{name}": value for name, value in of_sound.items()}
    if text := figures.get("text"):
        found |= {f"text_{name}": value for name, value in _leaks_and_losses(text).items()}
        found["sound_text_lost"] = _leaks_and_losses(_sound(text))["lost"]
    if article := figures.get("article"):
        found |= {f"article_{name}": value for name, value in _leaks_and_losses(article).items()}
    if gold := figures.get("gold"):
        found |= _bodies(gold)
    if metadata := figures.get("metadata"):
        found |= _metadata(metadata)
    return found


def _sound(part: Part) -> Part:
    """The labelled pages whose labels are right."""
    return {at: page for at, page in part.items() if at not in WRONG_LABELS}


def _leaks_and_losses(part: Part) -> Totals:
    pages = part.values()
    must = sum(page["must"] for page in pages)
    return {
        "core_leak": mean(not SIDE_KINDS.issuperset(page["leak"]) for page in pages),
        "leak": mean(bool(page["leak"]) for page in pages),
        "lost": sum(page["lost"] for page in pages) / max(1, must),
    }


def _hard_negatives(part: Part) -> Totals:
    hard = sum(corpus_index()[page_id]["n_hard"] for page_id in part)
    lost = sum(page["hard_lost"] for page in part.values())
    return {"hard": hard, "hard_lost": lost / max(1, hard)}


def _bodies(part: Part) -> Totals:
    index = gold_index()
    news = [page for page_id, page in part.items() if index[page_id]["news"]]
    found = {"news_f1": mean_f1(news), "news_bad": mean(page["f1"] < BAD for page in news)}
    if news and "neutral" in news[0]:
        found["neutral_f1"] = mean_f1(news, "neutral_")
        found["neutral_bad"] = mean(page["neutral"] < BAD for page in news)
        sound = [part[at] for at in part.keys() - WRONG_GOLD if index[at]["news"]]
        found["sound_f1"] = mean_f1(sound, "neutral_")
        found["sound_bad"] = mean(page["neutral"] < BAD for page in sound)
    for repo in REPOS:
        pages = [page for page_id, page in part.items() if repo in index[page_id]["repo"]]
        if pages:
            found[f"{repo}_f1"] = mean_f1(pages)
    return found


def _metadata(part: Part) -> Totals:
    fundus = {
        at: page["headline"]
        for at, page in part.items()
        if page["headline"] is not None and "fundus" in gold_index()[at]["repo"]
    }
    days = [page["day"] for page in part.values() if page["day"]]
    return {
        "headline": mean(fundus.values()),
        "headline_printed": mean(
            is_right for at, is_right in fundus.items() if at not in OTHER_TITLES
        ),
        "day_right": mean(day == "right" for day in days),
        "day_wrong": mean(day == "wrong" for day in days),
    }


def mean_f1(pages: Iterable[Page], kind: str = "") -> float:
    """F1 of the mean precision and the mean recall, as gold/score.py has it."""
    rows = list(pages)
    return _f1(*(mean(page[f"{kind}{name}"] for page in rows) for name in ("p", "r")))


def _f1(p: float, r: float) -> float:
    return 2 * p * r / (p + r) if p + r else 0.0


def by_language(figures: Figures) -> dict[str, Totals]:
    """For each language: `pages`, `leak` and `lost` of labelled pages, `gold` pages, `f1`."""
    found: dict[str, Totals] = defaultdict(dict)
    for language, part in _grouped(figures.get("corpus", {}), corpus_index()).items():
        found[language] |= {"pages": len(part), **_leaks_and_losses(part)}
    for language, part in _grouped(figures.get("gold", {}), gold_index()).items():
        found[language] |= {"gold": len(part), "f1": mean_f1(part.values())}
    return dict(found)


def _grouped(part: Part, index: dict[str, Page]) -> dict[str, Part]:
    groups: dict[str, Part] = defaultdict(dict)
    for page_id, page in part.items():
        groups[index[page_id]["lang"] or "none"][page_id] = page
    return groups
