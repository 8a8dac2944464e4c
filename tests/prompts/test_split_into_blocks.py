"""What ends a block of a page and what does not, and which text it has."""

import pytest

from tasks.prompts.split_into_blocks import split_tree
from tasks.text.html_tree import parse_html
from tasks.topics.mentions import Matcher
from tasks.topics.topic import TopicEntry
from tests.prompts.test_page_shapes import STORY, paragraphs, read


def texts(html: str) -> list[str]:
    return [block.text for block in split_tree(parse_html(f"<body>{html}</body>")).blocks]


WORDS = [
    "<x-firm>{}</x-firm>",
    "<ps-link><a href=/firms/huawei>{}</a></ps-link>",
    "<noindex><a href=/firms/huawei>{}</a></noindex>",
    "<g class=gr_>{}</g>",
    "<st1:place w:st=on>{}</st1:place>",
    "<button class=term aria-expanded=false>{}</button>",
    "<label>{}</label>",
    "<output>{}</output>",
]


@pytest.mark.parametrize("word", WORDS)
def test_an_element_amid_a_sentence_is_part_of_it(word: str) -> None:
    term = word.format("Huawei")
    assert texts(f"<p>It is made by {term}, they said.</p>") == ["It is made by Huawei, they said."]
    assert texts(f"<p>{term} said so.</p>") == ["Huawei said so."]


def test_a_sentence_may_end_or_go_on_beside_an_unknown_element() -> None:
    assert texts("<p>made by <x-firm>Huawei</x-firm></p>") == ["made by Huawei"]
    assert texts("<p><x-firm>Huawei</x-firm> <b>said</b></p>") == ["Huawei said"]
    in_style = '<div>made by <div style="display:inline">Huawei</div>, they said</div>'
    assert texts(in_style) == ["made by Huawei, they said"]
    # A button has a border.
    assert texts("<p>Professor<button>Malone</button> said</p>") == ["Professor Malone said"]


BLOCKS = {
    "<x-text><p>One.</p><p>Two.</p></x-text>": ["One.", "Two."],
    "<x-line>One.</x-line> <x-line>Two.</x-line>": ["One.", "Two."],
    "One.<x-text><div>Two.</div></x-text>Three.": ["One.", "Two.", "Three."],
    "<div>One. <button>Share</button></div>": ["One.", "Share"],
    "<p><button>Listen</button> Posted by Ada</p>": ["Listen", "Posted by Ada"],
    '<div style="display:inline-block">One</div> two': ["One", "two"],
}


@pytest.mark.parametrize("html", BLOCKS)
def test_an_element_beside_a_text_or_around_blocks_is_a_block(html: str) -> None:
    assert texts(html) == BLOCKS[html]


EMPTY_BLOCKS = [
    "<div class=ad-slot id=d1></div>",
    "<hr>",
    "<p></p>",
    "</p>",
    "<ul></ul>",
    "<ins class=adsbygoogle style='display:block'></ins>",
]


@pytest.mark.parametrize("empty", EMPTY_BLOCKS)
def test_an_empty_block_element_ends_a_block(empty: str) -> None:
    assert texts(f"<div>One family.{empty}Nine families</div>") == ["One family.", "Nine families"]


EMPTY = [
    "<iframe src=x></iframe>",
    "<video src=x></video>",
    "<ad-slot></ad-slot>",
    "<ins class=adsbygoogle></ins>",
    "<img src=i.jpg>",
]


@pytest.mark.parametrize("empty", EMPTY)
def test_what_shows_no_text_keeps_words_apart(empty: str) -> None:
    assert texts(f"<div>One family.{empty}Nine families</div>") == ["One family. Nine families"]
    # Not so beside a sign, as before the comma after a word with an icon.
    assert texts(f"<p>(<b>{empty}Huawei{empty}</b>, they said)</p>") == ["(Huawei, they said)"]


def test_an_empty_inline_element_says_nothing() -> None:
    assert texts("<p>Hua<span class=anchor></span>we<wbr>i<a name=x></a>’s</p>") == ["Huawei’s"]


@pytest.mark.parametrize("indent", ["\u3000", "\n\t\u3000\u3000", "&nbsp;&nbsp;", "\u3000<b></b>"])
def test_a_line_that_is_indented_begins_a_block(indent: str) -> None:
    lines = [
        "First part,",
        "of two lines.",
        f"{indent}Second",
        "&nbsp;part.",
        f"{indent}<b>Third</b>",
    ]
    assert texts(f"<p>{'<br>'.join(lines)}</p>") == [
        "First part, of two lines.",
        "Second part.",
        "Third",
    ]


LONG = "The council voted on Tuesday to close the old bridge for two years."
MARKS = {
    f"<p><a name=content>{LONG}</p>": 0,
    f"<a id=top><div>{LONG}</div></a>": 0,
    f"<p>{LONG}<sup><a href=#note-1>1</a></sup> <a href=#p1>¶</a></p>": 0,
    f"<p>{LONG} <a href=/bridge>More</a></p>": 1,
    "<p><a href=#comments>12 comments</a></p>": 1,
    "<p><a href=#>+</a></p>": 1,
    "<p><a id=send class=button>Send</a></p>": 1,
}


@pytest.mark.parametrize("html", MARKS)
def test_an_anchor_or_the_sign_of_a_footnote_is_no_link(html: str) -> None:
    (block,) = split_tree(parse_html(f"<body>{html}</body>")).blocks
    assert (block.links, bool(block.link_chars), len(block.targets)) == (MARKS[html],) * 3


ANCHORS = ["<a href=#s1>{}</a>", "<a name=s1>{}</a>", "<a id=s1 class=anchor>{}</a>"]


@pytest.mark.parametrize("anchor", ANCHORS)
def test_a_heading_that_leads_to_a_place_on_the_page_stays(anchor: str) -> None:
    for heading in ("The storm", "A long winter", "Back at sea"):
        headed = f"<h2>{anchor.format(heading)}</h2>{paragraphs(STORY[3:])}"
        found = read(f"<article><h1>{{h}}</h1><div>{paragraphs(STORY[:3])}{headed}</div></article>")
        assert list(found.paragraphs) == [*STORY[:3], heading, *STORY[3:]]


RAISED = {
    "made by Huawei<sup><a href=#fn1>1</a></sup>, they said": "made by Huawei¹, they said",
    "made by Huawei<sup>12</sup>.": "made by Huawei¹².",
    "400 m<sup>2</sup> and CO<sub>2</sub>": "400 m² and CO2",
    "the 1<sup>st</sup> of May": "the 1st of May",
}


@pytest.mark.parametrize("html", RAISED)
def test_raised_digits_stay_raised(html: str) -> None:
    assert texts(f"<p>{html}</p>") == [RAISED[html]]


def test_a_word_with_the_number_of_a_footnote_is_a_mention() -> None:
    topic = TopicEntry(id="huawei", name="Huawei", aliases=("Huawei",)).topic()
    assert len(Matcher([topic]).find(*texts("<p>made by Huawei<sup>1</sup>, they said</p>"))) == 1
