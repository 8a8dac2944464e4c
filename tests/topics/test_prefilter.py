"""The sieve over whole columns leaves out no mention, and what it keeps is found as by itself."""

import gzip
import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.text import sentence_split
from tasks.text.folding import fold
from tasks.text.sentence_split import sentence_starts
from tasks.topics.alias_cores import core, odd_characters, variants
from tasks.topics.mentions import Hit, Matcher, count
from tasks.topics.prefilter import Prefilter, passages
from tasks.topics.topic import Topic, phrases_of
from tests.topics.test_mentions import topic

TOPICS = (
    topic("g20", "G20", "G20 summit", "Group of 20", "二十国集团", "G20峰会", case_sensitive=True),
    topic("sanctions", "sanctions", "Sanktion*", "санкции", "κυρώσεις", "제재", "制裁*"),
    topic("huawei", "Huawei", "华为", "ファーウェイ", exclude=("华为你", "mock huawei", "anti*")),
    topic("strasse", "Straße", "Maß*", "oss", "ss", "Schloss-Straße"),
    topic("turkey", "İstanbul", "ısparta", "Diyarbakır"),
    topic("fish", "offline fish", "Übermut", "café society", "naïve"),
    topic("ate", "e-mail", "O'Neill", "F-16", "C++", "5G*"),
    topic("same", all_of=[["G20", "制裁*"], ["huawei", "ss"]], within="sentence", none_of=["5G*"]),
    topic("near", all_of=[["Straße", "G20"], ["Huawei"]], within={"words": 5}, none_of=["oss"]),
    topic("beside", "sanctions", "e-mail", context_exclude=["Übermut", "G20"]),
    topic("bare", "İstanbul", "cafe societé", "ss", "санкции", fold_diacritics=True),
    topic("cased", "Naïve", "KYRA*", fold_diacritics=True, case_sensitive=True),
    topic(
        "open",
        "*عقوبات*",
        "*هواوي",
        "*סנקציות",
        "*sancties",
        "*санкции",
        exclude=("*قانون العقوبات",),
    ),
    topic("marked", "sanções", "lệnh trừng phạt", "प्रतिबंध", "आर्थिक प्रतिबंध*", "নিষেধাজ্ঞা*", "йод"),
    replace(topic("first", "عقوبات", "أسعار", "प्रतिबंध", "प्रति*"), rules=1),
    topic("dotted", "ihracat*", "İran", exclude=("ihracatlı",)),
    replace(topic("second", "istanbul", "İran"), rules=2),
    topic("typed", 'ארה"ב', "*ארה״ב", "צ'רצ'יל", "CO2", "H₂O*", exclude=("CO₂-frei",)),
    replace(topic("third", 'ארה"ב', "צ׳רצ׳יל", "CO2", "H₂O"), rules=3),
    replace(topic("open-third", 'ארה"ב', "CO2", fold_diacritics=True), rules=3),
)
HARD = (
    "STRASSE|STRAẞE|maßes|Massen|ſs|ß|ẞ|s|S|oß|ßs|ISTANBUL|i̇stanbul|İSTANBUL|ıSPARTA|ΚΥΡΏΣΕΙΣ"
    "|κυρώσεισ|САНКЦИИ|ＨＵＡＷＥＩ|Ｇ２０|G²⁰|G⑳|oﬄine|ofﬂine|ﬁsh|ﬀ|ﬆ|ｆｉｓｈ|𝐇𝐮𝐚𝐰𝐞𝐢|ⓗuawei|Ｋ|K|㎏|№|™"
    "|ﾌｧｰｳｪｲ|フアーウエイ|华為|㈱|⼆十国集团|제재|ㅈㅔ|제|재|e‑mail|e–mail|O’Neill|O‘Neill|F−16|Ｆ-16"
    "|والعقوبات|عقـوبات|عُقوبات|وعقوباتٍ|هواوى|هواوی|أسعار|اسعار|ا\u0654سعار"
    "|קנון|הַסַּנְקְצִיּוֹת|प्रतिबंधित|प्रतिबंधों|প্ৰ"
    "|handelssancties|контрсанкции|SANÇÕES|sanc\u0327o\u0303es|LỆNH TRỪNG PHẠT|й|и\u0306од"
    "|ארה״ב|בארה״ב|צ׳רצ׳יל|צ’רצ׳יל|CO₂|CO²|co₂-frei|H2O|h₂o"
    "|Group\u00a0of\n20|Hua\u00adwei|G\u200b20|E. On the G20|z.B. Huawei|Nov. 3 G20"
)
SPELT = [
    *(phrase.removesuffix("*") for one in TOPICS for phrase, _ in phrases_of(one)),
    *HARD.split("|"),
]
PIECES = st.one_of(
    st.sampled_from(SPELT),
    st.sampled_from(SPELT).map(lambda word: unicodedata.normalize("NFD", word)),
    st.sampled_from(SPELT).map(str.upper),
    st.tuples(
        st.sampled_from(SPELT), st.integers(0, 9), st.characters(exclude_categories=["Cs"])
    ).map(lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] :]),
    st.sampled_from(
        [" ", " ", "  ", "\n", "\n\n", "\n\n\n", " \n\n ", "\u00a0", "\u2029", "\u3000"]
    ),
    st.sampled_from([". ", ".", "。", "! ", "“", "”", "-", "@", "https://", ".com", "/", "#", "_"]),
    st.sampled_from(
        ["\u00ad", "\u200b", "\u200d", "\u0301", "\u0308", "\u0307", "\u3099", "\ufe0f"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
ROWS = st.fixed_dictionaries(
    {
        "headline": st.none() | TEXTS,
        "standfirst": st.none() | TEXTS,
        "body": st.none() | TEXTS,
        "captions": st.none() | st.lists(TEXTS, max_size=3),
    }
)
SCHEMA = pa.schema(
    [("article_id", pa.string()), ("version_no", pa.int32())]
    + [(name, pa.string()) for name in ("headline", "standfirst", "body")]
    + [("captions", pa.list_(pa.string()))]
)


def one_by_one(
    rows: list[dict[str, Any]], topics: tuple[Topic, ...] = TOPICS
) -> list[tuple[Any, ...]]:
    """What a matcher finds that looks at every text as a whole."""
    matcher = Matcher(topics)
    return [
        (number, *hit)
        for number, row in enumerate(rows)
        for field in ("headline", "standfirst", "body", "caption")
        if (text := "\n".join(row["captions"] or ()) if field == "caption" else row[field])
        for hit in matcher.find(text, field)
    ]


def at_once(
    rows: list[dict[str, Any]], topics: tuple[Topic, ...] = TOPICS
) -> list[tuple[Any, ...]]:
    rows = [
        {"article_id": str(number).zfill(16), "version_no": 1, **row}
        for number, row in enumerate(rows)
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    identified = table.set_column(
        0, "article_id", table["article_id"].cast(pa.binary(16)).cast(pa.binary(16))
    )
    ids = pa.ExtensionArray.from_storage(pa.uuid(), identified["article_id"].combine_chunks())
    found = count(
        table.set_column(0, "article_id", ids), topics, {one.topic_id: 1 for one in topics}
    )
    return [
        (int(row["article_id"].bytes), *(row[name] for name in Hit._fields))
        for row in found.to_pylist()
    ]


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=6))
@example([{"headline": "Hua", "standfirst": None, "body": None, "captions": ["Hua", "wei"]}] * 2)
@example(
    [
        {"headline": h, "standfirst": None, "body": None, "captions": None}
        for h in ("oss", "", None, "s")
    ]
)
def test_columns_at_once_give_what_each_text_gives_by_itself(rows: list[dict[str, Any]]) -> None:
    assert at_once(rows) == one_by_one(rows)


COMMON = (
    topic("words", "the", "president*", "New York", "Euro*", "said", exclude=("the end",)),
    topic("places", "US", "Ukraine", "EU", "U.S.", "Russia*", case_sensitive=True),
    topic("german", "größe", "straße", "Maß*", "für", "über", "der"),
    topic("others", "日本", "東京", "года", "и", "https", "com", "it's", "été", "año*"),
)
"""Words that stand on most pages."""


@pytest.mark.slow
def test_gold_pages_at_once_give_what_each_gives_by_itself(shared: Path) -> None:
    pages = sorted((shared / "corpus" / "gold").glob("*.html.gz"))[::40]
    read = (gzip.decompress(page.read_bytes()).decode() for page in pages)
    texts = [re.sub("<[^>]*>", "\n", page)[:20_000] for page in read]
    rows = [
        {"headline": text[:90], "standfirst": None, "body": body, "captions": [text[-90:]]}
        for text in texts
        for body in (text, text.replace("\n", "\n\n"), re.sub(r"\s+", " ", text))
    ]
    found = one_by_one(rows, COMMON)
    assert at_once(rows, COMMON) == found
    assert len(found) > 1_250


def test_what_is_planted_is_found_in_many_spellings() -> None:
    rows = [
        {"headline": word, "standfirst": None, "body": f"x\n\nA {word}. B", "captions": [word]}
        for word in SPELT
    ]
    found = one_by_one(rows)
    assert at_once(rows) == found
    assert len({row for row, *_ in found}) > 45


def is_vowel_sign(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M" and not unicodedata.combining(sign)


@pytest.mark.slow
def test_every_character_folds_as_the_sieve_foresees_or_is_odd() -> None:
    signs, blocks = odd_characters()
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x110000)):
        sign = chr(code)
        if code >= 1 << 16 and unicodedata.category(sign) in ("Cn", "Co"):
            continue  # Unassigned or private; those of the first plane stand for them.
        if (signs[code] if code < 1 << 16 else blocks[code >> 6]) or sign == "ß":
            continue
        folded = fold(sign, marks="typed").text
        assert (
            folded == sign
            or not folded
            or not any(each.isalnum() or is_vowel_sign(each) for each in folded)
            or (len(folded) == 1 and sign in variants(folded))
        ), hex(code)
        assert folded, hex(code)


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("G20 summit", "summit"),
        ("o'neill", "neill"),
        ("über", "über"),
        ("санкции", "санк"),
        ("华为", "华为"),
        ("g20峰会", "g20峰会"),
        ("제재", "제재"),
        ("é", "é"),
        ("ё-", "ё"),
        ("sanções", "sanções"),
        ("प्रतिबंध", "रतिबंध"),
    ],
)
def test_cores(alias: str, expected: str) -> None:
    assert core(fold(alias).text) == expected


def kept(topics: list[Topic], texts: pa.StringArray) -> list[tuple[int, list[int] | None]]:
    prefilter = Prefilter(topics)
    looked = prefilter.find_forms(texts)
    if looked is None:
        return [(row, None) for row in range(len(texts))]
    return prefilter.keep(looked, prefilter.possible_groups(looked))


def test_a_text_without_one_of_the_groups_is_left_out() -> None:
    texts = pa.array(["sanctions", "Huawei", "Huawei, sanctions", "sanctions on ZTE", "doping"])
    both = {"all_of": [["sanctions"], ["Huawei", "ZTE"]], "none_of": ["doping"]}
    one = topic("near", **both, within={"words": 9})
    assert kept([one], texts) == [(2, [0, 8]), (3, [0, 13])]
    assert kept([one, topic("s", "sanctions")], texts)[0] == (0, [0])
    # Across fields.
    prefilter = Prefilter([topic("all", **both, within="article")])
    looked = prefilter.find_forms(texts)
    assert looked
    assert prefilter.keep(looked, prefilter.possible_groups(looked)) == [(2, [0, 8]), (3, [0, 13])]
    beside = prefilter.possible_groups(looked) | prefilter.possible_groups(looked)[::-1]
    assert [row for row, _ in prefilter.keep(looked, beside)] == [1, 2, 3]


def test_an_alias_without_a_core_is_looked_for_everywhere() -> None:
    texts = pa.array(["a", None, "É"])
    assert kept([topic("e", "☂")], texts) == [(0, None), (1, None), (2, None)]


def test_a_phrase_with_a_blank_line_is_looked_for_everywhere() -> None:
    texts = pa.array(["no", "Mock\n\nHuawei"])
    one = topic("h", "Huawei", exclude=("mock\n\nhuawei",))
    assert kept([one], texts) == [(0, None), (1, None)]


def test_texts_that_name_nothing_are_left_out() -> None:
    texts = pa.array(
        ["Die Größe der Straße – „gut“.", None, "Huawei", "", "中文，新闻。", "a\u00adb"]
    )
    assert kept([topic("h", "Huawei")], texts) == [(2, [0]), (5, None)]
    assert kept([topic("h", "Huawei")], texts.slice(1, 3)) == [(1, [0])]
    assert kept([topic("h", "Huawei")], pa.array([], pa.string())) == []


@given(TEXTS, st.data())
def test_passages_are_the_paragraphs_around_the_places(text: str, data: st.DataObject) -> None:
    inside = [at for at, sign in enumerate(text) if sign != "\n"]
    chosen = data.draw(st.sets(st.sampled_from(inside))) if inside else set()
    found = passages(text.encode(), text, [len(text[:at].encode()) for at in sorted(chosen)])
    assert all(any(first <= at < stop for first, stop in found) for at in chosen)
    assert all("\n\n" not in text[first:stop] for first, stop in found)
    for first, stop in found:
        assert not first or text[:first].endswith("\n\n")
        assert stop == len(text) or text[stop:].startswith("\n\n")


@given(TEXTS)
def test_sentences_start_where_the_slower_pattern_finds_them(text: str) -> None:
    patterns = sentence_split._PATTERNS
    with patch.object(sentence_split, "_PATTERNS", patterns._replace(dots=patterns.all)):
        expected = sentence_starts(text)
    assert sentence_starts(text) == expected
