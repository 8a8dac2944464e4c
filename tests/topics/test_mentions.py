import itertools
import json
import re
import unicodedata
import uuid
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.folding import fold
from tasks.text.toml_reader import arrays_as_tuples
from tasks.topics.mentions import Hit, Matcher, count
from tasks.topics.topic import (
    HANDLE_RULES,
    RAISED_RULES,
    SENTENCE_RULES,
    Topic,
    TopicEntry,
    load_topics,
)
from warehouse.layers.parquet_schemas import MENTION_SCHEMA

SHIPPED = Path(__file__).parents[2] / "deployments" / "topics.toml"


def topic(topic_id: str, *aliases: str, **more: Any) -> Topic:
    given = {"aliases": aliases} if aliases else {}
    entry = {"id": topic_id, "name": topic_id, **given, **more}
    return TopicEntry.model_validate(arrays_as_tuples(entry)).topic()


def found(matcher: Matcher | Topic, text: str, field: str = "body") -> list[str]:
    matcher = matcher if isinstance(matcher, Matcher) else Matcher([matcher])
    hits = matcher.find(text, field)
    assert all(text[hit.char_start : hit.char_end] == hit.matched_text for hit in hits)
    return [hit.matched_text for hit in hits]


G20 = topic("g20", "G20", "G20 summit", "Group of 20", "二十国集团", "G20峰会")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The G20, (G20) G20's “G20” anti-G20 #G20 G20_2026", ["G20"] * 7),
        ("G200 AG20 G20s xG20 éG20 ЖG20 G20\u0301", []),
        ("二十国集团\u0301", []),
        ("G20峰会在即，中国G20，G20에서 G20ร่วม", ["G20峰会", "G20", "G20", "G20"]),
        ("a G20 summit, G20 summiteers", ["G20 summit", "G20"]),
        ("Ｇ２０ G\u00ad20 G\u200b2\u200d0", ["Ｇ２０", "G\u00ad20", "G\u200b2\u200d0"]),
        ("Group of\n20 GROUP\u00a0OF  20", ["Group of\n20", "GROUP\u00a0OF  20"]),
        ("the Group of\n\n20 people", []),
        ("G20™ and G20²", ["G20", "G20"]),
        ("二十国集团领导人", ["二十国集团"]),
    ],
)
def test_boundaries_and_folds(text: str, expected: list[str]) -> None:
    assert found(G20, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/g20/huawei?x=g20",
        "http://zh.example.org/wiki/华为",
        "www.huawei.example/g20",
        "consumer.huawei.com huawei.com/g20-x",
        "mail huawei@example.org or g20.desk@huawei.com",
        "@Huawei @g20_org ＠华为终端 转发@华为 .@G20",
        "https://t.example/a?" + "b" * 250 + "huawei",
    ],
)
def test_an_address_is_no_mention(text: str) -> None:
    assert found(Matcher([G20, topic("huawei", "Huawei", "华为")]), text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#G20 #Huawei", 2),
        ("见http://t.example/a。华为说", 1),
        ("US/Huawei and/or G20", 2),
        ("It was sold to Huawei.It said so.", 1),
        ("Huawei @ the G20", 2),
        ("(https://example.org/a) Huawei", 1),
    ],
)
def test_what_stands_beside_an_address_counts(text: str, expected: int) -> None:
    assert len(found(Matcher([G20, topic("huawei", "Huawei", "华为")]), text)) == expected


def test_a_handle_ends_before_kana_by_later_rules() -> None:
    text = "G20サミット開幕＠大阪で制裁を議論、@华为制裁 @G20で"
    both = replace(topic("both", "G20", "制裁"), rules=HANDLE_RULES)
    earlier = replace(both, topic_id="earlier", rules=HANDLE_RULES - 1)
    assert found(both, text) == ["G20", "制裁"]
    assert found(earlier, text) == ["G20"]
    assert len(found(Matcher([both, earlier]), text)) == 3


def test_a_page_of_one_endless_word() -> None:
    assert len(found(topic("h", "huawei"), "a-huawei." * 5000)) == 5000


def test_a_prefix_takes_the_rest_of_the_word() -> None:
    german = topic("s", "sanktions*", "Sanktion", "制裁*")
    text = "Sanktionsliste, Sanktions-Paket, Sanktion, Ölsanktionsplan, 制裁リスト"
    assert found(german, text) == ["Sanktionsliste", "Sanktions", "Sanktion", "制裁"]


def test_cyrillic_and_greek_need_edges_too() -> None:
    assert found(topic("s", "санкции", "κυρώσεις"), "Санкции, антисанкции; κυρώσεις.") == [
        "Санкции",
        "κυρώσεις",
    ]


def test_the_longest_alias_wins_and_hits_do_not_overlap() -> None:
    matcher = Matcher([topic("h", "Huawei", "Huawei Technologies", "Technologies Co")])
    (hit,) = matcher.find("Huawei Technologies Co")
    assert hit.alias == "Huawei Technologies"


def test_topics_do_not_disturb_one_another() -> None:
    matcher = Matcher(
        [topic("a", "Huawei"), topic("b", "Huawei sanctions"), topic("c", "sanctions")]
    )
    hits = matcher.find("New Huawei sanctions")
    assert [(hit.topic_id, hit.matched_text) for hit in hits] == [
        ("a", "Huawei"),
        ("b", "Huawei sanctions"),
        ("c", "sanctions"),
    ]


def test_one_alias_in_two_topics_counts_for_both() -> None:
    matcher = Matcher([topic("a", "G20"), topic("b", "g20")])
    assert Counter(hit.topic_id for hit in matcher.find("G20 g20")) == {"a": 2, "b": 2}


def test_an_excluded_phrase_suppresses_what_it_touches() -> None:
    matcher = Matcher(
        [topic("h", "华为", exclude=("振兴中华为", "华为你")), topic("other", "华为")]
    )
    hits = matcher.find("以振兴中华为己任，其中华为第一，中华为你")
    assert [(hit.topic_id, hit.char_start) for hit in hits] == [
        ("other", 4),
        ("h", 11),
        ("other", 11),
        ("other", 17),
    ]


def test_an_excluded_phrase_needs_edges_as_an_alias_does() -> None:
    bmw = topic("g", "G20", exclude=("BMW G20", "G20 model*"))
    assert found(bmw, "BMW G20, XBMW G20, G20 models, G20 mode") == ["G20", "G20"]


def test_a_star_before_takes_the_beginning_of_the_word() -> None:
    open_left = topic(
        "s", "*sanktionen", "*عقوبات*", "*ende der", "*制裁", exclude=("*finanzsanktionen",)
    )
    text = "Ölsanktionen, EU-Sanktionen, Finanzsanktionen, Sanktionenliste. Am Wochenende der"
    assert found(open_left, text) == ["Ölsanktionen", "Sanktionen", "Wochenende der"]
    assert found(open_left, "والعقوبات وعقوباتها؛ 经济制裁") == ["والعقوبات", "وعقوباتها", "制裁"]
    assert found(open_left, "x" * 900 + "sanktionen")[0].endswith("xsanktionen")


def test_the_first_rules_keep_marks_and_the_edges_of_indic_words() -> None:
    latest = topic("a", "عقوبات", "اسعار", "प्रतिबंध", "आर्थिक*")
    text = "عقـوبات أسعار عقوبات प्रतिबंधित प्रतिबंध आर्थिकी"
    assert found(latest, text) == [*text.split()[:3], "प्रतिबंध", "आर्थिकी"]
    first = replace(latest, rules=1)
    assert found(first, text) == ["عقوبات", "प्रतिबंध", "प्रतिबंध", "आर्थिक"]
    # Beside each other, each by its own rules.
    both = Matcher([latest, replace(first, topic_id="b")])
    assert len(both.find(text)) == 9


@pytest.mark.parametrize("alias", ["ihracat yasağı", "İhracat yasağı", "i̇hracat yasağı"])
def test_a_dotted_capital_is_the_small_letter(alias: str) -> None:
    """At the start of a Turkish sentence, in every spelling of Unicode."""
    text = "Straße: İhracat yasağı, ihracat yasağı; I\u0307hracat yasağı, i̇hracat yasağı"
    latest = topic("ban", alias)
    spelt = re.split("[:,;] ", text)[1:]
    assert found(latest, text) == spelt
    rows = count(articles({"body": text, "captions": [text]}), [latest], {"ban": 1}).to_pylist()
    assert [row["matched_text"] for row in rows] == 2 * spelt
    of_small = alias.startswith("ihracat")
    assert len(found(replace(latest, rules=2), text)) == (1 if of_small else 3)
    # Beside a topic by earlier rules, each by its own.
    assert len(Matcher([latest, replace(G20, rules=2)]).find(text)) == 4
    without = topic("talks", "yasağı*", exclude=(alias,))
    assert found(without, text) == []
    as_written = topic("ban", "İhracat yasağı", case_sensitive=True)
    assert found(as_written, text) == [spelt[0], spelt[2]]


@pytest.mark.parametrize(
    ("phrases", "text"),
    [
        ("Sanktion*, Huawei", "Huawei ist vom 19. Sanktionspaket der EU betroffen."),
        ("Sanktion*, Quartal", "Wegen der Sanktionen fiel der Gewinn im 3. Quartal."),
        ("sankcj*, Huawei", "Sankcje objęły m.in. Huawei i ZTE."),
        ("санкци*, США", "Из-за санкций он потерял 5 млн долл. США за год."),
    ],
)
def test_a_sentence_goes_on_after_ordinals_and_abbreviations_by_later_rules(
    phrases: str, text: str
) -> None:
    both = [[phrase] for phrase in phrases.split(", ")]
    joined = replace(topic("joined", all_of=both, within="sentence"), rules=SENTENCE_RULES)
    context = topic("context", *both[0], context_exclude=both[1])
    excluding = replace(context, rules=SENTENCE_RULES)
    plain = replace(topic("plain", *both[0], *both[1]), rules=SENTENCE_RULES)
    assert len(found(joined, text)) == 2
    assert found(excluding, text) == []
    before = SENTENCE_RULES - 1
    earlier = [replace(one, rules=before) for one in (joined, excluding)]
    assert found(earlier[0], text) == []
    assert len(found(earlier[1], text)) == 1
    # Beside each other, each by its own rules; also in captions, whose sentences are counted on.
    beside = Matcher([plain, replace(plain, topic_id="before", rules=before)])
    for field in ("body", "caption"):
        hits = beside.find(f"{text}\n\n{text}", field)
        assert [hit.sentence_no for hit in hits if hit.topic_id == "plain"] == [0, 0, 1, 1]
        assert [hit.sentence_no for hit in hits if hit.topic_id == "before"] == [0, 1, 2, 3]


def test_a_section_may_begin_with_a_dotted_capital() -> None:
    hit = {"body": "The G20.", "section": "İş Dünyası"}
    for phrase in ("iş dünyası", "İş*"):
        excluding = topic("g20", "G20", sections_exclude=(phrase,))
        assert len(count(articles(hit), [excluding], {"g20": 1})) == 0
        earlier = count(articles(hit), [replace(excluding, rules=2)], {"g20": 1})
        assert len(earlier) == (phrase == "iş dünyası")


@pytest.mark.parametrize(
    ("alias", "text"),
    [
        ('ארה"ב', "ארה״ב"),
        ("ארה״ב", 'ארה"ב'),
        ("צ'רצ'יל", "צ׳רצ׳יל"),
        ("CO2", "CO₂"),
        ("CO₂", "CO2"),
    ],
)
def test_signs_are_as_they_are_typed(alias: str, text: str) -> None:
    """Hebrew signs of abbreviations, and subscripts."""
    both = f"{alias}, {text}"
    for is_marked in (False, True):
        latest = topic("signs", alias, fold_diacritics=is_marked)
        assert found(latest, both) == [alias, text]
        assert found(replace(latest, rules=3), both) == [alias]
        rows = count(articles({"body": both, "captions": [both]}), [latest], {"signs": 1})
        assert [row["matched_text"] for row in rows.to_pylist()] == 2 * [alias, text]
    # Beside a topic by earlier rules, each by its own.
    earlier = replace(latest, topic_id="earlier", rules=3)
    assert len(Matcher([latest, earlier]).find(both)) == 3
    assert found(topic("signs", alias, case_sensitive=True), both) == [alias, text]
    assert found(topic("without", f"{alias[0]}*", exclude=(alias,)), both) == []


def test_a_phrase_with_a_superscript_has_that_one_by_later_rules() -> None:
    text = "5 km², 5 km³, 7 km¹ (km™) of Huawei™ and Huawei²"
    latest = replace(topic("area", "km²", "km", "Huawei™"), rules=RAISED_RULES)
    kept = ["km²", "km", "km", "km", "Huawei™"]
    assert found(latest, text) == kept
    rows = count(articles({"body": text, "captions": [text]}), [latest], {"area": 1}).to_pylist()
    assert [row["matched_text"] for row in rows] == 2 * kept
    earlier = replace(latest, rules=RAISED_RULES - 1)
    assert found(earlier, text) == ["km²", "km³", "km¹", "km™", "Huawei™", "Huawei²"]


def test_a_subscript_is_part_of_the_word() -> None:
    carbon = topic("carbon", "CO")
    assert found(carbon, "CO₂ CO² CO") == ["CO", "CO"]
    assert len(found(replace(carbon, rules=3), "CO₂ CO² CO")) == 3


def test_an_excluded_phrase_does_not_hide_a_shorter_alias_beside_it() -> None:
    assert found(topic("g", "G20", "G20 summit", exclude=("summit tent",)), "G20 summit tent") == [
        "G20"
    ]


def test_case_counts_where_a_topic_says_so() -> None:
    matcher = Matcher([topic("g", "Group of 20", case_sensitive=True), topic("p", "PEOPLE")])
    text = "Straße: a group of 20 people, a Group of 20 summit"
    assert found(matcher, text) == ["people", "Group of 20"]


def test_sentences_and_contexts() -> None:
    text = (
        "A first one. In Berlin the envoy of the northern islands told reporters on Monday that\n"
        "the G20   would\u00a0meet in the harbour town of the eastern province after the harvest "
        "festival. 二十国集团说。G20"
    )
    first, second, third = Matcher([G20]).find(text)
    assert (first.sentence_no, second.sentence_no, third.sentence_no) == (1, 2, 3)
    assert first.context_left == "of the northern islands told reporters on Monday that the "
    assert first.context_right == " would meet in the harbour town of the eastern province"
    assert third.context_right == ""
    assert third.context_left.endswith("after the harvest festival. 二十国集团说。")


def test_a_context_of_one_endless_word_is_cut() -> None:
    (hit,) = Matcher([topic("h", "华为")]).find("x" * 500 + "华为" + "y" * 500)
    assert hit.context_left == "x" * 60
    assert hit.context_right == "y" * 60


def test_captions_are_texts_of_their_own() -> None:
    captions = "One. The Group of\n20 people. G20\n\nHuawei at the G20"
    hits = Matcher([G20, topic("h", "Huawei")]).find(captions, "caption")
    assert [(hit.matched_text, hit.sentence_no) for hit in hits] == [
        ("G20", 3),
        ("Huawei", 4),
        ("G20", 4),
    ]
    assert all(captions[hit.char_start : hit.char_end] == hit.matched_text for hit in hits)
    assert hits[1].context_left == ""


def articles(*rows: dict[str, Any]) -> pa.Table:
    names = ("kicker", "headline", "standfirst", "body", "captions", "section")
    return pa.table(
        {
            "article_id": pa.array(
                [uuid.UUID(int=number).bytes for number in range(len(rows))], pa.uuid()
            ),
            "version_no": pa.array([number + 1 for number in range(len(rows))], pa.int32()),
        }
        | {
            name: pa.array(
                [row.get(name) for row in rows],
                pa.list_(pa.string()) if name == "captions" else pa.string(),
            )
            for name in names
        }
    )


ONE = {"places": 1, "strict": 1, "g20": 1}
ROWS = (
    {"headline": "G20 opens", "standfirst": "On the G20", "body": "No word."},
    {"headline": "Nothing", "captions": []},
    {"headline": "x", "body": "The G20.\n\nG20", "captions": ["a", "the G20"]},
)


def test_marks_are_folded_where_a_topic_says_so() -> None:
    """T13: spellings with and without marks, in articles that are counted as in one text."""
    places = topic("places", "São Paulo", "İstanbul", "Горбачёв", fold_diacritics=True)
    strict = topic("strict", "São Paulo", "İstanbul", "Горбачёв")
    spelt = "Sao Paulo, SÃO PAULO and Sa\u0303o\u00ad Paulo."
    text = f"{spelt}\n\nISTANBUL, İstanbul, istanbul’un. Горбачев."
    expected = [
        *("Sao Paulo", "SÃO PAULO", "Sa\u0303o\u00ad Paulo"),
        *("ISTANBUL", "İstanbul", "istanbul", "Горбачев"),
    ]
    assert found(places, text) == expected
    assert found(strict, text) == [*expected[1:3], *expected[3:6]]
    assert found(replace(strict, rules=2), text) == [*expected[1:3], "İstanbul"]
    rows = count(articles({"body": text, "captions": ["x", text]}), [places, strict, G20], ONE)
    told = [(row["topic_id"], row["field"], row["matched_text"]) for row in rows.to_pylist()]
    assert [text for name, field, text in told if (name, field) == ("places", "body")] == expected
    assert len(told) == 24
    cased = topic("cased", "İstanbul", fold_diacritics=True, case_sensitive=True)
    assert found(cased, text) == ["İstanbul"]


def test_an_article_is_one_stretch_over_its_fields() -> None:
    both = {"all_of": [["G20"], ["Huawei"]], "none_of": ["doping"], "within": "article"}
    matcher = Matcher([topic("both", **both)])
    fields = {"headline": "The G20", "body": "It met.\n\nHuawei.", "caption": "No\nG20"}
    assert [(hit.field, hit.alias) for hit in matcher.find_in(fields)] == [
        *(("headline", "G20"), ("body", "Huawei"), ("caption", "G20"))
    ]
    assert matcher.find_in(fields | {"kicker": "Doping"}) == []
    assert matcher.find("The G20") == []


def test_paragraphs_are_numbered() -> None:
    text = "\n\n The G20.\nG20.\n \n\nG20\u2029\nG20"
    assert [hit.paragraph_no for hit in Matcher([G20]).find(text)] == [0, 0, 1, 2]
    assert [hit.paragraph_no for hit in Matcher([G20]).find("a\n\nG20\nG20", "caption")] == [2, 3]


def test_count_gives_rows_of_the_schema_by_article_and_field() -> None:
    table = count(articles(*ROWS), [G20], {"g20": 3})
    assert table.schema == MENTION_SCHEMA
    keys = ("version_no", "field", "char_start", "sentence_no", "topic_version")
    assert [tuple(row[key] for key in keys) for row in table.to_pylist()] == [
        (1, "headline", 0, 0, 3),
        (1, "standfirst", 7, 0, 3),
        (3, "body", 4, 0, 3),
        (3, "body", 10, 1, 3),
        (3, "caption", 6, 1, 3),
    ]
    assert table["article_id"].to_pylist()[0] == uuid.UUID(int=0)


def test_the_kicker_counts_by_the_rules_that_have_it() -> None:
    row = {"kicker": "G20: the day", "headline": "Ministers meet"}
    (mention,) = count(articles(row), [G20], {"g20": 1}).to_pylist()
    assert (mention["field"], mention["char_start"], mention["matched_text"]) == (
        "kicker",
        0,
        "G20",
    )
    earlier = replace(topic("old", "G20"), rules=1)
    assert count(articles(row), [earlier], {"old": 1}).num_rows == 0
    both = count(articles(row), [earlier, G20], {"old": 1, "g20": 1})
    assert both["topic_id"].to_pylist() == ["g20"]


def test_count_takes_batches_and_nothing() -> None:
    table = articles(*ROWS)
    (batch,) = table.to_batches()
    assert count(batch, [G20], {"g20": 1}).equals(count(table, [G20], {"g20": 1}))
    parts = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert count(parts, [G20], {"g20": 1}).equals(count(table, [G20], {"g20": 1}))
    assert count(table.slice(0, 0), [G20], {}).schema == MENTION_SCHEMA
    assert count(table, [], {}).num_rows == 0


def test_the_seed_page(shared: Path) -> None:
    expected = json.loads((shared / "seed" / "expected.json").read_text(encoding="utf-8"))
    page = articles(
        {
            "headline": expected["headline"],
            "standfirst": expected["standfirst"],
            "body": "\n\n".join(expected["paragraphs"]),
            "captions": expected["captions"],
        }
    )
    topics = load_topics(SHIPPED)
    table = count(page, topics, {found.topic_id: 1 for found in topics})
    counted: dict[str, dict[str, int]] = {}
    for row in table.to_pylist():
        fields = counted.setdefault(row["topic_id"], {})
        fields[row["field"]] = fields.get(row["field"], 0) + 1
    assert counted == expected["mentions"]


PLAIN_ALIASES = ("G20", "Group of 20", "Huawei", "华为", "華為", "ファーウェイ", "Straße", "制裁")
PLAIN = Matcher([topic("all", *PLAIN_ALIASES)])
WORDS = (
    "G20 g20 Ｇ２０ G200 HUAWEI huawei’s Ｈｕａｗｅｉ Group of 20 group\u00a0of\n20 华为 華為 "
    "中华为 ファーウェイ ﾌｧｰｳｪｲ STRASSE straße 制裁 経済制裁 Hua\u00adwei H\u200buawei e\u0301 "
    "İ … ½ ™ ﬁ 한 , 。 “ - – x 1 Z ж \u0301 \u200b 🙂"
)
NOISE = st.sampled_from([*WORDS.split(" "), " ", "\n", "\n\n", "\t"])
TEXTS = st.lists(NOISE, max_size=14).map("".join)


def plain_count(text: str) -> int:
    """A count by nothing but the standard library: fold all, one regex, edges by lookaround."""
    visible = re.sub("[\u00ad\u200b\u200d\ufeff]", "", text).replace("™", "^")
    folded = unicodedata.normalize("NFKC", visible).casefold()
    folded = re.sub(r"\s+", lambda gap: "\n\n" if gap[0].count("\n") > 1 else " ", folded)
    letters = "a-z0-9\u00df-\u024f\u1e00-\u1eff\u0400-\u04ff\u0300-\u036f"
    aliases = sorted((alias.casefold() for alias in PLAIN_ALIASES), key=len, reverse=True)
    edged = "|".join(
        rf"(?<![{letters}]){re.escape(alias)}(?![{letters}])"
        if alias.isascii()
        else rf"{alias}(?!\u0301)"
        for alias in aliases
    )
    return len(re.findall(edged, folded))


@given(TEXTS)
def test_a_plain_regex_counts_the_same(text: str) -> None:
    assert len(PLAIN.find(text)) == plain_count(text)


@given(TEXTS)
def test_a_hit_is_its_alias_once_folded(text: str) -> None:
    hits = PLAIN.find(text)
    stops = [(hit.char_start, hit.char_end) for hit in hits]
    assert all(0 <= start < stop <= len(text) for start, stop in stops)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(stops))
    for hit in hits:
        assert hit.matched_text == text[hit.char_start : hit.char_end]
        assert fold(hit.matched_text).text == fold(hit.alias).text
        assert "\n" not in hit.context_left + hit.context_right


@given(TEXTS, st.data())
def test_what_nobody_sees_changes_no_count(text: str, data: st.DataObject) -> None:
    at = data.draw(st.lists(st.integers(0, len(text)), max_size=5))
    unseen = data.draw(st.sampled_from("\u200b\u00ad\u2060\ufeff\ufe0f"))
    for position in sorted(at, reverse=True):
        text = text[:position] + unseen + text[position:]
    clean = text.replace(unseen, "")
    assert [hit.alias for hit in PLAIN.find(text)] == [hit.alias for hit in PLAIN.find(clean)]


@pytest.mark.slow
@given(TEXTS)
def test_the_order_of_topics_and_aliases_does_not_matter(text: str) -> None:
    topics = [topic("a", "Huawei", "G20"), topic("b", "G20", "华为"), topic("c", *PLAIN_ALIASES)]
    turned = [topic(one.topic_id, *reversed(one.aliases)) for one in reversed(topics)]
    assert Matcher(topics).find(text) == Matcher(turned).find(text)


CASED = topic("cased", "Huawei", "G20 Summit", exclude=("G20 Summit talks",), case_sensitive=True)


@pytest.mark.slow
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_counting_articles_finds_what_is_found_field_by_field(
    headline: str, body: str, captions: list[str]
) -> None:
    topics = [topic("plain", *PLAIN_ALIASES), CASED]
    row = {"headline": headline, "body": body, "captions": captions}
    rows = count(articles(row), topics, {"plain": 1, "cased": 1}).to_pylist()

    fields = {"headline": headline, "body": body, "caption": "\n".join(captions)}
    hits = [hit for name, text in fields.items() for hit in Matcher(topics).find(text, name)]
    names = ("topic_id", "field", "sentence_no", "char_start", "char_end", "context_right")
    assert [tuple(row[name] for name in names) for row in rows] == [
        tuple(getattr(hit, name) for name in names) for hit in hits
    ]


def test_a_hit_is_a_value() -> None:
    (hit,) = Matcher([G20]).find("G20")
    assert hit == Hit("g20", "G20", "body", 0, 0, 0, 3, "G20", "", "")
