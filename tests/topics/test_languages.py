"""Which languages a topic covers."""

from pathlib import Path

import pytest

from tasks.extract.languages import NO_LANGUAGE, SAME_AS, _identifier
from tasks.sources import language_codes
from tasks.topics.languages import LANGUAGES, WRITTEN_IN, languages_of
from tasks.topics.topic import TopicEntry, load_topics
from tests.support.config_files import problems_of

SHIPPED = Path(__file__).parents[2] / "deployments" / "topics.toml"
TOPIC = '[[topic]]\nid = "g20"\nname = "G20"\naliases = ["G20"]\n'


def covered(*aliases: str) -> tuple[str, ...] | None:
    return TopicEntry(id="t", name="t", aliases=aliases).topic().languages


def test_every_language_of_a_source_or_an_article_has_a_script() -> None:
    assert set(language_codes.ISO_639_1.split()) - LANGUAGES == set()
    assert {*SAME_AS.values()} <= LANGUAGES
    detected = {str(code) for code in _identifier().nb_classes} - {NO_LANGUAGE}
    assert {SAME_AS.get(code, code) for code in detected} - LANGUAGES == set()


@pytest.mark.parametrize(
    ("aliases", "languages"),
    [
        (("санкции",), WRITTEN_IN["CYRILLIC"]),
        (("制裁",), {"ja", "zh"}),
        (("G20峰会",), {"ja", "zh"}),
        (("主要20カ国",), {"ja"}),
        (("ﾌｧｰｳｪｲ",), {"ja"}),
        (("제재",), {"ko"}),
        (("Ｈｕａｗｅｉ",), WRITTEN_IN["LATIN"]),
        (("sanctions", "санкции"), WRITTEN_IN["LATIN"] | WRITTEN_IN["CYRILLIC"]),
    ],
)
def test_an_alias_covers_the_languages_of_its_script(
    aliases: tuple[str, ...], languages: set[str]
) -> None:
    assert covered(*aliases) == tuple(sorted(languages))


def test_latin_covers_polish_and_not_russian_or_chinese() -> None:
    found = covered("Huawei") or ()
    assert "pl" in found
    assert not {"ru", "zh", "ja", "ko"} & {*found}


def test_digits_alone_stand_in_every_language() -> None:
    assert covered("5G", "007") is None
    assert covered("007", "санкции") is None


def test_a_letter_without_a_name_stands_in_every_language() -> None:
    """Python 3.11 has no name for Tangut letters."""
    assert covered("\U00017000") is None


def test_of_groups_each_needs_a_phrase() -> None:
    both = [["sanctions", "制裁"], ["Huawei", "华为"]]
    assert languages_of(both) == covered("sanctions", "制裁")
    assert languages_of([["sanctions", "制裁"], ["Huawei"]]) == covered("Huawei")
    # In no language both have a phrase: a name in Latin letters stands in Russian texts too.
    assert languages_of([["制裁"], ["Huawei"]]) == covered("Huawei", "制裁")


def test_given_languages_are_kept_as_articles_have_them() -> None:
    def given(languages: object) -> tuple[str, ...] | None:
        entry = {"id": "t", "name": "t", "aliases": ("санкции",), "languages": languages}
        return TopicEntry.model_validate(entry).topic().languages

    assert given(("uk", "ru", "ru")) == ("ru", "uk")
    assert given(("nb",)) == ("no",)
    assert given("all") is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('["en", "xx"]', "languages: unknown language 'xx', write codes like en, zh or sr"),
        ('"english"', 'languages: must be a list of codes like ["en", "zh"], or "all"'),
        ("[]", 'languages: must be a list of codes like ["en", "zh"], or "all"'),
        ("[1]", "languages: unknown language 1"),
    ],
)
def test_wrong_languages(tmp_path: Path, line: str, problem: str) -> None:
    text = f"{TOPIC}languages = {line}\n"
    (found,) = problems_of(tmp_path / "topics.toml", text, load_topics)
    assert found.startswith(f"topic 1 (g20): {problem}")


def test_the_hash_follows_the_languages_where_they_are_given() -> None:
    def hashed(languages: object = None) -> str:
        entry = {"id": "t", "name": "t", "aliases": ("G20",), "languages": languages}
        return TopicEntry.model_validate(entry).topic().definition_hash

    # As 0.1.0 wrote it.
    assert hashed() == "2c1e4c5f0c7337d9474730c73d14d97d109e1ee0c411903539ebcef78e51d7cc"
    assert len({hashed(), hashed("all"), hashed(("en",)), hashed(("en", "ru"))}) == 4
    assert hashed(("ru", "en")) == hashed(("en", "ru"))


def test_the_shipped_sanctions_say_their_languages() -> None:
    languages = {topic.topic_id: topic.languages or () for topic in load_topics(SHIPPED)}
    assert len(languages["sanctions"]) == 32
    assert {"ar", "de", "en", "fa", "hi", "ko", "ru", "tr", "vi", "zh"} <= {*languages["sanctions"]}
    assert "mr" not in languages["sanctions"]  # in Marathi the Hindi word is prevention
    assert "pl" in languages["huawei"]
    assert {"zh", "ja", "pl"} <= {*languages["g20"]}
