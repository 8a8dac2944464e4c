import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.folding import fold
from tasks.text.sentence_split import sentence_starts, word_count
from tests.support.sentences import sentences

TRICKY = st.text(
    st.one_of(
        st.sampled_from(
            "aA zG20 \n\n\t\n\r\u00a0\u3000ßİıſﬁŉǰΐΣς´¨¯…‐–—‘’“”«»\u00ad\u200b\u200d\ufe0f\ufeff"
            "\u0301\u0307\u0345\u0323\u0338Ｇ２０ｶﾞﾊﾟか゛が゙ガ㈱㍿™²½華为한각\u1100\u1161\u11a8ㄱㅏ"
            "\u2028\u2029\U0001f600\U000e0101𝐇𝐮É́`·"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Group of\n20", "group of 20"),
        ("Group\u00a0of \t 20", "group of 20"),
        ("one\n\ntwo \n \n three\u2029four", "one\n\ntwo\n\nthree\nfour"),
        ("one\r\ntwo\r\n\r\nthree", "one two\n\nthree"),
        ("Ｇ２０ ﾌｧｰｳｪｲ ㈱", "g20 ファーウェイ (株)"),
        ("Hua\u00adwei, \ufeffHua\u200bwei", "huawei, huawei"),
        ("G‑20 G–20 G—20 G−20", "g-20 g-20 g-20 g-20"),
        ("“Huawei’s” «G20» 「華為」", '"huawei\'s" "g20" "華為"'),
        ("Straße", "strasse"),
        ("İzmir", "i̇zmir"),
        ("Cafe\u0301 É", "café é"),
        ("Huawei™ G20² CO₂", "huawei^ g20^ co^"),
        ("各\u1112\u1161\u11ab", "各한"),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_case_can_be_kept() -> None:
    kept = fold("Ｇ２０ “Straße” `x`", keep_case=True)
    assert kept.text == "G20 \"Straße\" 'x'"


@pytest.mark.parametrize(
    ("text", "needle", "original"),
    [
        ("Die Straße im Süden", "süden", "Süden"),
        ("Die Straße im Süden", "strasse", "Straße"),
        ("İ İ G20 x", "g20", "G20"),
        ("a … G\u00ad2\u200b0\u200b b", "g20", "G\u00ad2\u200b0"),
        ("x \n\n  y\u00a0 of\n20", "of 20", "of\n20"),
        ("ﬁ Cafe\u0301s", "cafés", "Cafe\u0301s"),
        ("½ 🇬🇧🙂 ﾌｧｰｳｪｲ!", "ファーウェイ", "ﾌｧｰｳｪｲ"),
        ("㍿華為", "華為", "華為"),
        ("ß 𝐇𝐮𝐚𝐰𝐞𝐢 x", "huawei", "𝐇𝐮𝐚𝐰𝐞𝐢"),
    ],
)
def test_the_way_back(text: str, needle: str, original: str) -> None:
    folded = fold(text)
    at = folded.text.index(needle)
    start, end = folded.span(at, at + len(needle))
    assert text[start:end] == original


@given(TRICKY, st.booleans())
def test_every_folded_character_has_its_place(text: str, keep_case: bool) -> None:
    folded = fold(text, keep_case=keep_case)
    spans = [folded.span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    for at, (start, end) in enumerate(spans):
        piece = fold(text[start:end], keep_case=keep_case).text
        assert folded.text[at] in piece


@given(TRICKY, TRICKY)
def test_folding_goes_by_clusters(left: str, right: str) -> None:
    whole = fold(f"{left}|{right}").text
    assert whole == f"{fold(left + '|').text}{fold('|' + right).text[1:]}"


@pytest.mark.slow
def test_every_character_of_unicode_keeps_the_way_back() -> None:
    """What follows any character, alone or with a mark, is found at its own place."""
    blocks = [range(0xD800), range(0xE000, 0x3134B), range(0xE0000, 0xE0200)]
    for code in (code for block in blocks for code in block):
        if unicodedata.category(chr(code)) == "Cn":
            continue
        text = f"b{chr(code)} {chr(code)}z"
        folded = fold(text)
        assert folded.text.endswith("z"), hex(code)
        assert folded.span(len(folded.text) - 1, len(folded.text)) == (4, 5), hex(code)


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("He said “no.” She left.", ["He said “no.”", "She left."]),
        ("The U.S. Deputy met Mr. Xie. Then", ["The U.S. Deputy met Mr. Xie.", "Then"]),
        ("J. R. Smith paid 3.5 in Jan. 2020.", ["J. R. Smith paid 3.5 in Jan. 2020."]),
        ("Etwa z.B. Äpfel am 3. Oktober. Ja.", ["Etwa z.B. Äpfel am 3. Oktober.", "Ja."]),
        ("It has 20. The rest", ["It has 20.", "The rest"]),
        ("approx. five", ["approx. five"]),
        (
            "华为表示。公司说！真的？「是。」完",
            ["华为表示。", "公司说！", "真的？", "「是。」", "完"],
        ),
        ("मंत्री बोले। बैठक हुई?", ["मंत्री बोले।", "बैठक हुई?"]),
        ("وزیر نے کہا۔ کیا ہوا؟ ہاں۔", ["وزیر نے کہا۔", "کیا ہوا؟", "ہاں۔"]),
        ("Նա եկավ։ Նա գնաց։", ["Նա եկավ։", "Նա գնաց։"]),
        ("ሚኒስትሩ ተናገሩ። ስብሰባው ተካሄደ።", ["ሚኒስትሩ ተናገሩ።", "ስብሰባው ተካሄደ።"]),
        ("A title\n\nA text\n \nwith\na line", ["A title", "A text", "with\na line"]),
        ("BEIJING -- The talks. ", ["BEIJING -- The talks."]),
        ("...", ["..."]),
        (" \n\n ", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Huawei ist vom 19. Sanktionspaket betroffen",
        "Beim 50. Berlin-Marathon gewann der 1. FC am 12. Bis 13. September",
        "Mitte des 16. Jahrhunderts, vom 3.–5. Oktober",
        "Im 3. „Quartal“ stieg der Gewinn",
        "Den 3. Division spiller mod Huawei",
        "19. Sanktionspaket beschlossen",
        "5. Evergrande war im Besitz",
        "Las sanciones de EE. UU. contra Huawei, los JJ. OO. y las FF. AA. de España",
        "Las empresas, p. ej. Huawei",
        "objęły m.in. Huawei, np. Huawei i św. Jana, ok. 20 osób",
        "drabbar bl.a. Huawei, t.ex. ZTE, kl. 10",
        "rammer f.eks. Huawei",
        "5 млн долл. США на ул. Ленина",
        "postihly např. Huawei a tzv. Huawei",
        "pogađaju npr. Huawei",
        "treffen bijv. Huawei",
        "ad es. Huawei",
        "TP. HCM và PGS. Hà",
        "Doç. Dr. Kaya",
        "डॉ. जयशंकर",
        "die sog. Huawei-Klausel",
        "Sens. Warren, a Ph.D. Economist of Acme Pvt. Ltd., at Mt. Everest",
        "Package No. 19 cost Rs. 500 on Oct. 27",
        "MR. XIE SPOKE",
    ],
)
def test_a_sentence_goes_on_after_abbreviations_and_ordinals(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Im Jahr 2026.| Huawei wächst.",
        "Es waren 20.| Huawei wächst.",
        "Er trägt die 10.| Das Team gewinnt.",
        "I am 20.| The team is 30.",
        "C’est le sommet des 27.| L’Union attend.",
        "Le gouvernement de EE. UU.| Huawei wächst.",
        "It rose by 3.5.| Then it fell on Oct. 27.| The next day was calm.",
        "It won 2:0.| Huawei was second with No. 5.| Huawei waited.",
        "She told me.| It was a work of art.| She said no.| Now he knows.",
        "Wir fanden es im.| Potem.",
        "Hij weet het al.| De rest kwam ut.| Huawei",
    ],
)
def test_a_sentence_ends_where_a_number_or_a_word_like_an_abbreviation_ends_it(text: str) -> None:
    expected = [part.strip() for part in text.split("|")]
    assert pieces(text.replace("|", "")) == expected


def test_the_earlier_rules_know_fewer_abbreviations() -> None:
    text = "Vom 19. Sanktionspaket am 3. Oktober, z.B. Huawei"
    assert sentence_starts(text, is_earlier=True) == [0, 8]
    assert sentence_starts("She told me. It was so.", is_earlier=True) == [0]


@given(st.text("Ab. \n!。3", max_size=40), st.integers(0, 40))
def test_sentences_up_to_an_offset_are_the_first_of_all(text: str, until: int) -> None:
    until = min(until, len(text) - 1)
    some, all_of_them = sentence_starts(text, until), sentence_starts(text)
    assert some == all_of_them[: len(some)]
    assert all(start > until for start in all_of_them[len(some) :])


@given(TRICKY | st.text("aB. !?。\n\"”'U1", max_size=60))
def test_sentences_hold_all_that_is_written(text: str) -> None:
    spans = sentences(text)
    assert spans == sorted(spans)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("High-level talks -- in the U.S., don't!", 6),
        ("华为公司 in 2021", 6),
        ("ファーウェイ", 6),
        ("화웨이는 회사다", 2),
        ("a/b  c\n\nd …", 3),
    ],
)
def test_word_count(text: str, count: int) -> None:
    assert word_count(text) == count
