"""Training pages for the prompt forest: gold pages with own sentences and prompts put between
their paragraphs.

`tests/training/texts` has a TOML file per language, of the form that `tests/support/lookalikes.py`
describes: news sentences that read like prompts, prompts that read like news. Where the corpus has
too few pages of a language, the paragraphs of a page are replaced by those of an own article.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.prompts.page import Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.short_lines import is_date_line
from tasks.prompts.split_into_blocks import split_lines, split_tree
from tasks.prompts.tree_arrays import Column
from tasks.prompts.word_weights import fold
from tests.extract.test_sample_pages import SAMPLES
from tests.training.labels import Example, fold_of, hints_of, owners_of, read_html, read_rows

TEXTS = Path(__file__).with_name("texts")
PER_PAGE = 4  # Own texts put into one page
# With fewer pages of a language and fold, pages of any language get an own article.
FEWEST_HOSTS = 3
FEWEST_PARAGRAPHS, LONG = 6, 60  # Paragraphs of a page, and characters of a paragraph
# Weights of an inserted sentence, of a line of an inserted prompt, of the page's own paragraphs.
SENTENCE_WEIGHT, PROMPT_WEIGHT, HOST_WEIGHT = 9.0, 2.0, 0.5
SAMPLE_WEIGHT = 3.0  # Of a paragraph of the sample newsroom
MARK = "\ue000{}\ue001"
MARKED = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class OwnText:
    """A sentence or a prompt written for training."""

    language: str
    lines: tuple[str, ...]
    html: str  # Empty for a sentence

    @property
    def is_prompt(self) -> bool:
        """Whether it is a prompt."""
        return bool(self.html)

    @property
    def owner(self) -> str:
        """As if each text were of a publisher of its own, which puts it into a fold."""
        return " ".join(self.lines)


@cache
def own_texts() -> dict[str, list[OwnText]]:
    """The sentences and prompts by language."""
    found: dict[str, list[OwnText]] = defaultdict(list)
    for path in sorted(TEXTS.glob("**/*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in table["sentence"]:
            code = row.get("lang", path.stem)
            found[path.stem].append(OwnText(code, (row["text"],), ""))
        for row in table["prompt"]:
            code = row.get("lang", path.stem)
            found[path.stem].append(OwnText(code, tuple(row["lines"]), row["html"]))
    return dict(found)


@cache
def own_articles(language: str) -> list[dict[str, Any]]:
    """The articles written for training."""
    table = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    return list(table["article"])


def inserted_examples(corpus: Path, is_text: bool) -> Iterator[Example]:
    """Pages with own texts between their paragraphs, labelled for the prompt forest alone.

    A page and its texts are in one fold: the weights of words by which the page is described have
    been learned from neither. Else the forest would trust these weights more than it may.
    """
    random = Random(1)
    owners = owners_of(corpus)
    gold: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in read_rows(corpus / "gold/index.jsonl.gz"):
        if row["news"]:
            row["owner"] = owners.get(row["id"]) or row["publisher"]
            gold[fold_of(row["owner"])].append(row)
    for language, texts in own_texts().items():
        for number, pages in sorted(gold.items()):
            chosen = [text for text in texts if fold_of(text.owner) == number]
            random.shuffle(chosen)
            hosts = [row for row in pages if (row["lang"] or "")[:2] == language]
            is_foreign = len(hosts) < FEWEST_HOSTS
            hosts_in_turn = cycle(random.sample(pages, len(pages)) if is_foreign else hosts)
            articles = own_articles(language) if is_foreign else None
            at = 0
            while at < len(chosen):
                row = next(hosts_in_turn)
                part = chosen[at : at + PER_PAGE]
                example = _insert(corpus, row, part, articles, random, is_text)
                if example is not None:
                    at += PER_PAGE
                    page_id = f"{language}-{number}-{at}"
                    yield replace(example, page_id=page_id, owner=row["owner"])


def sample_examples(is_text: bool) -> Iterator[Example]:
    """The pages of the sample newsroom, of which every paragraph is known."""
    for sample in SAMPLES:
        is_plain = sample.content_type == "text/plain"
        if is_plain and not is_text:
            continue
        tree = LexborHTMLParser(sample.body)
        hints = Hints(sample.said["headline"], language=sample.said["language"])
        page = split_tree(tree)
        if is_text:
            lines = sample.body.decode().splitlines() if is_plain else [b.text for b in page.blocks]
            page, hints = split_lines(lines), Hints(language=sample.said["language"])
        article = {fold(text) for text in (sample.said["headline"], *sample.article.paragraphs)}
        weight = np.array([SAMPLE_WEIGHT * (fold(b.text) in article) for b in page.blocks])
        none = np.zeros(len(page.blocks), np.float32)
        yield Example(
            sample.name, sample.article.paper.id, True, page, hints, none, none, none,
            weight.astype(np.float32), is_inserted=True,
        )  # fmt: skip


def _insert(
    corpus: Path,
    row: dict[str, Any],
    texts: list[OwnText],
    articles: list[dict[str, Any]] | None,
    random: Random,
    is_text: bool,
) -> Example | None:
    """A page with these texts in it; None where it has too few paragraphs."""
    tree = LexborHTMLParser(read_html(corpus, row["id"]))
    paragraphs = _paragraphs(tree, fold("\n".join(row["body"])))
    if len(paragraphs) < FEWEST_PARAGRAPHS:
        return None
    hints = hints_of(tree, row, is_text)
    host = [fold(node.text()) for node in paragraphs]
    if articles:
        article = random.choice(articles)
        spoken = cycle(article["paragraphs"])
        replaced = {node.mem_id: next(spoken) for node in paragraphs}
        host = [fold(text) for text in replaced.values()]
        hints = replace(
            hints, headline=article["headline"], description=article["standfirst"],
            authors=(), language=texts[0].language,
        )  # fmt: skip
    html: list[str] = []
    places = random.sample(range(1, len(paragraphs)), min(len(texts), len(paragraphs) - 1))
    for at, text in zip(places, texts, strict=False):
        unit = _unit(paragraphs[at])
        unit.insert_before(MARK.format(len(html)))
        html.append(text.html or _like(unit, paragraphs[at], text.lines[0]))
    if articles:
        for node in paragraphs:
            node.inner_html = escape(replaced[node.mem_id])
        for node in tree.css("h1")[:1]:
            node.inner_html = escape(article["headline"])
    whole = MARKED.sub(lambda mark: html[int(mark[1])], tree.html or "")
    page = split_tree(LexborHTMLParser(whole))
    if is_text:
        page = split_lines([block.text for block in page.blocks])
    prompts, weight = _labels(page, texts, {*host, fold(hints.headline or row["title"])})
    none = np.zeros_like(weight)
    return Example(
        row["id"],
        row["publisher"],
        True,
        page,
        hints,
        none,
        none,
        prompts,
        weight,
        is_inserted=True,
    )


def _labels(page: Page, texts: list[OwnText], host: set[str]) -> tuple[Column, Column]:
    """Which blocks are prompts, and how much each weighs."""
    prompts = np.zeros(len(page.blocks), np.float32)
    weight = prompts.copy()
    asked = {fold(line) for text in texts if text.is_prompt for line in text.lines}
    said = {fold(text.lines[0]) for text in texts if not text.is_prompt}
    for at, block in enumerate(page.blocks):
        text = fold(block.text)
        if text in asked:
            prompts[at], weight[at] = 1, PROMPT_WEIGHT
        elif text in said:
            weight[at] = SENTENCE_WEIGHT
        elif text in host or is_date_line(block.text):
            weight[at] = HOST_WEIGHT
    return prompts, weight


def _paragraphs(tree: LexborHTMLParser, gold: str) -> list[LexborNode]:
    """The longest row of `p` elements that hold gold text under one kind of parent."""
    groups: dict[tuple[str, str], list[LexborNode]] = defaultdict(list)
    for node in tree.css("p"):
        text = node.text()
        if len(text) >= LONG and fold(text) in gold and node.parent is not None:
            outer = node.parent
            groups[outer.tag or "", outer.attributes.get("class") or ""].append(node)
    return max(groups.values(), key=len, default=[])


def _unit(node: LexborNode) -> LexborNode:
    """The paragraph, or what wraps it alone."""
    for _ in range(3):
        outer = node.parent
        if outer is None or outer.tag in ("body", "html") or len(list(outer.iter())) > 1:
            break
        node = outer
    return node


def _like(unit: LexborNode, paragraph: LexborNode, text: str) -> str:
    """A sentence in the markup of a paragraph of the page."""
    html, inner = unit.html or "", paragraph.inner_html or ""
    return html.replace(inner, escape(text), 1) if inner else f"<p>{escape(text)}</p>"
