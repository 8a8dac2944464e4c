"""What a cleaned page shows as a whole, from which `tasks.extract` tells articles from listings."""

from operator import itemgetter

import numpy as np

from tasks.prompts.draft import Draft
from tasks.prompts.tree_position import MIN_CARDS
from tasks.text.sentence_split import word_count

SURE_SCORE = 0.8  # Words of blocks with a higher score are surely an article's
MIN_LINKED = 0.5  # A block with a larger share of links counts as a link
MIN_LINKED_CARDS = 0.6  # A list with a larger share of linked cards is a list of teasers
MIN_SENTENCES = 4  # A block with more is a paragraph, whatever sign-off it ends with
BEST_PARAGRAPHS = 3  # Best paragraphs, whose mean score shows whether the page has any article text

_SIGNALS = """
kept_words kept_share kept_score kept_links kept_in_cards in_article
good_share run_words run_share longest
top_score score_mass sure_words prompt_score
has_byline headline_place after_headline words_before gap_share links_amid
links linked_headings cards card_share copies prices images
"""
SIGNALS = tuple(_SIGNALS.split())


def page_signals(draft: Draft, headline: int) -> dict[str, float]:
    """Numbers of a page with markup, by the names in SIGNALS; a `headline` of -1 is none."""
    page, columns = draft.page, draft.columns
    names = ("chars", "words", "link_share", "links", "good", "cards", "cards_linked", "price")
    chars, words, linked, links, good, cards, cards_linked, prices = itemgetter(*names)(columns)
    good = np.where((columns["sentences"] > MIN_SENTENCES) & (linked < MIN_LINKED), chars, good)
    kept = np.isin(np.arange(len(chars)), draft.body)
    run = good * kept
    teasers = (cards >= MIN_CARDS) & (cards_linked > MIN_LINKED_CARDS)
    link_chars = linked * chars
    scores = draft.score * chars, draft.prompt_score * chars
    amounts = np.array([chars, link_chars, *scores, good, words, run])
    total, _, scored, pleading, all_good, _, running = amounts.sum(axis=1, dtype=np.float64)
    body, body_links, body_score, _, _, body_words, _ = amounts[:, kept].sum(axis=1)
    outer = [page.elements[block.element].parent for block in page.blocks]
    # By element, of the paragraphs right below it.
    runs = [np.bincount(np.maximum(outer, 0), size).max() for size in (words * (run > 0), run)]
    places = np.flatnonzero(run)
    first, last = (int(places[0]), int(places[-1])) if len(places) else (len(chars), len(chars))
    amid = slice(first, last + 1)
    size = max(1.0, float(chars[amid].sum()))
    values = (
        body_words,
        body / total,
        body_score / max(1, body),
        body_links / max(1, body),
        run[teasers].sum() / (running + 1),
        run[columns["in_article"] > 0].sum() / (running + 1),
        all_good / total,
        runs[0],
        runs[1] / total,
        words[places].max(initial=0),
        np.sort(draft.score[places])[-BEST_PARAGRAPHS:].mean() if len(places) else 0,
        scored / total,
        words[draft.score > SURE_SCORE].sum(),
        pleading / total,
        draft.byline is not None,
        headline / len(chars) if headline >= 0 else -1,
        words[headline:first].sum() if 0 <= headline <= first else -1,
        words[:first].sum(),
        chars[amid][~kept[amid]].sum() / size,
        link_chars[amid].sum() / size,
        links.sum(),
        ((columns["heading"] > 1) & (linked > MIN_LINKED)).sum(),
        cards[teasers].max(initial=0),
        chars[teasers].sum() / total,
        columns["copies"].max(),
        prices.sum(),
        len(page.images),
    )
    return dict(zip(SIGNALS, map(float, values), strict=True))


def prose_words(draft: Draft) -> int:
    """Words of the kept paragraphs that surely are whole sentences of an article.

    Of 24 listing pages of news sites, 3 have 200 or more; 9 with the teasers that the model doubts.
    Of gold articles with 200 words 97 % have them; without cards with links one in 26 fewer.
    """
    columns, scores = draft.columns, draft.score
    sure = (at for at in draft.body if columns["good"][at] and scores[at] > SURE_SCORE)
    return sum(word_count(draft.text(at)) for at in sure)
