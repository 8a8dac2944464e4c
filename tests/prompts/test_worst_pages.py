"""What the gold pages that were cleaned worst have in common with others, one cause each."""

from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.prompts.block_model import load_model
from tasks.prompts.block_roles import find_headline
from tasks.prompts.clean_page import finish
from tasks.prompts.draft import score_blocks
from tasks.prompts.split_into_blocks import split_tree
from tests.prompts.test_prompts import HINTS, PARAGRAPHS, clean
from tests.prompts.test_single_causes import BODY, kept, page


@pytest.mark.parametrize(("score", "is_standfirst"), [(0.1, True), (0.9, False)])
def test_a_dateline_before_the_description_is_no_reason_to_lose_it(
    score: float, is_standfirst: bool
) -> None:
    """Below a dateline it is the first paragraph if it scores as one, else a standfirst."""
    said = "Ships have to wait for two tides. What the council says, and who pays for the pilots."
    lead = f"Salt Quay. {said}"
    html = page(BODY).replace("<p class=byline>", f"<div><div>{lead}</div></div><p class=byline>")
    hints, blocks = replace(HINTS, description=said), split_tree(LexborHTMLParser(html))
    headline = find_headline(blocks, hints.headline)
    draft = score_blocks(blocks, headline, hints, load_model())
    draft.score[[block.text for block in blocks.blocks].index(lead)] = score
    found = finish(draft, headline, hints)
    assert found.standfirst == (lead if is_standfirst else None)
    assert list(found.paragraphs) == ([] if is_standfirst else [lead]) + PARAGRAPHS


def between(part: str) -> str:
    """The article with something between its second and third paragraph."""
    parts = [f"<p>{text}</p>" for text in PARAGRAPHS]
    return page("".join([*parts[:2], part, *parts[2:]]))


def test_a_paragraph_that_is_a_link_in_capitals_leads_to_another_article() -> None:
    link = "<a href=/1>FIVE SHIPS WAIT FOR TWO TIDES BELOW THE BRIDGE</a>"
    assert kept(between(f"<p><strong>{link}</strong></p>")) == PARAGRAPHS
    cited = "<p>The notice says NO SHIP OF MORE THAN <a href=/1>TEN METRES MAY PASS</a>.</p>"
    assert len(kept(between(cited))) == len(PARAGRAPHS) + 1


@pytest.mark.parametrize(("box", "is_kept"), [("aside", False), ("div", True)])
def test_a_list_of_links_in_an_aside_goes_with_a_higher_score(box: str, is_kept: bool) -> None:
    jobs = ["Pilot for the northern harbour", "Engineer of bridges and locks", "Skipper of a ferry"]
    items = "".join(f"<li><a href=/1>{job}</a> The Board, Salt Quay</li>" for job in jobs)
    blocks = split_tree(LexborHTMLParser(between(f"<{box}><ol>{items}</ol></{box}>")))
    headline = find_headline(blocks, HINTS.headline)
    draft = score_blocks(blocks, headline, HINTS, load_model())
    lines = [at for at, block in enumerate(blocks.blocks) if "The Board" in block.text]
    draft.score[lines], draft.prompt_score[lines] = 0.6, 0.02
    found = finish(draft, headline, HINTS).paragraphs
    assert len(found) == len(PARAGRAPHS) + (len(jobs) if is_kept else 0)


TICKER = {
    "Mayor opens the winter market": "The mayor opened the market on the quay on Friday night, and"
    " for the first time the stalls stay until the week after New Year.",
    "Why the ferry is late again": "Passengers waited for two hours on Monday. The firm names the"
    " ice, the union of its crews the timetable, and both are right.",
    "The last bus leaves earlier": "From December on the night bus turns at the lock. The council"
    " has put the saved forty thousand into the school line instead.",
}


def test_a_ticker_above_the_headline_goes_and_so_do_its_copies() -> None:
    items = "".join(f"<li><a href=/1>{title}</a> {text}</li>" for title, text in TICKER.items())
    ticker = f"<div class=ticker><ul>{items}</ul></div>"
    found = clean(page(BODY, ticker).replace("<main>", f"<main>{ticker}"))
    assert list(found.paragraphs) == PARAGRAPHS
    assert found.byline == "By Ada Quay"


def test_a_summary_above_the_headline_goes_and_the_byline_is_found() -> None:
    summary = (
        f"<b>{HINTS.headline}</b> The old bridge is to close for two years so that engineers can"
        " mend a pillar, and the ferry will run more often until then."
    )
    spoken = f"<main><div class=speakable hidden>{summary}</div>"
    found = clean(page(BODY).replace("<main>", spoken))
    assert list(found.paragraphs) == PARAGRAPHS
    assert found.byline == "By Ada Quay"


@pytest.mark.parametrize("credit", ["", "<span>Ada Quay</span>"])
def test_a_caption_may_stand_in_an_element_of_that_name(credit: str) -> None:
    caption = "Engineers look at the sunken pillar from a boat at low tide on Monday"
    found = clean(
        between(f"<div class=image><div class=caption><p>{caption}</p>{credit}</div></div>")
    )
    assert list(found.paragraphs) == PARAGRAPHS
    assert found.captions[0] == caption


def test_a_biography_under_its_author_s_name_goes() -> None:
    biography = (
        "Jo Fell has written about harbours and those who work in them for thirty years. A book of"
        " his on pilots was published last autumn. He lives above the fish market with two cats."
    )
    name = "<div><a href=/jo>Jo Fell</a></div>"
    box = f"<div class=about>{name}<div class=text><p>{biography}</p></div></div>"
    assert kept(page(BODY + box)) == PARAGRAPHS
    # A tag between paragraphs is no author's name.
    assert kept(page(f"{BODY}{name}<p>{biography}</p>")) == [*PARAGRAPHS, biography]


def test_a_page_that_is_doubted_as_a_whole_keeps_its_paragraphs_together() -> None:
    blocks = split_tree(LexborHTMLParser(between("<div><p>Advertisement, by the board</p></div>")))
    headline = find_headline(blocks, HINTS.headline)
    draft = score_blocks(blocks, headline, HINTS, load_model())
    texts = [block.text for block in blocks.blocks]
    draft.score[:] = 0.01
    draft.score[[texts.index(text) for text in PARAGRAPHS]] = (0.2, 0.06, 0.2, 0.08, 0.2)
    assert list(finish(draft, headline, HINTS).paragraphs) == PARAGRAPHS


@pytest.mark.parametrize(("prompt_score", "is_kept"), [(0.8, True), (0.9, False)])
def test_a_plain_sentence_has_one_limit_however_much_it_reads_like_news(
    prompt_score: float, is_kept: bool
) -> None:
    sentence = "In the months of the works the Herald costs you five pounds, cancelled in one line."
    blocks = split_tree(LexborHTMLParser(between(f"<p>{sentence}</p>")))
    headline = find_headline(blocks, HINTS.headline)
    draft = score_blocks(blocks, headline, HINTS, load_model())
    at = [block.text for block in blocks.blocks].index(sentence)
    draft.score[at], draft.prompt_score[at] = 0.99, prompt_score
    assert (sentence in finish(draft, headline, HINTS).paragraphs) == is_kept
