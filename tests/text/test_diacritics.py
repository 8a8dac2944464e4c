"""Letters with and without their marks, and the way back to the text as it stands."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.diacritics import Marks
from tasks.text.folding import fold
from tests.text.test_text import TRICKY


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("São Paulo", "sao paulo"),
        ("Sa\u0303o Paulo", "sao paulo"),
        ("İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul"),
        ("Łódź, Gdańsk, Đà Nẵng, Ørsted, Việt Nam", "lodz, gdansk, da nang, orsted, viet nam"),
        ("Αθήνα ΑΘΗΝΑ Ἀθῆναι", "αθηνα αθηνα αθηναι"),
        ("Горбачёв, Горбаче\u0308в, за\u0301мок", "горбачев, горбачев, замок"),
        ("שָׁלוֹם، مُحَمَّد", "שלום، محمد"),
        # Letters of their own.
        ("Йод, Київ, ў, ѓ, ќ", "йод, київ, ў, ѓ, ќ"),
        ("が ぱ ガ ﾊﾟ", "が ぱ ガ パ"),
        ("한국 हिन्दी ไทย", "한국 हिन्दी ไทย"),
        ("Æ œ þ ð ñ Straße", "æ œ þ ð n strasse"),
        ("أمريكا آل", "امريكا آل"),
    ],
)
def test_marks_that_newspapers_leave_out(text: str, folded: str) -> None:
    assert fold(text, marks="none").text == unicodedata.normalize("NFC", folded)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("العقـوبات وعقوباتٍ الـ20", "العقوبات وعقوبات ال20"),
        ("الأمريكية إيران ٱلله ا\u0654سعار", "الامريكية ايران الله اسعار"),
        ("هواوى هواوی هواوي", "هواوي هواوي هواوي"),
        ("آسيا كرة كره مؤتمر ہواوے", "آسيا كرة كره مؤتمر ہواوے"),
        ("تحریم‌های", "تحريمهاي"),
        ("הַסַּנְקְצִיּוֹת ה־20", "הסנקציות ה-20"),
        ("São Ёж ΚΥΡΏΣΕΙΣ İ", "são ёж κυρώσεισ i̇"),
        ("फ़ैसला ज़ हिन्दी", "फ़ैसला ज़ हिन्दी"),
    ],
)
def test_marks_that_only_hebrew_and_arabic_newspapers_leave_out(text: str, folded: str) -> None:
    assert fold(text, marks="written").text == unicodedata.normalize("NFKC", folded)


@pytest.mark.parametrize("text", ["İ", "I\u0307", "i\u0307", "i"])
def test_a_dotted_capital_is_the_small_letter(text: str) -> None:
    folded = fold(f"ß{text}ß{text}İstanbul", marks="undotted")
    assert folded.text == "ssissiistanbul"
    assert folded.span(2, 3) == (1, 1 + len(text))
    assert folded.span(6, 14) == (2 * len(text) + 2, len(folded.original))
    as_written = fold(text, keep_case=True, marks="undotted").text
    assert as_written == ("i" if text.startswith("i") else "İ")
    assert fold("İhracat yasağı", marks="undotted").is_aligned


def test_signs_are_as_they_are_typed() -> None:
    text = "ארה״ב צ׳רצ׳יל H₂O İ São, כ׳ x² ❝a❞"
    typed = "ארה\"ב צ'רצ'יל h2o i {}, כ' x^ \"a\""
    assert fold(text, marks="typed").text == typed.format("são")
    assert fold(text, marks="typed").is_aligned
    assert fold(text, marks="bare").text == typed.format("sao")
    # As before, for topics counted by earlier rules.
    earlier = "ארה״ב צ׳רצ׳יל h^o i são, כ׳ x^ ❝a❞"
    assert fold(text, marks="undotted").text == earlier
    assert fold(text, marks="none").text == earlier.replace("ã", "a")
    assert fold("ארה״ב", marks="all").text == "ארה״ב"


@given(
    TRICKY | st.text(st.sampled_from("عقوباتـأىکֹٍש \u0654xİiIß\u0307״׳₂")),
    st.booleans(),
    st.sampled_from(["written", "undotted", "typed"]),
)
def test_every_unpointed_character_has_its_place(text: str, keep_case: bool, marks: Marks) -> None:
    folded = fold(text, keep_case=keep_case, marks=marks)
    spans = [folded.span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    for at, (start, end) in enumerate(spans):
        piece = fold(text[start:end], keep_case=keep_case, marks=marks).text
        assert folded.text[at] in piece


@given(
    TRICKY | st.text(st.sampled_from("éÉe\u0301\u0308İıßøёй がÅ \u00adﬁ״׳₂")),
    st.booleans(),
    st.sampled_from(["none", "bare"]),
)
def test_every_bare_character_has_its_place(text: str, keep_case: bool, marks: Marks) -> None:
    folded = fold(text, keep_case=keep_case, marks=marks)
    spans = [folded.span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    for at, (start, end) in enumerate(spans):
        piece = fold(text[start:end], keep_case=keep_case, marks=marks).text
        assert folded.text[at] in piece


def test_each_letter_keeps_its_offset() -> None:
    for code in (*range(0xC0, 0x250), *range(0x370, 0x460), *range(0x1E00, 0x2000)):
        text = f"b{chr(code)} z"
        folded = fold(text, keep_case=True, marks="none")
        assert folded.span(len(folded.text) - 1, len(folded.text)) == (3, 4), hex(code)
