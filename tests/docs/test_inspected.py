"""The record of what was inspected: its texts exist, and the guide counts its classes."""

import csv
import json
from collections import Counter
from pathlib import Path

from tests.support.lookalikes import cases
from tests.support.scoring import gold_index

TRAINING = Path(__file__).parents[1] / "training"
ROWS = list(
    csv.DictReader((TRAINING / "inspected.tsv").read_text("utf-8").splitlines(), delimiter="\t")
)


def ids(name: str) -> set[str]:
    return {row["id"] for row in ROWS if row["set"] == name}


def test_as_many_were_inspected_as_the_command_lists() -> None:
    assert Counter(row["set"] for row in ROWS) == {"gold": 30, "listings": 50, "lookalikes": 50}
    assert len({(row["set"], row["id"]) for row in ROWS}) == len(ROWS)
    assert all(0 <= float(row["score"]) <= 1 and row["cause"] for row in ROWS)


def test_the_pages_are_in_the_corpus(shared: Path) -> None:
    lines = (shared / "corpus/no-article/index.jsonl").read_text("utf-8").splitlines()
    assert ids("gold") <= gold_index().keys()
    assert ids("listings") <= gold_index().keys() | {json.loads(line)["id"] for line in lines}


def test_the_texts_are_in_the_half_for_writing_rules() -> None:
    sizes = Counter((case.language, case.is_prompt) for case in cases("dev"))
    for language, kind, number in (text_id.split("-") for text_id in ids("lookalikes")):
        assert int(number) <= sizes[language, kind == "prompt"]


def test_the_guide_counts_each_class() -> None:
    counts = Counter((row["set"], row["class"]) for row in ROWS)
    guide = (TRAINING / "README.md").read_text("utf-8")
    assert [
        key for key, count in counts.items() if f"| {key[0]} | {key[1]} | {count} |" not in guide
    ] == []
