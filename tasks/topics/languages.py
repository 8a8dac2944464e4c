"""The languages that a topic covers: those written in a script of its phrases."""

import unicodedata
from collections.abc import Iterable
from functools import cache

from tasks.text.folding import fold
from warehouse.layers.definitions import Topic

# By the first word of the Unicode names of a script's letters; a language may have several scripts.
# ISO 639-1 codes, else ISO 639-3 for other languages of news, and of those that are detected.
# Articles in Norwegian are `no`. A topic keeps the languages it has, as it does its rules.
_WRITTEN_IN = {
    "LATIN": (
        "aa ace af ak an ay az bcl bi bm br bs ca ceb ch co crh cs cy da de ee en eo es et eu "
        "ext ff fi fil fj fo fr fy ga gcf gcr gd gl gn gsw guw gv ha haw ho hr hsb ht hu hz ia "
        "id ie ig ik io is it jv kab kg ki kj kl kr ku kw la lb lg li lij ln lt ltg lu lv mg mh "
        "mi ms mt na nb nd nds ng nl nn no nr nso nv ny oc om pap pcm pl pt qu rm rn ro rw sc se "
        "sg sk sl sm sn so sq sr ss st su sv sw tet tk tl tn to tpi tr ts tw ty uz ve vec vi vo "
        "wa wo xh yo za zu"
    ),
    "CYRILLIC": (
        "ab av az ba be bg bs bua ce crh cu cv kk kv ky mk mn mo os ru sah sr tg tk tt tyv uk uz"
    ),
    "GREEK": "el",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "AVESTAN": "ae",
    "HEBREW": "he yi",
    "ARABIC": "ar az ckb fa ks ku ms pnb prs ps sd sdh ug ur uzs",
    "THAANA": "dv",
    "ETHIOPIC": "am ti",
    "DEVANAGARI": "bh bho hi kok ks mai mr ne pi sa sd",
    "BENGALI": "as bn",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "THAI": "th",
    "LAO": "lo",
    "TIBETAN": "bo dz",
    "MYANMAR": "my shn",
    "KHMER": "km",
    "YI": "ii",
    "CANADIAN": "cr iu oj",
    "HANGUL": "ko",
    "CJK": "ja zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
}
WRITTEN_IN = {script: frozenset(codes.split()) for script, codes in _WRITTEN_IN.items()}
LANGUAGES = frozenset[str]().union(*WRITTEN_IN.values())


def languages_of(groups: Iterable[Iterable[str]]) -> tuple[str, ...] | None:
    """The languages in which a phrase of each group can stand, sorted; None for all.

    A topic of aliases is one group.
    """
    covered: list[frozenset[str]] = []
    for group in groups:
        found = [_languages_of_phrase(phrase) for phrase in group]
        if all(found):  # a phrase of digits alone may be in any language
            covered.append(frozenset[str]().union(*found))
    if not covered:
        return None
    shared = frozenset.intersection(*covered)
    # Names in different scripts, each in its own: texts in either script may contain both.
    return tuple(sorted(shared or frozenset.union(*covered)))


@cache
def _languages_of_phrase(phrase: str) -> frozenset[str]:
    """The languages that are written in all scripts of a phrase; empty if it has no letters."""
    # Folded, since full width letters and ligatures have other Unicode names.
    letters = filter(str.isalpha, fold(phrase).text)
    names = {unicodedata.name(sign, "").partition(" ")[0].partition("-")[0] for sign in letters}
    scripts = names & WRITTEN_IN.keys()
    # Texts of all scripts contain Latin names: `G20峰会` is Chinese.
    covering = [WRITTEN_IN[script] for script in (scripts - {"LATIN"} or scripts)]
    if not covering:
        return frozenset()
    return frozenset.intersection(*covering) or frozenset.union(*covering)


def primary(code: str) -> str:
    """The language of a code as topics name it: pt of pt-BR, no of nb and nn."""
    first = code.lower().partition("-")[0]
    return "no" if first in ("nb", "nn") else first


def unknown_language(code: str) -> str:
    """The message for a code of no language."""
    return f"unknown language {code!r}, write codes like en, zh or sr"


def without_alias(topics: Iterable[Topic], language: str) -> str:
    """A message naming the topics that do not count articles in `language`; empty for none."""
    code = primary(language)
    found = sorted(
        topic.topic_id
        for topic in topics
        if topic.languages is not None and code not in topic.languages
    )
    return f"no alias in {code}: {', '.join(found)}" if found else ""
