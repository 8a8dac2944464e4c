"""Articles of a few short sentences, in scripts without spaces too, and news about prompts."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.extract import extract_page
from tasks.prompts.block_model import load_model
from tasks.prompts.draft import Role, score_blocks
from tasks.prompts.page_hints import Hints
from tasks.prompts.prompt_evidence import running_text
from tasks.prompts.split_into_blocks import split_tree
from tests.prompts.test_prompts import PARAGRAPHS
from tests.prompts.test_single_causes import kept, page

TITLE = "会員登録をやめた新聞"
SENTENCES = (
    "港新聞は三月から登録なしで読めるようになった。",
    "「続きを読むには登録を、と言われて閉じた」と漁師の妻は話す。",
    "月額は千九百八十円のままだ。",
    "読まれない記事に値段は付かない。",
)


def test_short_sentences_in_the_same_markup_are_running_text() -> None:
    """Of others wording alone decides; a rule for walls matches the second one."""
    html = page("".join(f"<p>{text}</p>" for text in SENTENCES), title=TITLE)
    blocks = split_tree(LexborHTMLParser(html))
    draft = score_blocks(blocks, -1, Hints(language="ja"), load_model())
    own = [at for at, block in enumerate(blocks.blocks) if block.text in SENTENCES]
    draft.roles = dict.fromkeys(own, Role.BODY)
    assert running_text(draft)[own].all()


def test_a_sentence_after_a_box_that_stops_the_reader_stays() -> None:
    box = (
        "<div class=box><p>Get the harbour letter every morning.</p><button>Sign up</button></div>"
    )
    said = "Already a subscriber for 22 years, the harbour master said he would go on paying for a"
    said += " paper that everybody could read."
    parts = [f"<p>{text}</p>" for text in (*PARAGRAPHS[:2], said, *PARAGRAPHS[2:])]
    found = kept(page("".join([*parts[:2], box, *parts[2:]])))
    assert found == [*PARAGRAPHS[:2], said, *PARAGRAPHS[2:]]


@pytest.mark.parametrize(
    "times",
    [
        ("15 h 40", "15 h 22", "14 h 05"),
        ("21h47", "21h30", "20h"),
        ("11.05 a.m.", "10.40 a.m.", "9.15 a.m."),
        ("14時02分", "13時40分", "12時"),
        ("오후 2:02", "오후 1:40", "오전 11:15"),
        ("90+2'", "71'", "8'"),
    ],
)
def test_times_over_live_entries_go_however_they_are_written(times: tuple[str, ...]) -> None:
    rows = zip(times, PARAGRAPHS, strict=False)
    body = "".join(f"<div class=time>{time}</div><p>{text}</p>" for time, text in rows)
    assert kept(page(body)) == PARAGRAPHS[:3]


def test_a_headline_without_spaces_in_plain_markup_is_found() -> None:
    lines = "".join(f"<tr><td>{text}</td></tr>" for text in SENTENCES)
    html = (
        f"<html><head><title>{TITLE} - 港新聞</title></head><body><table><tr><td>"
        f"<b>{TITLE}</b></td></tr><tr><td>2031-11-12</td></tr>{lines}</table></body></html>"
    )
    found = extract_page(html.encode(), "text/html", "https://herald.example/a").page
    assert found is not None
    assert found.published_at is not None
    assert found.published_at.date().isoformat() == "2031-11-12"
