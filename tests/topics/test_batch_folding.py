"""Texts folded as one are what each is by itself."""

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.text.diacritics import Marks
from tasks.text.folding import fold
from tasks.topics.batch_folding import join
from tests.topics.test_prefilter import TEXTS

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(TEXTS | ANY, max_size=8),
    st.booleans(),
    st.sampled_from(["all", "written", "undotted", "typed", "none", "bare"]),
)
@example(["İ", "i", "\u0307", "İ\u0301", "i\u0307", "ßi\u0307"], False, "undotted")
@example(["ארה״ב", "׳", "CO₂", "₂\u0301"], False, "typed")
@example(["a\u0301", "ab"], False, "all")
@example(["الـ20", "والعقوباتٍ", "أسعار", "ا\u0654", "שָׁ"], False, "written")
@example(["ᄀ", "ᅡ", "가", "ᆨ"], False, "all")
@example(["x \u00a0y", "x y", " x", "x\ty", "", "–’²™"], True, "all")
@example(["ﾊ", "ﾞ", "ß", "İ", "𝐇", "中文，新闻。", "Größe", "ΣΑΣ"], False, "all")
@example(["ﾊ", "ﾞ", "ß", "İ", "𝐇", "中文，新闻。", "Größe", "ΣΑΣ"], True, "all")
def test_joined_texts_are_folded_as_each_by_itself(
    texts: list[str], keep_case: bool, marks: Marks
) -> None:
    joined = join(texts, keep_case=keep_case, marks=marks)
    for number, text in enumerate(texts):
        start = joined.starts[number]
        assert joined.text_at(start) == number or not text
        if number not in joined.separate:
            folded = fold(text, keep_case=keep_case, marks=marks)
            assert joined.folded.text[start : start + len(text)] == folded.text
            assert folded.is_aligned


def test_plain_texts_in_many_scripts_can_be_joined() -> None:
    texts = [
        "The “G20” – naïve, it’s £5",
        "Größe über Maß".replace("ß", "s"),
        "санкции Й",
        "华为，制裁",
    ]
    assert join(texts).separate == frozenset()
    separate = ("a\nb", "a  b", "Maß", "a\u00adb", "😀")
    assert join([*texts, *separate]).separate == frozenset(range(4, 9))


def test_no_text_at_all() -> None:
    assert join([]).separate == frozenset()
