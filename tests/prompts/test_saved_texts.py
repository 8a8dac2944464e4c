"""Articles saved as text without the page's menu, as from a browser's reading view."""

import pytest

from tasks.extract import extract_page
from tasks.prompts.clean_page import clean_lines
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_lines
from tasks.sources.source import BlockOverrides
from tests.prompts.test_prompts import PARAGRAPHS, as_lines

HEADLINE = "Old bridge to close for two years"
GERMAN = [
    "Lindenau saniert die alte Brücke über die Mulde",
    "Der Stadtrat von Lindenau hat am Dienstag beschlossen, die alte Brücke zu sanieren.",
    "Nach Angaben der Stadt kostet das Vorhaben vier Millionen Euro, die Hälfte zahlt das Land.",
    "Die Arbeiten sollen im Frühjahr beginnen und bis zum Herbst dauern, teilte ein Sprecher mit.",
    "Anwohner hatten beklagt, dass der Umweg über die Bundesstraße zu lang sei.",
]
PROMPTS = [
    "Already a subscriber? Log in",
    "Start your free trial",
    "Get unlimited access for just $1 a week",
    "Sign up for our newsletter and get the most important news every morning.",
    "Support independent journalism. Become a member today.",
]
GERMAN_PROMPTS = [
    "Noch kein Abo? Jetzt abonnieren",
    "Jetzt 4 Wochen kostenlos testen",
    "Lesen Sie mit einem Probeabo weiter",
]
# They read like prompts, in an article about newspapers.
SENTENCES = [
    "Subscribers to the harbour paper pay eleven pounds a month for unlimited access.",
    "Sponsored by the two coastal regions, the resolution passed.",
    "Members of the board have free access to the archive.",
    "Why is the town not a member of the port union?",
    "The paper has asked its readers to support independent journalism since the spring.",
]


@pytest.mark.parametrize("place", [2, 4, 5])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_is_stripped_though_no_sure_rule_matches_it(prompt: str, place: int) -> None:
    lines = [HEADLINE, *PARAGRAPHS[:place], prompt, *PARAGRAPHS[place:]]
    cleaned = clean_lines(lines, Hints(language="en"))
    assert as_lines(cleaned) == [HEADLINE, *PARAGRAPHS]
    [stripped] = cleaned.stripped
    assert (stripped.text, stripped.position) == (prompt, place + 1)


@pytest.mark.parametrize("prompt", GERMAN_PROMPTS)
def test_so_is_one_in_another_language(prompt: str) -> None:
    cleaned = clean_lines([*GERMAN[:3], prompt, *GERMAN[3:]], Hints(language="de"))
    assert as_lines(cleaned) == GERMAN


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_that_reads_like_a_prompt_stays(sentence: str) -> None:
    lines = [HEADLINE, *PARAGRAPHS[:3], sentence, *PARAGRAPHS[3:]]
    assert as_lines(clean_lines(lines, Hints(language="en"))) == lines


@pytest.mark.parametrize(
    "label", ["Story continues below this ad", "Follow us on Facebook.", "See also: Ferry returns"]
)
def test_a_label_amid_the_article_puts_no_other_line_in_doubt(label: str) -> None:
    lines = [HEADLINE, *PARAGRAPHS[:2], *SENTENCES, *PARAGRAPHS[2:]]
    cleaned = clean_lines([*lines[:5], label, *lines[5:]], Hints(language="en"))
    assert as_lines(cleaned) == lines
    assert [(block.text, block.position) for block in cleaned.stripped] == [(label, 5)]


def test_what_is_left_stays_as_it_is() -> None:
    lines = [HEADLINE, *PARAGRAPHS[:3], *PROMPTS, *PARAGRAPHS[3:], *PROMPTS[:2]]
    once = as_lines(clean_lines(lines, Hints(language="en")))
    assert once == [HEADLINE, *PARAGRAPHS]
    assert as_lines(clean_lines(once, Hints(language="en"))) == once


def test_what_the_source_keeps_stays() -> None:
    lines = [HEADLINE, *PARAGRAPHS[:3], PROMPTS[0], *PARAGRAPHS[3:]]
    overrides = BlockOverrides(keep=(f"text:{PROMPTS[0]}",))
    assert as_lines(clean_lines(lines, Hints(language="en", overrides=overrides))) == lines


@pytest.mark.parametrize("form", ["text", "html"])
def test_the_language_of_a_page_that_states_none_is_that_of_its_text(form: str) -> None:
    counter = "Sie haben noch 2 kostenlose Artikel."
    lines = [*GERMAN[:3], counter, *GERMAN[3:]]
    if form == "text":
        payload, kind = "\n\n".join(lines), "text/plain"
    else:
        payload = "".join(f"<p>{line}</p>" for line in lines[1:])
        payload, kind = f"<h1>{lines[0]}</h1>{payload}", "text/html; charset=utf-8"
    for source_language in (None, "en"):
        found = extract_page(payload.encode(), kind, "", source_language=source_language)
        assert found.page is not None
        assert list(found.page.paragraphs)[-2:] == GERMAN[3:]
        assert [block.rule for block in found.stripped] == ["text:de/artikel-uebrig"]


def test_a_part_of_a_page_leaves_the_whole_as_it_is() -> None:
    page = split_lines([HEADLINE, *PARAGRAPHS])
    part = page.only([0, 2])
    assert [(one.start, one.end) for one in part.elements] == [(0, 2)]
    assert [(one.start, one.end) for one in page.elements] == [(0, len(page.blocks))]
