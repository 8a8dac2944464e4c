import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from tasks.model import Cleaned
from tasks.prompts.clean_page import clean_lines, clean_tree
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_lines, split_tree
from tasks.prompts.text_rules import FOLDER, Rule, find_rule, load_rules

SEED = Path(__file__).parents[3] / "shared" / "seed"
FILES = sorted(path.stem for path in FOLDER.glob("*.toml"))
RULES = [rule for file in FILES for rule in load_rules(file)]
LANGUAGE = {"nordic": "sv"}

PARAGRAPHS = [
    (
        "HARBOUR TOWN -- The council voted on Tuesday to close the old bridge for two years, after "
        "engineers warned that its eastern pillar had sunk by a hand's breadth since the spring."
    ),
    (
        "Buses will take the northern road from Monday, the mayor said, and the ferry will run "
        "twice as often on market days, although the operator has yet to hire enough crew."
    ),
    (
        "Shopkeepers on the quay fear for their trade. About a third of their customers come from "
        "across the river, according to a survey that the chamber of commerce paid for."
    ),
    (
        "The local paper, which put up its paywall last year, lost a tenth of its readers and "
        "gained two thousand subscribers, its editor told the council at the same meeting."
    ),
    (
        "Work on the new bridge is to begin in March. It will cost 40 million, half of which the "
        "region pays, and carry a cycle path on each side for the first time."
    ),
]
PROMPTS = [
    "You have 2 free articles left this month.",
    "You have {{articlesLeft}} free articles left",
    "Sign up for our weekly newsletter and get the news in your inbox",
    "Subscribe now to continue reading",
    "Already a subscriber? Log in",
    "Your free trial has ended",
    "We use cookies to make this site better.",
]
PAGE = """<html><head><title>Old bridge to close for two years | The Harbour Herald</title></head>
<body><header><nav><ul><li><a href="/">Home</a></li><li><a href="/s">Sport</a></li></ul></nav>
</header><main><article><span class="kicker">Transport</span>
<h1>Old bridge to close for two years</h1><p class="standfirst">Ferry to run more often while
engineers mend the sunken pillar</p><p class="byline">By Ada Quay</p>
<figure><img src="b.jpg"><figcaption>The old bridge at low tide. Photo: Ada Quay</figcaption>
</figure><div class="article-body"><p>{}</p><p>{}</p>
<div class="newsletter-box"><h3>Sign up for our weekly newsletter</h3>
<form><p>Get the news straight to your inbox</p><button>Sign up</button></form></div>
<p>{}</p><p>{}</p><p>{}</p></div><div class="paywall-offer"><p>Subscribe now to continue
reading</p><p>Only $1 a week for the first month. Cancel anytime.</p></div></article>
<aside><h3>Most read</h3><ul><li><a href="/1">Mayor opens the winter market</a></li></ul></aside>
</main><footer><p>© 2031 The Harbour Herald</p></footer></body></html>""".format(*PARAGRAPHS)
HINTS = Hints(headline="Old bridge to close for two years", authors=("Ada Quay",), language="en")


def clean(html: str, hints: Hints = HINTS) -> Cleaned:
    return clean_tree(LexborHTMLParser(html), hints)


def as_lines(cleaned: Cleaned) -> list[str]:
    heads = [cleaned.kicker, cleaned.headline, cleaned.standfirst]
    return [text for text in heads if text] + [*cleaned.captions, *cleaned.paragraphs]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_hits_its_examples_and_spares_the_others(rule: Rule) -> None:
    assert rule.yes
    assert rule.no
    for text in rule.yes:
        assert len(text.split()) <= rule.max_words
        assert rule.pattern.search(text.replace("’", "'")), text
    language = rule.name.split("/")[0]
    for text in rule.no:
        assert find_rule(text, LANGUAGE.get(language, language)) is None, text


@pytest.mark.parametrize("text", PARAGRAPHS)
def test_no_rule_hits_article_text(text: str) -> None:
    assert find_rule(text, "en") is None


def test_a_page_is_split_into_its_roles() -> None:
    cleaned = clean(PAGE)
    assert list(cleaned.paragraphs) == PARAGRAPHS
    assert cleaned.headline == "Old bridge to close for two years"
    assert cleaned.kicker == "Transport"
    assert cleaned.standfirst == "Ferry to run more often while engineers mend the sunken pillar"
    assert cleaned.byline == "By Ada Quay"
    assert cleaned.captions == ("The old bridge at low tide. Photo: Ada Quay",)


def test_every_prompt_is_stripped_with_its_kind_and_place() -> None:
    stripped = {block.text: block for block in clean(PAGE).stripped}
    assert stripped["Sign up for our weekly newsletter"].kind == "newsletter"
    assert stripped["Sign up for our weekly newsletter"].in_article
    assert stripped["Subscribe now to continue reading"].kind == "paywall"
    assert not stripped["Subscribe now to continue reading"].in_article
    assert stripped["© 2031 The Harbour Herald"].rule == "text:any/copyright"
    positions = [block.position for block in clean(PAGE).stripped]
    assert positions == sorted(positions)


def test_a_class_name_alone_drops_no_article_text() -> None:
    page = PAGE.replace('class="article-body"', 'class="paywall premium locked piano-content"')
    assert list(clean(page).paragraphs) == PARAGRAPHS


def test_a_second_article_and_comments_are_left_out() -> None:
    other = "".join(f"<p>Another story altogether. {text}</p>" for text in PARAGRAPHS)
    comment = "<p>I have crossed this bridge each day for thirty years, and it never shook.</p>"
    page = PAGE.replace(
        "</main>",
        f'<div class="comments-list">{comment * 3}</div><article><h1>Other</h1>{other}</article>'
        "</main>",
    )
    assert list(clean(page).paragraphs) == PARAGRAPHS


def test_lines_with_prompts_come_out_as_the_article() -> None:
    heads = ["Transport", "Old bridge to close for two years"]
    lines = [*heads, *PARAGRAPHS[:3], PROMPTS[2], *PARAGRAPHS[3:], *PROMPTS]
    cleaned = clean_lines(lines, Hints(language="en"))
    assert list(cleaned.paragraphs) == PARAGRAPHS
    assert (cleaned.kicker, cleaned.headline) == tuple(heads)
    gone = {block.text for block in cleaned.stripped}
    assert gone == set(PROMPTS)


@pytest.mark.skipif(not SEED.exists(), reason="needs ../shared, which is absent")
def test_the_seed_page_comes_out_exactly() -> None:
    expected = json.loads((SEED / "expected.json").read_text())
    cleaned = clean_lines((SEED / "page.txt").read_text().splitlines(), Hints())
    assert cleaned.kicker == expected["kicker"]
    assert cleaned.headline == expected["headline"]
    assert cleaned.standfirst == expected["standfirst"]
    assert list(cleaned.captions) == expected["captions"]
    assert list(cleaned.paragraphs) == expected["paragraphs"]
    gone = " ".join(block.text for block in cleaned.stripped)
    assert [text for text in expected["stripped_contains"] if text not in gone] == []


def test_a_date_line_that_the_metadata_repeat_is_taken_out() -> None:
    updated = "Updated 3 March 2031, 10:20"
    page = PAGE.replace("Ferry to run more often while\nengineers mend the sunken pillar", updated)
    assert updated in page
    cleaned = clean(page, Hints(HINTS.headline, updated, language="en"))
    assert list(cleaned.paragraphs) == PARAGRAPHS
    assert cleaned.standfirst is None


def test_its_own_output_stays_as_it_is() -> None:
    once = clean(PAGE)
    again = clean_lines(as_lines(once), HINTS)
    assert as_lines(again) == as_lines(once)
    assert clean_lines(as_lines(again), HINTS) == again


def test_the_same_page_gives_the_same_article() -> None:
    assert clean(PAGE) == clean(PAGE)


@pytest.mark.parametrize("html", ["", "<html></html>", "   ", "<p></p>", "<frameset></frameset>"])
def test_an_empty_page_is_an_empty_article(html: str) -> None:
    assert clean(html, Hints()).paragraphs == ()
    assert clean_lines([html.strip("<>/")] if not html.strip() else [], Hints()) == Cleaned()


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["b", "span", "font"])
def test_deep_nesting_is_walked_without_recursion(tag: str) -> None:
    page = split_tree(LexborHTMLParser(f"<{tag}>" * 20_000 + "deep"))
    assert [block.text for block in page.blocks] == ["deep"]


@pytest.mark.slow
def test_a_large_page_keeps_its_paragraphs() -> None:
    body = "".join(
        f"<div class='c{at % 7}'><p>{PARAGRAPHS[at % 5]} {at}</p></div>" for at in range(9_000)
    )
    tree = LexborHTMLParser(f"<body><h1>Old bridge to close</h1>{body}</body>")
    assert clean_tree(tree, HINTS).paragraphs


def test_of_an_endless_page_the_part_with_its_headline_is_read() -> None:
    teaser = "<li><a href='/x'>Mayor opens the winter market</a></li>"
    menu = f"<ul>{teaser * 12_000}</ul>"
    cleaned = clean(PAGE.replace("<main>", f"{menu}<main>"))
    assert list(cleaned.paragraphs) == PARAGRAPHS
    assert cleaned.headline == "Old bridge to close for two years"
    assert [block.position for block in cleaned.stripped][:12_000] == list(range(12_000))
    assert cleaned.stripped[5].rule == "size:unread"


# The pattern's `i` matches these Turkish letters, too, which casefold leaves alone.
LETTERS = st.characters(exclude_characters="ıİ")


@pytest.mark.slow
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.needs], ids=lambda rule: rule.name)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_match_holds_a_string_that_its_rule_needs(rule: Rule, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(rule.pattern, alphabet=LETTERS))
    assert any(needed in text.casefold() for needed in rule.needs), text


def test_two_breaks_end_a_block_and_inline_runs_join() -> None:
    page = split_tree(
        LexborHTMLParser("<div>One <b>two</b><br>three<br><br>four <i>five</i></div>")
    )
    assert [block.text for block in page.blocks] == ["One two three", "four five"]


def test_lines_keep_their_inner_spaces() -> None:
    texts = [block.text for block in split_lines([" a  b ", "", "\u200bc"]).blocks]
    assert texts == ["a  b", "c"]


def test_a_non_joiner_stays_where_it_is_spelling() -> None:
    lines = ["تحریم\u200cها علیه هواوی", "Auf\u200clage", "رسانه\u200c , \u200cخبر"]
    texts = [block.text for block in split_lines(lines).blocks]
    assert texts == [lines[0], "Auflage", "رسانه , خبر"]


def test_an_article_in_a_noscript_is_read() -> None:
    sentence = "The ferry to Merrow sails again, and the harbour master expects a busy spring."
    story = "".join(f"<p>{sentence} Day {day} of the count is over.</p>" for day in range(12))
    page = f"<body><h1>Ferry</h1><noscript><div class=story>{story}</div></noscript>"
    pixel = "<noscript><img src=p.gif>Please turn on JavaScript.</noscript></body>"
    found = clean_tree(LexborHTMLParser(page + pixel), Hints(headline="Ferry", language="en"))
    assert len(found.paragraphs) == 12
    assert "JavaScript" not in "".join(found.paragraphs)
