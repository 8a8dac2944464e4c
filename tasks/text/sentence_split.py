"""Splits text into sentences, and counts words."""

import re

# Regex class of letters of scripts without spaces between words: Han, kana, Thai, Lao, Tibetan,
# Burmese, Khmer.
UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3031-\u3035\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)

_UNSPACED = re.compile(f"[{UNSPACED}]")
_SPACED_WORD = re.compile(r"[^\W_]\S*")

# Full stops that need no gap behind them: of Chinese and Japanese, Indic scripts, Urdu, Armenian,
# Amharic, Burmese and Khmer. Thai and Lao have none.
FULL_STOPS = "。！？｡।॥۔։።။។"
END_SIGNS = f".!?…؟{FULL_STOPS}"
_CLOSING = "\"'”’“»›)\\]」』）】"
_OPENING = "\"'“‘„«»‹›([「『（"
_END = rf"{END_SIGNS}\n\u2029"
_ENDS_ANYWHERE = re.compile(rf"[{FULL_STOPS}\u2029]|\n\s*\n")
_ENDS_BEFORE_GAP = re.compile(r"[!?…؟]")
# Abbreviations that a name or a number may follow.
_ABBREVIATION_LIST = (
    "mr mrs ms mx dr prof rev hon st sen rep gov pres gen col lt sgt capt maj adm cmdr supt jr sr "
    "vs v approx dept est fig nos vol art ch para inc corp co ltd bros messrs "
    "jan feb mar apr jun jul aug sept sep oct nov dec "
    "bzw ca evtl ggf inkl nr str tel vgl abs hr fr dipl ing mio mrd "
    "m mm mme mlle mgr me av env sra srta dra ud uds lic núm pág"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_BY_LENGTH = {
    size: "|".join(word for word in sorted(_ABBREVIATIONS) if len(word) == size)
    for size in sorted(set(map(len, _ABBREVIATIONS)))
}
# Most sentence ends: a full stop after a word that is no abbreviation, before a capital or number.
_CLEAR = (
    r"(?<=[^\W\d_]{2}\.)"
    + "".join(rf"(?<!\b(?i:{words})\.)" for words in _BY_LENGTH.values())
    + rf"[{_CLOSING}]*\s+(?=[A-Z0-9])"
)
_MARKED = rf"(?:({_CLEAR})|[{_END}]*[{_CLOSING}]*\s*)"
_ENDS = re.compile(rf"[{_END}]{_MARKED}")
# Searching for one character is ten times as fast as searching for a class.
_DOTS = re.compile(rf"\.{_MARKED}")
_BESIDE_DOTS = f"{END_SIGNS[1:]}\u2029"
_GERMAN_MONTHS = (
    "januar jänner februar märz april mai juni juli august september oktober november dezember"
)
_AFTER_GERMAN_DAY = frozenset((*_GERMAN_MONTHS.split(), "jahrhundert"))


def sentence_starts(text: str, until: int | None = None) -> list[int]:
    """Start of each sentence in `text`, in order, up to the sentence that contains offset `until`.

    A sentence ends at a blank line, at `! ? …` before a gap, and at FULL_STOPS such as `。` or `।`
    anywhere. It ends at a full stop before a gap, unless a small letter follows, or the full stop
    belongs to a title, a month, an initial, a dotted abbreviation (`U.S.`, `z.B.`) or a German date
    (`3. Oktober`).
    """
    first = len(text) - len(text.lstrip())
    last = len(text) - 1 if until is None else until
    starts = [first] if first < len(text) else []
    near = text[: last + 1]
    breaks = near.count(".\n\n")
    # Whether only full stops, and blank lines right after them, can end a sentence.
    has_only_dots = near.count("\n") == 2 * breaks and not any(s in near for s in _BESIDE_DOTS)
    ends = _DOTS if has_only_dots else _ENDS
    for mark in ends.finditer(text):
        stop = mark.end()
        if stop > last:
            break
        if stop > first and (mark.lastindex or _is_end(text, mark)):
            starts.append(stop)
    return starts


def _is_end(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark that the pattern cannot decide on ends a sentence."""
    sign = mark[0]
    if _ENDS_ANYWHERE.search(sign):
        return True
    if not sign[-1].isspace():
        return False
    if _ENDS_BEFORE_GAP.search(sign):
        return True
    if sign[0] != ".":
        return False
    dot, stop = mark.span()
    after = text[stop : stop + 20].lstrip(_OPENING)
    if after[:1].islower():
        return False
    words = text[max(0, dot - 40) : dot].split()
    before = words[-1].lstrip(_OPENING) if words else ""
    if before.isdecimal():
        # "3. Oktober": German puts a full stop after an ordinal.
        following = re.split(r"\W", after, maxsplit=1)[0].lower()
        return len(before) > 2 or following not in _AFTER_GERMAN_DAY
    is_dotted = "." in before and all(len(part) < 2 for part in before.split("."))
    is_initial = len(before) == 1 and before.isalpha() and not _UNSPACED.match(before)
    return not (is_dotted or is_initial or before.lower() in _ABBREVIATIONS)


def word_count(text: str) -> int:
    """Number of words separated by spaces; `high-level` and `U.S.` are one each.

    In scripts without spaces (Han, kana, Thai and the like) each character counts.
    """
    if _UNSPACED.search(text) is None:
        return len(_SPACED_WORD.findall(text))
    characters, rest = len(_UNSPACED.findall(text)), _UNSPACED.sub(" ", text)
    return characters + len(_SPACED_WORD.findall(rest))
