"""What the names of small elements around a block say: promotion, or the page's frame."""

import re

import numpy as np

from tasks.prompts.blocks import Page
from tasks.prompts.places import Column, Columns, held_in, ranges

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
SMALL = 1500
"""Characters of the largest element whose name is believed: many papers call the whole article
`paywall` or `premium`."""
FAR = 9
"""Steps up are counted to that."""


def name_columns(page: Page, chars: Column) -> Columns:
    """Steps up to the nearest small element that is named for promotion, or for the frame."""
    small = (held_in(chars, *ranges(page)) <= SMALL).tolist()
    own = [block.element for block in page.blocks]
    wanted = {"promo_up": PROMO, "frame_up": FRAME}
    return {name: _steps_up(page, small, named)[own] for name, named in wanted.items()}


def _steps_up(page: Page, small: list[bool], named: re.Pattern[str]) -> Column:
    known: dict[str, bool] = {"": False}
    steps: list[int] = []
    for element, is_small in zip(page.elements, small, strict=True):
        above = steps[element.parent] + 1 if element.parent >= 0 else FAR
        if is_small and element.key not in known:
            known[element.key] = named.search(element.key) is not None
        is_named = is_small and known[element.key]
        steps.append(0 if is_named else min(FAR, above))
    return np.array(steps, np.float32)
