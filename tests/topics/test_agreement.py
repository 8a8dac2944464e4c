"""Topics with conditions, beside a plain count that knows the sentences it was given."""

import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from tasks.topics.mentions import count
from tasks.topics.topic import Topic, TopicEntry

pytestmark = pytest.mark.slow

PHRASES = {
    "en": {
        "one": ["sanctions", "US sanctions", "sanction list*", "*embargo"],
        "two": ["Huawei", "Huawei Technologies"],
        "three": ["chips", "G20"],
        "exclude": ["mock Huawei", "embargo on news"],
        "none": ["doping", "sports ban*"],
        "context": ["tennis", "penalty box"],
    },
    "ru": {
        "one": ["санкции", "новые санкции", "эмбарго*"],
        "two": ["Хуавэй", "компания Хуавэй"],
        "three": ["*чипы", "G20"],
        "exclude": ["клон Хуавэй", "эмбарго на новости"],
        "none": ["допинг", "спортивный запрет"],
        "context": ["теннис"],
    },
    "ar": {
        "one": ["*عقوبات*", "*العقوبات الاقتصادية", "حظر"],
        "two": ["*هواوي", "شركة هواوي"],
        "three": ["أشباه", "G20"],
        "exclude": ["*قانون العقوبات"],
        "none": ["منشطات"],
        "context": ["*التنس"],
    },
    "hi": {
        "one": ["प्रतिबंध", "आर्थिक प्रतिबंध*", "प्रतिबंधों"],
        "two": ["हुआवेई", "कंपनी हुआवेई"],
        "three": ["चिप*", "G20"],
        "exclude": ["नकली हुआवेई"],
        "none": ["डोपिंग"],
        "context": ["टेनिस"],
    },
    "zh": {
        "one": ["制裁", "经济制裁", "禁运"],
        "two": ["华为", "华为技术"],
        "three": ["芯片", "G20"],
        "exclude": ["中华为", "禁运令牌"],
        "none": ["兴奋剂"],
        "context": ["网球"],
    },
    "ja": {
        "one": ["経済制裁", "禁輸"],
        "two": ["ファーウェイ", "Huawei"],
        "three": ["半導体", "G20"],
        "exclude": ["偽ファーウェイ"],
        "none": ["ドーピング"],
        "context": ["テニス"],
    },
}
FILLING = {
    "en": "the envoys met on Monday to discuss trade with northern islands, quietly as before",
    "ru": "послы встретились ранним понедельник чтобы обсудить торговлю между странами, тихо",
    "ar": "التقى المبعوثون يوم الاثنين لبحث التجارة مع الجزر الشمالية بهدوء كما جرت العادة",
    "hi": "दूत सोमवार को मिले और उत्तरी द्वीपों से व्यापार पर चुपचाप बात हुई प्रतिबंधित वस्तु",
    "zh": "代表 周一 会面 讨论 贸易 问题， 安静 地 达成 协议、 然后 离开",
    "ja": "代表 は 月曜日 に 会い、 貿易 に ついて 静か に 話し合った が 帰国 した",
}
# Of a word in the scripts with spaces; what Arabic papers write for one letter, or leave out.
WORD = "[a-zа-я0-9\u0620-\u065f\u0671-\u06d3\u0900-\u0963]"
SPELLINGS = {"ا": "اأ", "ي": "يىی", "ك": "كک"}
UNWRITTEN = "[ـ\u064b-\u0652]*"
FIELDS = ("kicker", "headline", "standfirst", "body", "caption")
WITHIN: tuple[Any, ...] = ("sentence", "paragraph", "article", *({"words": n} for n in (2, 5, 9)))


def phrases(kind: str) -> tuple[str, ...]:
    """Of all languages, each once."""
    return tuple(dict.fromkeys(one for own in PHRASES.values() for one in own[kind]))


@dataclass(eq=False)
class Made:
    """An article made of sentences: for each field its paragraphs, or captions."""

    fields: dict[str, list[list[str]]]
    language: str
    section: str | None

    @property
    def gap(self) -> str:
        return "" if self.language in ("zh", "ja") else " "

    def text(self, name: str) -> str:
        joint = "\n" if name == "caption" else "\n\n"
        return joint.join(self.gap.join(sentences) for sentences in self.fields[name])

    def row(self) -> dict[str, Any]:
        row: dict[str, Any] = {name: self.text(name) for name in FIELDS[:4]}
        row["captions"] = [self.gap.join(sentences) for sentences in self.fields["caption"]]
        return row | {"section": self.section}


def make(dice: random.Random) -> Made:
    language = dice.choice(list(PHRASES))
    made = Made({}, language, dice.choice([None, "News", "Sport", "Sport – Tennis", "SPORT"]))

    def paragraph(most: int) -> list[str]:
        return [sentence(dice, language) for _ in range(dice.randint(1, most))]

    for name in FIELDS:
        most = {"body": 4, "caption": 3}.get(name, 1)
        made.fields[name] = [paragraph(3) for _ in range(dice.randint(0, most))]
    return made


def sentence(dice: random.Random, language: str) -> str:
    words = dice.sample(FILLING[language].split(), dice.randint(2, 9))
    for _ in range(dice.choice([0, 0, 1, 1, 2, 3, 4])):
        kind = dice.choice(["one", "one", "two", "two", "three", "exclude", "none", "context"])
        phrase = written(dice, dice.choice(PHRASES[language][kind]))
        words.insert(dice.randint(0, len(words)), dice.choice([phrase, phrase.upper()]))
    spaced = language not in ("zh", "ja")
    text = (" " if spaced else "").join(words)
    return text[0].upper() + text[1:] + (dice.choice([".", "!"]) if spaced else "。")


def written(dice: random.Random, phrase: str) -> str:
    """A phrase with something in place of its stars, in one of the spellings of Arabic."""
    text = phrase.removeprefix("*").removesuffix("*")
    for plain, spellings in SPELLINGS.items():
        text = text.replace(plain, dice.choice(spellings))
    if "\u0600" <= text[0] <= "\u06ff":
        text = text[0] + dice.choice(["", "", "ـ", "\u064f"]) + text[1:]
    text = (dice.choice(["", "و", "x"]) if phrase.startswith("*") else "") + text
    return text + (dice.choice(["", "s", "ों"]) if phrase.endswith("*") else "")


class Found(NamedTuple):
    """A phrase in an article."""

    field: str
    unit: int
    """The caption; of other fields nothing."""
    paragraph: int
    sentence: int
    start: int
    end: int
    phrase: str


@cache
def occurrences(made: Made, wanted: tuple[str, ...]) -> tuple[Found, ...]:
    """All places of phrases, as words."""
    return tuple(_occurrences(made, wanted))


def _occurrences(made: Made, wanted: Sequence[str]) -> Iterator[Found]:
    for name in FIELDS:
        at = number = 0
        for paragraph_no, sentences in enumerate(made.fields[name]):
            for text in sentences:
                for phrase in wanted:
                    for start, end in places(text, phrase):
                        unit = paragraph_no if name == "caption" else 0
                        place = (name, unit, paragraph_no, number)
                        yield Found(*place, at + start, at + end, phrase)
                at += len(text) + len(made.gap)
                number += 1
            at += (1 if name == "caption" else 2) - len(made.gap)


def places(text: str, phrase: str) -> list[tuple[int, int]]:
    bare = phrase.removeprefix("*").removesuffix("*")
    letters = UNWRITTEN.join(
        f"[{SPELLINGS[sign]}]" if sign in SPELLINGS else re.escape(sign)
        for sign in bare.replace("أ", "ا")
    )
    if is_spaced(bare[0]):
        start = f"{WORD}*" if phrase.startswith("*") else ""
        rest = f"{WORD}*" if phrase.endswith("*") else ""
        letters = f"(?<!{WORD}){start}{letters}{rest}(?!{WORD})"
    # At each place the longest; a later one may begin within.
    return [(at.start(1), at.end(1)) for at in re.finditer(f"(?=({letters}))", text, re.IGNORECASE)]


@cache
def is_spaced(sign: str) -> bool:
    scripts = ("LATIN", "CYRILLIC", "DIGIT", "ARABIC", "DEVANAGARI")
    return unicodedata.name(sign, "?").split()[0] in scripts


def chosen(found: Sequence[Found]) -> list[Found]:
    """Leftmost first, there the longest; none overlaps another."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda at: (FIELDS.index(at.field), at.start, -at.end)):
        if not any(touches(one, other) for other in kept):
            kept.append(one)
    return kept


def touches(one: Found, other: Found) -> bool:
    return one.field == other.field and one.start < other.end and other.start < one.end


def plain_count(made: Made, entry: TopicEntry) -> set[tuple[str, int, int, int, int, str]]:
    """What a topic finds, by its documentation."""
    excluded = occurrences(made, entry.exclude)
    context = {at[:4] for at in occurrences(made, entry.context_exclude)}
    section = (made.section or "").casefold().replace("–", "-")
    # What an exclusion touches is gone before the longest is chosen.
    groups = [
        chosen(
            [
                one
                for one in occurrences(made, group)
                if not any(touches(one, other) for other in excluded)
            ]
        )
        for group in entry.all_of or (entry.aliases,)
    ]
    groups = [[one for one in group if one[:4] not in context] for group in groups]
    if any(
        section.startswith(name[:-1].casefold()) if name.endswith("*") else section == name
        for name in entry.sections_exclude
    ):
        groups = [[]]
    forbidding = occurrences(made, entry.none_of)
    counting = {
        one
        for together in product(*groups)
        if not entry.all_of or holds(made, entry, together, forbidding)
        for one in together
    }
    return {(at.field, at.sentence, at.paragraph, at.start, at.end, at.phrase) for at in counting}


def holds(
    made: Made, entry: TopicEntry, together: Sequence[Found], forbidding: Sequence[Found]
) -> bool:
    """Whether one phrase of each group share a stretch, without what forbids it."""
    if isinstance(entry.within, int):
        width = 2 * entry.within
        return span(made, together) <= width and not any(
            span(made, [*together, other]) <= width for other in forbidding
        )
    depth = {"sentence": 4, "paragraph": 3, "article": 0}[str(entry.within)]
    stretches = {one[:depth] for one in together}
    return len(stretches) == 1 and not any(other[:depth] in stretches for other in forbidding)


def span(made: Made, together: Sequence[Found]) -> int:
    """Half words from the first to the last of them; more than any within several fields."""
    if len({one[:2] for one in together}) > 1:
        return 1_000_000
    first = min(one.start for one in together)
    last = max(one.end for one in together)
    text = made.text(together[0].field)
    half_words, in_word = 0, False
    # Whole words: from the beginning of the first.
    while first and is_word(text[first - 1]) and is_spaced(text[first]):
        first -= 1
    for sign in text[first:last]:
        if "\u3040" <= sign <= "\u30ff" or "\u4e00" <= sign <= "\u9fff":
            half_words, in_word = half_words + 1, False
        elif sign.isspace():
            in_word = False
        elif not in_word and sign.isalnum():
            half_words, in_word = half_words + 2, True
    return half_words


def is_word(sign: str) -> bool:
    return is_spaced(sign)


def entries(dice: random.Random, number: int) -> Iterator[TopicEntry]:
    for at in range(number):
        kinds = ["one", "two", "three"]
        dice.shuffle(kinds)
        about: dict[str, Any] = {"id": f"t{at}", "name": "t"}
        if at % 4:
            groups = kinds[: dice.randint(1, 3)]
            about |= {"all_of": tuple(map(phrases, groups)), "within": dice.choice(WITHIN)}
            about |= {"none_of": phrases("none")} if dice.random() < 0.6 else {}
        else:
            about["aliases"] = phrases(kinds[0])
        about |= {"exclude": phrases("exclude")} if dice.random() < 0.5 else {}
        about |= {"context_exclude": phrases("context")} if dice.random() < 0.5 else {}
        about |= {"sections_exclude": ("sport",)} if dice.random() < 0.2 else {}
        about |= {"sections_exclude": ("Sport - *",)} if dice.random() < 0.2 else {}
        yield TopicEntry.model_validate(about)


@pytest.mark.parametrize("seed", range(2))
def test_conditions_agree_with_a_plain_count(seed: int) -> None:
    dice = random.Random(seed)
    written = [make(dice) for _ in range(60)]
    asked = list(entries(dice, 40))
    found = counted(written, [entry.topic() for entry in asked])
    hits = dict.fromkeys(PHRASES, 0)
    for entry in asked:
        for number, made in enumerate(written):
            expected = plain_count(made, entry)
            assert found.get((number, entry.id), set()) == expected, (made, entry)
            hits[made.language] += len(expected)
    assert min(hits.values()) > 200


def counted(
    written: Sequence[Made], topics: Sequence[Topic]
) -> dict[tuple[int, str], set[tuple[str, int, int, int, int, str]]]:
    """What is counted, by article and topic; nothing twice."""
    rows = [made.row() for made in written]
    ids = [number.to_bytes(16, "big") for number in range(len(rows))]
    table = pa.table(
        {
            "article_id": pa.array(ids, pa.uuid()),
            "version_no": pa.array([1] * len(rows), pa.int32()),
        }
        | {name: pa.array([row[name] for row in rows], pa.string()) for name in FIELDS[:4]}
        | {"section": pa.array([row["section"] for row in rows], pa.string())}
        | {"captions": pa.array([row["captions"] for row in rows], pa.list_(pa.string()))}
    )
    found: dict[tuple[int, str], set[tuple[str, int, int, int, int, str]]] = {}
    names = ("field", "sentence_no", "paragraph_no", "char_start", "char_end", "alias")
    for row in count(table, topics, {topic.topic_id: 1 for topic in topics}).to_pylist():
        places = found.setdefault((row["article_id"].int, row["topic_id"]), set())
        place = tuple(row[name] for name in names)
        assert place not in places
        places.add(place)
    return found
