"""Pages that were cleaned wrongly, one cause each, as small as they still show it."""

import json
from html import escape

import pytest

from tasks.extract import extract_page
from tasks.extract.headlines import choose_headline
from tasks.model import Outcome, PageText
from tasks.prompts.page_hints import Hints
from tasks.prompts.short_lines import find_byline
from tests.prompts.test_prompts import HINTS, PARAGRAPHS, clean

BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
"""The article's paragraphs as a page has them."""


def page(body: str, after: str = "", head: str = "", title: str = str(HINTS.headline)) -> str:
    """A page with this article text, `after` beside it and `head` in its head."""
    return (
        f"<html lang=en><head><title>{title} | The Harbour Herald</title>{head}</head><body>"
        "<header><nav><ul><li><a href=/>Home</a></li><li><a href=/s>Sport</a></li></ul></nav>"
        f"</header><main><article><h1>{title}</h1><p class=byline>By Ada Quay</p>"
        f"<div class=article-body>{body}</div></article>{after}</main>"
        "<footer><p>© 2031 The Harbour Herald</p></footer></body></html>"
    )


def kept(html: str, hints: Hints = HINTS) -> list[str]:
    return list(clean(html, hints).paragraphs)


def rules(html: str) -> dict[str, str]:
    """The rule that removed each text."""
    return {block.text: block.rule for block in clean(html).stripped}


def article(html: str) -> PageText:
    found = extract_page(html.encode(), "text/html", "https://herald.example/bridge")
    assert found.outcome is Outcome.ARTICLE
    assert found.page is not None
    return found.page


CAPTIONS = [
    "<figure><img src=b.jpg><figcaption><h1>{}</h1></figcaption></figure>",
    "<figure><img src=b.jpg><h1>{}</h1></figure>",
    "<div class=photo-caption><div><h1>{}</h1></div></div>",
]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_caption_in_an_h1_is_no_headline_of_another_article(caption: str) -> None:
    long = [f"{text} That was said in round {at}." for at in range(2) for text in PARAGRAPHS]
    paragraphs = [f"<p>{text}</p>" for text in long]
    paragraphs.insert(4, caption.format("The ferry at the northern pier in spring"))
    assert [text for text in kept(page("".join(paragraphs))) if text in long] == long
    other = "<div><h1>Mayor opens the winter market</h1><p>It snowed on the stalls.</p></div>"
    assert rules(page("".join(paragraphs), other))["Mayor opens the winter market"] == (
        "end:next-headline"
    )


SECTIONS = [
    [f"Part {part}", *(f"{text} That is part {part}." for text in PARAGRAPHS)] for part in (1, 2, 3)
]
LAYOUTS = {
    "in one article": "<article><hgroup><h1>{title}</h1></hgroup>{text}</article>",
    "in a text apart": "<div><div class=meta><h1>{title}</h1></div><div>{text}</div></div>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_section_of_an_article_may_have_an_h1(layout: str) -> None:
    sections = (
        f"<div><h1>{title}</h1></div><div>{''.join(f'<p>{text}</p>' for text in texts)}</div>"
        for title, *texts in SECTIONS
    )
    text = f"<div>{BODY}</div>{''.join(sections)}"
    html = LAYOUTS[layout].format(title=HINTS.headline, text=text)
    want = [*PARAGRAPHS, *(text for texts in SECTIONS for text in texts)]
    assert kept(f"<body>{html}</body>") == want


STOPS = ["Quay", "Mill", "School"]


def test_a_list_that_a_sentence_announces_belongs_to_the_article() -> None:
    sentence = "During the works the replacement buses will call at these stops every hour:"
    items = "".join(f"<li>{stop}</li>" for stop in STOPS)
    assert kept(page(f"{BODY}<p>{sentence}</p><div class=box><ul>{items}</ul></div>")) == [
        *PARAGRAPHS,
        sentence,
        *STOPS,
    ]


@pytest.mark.parametrize("sentence", ["Read more about the bridge on our pages:", "More:"])
def test_a_list_of_links_after_a_colon_does_not(sentence: str) -> None:
    items = "".join(f"<li><a href=/{at}>{stop}</a></li>" for at, stop in enumerate(STOPS))
    assert not set(STOPS) & set(kept(page(f"{BODY}<p>{sentence}</p><ul>{items}</ul>")))


STATED = [*PARAGRAPHS, "The ferry's timetable will be printed in Saturday's paper."]


def stating(text: str) -> str:
    thing = {"@type": "NewsArticle", "headline": HINTS.headline, "articleBody": text}
    block = json.dumps(thing).replace("</", "<\\/")
    return f'<script type="application/ld+json">{block}</script>'


def test_a_text_that_the_page_only_states_is_read() -> None:
    prompt = "Subscribe now to continue reading"
    lines = [*STATED[:3], prompt, *STATED[3:]]
    short = f"<p>{PARAGRAPHS[0]}</p>"
    found = article(page(short, head=stating("\n\n".join(lines))))
    assert list(found.paragraphs) == STATED
    marked = "".join(f"<p>{text}</p>" for text in STATED)
    assert list(article(page(short, head=stating(marked))).paragraphs) == STATED


@pytest.mark.parametrize(
    "between",
    [
        "{}",
        '<a href="https://herald.example/tag/russia-sanctions">{}</a>',
        "<strong>{}</strong>",
        '<em class="x">{}</em><img src="/huawei.jpg" alt="Huawei" />',
        '{}<script>track("Huawei")</script>',
        '[caption id="1" width="9"]<img src="/1.jpg"> Huawei\'s men[/caption]{}',
        '{}[gallery ids="1,2"]',
    ],
)
@pytest.mark.parametrize("is_escaped", [False, True])
def test_a_stated_text_with_markup_only_within_its_lines_is_read(
    between: str, is_escaped: bool
) -> None:
    lines = [text.replace("bridge", between.format("bridge")) for text in STATED]
    text = "\n\n".join(map(escape, lines) if is_escaped else lines)
    found = article(page(f"<p>{PARAGRAPHS[0]}</p>", head=stating(text)))
    assert list(found.paragraphs) == STATED


def test_a_stated_text_with_signs_that_are_no_markup_is_read() -> None:
    lines = [*STATED, "The load was < 3 tonnes and > 2 on Monday [sic], the engineers said."]
    found = article(page(f"<p>{PARAGRAPHS[0]}</p>", head=stating("\n\n".join(lines))))
    assert list(found.paragraphs) == lines


@pytest.mark.parametrize(
    ("shown", "stated"),
    [
        (PARAGRAPHS, STATED),  # Most of it is shown
        ([f"{text} Round {at}." for at in range(3) for text in PARAGRAPHS], STATED * 8),
        (PARAGRAPHS, ["A teaser."]),
    ],
)
def test_a_text_that_the_page_shows_is_read_from_the_page(
    shown: list[str], stated: list[str]
) -> None:
    body = "".join(f"<p>{text}</p>" for text in shown)
    assert list(article(page(body, head=stating("\n".join(stated)))).paragraphs) == shown


def test_the_whole_text_a_second_time_as_one_block_goes() -> None:
    whole = f"<div><div>{' '.join(PARAGRAPHS)}</div></div>"
    assert kept(page(BODY, after=whole)) == PARAGRAPHS
    assert kept(page(BODY, after=whole * 2)) == PARAGRAPHS
    assert kept(page(f"<p>{' '.join(PARAGRAPHS)}</p>")) == [" ".join(PARAGRAPHS)]


COMMENTS = [
    "I have crossed this bridge each day for thirty years, and it never shook under my feet.",
    "They should have mended the eastern pillar in the spring, when the river was still low.",
    "The ferry has been late all week, and nobody at the council will pick up the telephone.",
]


def test_a_paragraph_that_a_share_box_repeats_above_stays_in_its_place() -> None:
    texts = [*PARAGRAPHS, *(f"On the other bank, too: {text}" for text in PARAGRAPHS)]
    summary = f"<h4 class='title'>{HINTS.headline}</h4><p class='description'>{texts[1]}</p>"
    box = f"<div class='bar'><div class='summary'><img src='b.jpg' alt=''>{summary}</div></div>"
    body = "".join(f"<p>{text}</p>" for text in texts)
    assert kept(page(f"{box}<div class='text'>{body}</div>")) == texts


def test_comments_under_a_short_article_are_none_of_it() -> None:
    said = "".join(f'<li class="comment"><p>{text}</p></li>' for text in COMMENTS)
    thread = f'<div id="comments"><ol class="commentlist">{said}</ol></div>'
    assert kept(page(f"<p>{PARAGRAPHS[0]}</p>", after=thread)) == [PARAGRAPHS[0]]


@pytest.mark.parametrize("name", ["comments", "entry has-comments comment-area"])
def test_an_article_inside_an_element_named_for_comments_stays(name: str) -> None:
    lead = "<p class=standfirst>The council closes the old bridge for two years from Monday.</p>"
    html = page(lead).replace("</article>", f'</article><div class="{name}">{BODY}</div>')
    assert set(PARAGRAPHS) <= set(kept(html))


def test_a_hidden_pop_over_does_not_break_its_sentence() -> None:
    first, rest = PARAGRAPHS[0].split(" on Tuesday ")
    note = "Tuesday is the day on which the council of Harbour Town has met since 1902."
    over = f'<span style="display:none"><span>{note}</span></span>'
    html = page(f"<p>{first} <b>on Tuesday</b>{over} {rest}</p>{BODY[BODY.index('</p>') + 4 :]}")
    assert kept(html) == PARAGRAPHS
    assert rules(html)[note] == "dom:hidden"


@pytest.mark.parametrize(
    ("ruby", "text"),
    [
        ("<ruby>橋<rp>（</rp><rt>はし</rt><rp>）</rp></ruby>", "橋（はし）"),
        ("<ruby>橋<rt>はし</rt></ruby>", "橋"),
    ],
)
def test_a_reading_is_text_where_it_has_brackets(ruby: str, text: str) -> None:
    lines = [
        f"市は老朽化した{ruby}を二年間閉鎖すると発表し、渡し船を増やす方針を示した。第{at}報。"
        for at in range(6)
    ]
    html = page("".join(f"<p>{line}</p>" for line in lines), title="古い橋を二年間閉鎖")
    assert kept(html, Hints("古い橋を二年間閉鎖", language="ja")) == [
        line.replace(ruby, text) for line in lines
    ]


def test_a_list_of_links_to_other_articles_goes_whole() -> None:
    teasers = [
        ("Harbour: ", "Mayor opens the winter market"),
        ("Ferry: ", "Why it is late again this week"),
        ("Timetable: ", "When the last bus leaves the quay"),
    ]
    items = "".join(f"<li>{topic}<a href=/1>{text}</a></li>" for topic, text in teasers)
    parts = [f"<p>{text}</p>" for text in PARAGRAPHS]
    parts.insert(1, f"<div><ul class=list>{items}</ul></div>")
    assert kept(page("".join(parts))) == PARAGRAPHS


def test_teasers_of_other_articles_go_with_their_texts() -> None:
    teasers = {
        "Mayor opens the winter market": "The mayor opened the market on the quay on Friday night,"
        " and for the first time the stalls stay until the week after New Year.",
        "Why the ferry is late again": "Passengers waited for two hours on Monday. The firm names"
        " the ice, the union of its crews the timetable, and both are right.",
        "The last bus leaves earlier": "From December on the night bus turns at the lock. The"
        " council has put the saved forty thousand into the school line instead.",
        "Oysters are back on the pier": "After three years the banks are clean, says the institute."
        " A dozen costs as much as a day's ticket for the ferry to the island.",
    }
    boxes = "".join(
        f'<div class="teaser"><h3><a href=/1>{title}</a></h3><p>{text}</p></div>'
        for title, text in teasers.items()
    )
    html = page(BODY, f"<div class=rr>{boxes}</div>")
    assert kept(html) == PARAGRAPHS
    assert "dom:teaser" in {rules(html)[text] for text in teasers.values()}


def test_a_linked_heading_between_paragraphs_goes() -> None:
    heading = "<h3><a href=/1>Mayor opens the winter market on the quay</a></h3>"
    parts = [f"<p>{text}</p>" for text in PARAGRAPHS]
    parts.insert(2, f"<div class=inline>{heading}</div>")
    assert kept(page("".join(parts))) == PARAGRAPHS


def test_a_label_that_the_page_repeats_goes() -> None:
    parts = [f"<p>{text}</p><p><a href=/1>Compare tickets</a></p>" for text in PARAGRAPHS]
    assert kept(page("".join(parts))) == PARAGRAPHS


def test_subheadings_that_the_page_repeats_stay() -> None:
    text = "".join(f"<h3>For</h3><p>{text}</p>" for text in PARAGRAPHS)
    assert kept(page(text)).count("For") == len(PARAGRAPHS)


BYLINES = {
    "By Ada Quay, 3 March 2031, @adaquay": "By Ada Quay",
    "By Ada Quay - Monday, March 3, 2031": "By Ada Quay",
    "March 3, 2031 By Ada Quay 4 Comments": "By Ada Quay",
    "Von Ada Quay am 3. März 2031": "Von Ada Quay",
    "By Ada Quay ada.quay@herald.example": "By Ada Quay",
    "By Ada QuayPublished: Mar 3, 2031": "By Ada Quay",
}


@pytest.mark.parametrize("line", BYLINES)
def test_a_byline_has_no_date_and_no_handle(line: str) -> None:
    html = page(BODY).replace("By Ada Quay", line)
    assert clean(html).byline == BYLINES[line]


@pytest.mark.parametrize(
    "line",
    [
        "Von Huawei bis Nokia: wer sich um den Auftrag bewirbt",
        "Von Trump bis Putin",
        "Von Bürgern gefordert, von Experten kritisiert",
        "Da Kiev a Mosca",
        "Par Moscou et par Kiev",
        "Por Ucrania y por Europa",
        "Door Zeeland getroffen raffinaderij",
        "Av Persson hotad",
        "From Theory to Practice, the Bridge of Quillford",
    ],
)
def test_a_line_that_begins_like_a_byline_stays(line: str) -> None:
    assert line in kept(page(f"{BODY}<h2>{line}</h2><p>{PARAGRAPHS[0]}</p>"))
    assert find_byline(line, ()) is None


@pytest.mark.parametrize(
    "line",
    [
        "By Ada Quay and Bo Reed in Quillford",
        "By Ada Quay, who walked the bridge",
        "By Herald Courier staff reporters",
        "Von Ada Quay und Bo von der Au, Quillford",
        "Par Ada Quay avec AFP",
        "Di Ada Quay e Bo D'Angelo",
        "Door Ada van den Quay",
        "Por Ada Quay y Bo Reed",
    ],
)
def test_a_byline_of_several_words_is_one(line: str) -> None:
    assert find_byline(line, ()) == line


def test_the_name_of_a_byline_alone_has_no_date() -> None:
    lines = [line for line in BYLINES if line.startswith(("By Ada Quay,", "By Ada Quay -", "Von"))]
    for line in lines:
        html = page(BODY).replace("By Ada Quay", line)
        assert clean(html, Hints(HINTS.headline)).byline == BYLINES[line]


@pytest.mark.parametrize(
    "line",
    [
        "3 Min Lesezeit",
        "5 min read",
        "12 Kommentare",
        "Tempo de leitura: 3 minutos",
        "Advert",
        "Anzeige",
        "Publié le 3 mars 2031 à 08h01, mis à jour le 4 mars 2031 à 09h06",
        "Last updated on March 3rd, 2031 at 09:27 am",
    ],
)
@pytest.mark.parametrize("tag", ["p", "div"])
def test_no_line_about_the_article_is_in_it(line: str, tag: str) -> None:
    assert kept(page(f"<{tag}>{line}</{tag}>{BODY}")) == PARAGRAPHS


def test_a_numbered_subheading_stays() -> None:
    assert "Chapter 1" in kept(page(f"<h2>Chapter 1</h2>{BODY}"))


def test_a_sentence_that_begins_in_the_standfirst_is_no_standfirst() -> None:
    first, rest = PARAGRAPHS[1].split(" from Monday, ")
    html = page(f'<p class="standfirst">{first}</p><p>from Monday, {rest}</p>{BODY}')
    found = clean(html)
    assert found.standfirst is None
    assert list(found.paragraphs) == [first, f"from Monday, {rest}", *PARAGRAPHS]


def test_a_printed_headline_that_is_confirmed_beats_what_is_shared() -> None:
    printed, shared = "Old bridge to close for two years", "You will not believe this bridge"
    social = {"og": shared, "twitter": shared, "title": f"{shared} | Herald"}
    names = frozenset({"herald"})
    assert choose_headline({"h1": printed, "jsonld": printed, **social}, names) == printed
    title = {**social, "title": f"{printed} | Herald"}
    assert choose_headline({"h1": printed, **title}, names) == printed
    assert choose_headline({"h1": printed, "jsonld": shared, **social}, names) == shared


def test_a_headline_cut_short_speaks_for_the_whole_one() -> None:
    whole = 'Old bridge to close for two years, says mayor: "It shakes"'
    cut = whole.split(' "')[0]
    other = "Ferry to run twice as often on market days"
    titles = {"jsonld": other, "og": cut, "twitter": cut, "title": whole, "h1": whole}
    assert choose_headline(titles) == whole
    long = "Old bridge to close for two years while engineers mend the pillar that sank by a hand's"
    long += " breadth since the spring floods"
    titles = {"jsonld": long[:110], "og": other, "twitter": other, "h1": long}
    assert len(long) > 110
    assert choose_headline(titles) == long
