"""Detect the language of a text."""

from collections.abc import Iterable
from functools import lru_cache
from heapq import nlargest
from pathlib import Path
from typing import Any

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

from tasks.topics.languages import LANGUAGES

MIN_DETECTED_CHARS = 200  # For a shorter text, the language that the page states counts
SURE_PROBABILITY = 0.999
SAMPLE_CHARS = 1500
# Characters that are classified first: most articles are in the language that their page names, and
# for five in six these confirm it.
BEGINNING_CHARS = 400
LONGEST_TEXTS = 5
MAX_RUN_BYTES = 6  # Bytes of the longest run that the identifier's model knows
# Codes of pages and of the detector, and the languages that topics know them as.
SAME_AS = {"nb": "no", "nn": "no", "in": "id", "iw": "he", "ji": "yi", "cmn": "zh", "yue": "zh"}
SAME_AS |= {"fuv": "ff", "gom": "kok", "gug": "gn", "kik": "ki"}
NO_LANGUAGE = "zxx"  # What the detector takes tables and code for
# Not what newspapers are written in, but so like Arabic, Greek, Hebrew and Chinese that the
# detector is not sure of these beside them.
UNWRITTEN = frozenset(("ary", "arz", "grc", "hbo", "wuu", "yue"))
# Languages that short texts do not tell apart.
CLOSE_LANGUAGES = (frozenset({"hr", "sr", "bs"}), frozenset({"id", "ms"}), frozenset({"no", "da"}))


def choose_language(page: str | None, text: str, source: str | None) -> tuple[str | None, str]:
    """An article's language, and what says so: page, text, source or none.

    Args:
        page: the code that the page names.
        text: the article's own text; when long enough it overrules a page that names another.
        source: the code configured for the source.
    """
    named = SAME_AS.get(page, page) if page else None
    found = None if named and detect(text[:BEGINNING_CHARS]) == named else detect(text)
    if found and found != named and not any({found, named} <= close for close in CLOSE_LANGUAGES):
        return found, "text"
    if named:
        return named, "page"
    return (source, "source") if source else (None, "none")


def is_language(code: str) -> bool:
    """Whether topics know the code: some pages name their country (cn, ua), or English as eng."""
    return code in LANGUAGES or code in SAME_AS


def detect_page(texts: Iterable[str]) -> str | None:
    """The language of a page by its longest texts, which are not those of menus."""
    return detect("\n".join(nlargest(LONGEST_TEXTS, texts, key=len)))


def detect(text: str) -> str | None:
    """The language of a text; None when it is short or the detector is not sure."""
    if len(text) < MIN_DETECTED_CHARS * (1 if text.isascii() else 0.4):
        return None
    found, probability = _identifier().classify(text[:SAMPLE_CHARS])
    if probability <= SURE_PROBABILITY or found == NO_LANGUAGE:
        return None
    return SAME_AS.get(str(found), str(found))


class Identifier(LanguageIdentifier):  # type: ignore[misc]
    """Scores all positions of a text at once; the library goes through it byte by byte.

    The state of its automaton depends only on the last `MAX_RUN_BYTES` bytes, so it can be started
    that many bytes before each position. Byte by byte, each step waits for memory: 0.7 us a byte.
    """

    def __init__(self, *model: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*model, **options)
        self._next = np.asarray(self.tk_nextmove)
        self._rows = np.array(self.tk_row, np.intp) << 8
        self._features = np.array(self.tk_output, np.intp)

    def _raw_score(self, text: bytes) -> Any:  # noqa: ANN401 - as the library has it
        letters = np.frombuffer(text, np.uint8)
        states = np.zeros(len(text), np.intp)
        for back in range(min(MAX_RUN_BYTES, len(text)) - 1, -1, -1):
            places = self._rows[states[back:]] + letters[: len(text) - back]
            states[back:] = self._next[places]
        found = self._features[states]
        features, first, counts = np.unique(
            found[found >= 0], return_index=True, return_counts=True
        )
        if not len(features):
            return super()._raw_score(text)
        order = first.argsort()
        visits = zip(features[order].tolist(), counts[order].tolist(), strict=True)
        return self._sparse_score(dict(visits), self.nb_ptc)


@lru_cache(maxsize=1)
def _identifier() -> Identifier:
    path = Path(MODEL_DIR) / MODEL_FILE
    found: Identifier = Identifier.from_modelpath(path, norm_probs=True)
    found.set_languages([code for code in found.nb_classes if code not in UNWRITTEN])
    return found
