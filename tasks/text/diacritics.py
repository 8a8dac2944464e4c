"""Removes the marks of letters that are also written without them."""

import re
import unicodedata
from typing import Literal

# The marks of a text that are kept: all; those that newspapers write, so no Arabic and Hebrew
# vowel points; those but the dot of a Turkish İ, which folding case would make a mark of its own
# (i̇), so that it equals i; or none. "typed" is "undotted", and "bare" is "none", with signs that
# keyboards lack as they are typed in their place (`tasks/text/folding.py`).
Marks = Literal["all", "written", "undotted", "typed", "none", "bare"]

# Latin letters that do not decompose into a plain letter: "Łódź" is also Lodz, "Diyarbakır"
# Diyarbakir. Not æ, œ, þ, ð, which nobody writes as one other letter.
_STROKES = dict(zip("øØłŁđĐħĦŧŦıƀɨ", "oOlLdDhHtTibi", strict=True))
# Most Russian texts print е for ё, and stress marks only to distinguish words. й, ї, ў and others
# are letters of their own, like all of Japanese and Korean.
_CYRILLIC = dict(zip("ёЁѐЀѝЍ", "еЕеЕиИ", strict=True))
_LATIN = "A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
_CYRILLIC_VOWELS = "аеиоуыэюяієАЕИОУЫЭЮЯІЄ"
# Marks that Hebrew and Arabic newspapers mostly leave out: points, accents and vowel signs; and
# the tatweel, which only stretches a word (الـ20).
POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u0640\u064b-\u0652\u0670"
# Arabic letters with several spellings: the hamza on an alef (الأمريكية, الامريكية), the yeh
# without dots (هواوى in Egypt), the yeh and kaf of Persian and of Arabic keyboards. Not آ, ة and
# ؤ, which make other words.
ARABIC = dict(zip("أإٱىیک", "اااييك", strict=True))
_ABJAD = re.compile(f"[{POINTS}{''.join(ARABIC)}]")
_LOOSE = re.compile(
    f"(?<=[{_LATIN}{_GREEK}])[\u0300-\u036f]+|(?<=[{_CYRILLIC_VOWELS}])[\u0300\u0301]+"
)


def without_marks(text: str, marks: Marks) -> str:
    """The text, in NFC or NFKC as given, with only the marks that `marks` keeps.

    With "written", Arabic and Hebrew have no points, and alef, yeh and kaf one form each. With
    "undotted" and "typed", i has no second dot either. With "none" and "bare", Latin and Greek
    letters have no marks, ё becomes е, and stress marks are removed. A letter stays one letter;
    marks that are characters of their own are removed.
    """
    if marks == "all" or text.isascii():
        return text
    plain = _ABJAD.sub(lambda sign: ARABIC.get(sign[0], ""), text)
    if marks in ("undotted", "typed"):
        return plain.replace("i\u0307", "i")
    return plain if marks == "written" else _LOOSE.sub("", plain.translate(_PLAIN))


_BLOCKS = (range(0xC0, 0x250), range(0x370, 0x400), range(0x1E00, 0x2000))
_DECOMPOSED = {code: unicodedata.normalize("NFD", chr(code)) for block in _BLOCKS for code in block}
_BARE = {
    code: _STROKES.get(parts[0], parts[0])
    for code, parts in _DECOMPOSED.items()
    if parts[1:] and all(map(unicodedata.combining, parts[1:])) and parts[0].isalpha()
}
_PLAIN = str.maketrans(_BARE | _STROKES | _CYRILLIC)
