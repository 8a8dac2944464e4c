"""Says which language a text is in."""

from functools import lru_cache
from pathlib import Path

from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

SHORTEST = 200
"""Characters of text; of fewer the page's word stands."""
SURE = 0.999
SAMPLE = 1500
BEGINNING = 400
"""Characters that are asked first: most articles are in the language their page names, and five
in six say so in as few."""
SAME = {"nb": "no", "nn": "no", "in": "id", "iw": "he", "ji": "yi", "cmn": "zh", "yue": "zh"}
CLOSE = (frozenset({"hr", "sr", "bs"}), frozenset({"id", "ms"}), frozenset({"no", "da"}))
"""Languages that short texts do not tell apart."""


def choose_language(page: str | None, text: str, source: str | None) -> tuple[str | None, str]:
    """An article's language, and what says so: page, text, source or none.

    Args:
        page: the code that the page names.
        text: the article's own text; when long enough it overrules a page that names another.
        source: the code that is configured for the paper.
    """
    named = SAME.get(page, page) if page else None
    found = None if named and detect(text[:BEGINNING]) == named else detect(text)
    if found and found != named and not any({found, named} <= close for close in CLOSE):
        return found, "text"
    if named:
        return named, "page"
    return (source, "source") if source else (None, "none")


def detect(text: str) -> str | None:
    """The language of a text; None when it is short or leaves a doubt."""
    if len(text) < SHORTEST * (1 if text.isascii() else 0.4):
        return None
    language, probability = _identifier().classify(text[:SAMPLE])
    return str(language) if probability > SURE else None


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_modelpath(Path(MODEL_DIR) / MODEL_FILE, norm_probs=True)
