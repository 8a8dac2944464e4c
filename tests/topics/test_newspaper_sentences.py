"""The shipped topics on sentences as newspapers of each language write them, and near misses."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from tasks.topics.mentions import Matcher, mentions_in
from tasks.topics.topic import load_topics
from tests.bench.languages import plainly

SHIPPED = Path(__file__).parents[2] / "deployments" / "topics.toml"
TOPICS = load_topics(SHIPPED)
FILE = Path(__file__).with_name("newspaper_sentences.tsv")


def sentences() -> dict[str, list[tuple[str, list[str], str]]]:
    """By language: the topic, the texts that it counts, the sentence."""
    found: dict[str, list[tuple[str, list[str], str]]] = {}
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(
            (line for line in lines if not line.startswith("#")),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
        for language, topic_id, counted, text in rows:
            texts = [each for each in counted.split(";") if each]
            found.setdefault(language, []).append((topic_id, texts, text))
    return found


SENTENCES = sentences()


@pytest.mark.parametrize("language", SENTENCES)
def test_what_counts_and_what_does_not(language: str) -> None:
    matchers = {topic.topic_id: Matcher([topic]) for topic in TOPICS}
    wrong = [
        (text, expected, counted)
        for topic_id, expected, text in SENTENCES[language]
        if (counted := [hit.matched_text for hit in matchers[topic_id].find(text)]) != expected
    ]
    assert wrong == []


def test_columns_of_all_languages_give_what_each_sentence_gives() -> None:
    """The pre-filter knows every alias in the spellings of its language."""
    texts = [text for rows in SENTENCES.values() for _, _, text in rows]
    padding = "Nothing of the kind.\n\n"
    articles = pa.table({"body": [padding + text for text in texts]})
    matcher = Matcher(TOPICS)
    found = dict(mentions_in(articles, TOPICS))
    assert len(found) > 300
    for row, text in enumerate(texts):
        at_once = [(hit.topic_id, hit.matched_text) for hit in found.get(row, [])]
        alone = [(hit.topic_id, hit.matched_text) for hit in matcher.find(text)]
        assert at_once == alone


@pytest.mark.parametrize("language", SENTENCES)
def test_each_language_has_ten_of_both_kinds(language: str) -> None:
    is_counted = [bool(expected) for _, expected, _ in SENTENCES[language]]
    assert min(is_counted.count(True), is_counted.count(False)) >= 10
    assert {topic_id for topic_id, _, _ in SENTENCES[language]} == {"sanctions", "huawei", "g20"}


def test_the_topics_cover_the_languages_of_the_sentences() -> None:
    languages = {topic.topic_id: topic.languages or () for topic in TOPICS}
    assert set(languages["sanctions"]) == set(SENTENCES)
    assert set(SENTENCES) <= set(languages["huawei"])
    assert set(SENTENCES) <= set(languages["g20"])


@pytest.mark.parametrize("language", SENTENCES)
def test_a_plain_expression_finds_the_same_where_something_counts(language: str) -> None:
    wrong = [
        (text, expected, found)
        for topic_id, expected, text in SENTENCES[language]
        if expected and len(found := plainly(language, topic_id, text)) != len(expected)
    ]
    assert wrong == []
