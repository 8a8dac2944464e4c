"""Sentences as spans, from where each starts."""

from itertools import pairwise

from tasks.text.sentence_split import sentence_starts


def sentences(text: str, *, is_earlier: bool = False) -> list[tuple[int, int]]:
    """Start and end of each sentence, without the space after it."""
    bounds = pairwise([*sentence_starts(text, is_earlier=is_earlier), len(text)])
    return [(start, start + len(text[start:stop].rstrip())) for start, stop in bounds]
