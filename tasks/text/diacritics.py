"""Takes off the marks of letters that are also written without them."""

import re
import unicodedata
from collections.abc import Iterator

# Latin letters that no decomposition leads to a plain one: "Łódź" is also Lodz, "Diyarbakır"
# Diyarbakir. Not æ, œ, þ, ð: letters of their own, which nobody writes as one other letter.
_STROKES = dict(zip("øØłŁđĐħĦŧŦıƀɨ", "oOlLdDhHtTibi", strict=True))
# Russian prints е for ё in most texts, and stress only to tell words apart. й, ї, ў and the others
# are letters of their own, as all of Japanese and Korean are.
_CYRILLIC = dict(zip("ёЁѐЀѝЍ", "еЕеЕиИ", strict=True))
_LATIN = "A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
_CYRILLIC_VOWELS = "аеиоуыэюяієАЕИОУЫЭЮЯІЄ"
# Points and vowel signs that Hebrew and Arabic newspapers leave out.
_POINTS = "\u05b0-\u05bd\u05bf\u05c1\u05c2\u05c7\u064b-\u0652\u0670"
_LOOSE = re.compile(
    f"(?<=[{_LATIN}{_GREEK}])[\u0300-\u036f]+|(?<=[{_CYRILLIC_VOWELS}])[\u0300\u0301]+|[{_POINTS}]"
)


def without_diacritics(text: str) -> str:
    """The text, in NFC or NFKC, without the marks of Latin and Greek letters.

    Of other scripts only what their newspapers mostly leave out: ё is е, and stress, Hebrew points
    and Arabic vowel signs go. A letter stays one letter; marks that stand for themselves go.
    """
    return text if text.isascii() else _LOOSE.sub("", text.translate(_PLAIN))


def _plain_letters() -> Iterator[tuple[int, str]]:
    blocks = (range(0xC0, 0x250), range(0x370, 0x400), range(0x1E00, 0x2000))
    for code in (code for block in blocks for code in block):
        base, *marks = list(unicodedata.normalize("NFD", chr(code)))
        if marks and all(map(unicodedata.combining, marks)) and base.isalpha():
            yield code, _STROKES.get(base, base)


_PLAIN = str.maketrans(dict(_plain_letters()) | _STROKES | _CYRILLIC)
