"""Alias suggestions: what an omitted alias is found by, and what never is one."""

import json
import random
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from tasks.load.load_run import load
from tasks.suggest.keyness import Sampled, distinguishing
from tasks.suggest.phrases import document
from tasks.suggest.suggestions import LanguageSuggestions, suggest
from tasks.text.folding import fold
from tasks.topics.topic import TopicEntry
from tests.suggest import made_articles
from tests.suggest.made_articles import ABOUT, ELSE, LACKING, WRITTEN
from tests.support.publishing import publish
from tests.support.staged_pages import Page, source, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("made"))
    made_articles.make(layout)
    return layout


@pytest.fixture(scope="module")
def found(layout: Layout) -> dict[str, LanguageSuggestions]:
    return {each.language: each for each in suggest(layout, "blockade")}


def command(layout: Layout, *words: object) -> tuple[int, str, str]:
    given = ["topics", "suggest", *map(str, words), "--data", str(layout.root)]
    done = CliRunner().invoke(app, given)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("language", WRITTEN)
def test_an_omitted_alias_comes_first(found: dict[str, LanguageSuggestions], language: str) -> None:
    each = found[language]
    assert (each.articles, each.in_topic) == (ABOUT + ELSE, ABOUT)
    first = each.suggestions[0]
    assert fold(first.phrase).text == LACKING[language]
    bodies = [fold(page.body).text for page in made_articles.pages(language)]
    holding = [LACKING[language] in body for body in bodies]
    assert first.in_topic == sum(holding[:ABOUT])
    assert first.adds == sum(holding[ABOUT:])
    assert first.sample
    assert LACKING[language] in fold(re.sub(r"[\[\]]", "", first.sample.context)).text
    assert f"[{first.phrase}]".casefold() in first.sample.context.casefold()
    assert first.sample.headline


@pytest.mark.parametrize("language", WRITTEN)
def test_what_surrounds_the_texts_is_no_alias(
    found: dict[str, LanguageSuggestions], language: str
) -> None:
    written = WRITTEN[language]
    phrases = [fold(one.phrase).text for one in found[language].suggestions]
    notice = fold(f"{written.notice} {written.dateline}").text
    assert [phrase for phrase in phrases if phrase in notice] == []
    # Nothing that is a piece of the omitted alias or holds it, no alias, and no word of any text.
    others = [phrase for phrase in phrases if phrase != LACKING[language]]
    for phrase in others:
        assert LACKING[language] not in phrase
        assert phrase not in LACKING[language]
        assert not any(alias.strip("*") in phrase for alias in made_articles.BLOCKADE.aliases)
        assert not any(phrase in fold(text).text for text in written.plain), phrase


def test_common_words_and_one_paper_s_own_are_left_out() -> None:
    def articles(number: int, text: str, *papers: str) -> list[Sampled]:
        return [
            Sampled(papers[at % len(papers)], document([text], keep_case=False))
            for at in range(number)
        ]

    topic = [
        *articles(20, "They talk of the Ring of Nine, and on it.", "a", "b"),
        *articles(20, "Our column Weather Eye on the sea.", "a"),
    ]
    others = articles(120, "They talk of it and on it, on the sea.", "a", "b")
    found = [each.phrase for each in distinguishing(topic, others)]
    assert found == [("ring", "of", "nine")]
    assert distinguishing(topic, others, frozenset([("ring", "of", "nine")])) == []


def test_the_measure_is_that_of_monroe() -> None:
    topic = [
        Sampled(str(at % 2), document(["ore" if at < 30 else "x"], keep_case=False))
        for at in range(40)
    ]
    others = [
        Sampled("0", document(["ore" if at < 12 else "y"], keep_case=False)) for at in range(160)
    ]
    [one] = [each for each in distinguishing(topic, others) if each.phrase == ("ore",)]
    # By hand, with a prior of 10 articles at the rate of all: 42 of 200, 2.1 and 7.9.
    # log(32.1 / 17.9) - log(14.1 / 155.9) = 0.5841 + 2.4031
    assert one.log_odds == pytest.approx(2.9872, abs=2e-4)
    # 3.2905 * sqrt(1 / 32.1 + 1 / 14.1) = 1.0513
    assert one.log_odds - one.low == pytest.approx(1.0513, abs=2e-4)


def test_the_command_prints_the_line_to_add(layout: Layout) -> None:
    status, out, _ = command(layout, "blockade", "--limit", 1)
    assert status == 0
    for language, phrase in LACKING.items():
        assert f"{language}: {ABOUT} of {ABOUT + ELSE} articles mention it" in out
        assert re.search(rf"(?i){phrase} +\d+ +\d\d +\d\.\d  2026-03-\d\d ", out), out
    line = out.splitlines()[-1].replace("...", '"blockade"')
    aliases = tomllib.loads(line)["aliases"]
    assert {fold(alias).text for alias in aliases[1:]} == set(LACKING.values())


def test_a_topic_of_groups_says_where_to_add(layout: Layout) -> None:
    status, out, _ = command(layout, "joined", "--language", "en", "--limit", 3)
    assert status == 0
    assert f"en: {ABOUT} of {ABOUT + ELSE} articles mention it" in out
    assert "naval quarantine" in out
    assert 'all_of = [[..., "naval quarantine"' in out.splitlines()[-1]
    listed = json.loads(command(layout, "joined", "--json")[1])
    phrases = [one["phrase"] for each in listed for one in each["suggestions"]]
    assert not any("blockade" in phrase or "strait" in phrase for phrase in phrases)


def test_the_command_prints_json(layout: Layout) -> None:
    status, out, _ = command(layout, "blockade", "--language", "zh", "--json", "--days", 8)
    assert status == 0
    [each] = json.loads(out)
    assert (each["language"], each["articles"], each["in_topic"]) == ("zh", 144, 48)
    [one] = each["suggestions"][:1]
    assert (one["phrase"], set(one)) == (
        "禁运",
        {"phrase", "log_odds", "low", "in_topic", "adds", "sample"},
    )
    assert one["sample"]["published_date"] >= "2026-03-04"


def test_what_is_not_there_is_named(layout: Layout, tmp_path: Path) -> None:
    assert command(layout, "harvest")[::2] == (
        1,
        "no topic 'harvest'; there are: blockade, joined\n",
    )
    status, _, err = command(layout, "blockade", "--language", "xx")
    assert (status, err) == (1, "there are no articles in the language 'xx'\n")
    with pytest.raises(QueryError, match="run `presswatch ingest` first"):
        suggest(Layout(tmp_path), "blockade")


LOAN = {
    "en": ("An oil embargo was refused.", "Her oil embargo holds."),
    "de": ("Das Oil Embargo wurde abgelehnt.", "Ihr Oil Embargo gilt."),
}
COUNTED = {"en": "New sanctions were named.", "de": "Neue Sanktionen wurden genannt."}
PLAIN = {
    "en": "The council met. Rain fell in the north. A river was full. The hall is old.",
    "de": "Der Rat kam zusammen. Regen fiel. Ein Fluss war voll. Der Saal ist alt.",
}


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Articles in two languages, which have a phrase in common."""
    layout, dice = Layout(tmp_path_factory.mktemp("loans")), random.Random(1)
    pages = []
    for number in range(160):
        language, is_counted = ("en", "de")[number // 80], number % 4 == 0
        told = dice.sample(re.findall(r"[^.]+\.", PLAIN[language]), 3)
        told += [COUNTED[language]] if is_counted else []
        told += [dice.choice(LOAN[language])] if is_counted or number % 16 == 1 else []
        # As if too short to be compared: so few sentences would be taken for copies.
        about: dict[str, object] = {"language": language, "word_count": 39}
        about |= dict.fromkeys(("shingles", "minhash", "minhash_bands"))
        paper = f"{language}-paper{number % 8 // 4}"
        pages.append(Page(f"p{number}", " ".join(told), number % 8, 200.0, paper, about=about))
    sources = [source(f"{language}-paper{number}") for language in LOAN for number in range(2)]
    aliases = ("sanctions", "Sanktionen")
    topics = [
        TopicEntry(id=name, name=name, aliases=aliases, **about).topic()
        for name, about in (
            ("both", {}),
            ("english", {"languages": ("en",)}),
            ("excluding", {"exclude": ("embargo",)}),
            (
                "overlapping",
                {"exclude": ("embargo was", "embargo holds", "embargo wurde", "embargo gilt")},
            ),
        )
    ]
    run = stage(layout, made_articles.RUN, pages)
    load(layout, topics, sources, [run], now=made_articles.NOW)
    publish(layout)
    return layout


def test_the_line_has_a_phrase_of_two_languages_once(loans: Layout) -> None:
    assert [each.language for each in suggest(loans, "both")] == ["de", "en"]
    _, out, _ = command(loans, "both")
    aliases = tomllib.loads(out.splitlines()[-1].replace("...", '"sanctions"'))["aliases"]
    assert "oil embargo" in {alias.lower() for alias in aliases}
    assert TopicEntry(id="pasted", name="Pasted", aliases=tuple(aliases))


def test_a_topic_with_given_languages_has_suggestions_in_those(loans: Layout) -> None:
    [each] = suggest(loans, "english")
    assert (each.language, each.articles, each.in_topic) == ("en", 80, 20)
    assert each.suggestions
    status, _, err = command(loans, "english", "--language", "de")
    assert (status, err) == (
        1,
        "there are no articles that the topic counts in the language 'de'\n",
    )


@pytest.mark.parametrize("topic", ["excluding", "overlapping"])
def test_a_phrase_that_an_exclusion_touches_is_not_suggested(loans: Layout, topic: str) -> None:
    phrases = [one.phrase.lower() for each in suggest(loans, topic) for one in each.suggestions]
    assert not any("embargo" in phrase for phrase in phrases)
