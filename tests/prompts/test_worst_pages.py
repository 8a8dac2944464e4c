"""What the gold pages that were cleaned worst have in common with others, one cause each."""

from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.prompts.block_model import load_model
from tasks.prompts.block_roles import find_headline
from tasks.prompts.clean_page import finish
from tasks.prompts.draft import score_blocks
from tasks.prompts.split_into_blocks import split_tree
from tests.prompts.test_prompts import HINTS, PARAGRAPHS
from tests.prompts.test_single_causes import BODY, page


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
