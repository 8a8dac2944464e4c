"""Columns from class names and ids of small containers: promotion, or page furniture."""

import re
from functools import lru_cache

import numpy as np

from tasks.prompts.tree_arrays import Column, Columns, TreeArrays
from tasks.prompts.word_weights import MEMORY

PROMO = re.compile(
    r"subscri|newsletter|pay-?wall|reg-?wall|promo|donat|membership|sign-?up|sign-?in|log-?in|"
    r"regist|offer|meter|\babo|cta\b|marketing|sponsor|advert|\bads?\b|outbrain|taboola|plea\b|"
    r"piano|upsell|support-?us|contribut|call-?to|banner|app-?download|download-?app"
)
FRAME = re.compile(
    r"related|recirc|teaser|sidebar|rail\b|footer|menu|\bnav|share|sharing|social|comment|author|"
    r"\bbio|\btags?\b|breadcrumb|most-?read|popular|trending|recommend|more-?from|read-?more|"
    r"read-?next|widget|cookie|consent|gdpr|disclaimer|copyright|legal|about-?us|topics?\b"
)
WANTED = {"promo_up": PROMO, "frame_up": FRAME}
# Characters of the largest element whose name is believed: many sites call the whole article
# `paywall` or `premium`.
SMALL = 1500
FAR = 9  # Cap on the number of steps up


def name_columns(tree: TreeArrays, chars: Column) -> Columns:
    """Steps up to the nearest small element that is named for promotion, or for the frame."""
    small = np.flatnonzero(tree.held(chars) <= SMALL).tolist()
    elements = tree.page.elements
    nearest = np.full((len(WANTED), len(chars)), -np.inf, np.float32)
    for element in map(elements.__getitem__, small):
        for row in _named_for(element.key) if element.key else ():
            nearest[row, element.start : element.end] = element.depth
    return dict(zip(WANTED, np.minimum(FAR, tree.depth - nearest), strict=True))


@lru_cache(maxsize=MEMORY)
def _named_for(key: str) -> tuple[int, ...]:
    """What an element's name says, as rows of `WANTED`."""
    return tuple(row for row, pattern in enumerate(WANTED.values()) if pattern.search(key))
