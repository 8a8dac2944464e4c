"""Train the model that tells articles from listings, the last step of `python -m tests.training`.

With other block scores, alone: `python -m tests.training.page_model CORPUS OUT`. It reads
OUT/model.json and OUT/scores.npz, each gold page's block scores by a model that never saw its
owner: those of seen pages are too certain. It writes OUT/article_model.json, to be copied to
tasks/extract/, with the errors on owners that the model has not seen.
"""

import gzip
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from selectolax.lexbor import LexborHTMLParser

from tasks.extract.article_or_not import GROUPS, MIN_LINKS, REJECTED_BELOW, evidence
from tasks.extract.metadata import Metadata, read_metadata
from tasks.prompts.block_model import Forest, Model, read_model
from tasks.prompts.block_roles import find_headline
from tasks.prompts.clean_page import finish
from tasks.prompts.draft import score_blocks
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_tree
from tasks.prompts.tree_arrays import Column
from tasks.text.urls import registrable_domain
from tests.training.forests import dump_forest, read_trees
from tests.training.labels import FOLDS, fold_of, read_rows
from tests.training.made_pages import make_pages

SCORES, REJECTED = "scores.npz", "rejected.json"
MADE = 280
TREES, DEPTH, RATE = 200, 4, 0.06
KNOWN = {"all": 1.0, "without address": 0.5, "without metadata": 0.3, "without both": 0.2}
"""How much may be known of a page, as less is of saved ones; the weight of its row with that."""
EXPLAINING = frozenset({"links", "linked_headings", "kept_words"})
"""Signals that only the reasons name: as columns they bring nothing."""
COLUMNS = tuple(name for group in GROUPS.values() for name in group if name not in EXPLAINING)
SPLITS = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """A page, and what is known of it by how much that is."""

    owner: str
    is_article: bool
    is_news: bool
    links: float
    known: dict[str, dict[str, float]]
    page_id: str = ""
    is_extra: bool = False
    """Only trained on: a made page, without an owner; a gold page with the certain scores."""

    @property
    def weight(self) -> float:
        """What it counts: there are few listings, and news articles are what must not be lost."""
        if self.is_extra:
            return 0.5
        return (1.3 if self.is_news else 1.0) if self.is_article else 2.0

    def row(self, known: str = "all") -> list[float]:
        """Its columns."""
        return [self.known[known][name] for name in COLUMNS]


def write_scores(out: Path, scores: Mapping[str, Column]) -> None:
    """Keep the block scores of the gold pages: article, prompt."""
    np.savez_compressed(out / SCORES, allow_pickle=False, **scores)


def read_samples(corpus: Path, out: Path) -> Iterator[Sample]:
    """The gold pages, the pages that are no article, and made ones."""
    model = read_model(out / "model.json")
    index = json.loads((corpus / "pages/index.json").read_text())
    owners, owner_of = {row["id"]: row["owner"] for row in index}, dict[str | None, str]()
    scores = np.load(out / SCORES)
    for row in read_rows(corpus / "gold/index.jsonl.gz"):
        owner = owners.get(row["id"], row["publisher"])
        owner_of.setdefault(registrable_domain(row["url"]), owner)
        html = gzip.decompress((corpus / f"gold/{row['id']}.html.gz").read_bytes())
        known = _known(html, row["url"], model, scores[row["id"]])
        yield Sample(owner, True, row["news"], *known, row["id"])
        # Users' pages are scored by the final model: a page must not be lost by its certainty.
        yield Sample(owner, True, row["news"], *_known(html, row["url"], model), is_extra=True)
    for line in (corpus / "no-article/index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        domain = registrable_domain(row["url"]) or row["url"]
        html = gzip.decompress((corpus / f"no-article/{row['id']}.html.gz").read_bytes())
        owner = owner_of.get(domain, domain)
        yield Sample(owner, False, row["news"], *_known(html, row["url"], model), row["id"])
    for page in make_pages(MADE):
        yield Sample("", page.is_article, False, *_known(page.html, page.url, model), is_extra=True)


def _known(
    html: bytes, url: str, model: Model, scores: Column | None = None
) -> tuple[float, dict[str, dict[str, float]]]:
    """The number of links, and the columns by how much is known."""
    tree = LexborHTMLParser(html)
    meta = read_metadata(tree, url)
    hints = Hints(meta.headline, meta.description, meta.authors, meta.language)
    page = split_tree(tree)
    headline = find_headline(page, hints.headline)
    draft = score_blocks(page, headline, hints, model)
    if scores is not None:
        draft.score, draft.prompt_score = scores
    signals = finish(draft, headline, hints).signals
    bare = Metadata(headline=meta.headline)
    return signals["links"], {
        "all": evidence(signals, meta, url),
        "without address": evidence(signals, meta, ""),
        "without metadata": evidence(signals, bare, url),
        "without both": evidence(signals, bare, ""),
    }


def fit(samples: Sequence[Sample]) -> Forest:
    """Trees over these pages, each also with less known of it."""
    from catboost import CatBoostClassifier, Pool  # type: ignore[import-not-found]

    weights = [s.weight for s in samples]
    rows, weight = [], []
    for known, factor in KNOWN.items():
        rows += [sample.row(known) for sample in samples]
        weight += [factor * each for each in weights]
    target = [float(sample.is_article) for sample in samples] * len(KNOWN)
    model = CatBoostClassifier(
        iterations=TREES, depth=DEPTH, learning_rate=RATE, loss_function="Logloss",
        random_seed=1, thread_count=2, verbose=0, border_count=64, l2_leaf_reg=5,
        allow_writing_files=False, bootstrap_type="Bernoulli", subsample=0.7, rsm=0.3,
    )  # fmt: skip
    model.fit(Pool(np.array(rows, np.float32), target, weight=weight))
    return read_trees(model, COLUMNS, DEPTH)


def cross_validate(samples: Sequence[Sample], split: int) -> dict[str, Column]:
    """Each page's probability of being an article, by a model that never saw its owner."""
    folds = np.array([fold_of(f"{sample.owner}{split or ''}") for sample in samples])
    tables = {
        known: np.array([sample.row(known) for sample in samples], np.float32).T for known in KNOWN
    }
    found = {known: np.zeros(len(samples), np.float32) for known in KNOWN}
    for number in range(FOLDS):
        unseen = folds == number
        forest = fit(
            [s for s, left_out in zip(samples, unseen, strict=True) if not left_out or not s.owner]
        )
        for known, table in tables.items():
            found[known][unseen] = forest.score(dict(zip(COLUMNS, table, strict=True)), unseen)
    return found


def errors(
    samples: Sequence[Sample], splits: Sequence[dict[str, Column]]
) -> dict[str, dict[str, float]]:
    """What the decision gets wrong on owners the model has not seen, as the mean of the splits.

    Shares of the pages of a group, by how much is known of them.
    """
    is_article, is_news, is_real = np.array(
        [(s.is_article, s.is_news, not s.is_extra) for s in samples]
    ).T
    groups = {
        "listings accepted": is_real & ~is_article,
        "listings of news sites accepted": is_real & ~is_article & is_news,
        "news articles rejected": is_real & is_article & is_news,
        "other articles rejected": is_real & is_article & ~is_news,
    }
    found = {}
    for known in KNOWN:
        is_wrong = np.array([are_rejected(samples, s, known) == is_article for s in splits])
        found[known] = {
            name: round(float(is_wrong[:, group].mean()), 4) for name, group in groups.items()
        }
    return found


def are_rejected(samples: Sequence[Sample], split: dict[str, Column], known: str) -> Column:
    """Which of the pages the decision rejects."""
    limit = REJECTED_BELOW["address" not in known and "both" not in known]
    return np.asarray((split[known] < limit) & [s.links >= MIN_LINKS for s in samples])


def main(corpus: Path, out: Path) -> None:
    """Train the model, write it with its errors, and show these."""
    samples = list(read_samples(corpus, out))
    splits = [cross_validate(samples, number) for number in range(SPLITS)]
    unseen = errors(samples, splits)
    rejected = zip(samples, are_rejected(samples, splits[0], "all"), strict=True)
    pages = [s.page_id for s, is_out in rejected if is_out and s.is_article and not s.is_extra]
    (out / REJECTED).write_text(json.dumps(pages) + "\n", encoding="utf-8")
    for known, found in unseen.items():
        print(known, *(f"{name} {share:.1%}" for name, share in found.items()), sep=", ")
    articles = [s.row() for s in samples if s.is_article and s.is_news and not s.is_extra]
    typical = dict(zip(COLUMNS, np.median(articles, axis=0).round(4).tolist(), strict=True))
    model = {"forest": dump_forest(fit(samples)), "typical": typical, "unseen": unseen}
    text = json.dumps(model, separators=(",", ":"))
    (out / "article_model.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
