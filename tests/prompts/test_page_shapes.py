"""Shapes of today's news pages, each with the text that has to stay and what has to go."""

import numpy as np
import pytest

from tasks.model import Cleaned
from tasks.prompts.block_model import load_model
from tasks.prompts.block_selection import keep_article
from tasks.prompts.clean_page import clean_lines
from tasks.prompts.draft import score_blocks
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_lines
from tests.prompts.test_prompts import clean
from tests.prompts.test_single_causes import rules

HEADLINE = "Hospital trust apologises for 212 lost referrals"
STORY = [
    (
        "A hospital trust has apologised to 212 patients whose referrals were lost in a fax queue "
        "that nobody had looked at since 2021."
    ),
    (
        "An independent inquiry published on Wednesday found that letters had been received, "
        "stored and forgotten when the department moved to a new building."
    ),
    "“We let these people down,” said the trust's chief, Alan Forde. “There is no excuse.”",
    (
        "Sign up to a waiting list, the report says, had been treated as the end of the process "
        "rather than its beginning."
    ),
    (
        "Families called for a public inquiry. Margaret Shaw, whose husband waited 19 months, said "
        "an apology was not enough."
    ),
    "The trust has paid for new software. It will be checked by hand for the first year.",
]
MENU = "".join(f"<li><a href=/{name}>{name}</a></li>" for name in ("News", "Sport", "Weather"))
HINTS = Hints(headline=HEADLINE, authors=("Priya Nair",), language="en")


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def read(body: str, headline: str = HEADLINE, language: str = "en") -> Cleaned:
    html = f"<body><nav><ul>{MENU}</ul></nav><main>{body}</main></body>".replace("{h}", headline)
    hints = Hints(headline=headline, authors=("Priya Nair",), language=language)
    return clean(html, hints)


@pytest.mark.parametrize(
    "box",
    [
        "<article><h1>{{h}}</h1><div><button>Share</button></div><div>{}</div></article>",
        "<article><h1>{{h}}</h1><div class=paywall-content>{}</div></article>",
    ],
)
def test_a_short_article_is_no_box_of_its_button_or_its_name(box: str) -> None:
    assert list(read(box.format(paragraphs(STORY))).paragraphs) == STORY


def test_the_last_answers_stay_before_a_prompt() -> None:
    talk = [
        "You have been speaker for twelve years. What has changed?",
        "The volume. When I began, members listened to each other at least out of boredom.",
        "You banned phones from the chamber.",
        (
            "For a week. Then the lawyers came and explained to me that a deputy's telephone is "
            "part of his mandate. I still think they were wrong."
        ),
        "And politics?",
        "Politics will manage without me. It always does.",
    ]
    lines = "".join(f"<div class={'qa'[at % 2]}>{text}</div>" for at, text in enumerate(talk))
    offer = "Want more interviews like this? Become a member and read all of them."
    join = f"<div class=subscribe-inline><p>{offer}</p><a class=btn href=/m>Join now</a></div>"
    title = "A parliament cannot be run like a start-up"
    found = read(
        f"<article><h1>{{h}}</h1><div class=interview>{lines}</div>{join}</article>", title
    )
    assert list(found.paragraphs) == talk


def test_a_question_between_paragraphs_is_a_heading_of_theirs() -> None:
    texts = [
        (
            "Die Bahn verschiebt die Sanierung der rechten Rheinstrecke um ein Jahr. Das teilte "
            "der Konzern am Mittwoch den Verkehrsministern der Länder mit."
        ),
        (
            "Der Fahrgastverband forderte eine Entschädigung. Wer ein Abonnement habe, müsse einen "
            "Teil des Geldes zurückbekommen."
        ),
        (
            "Die Gewerkschaft sieht den Fehler bei der Planung. Es sei seit Jahren bekannt, dass "
            "es an Fahrern fehle und nicht an Bussen."
        ),
        "Im März soll ein neuer Plan vorliegen. Bis dahin bleibt alles, wie es ist.",
    ]
    question = "Wie geht es weiter?"
    box = "<aside class=newsletter><h3>Der Tag am Morgen</h3><button>Abonnieren</button></aside>"
    top, rest = paragraphs(texts[:2]), f"{paragraphs(texts[2:3])}<h2>{question}</h2>"
    body = f"<div class=text>{top}{box}{rest}{paragraphs(texts[3:])}</div>"
    report = (
        "<div class=feedback><p>Haben Sie Hinweise auf Fehler?</p><a href=/f>Schreiben</a></div>"
    )
    title = "Bahn verschiebt Sanierung der Rheinstrecke um ein Jahr"
    found = read(f"<article><h1>{{h}}</h1>{body}{report}</article>", title, "de")
    assert list(found.paragraphs) == [*texts[:3], question, texts[3]]


def test_a_list_of_facts_is_judged_as_a_whole() -> None:
    facts = [
        "212 referrals were received and never read.",
        "Fourteen patients have died since.",
        "The oldest letter is from March 2021.",
    ]
    items = "".join(f"<li>{fact}</li>" for fact in facts)
    box = f"<aside class=factbox><h3>The lost letters</h3><ul>{items}</ul></aside>"
    body = f"<div>{paragraphs(STORY[:4])}{box}{paragraphs(STORY[4:])}</div>"
    kept = read(f"<article><h1>{{h}}</h1>{body}</article>").paragraphs
    assert list(kept) == [*STORY[:4], "The lost letters", *facts, *STORY[4:]]


APPEAL = [
    "Thank you for reading this far. There is something that we would like to ask.",
    (
        "Families in forty villages rely on our independent journalism every week, in years of "
        "flood and fire as much as in years of elections."
    ),
    (
        "We belong to no company and to nobody who is rich. We want to tell you what happens here, "
        "and there is no advertiser who could keep us from it."
    ),
    "If you have been thinking of joining us, now is the time. Your gift pays for our reporting.",
]


def test_an_appeal_between_its_heading_and_its_buttons_goes() -> None:
    buttons = "<label>Support £5/monthly</label><label>Support £12/monthly</label>"
    box = f"<h2>Why we need you today</h2>{paragraphs(APPEAL)}<div>{buttons}</div>"
    texts = [*STORY, *(f"{text} So the second volume of the report has it." for text in STORY)]
    body = f"<div>{paragraphs(texts)}<div class=x-1>{box}</div></div>"
    assert list(read(f"<article><h1>{{h}}</h1>{body}</article>").paragraphs) == texts


WALLS = {
    "es": (
        "Suscríbete para seguir leyendo",
        "Lee sin límites por 1 € el primer mes. Cancela cuando quieras.",
        "Suscribirme",
    ),
    "en": (
        "Subscribe to continue reading",
        "Get unlimited access to all articles for £1 a month. Cancel anytime.",
        "Subscribe",
    ),
    "ar": (
        "اشترك لمواصلة القراءة",
        "احصل على وصول غير محدود إلى جميع المقالات مقابل دولار واحد شهريا.",
        "اشترك الآن",
    ),
}
ELSEWHERE = {
    "es": [
        "Los médicos de urgencias de cinco provincias irán a la huelga el 11 de febrero.",
        "El sindicato anunció la medida este lunes, después de tres meses de negociaciones.",
        (
            "La Consejería asegura que no hay personal suficiente. Faltan 340 especialistas, según "
            "sus propios datos, y las plazas que se ofrecen quedan vacías."
        ),
        "La reunión decisiva será el viernes en Valdeón.",
    ],
    "en": STORY,
    "ar": [
        (
            "أعلنت الحكومة يوم الثلاثاء تأجيل الزيادة المقررة في أسعار مياه الشرب حتى نهاية العام، "
            "بعد احتجاجات شهدتها ثلاث محافظات خلال الأسبوع الماضي."
        ),
        "وقال وزير الموارد المائية كريم ناصر إن التأجيل يمنح البلديات وقتا لإصلاح الشبكات القديمة.",
        (
            "ورحب أعضاء في البرلمان بالقرار، لكنهم قالوا إنه لا يكفي. وطالبت النائبة هدى سليم بخطة "
            "واضحة تضمن وصول المياه إلى القرى البعيدة."
        ),
    ],
}


@pytest.mark.parametrize("language", WALLS)
def test_the_offer_under_a_wall_goes_from_the_article_s_own_element(language: str) -> None:
    title, offer, button = WALLS[language]
    wall = f"<h2>{title}</h2><p>{offer}</p><a class=btn href=/subscribe>{button}</a>"
    texts = ELSEWHERE[language]
    body = f"<article><h1>{{h}}</h1><div>{paragraphs(texts)}{wall}</div></article>"
    assert list(read(body, language=language).paragraphs) == texts
    # The rest of an article below such a heading is no offer.
    amid = f"<h2>{title}</h2>{paragraphs(texts)}<a href=/subscribe>{button}</a>"
    body = f"<article><h1>{{h}}</h1><div>{paragraphs(texts)}{amid}</div></article>"
    assert read(body, language=language).paragraphs.count(texts[0]) == 2


COMMENTS = [
    "My mother waited two years and never had an answer, so none of this surprises me at all.",
    "Thank you to the nurse who found the letters. She should run the place, if you ask me.",
    "We moved to the city because of this hospital, and I know of three others who did the same.",
]


OFFER = [
    "Unlimited digital access to the Quayside Courier.",
    (
        "Reports on all things harbour by Ines Marlow, Tom Reed, Ada Finch and others, tides, "
        "prize-winning letters and evenings by the sea."
    ),
    "Room for replies by the people of the coast.",
    "Quayside Courier on paper.",
    "Quayside Courier almanac.",
]


def test_a_list_after_a_wall_s_sentence_goes_whole_with_one_item_worded_like_a_prompt() -> None:
    items = "".join(f"<li>{item}</li>" for item in OFFER)
    wall = (
        "<div>This content is reserved for subscribers only</div>"
        f"<p>Subscribe now to read the latest news of the coast.</p><ul>{items}</ul>"
    )
    body = f"<article><h1>{{h}}</h1><p>{STORY[0]}</p>{wall}{paragraphs(STORY[1:])}</article>"
    assert list(read(body).paragraphs) == STORY


def test_an_article_s_list_stays_after_a_prompt_s_sentence() -> None:
    items = "".join(f"<li>{item}</li>" for item in STORY[1:4])
    first = f"<p>{STORY[0]}</p><p>Subscribe now to read the latest news of the coast.</p>"
    body = f"<article><h1>{{h}}</h1>{first}<ul>{items}</ul>{paragraphs(STORY[4:])}</article>"
    assert list(read(body).paragraphs) == STORY


@pytest.mark.parametrize("title", ["Join the conversation", "3 Comments", "Comments (3)"])
def test_comments_are_known_by_the_heading_over_them(title: str) -> None:
    thread = "".join(
        f"<div class=m><b>reader{at}</b><p>{x}</p></div>" for at, x in enumerate(COMMENTS)
    )
    article = f"<article><h1>{{h}}</h1><div>{paragraphs(STORY[:2])}</div></article>"
    found = read(f"{article}<section><h3>{title}</h3>{thread}</section>")
    assert list(found.paragraphs) == STORY[:2]
    # A link to them opens nothing, nor does a heading before the article's text.
    link = f"<article><h1>{{h}}</h1><a href=#c>{title}</a><div>{paragraphs(STORY)}</div></article>"
    assert list(read(link).paragraphs) == STORY


def test_a_count_of_comments_may_open_the_article_s_element() -> None:
    note = "<p>We may earn a commission from links, as our editors explain here at length.</p>"
    counted = f"<div class=text><div>12 comments</div>{paragraphs(STORY)}</div>"
    found = read(f"<article><h1>{{h}}</h1>{note}{counted}</article>")
    assert set(STORY) <= set(found.paragraphs)


def test_a_single_comment_is_a_journalist_s() -> None:
    own = f"<section><h3>Comment</h3>{paragraphs(STORY[3:])}</section>"
    body = f"<article><h1>{{h}}</h1><div>{paragraphs(STORY[:3])}</div>{own}</article>"
    assert set(STORY) <= set(read(body).paragraphs)


def test_the_next_article_goes_after_a_flash_of_a_sentence() -> None:
    flash = "The trust's chief executive has resigned, the health ministry said on Friday."
    parts = [("Head of hospital trust resigns", [flash]), (HEADLINE, STORY)]
    body = "".join(
        f"<div class=wrap><h1 class=t>{title}</h1><div class=c>{paragraphs(texts)}</div></div>"
        for title, texts in parts
    )
    assert list(read(body, parts[0][0]).paragraphs) == [flash]


def test_an_interviewer_s_questions_are_no_biography() -> None:
    talk = [
        "Priya Nair: When did you first hear of the letters?",
        "Alan Forde: From a cleaner. She asked whether she could have the machine.",
        "Priya Nair: And you went there.",
        "Alan Forde: I went there and opened the tray. It was full.",
        "Priya Nair: What does the ministry say?",
        "Alan Forde: That it has no money. I believe it. The question is where the money went.",
    ]
    bio = "Priya Nair covers health for the Reporter. She trained as a nurse."
    shouted = [line.replace("Priya Nair:", "PRIYA NAIR:") for line in talk]
    for lines in (talk, shouted):
        body = f"<article><h1>{{h}}</h1><div>{paragraphs([*STORY, *lines, bio])}</div></article>"
        assert list(read(body).paragraphs) == [*STORY, *lines]


def test_the_author_s_address_goes() -> None:
    line = "Contact Priya Nair at pnair@reporter.example. Follow her on Twitter @pnair."
    said = "“Write to tips@reporter.example and somebody will answer,” said Alan Forde."
    text = f"{paragraphs([*STORY, said])}<p><i>{line}</i></p>"
    body = f"<article><h1>{{h}}</h1><div>{text}</div></article>"
    assert list(read(body).paragraphs) == [*STORY, said]


def test_a_list_of_titles_alone_is_one_of_links() -> None:
    titles = ["The quiet return of the night train", "Five charts that explain the housing crisis"]
    links = "".join(f"<li><a href=/a>{title}</a></li>" for title in titles)
    body = f"<div>{paragraphs(STORY[:4])}<ul>{links}</ul>{paragraphs(STORY[4:])}</div>"
    assert list(read(f"<article><h1>{{h}}</h1>{body}</article>").paragraphs) == STORY


def test_the_times_over_entries_go() -> None:
    stamps = [f"2031-02-04T1{at}:42:00+01:00" for at in range(len(STORY))]
    entries = "".join(
        f"<p>{stamp}</p><p>{text}</p>" for stamp, text in zip(stamps, STORY, strict=True)
    )
    found = read(f"<article><h1>{{h}}</h1><div class=live>{entries}</div></article>")
    assert list(found.paragraphs) == STORY


def test_a_subtitle_below_the_headline_stays_beside_a_prompt() -> None:
    sub = "Notes from a country with 71,000 bridges"
    top = "<div><button>Subscribe</button><button>Sign in</button></div>"
    bar = f"{top}<h1>{{h}}</h1><h3 class=subtitle>{sub}</h3><button>Share</button>"
    widget = "<div class=subscribe><p>Subscribe to receive new posts.</p><button>Go</button></div>"
    body = (
        f"<article>{bar}<div>{paragraphs(STORY[:3])}{widget}{paragraphs(STORY[3:])}</div></article>"
    )
    found = read(body)
    assert found.standfirst == sub
    assert list(found.paragraphs) == STORY


CAPTIONS = [
    "Farmers block a motorway near Lyon.",
    "The leaders of the G20 pose for a photograph in Johannesburg.",
    "A ship waits to enter the canal on Saturday.",
]


@pytest.mark.parametrize("place", range(1, len(STORY)))
@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_caption_between_paragraphs_is_no_prompt(place: int, caption: str) -> None:
    figure = f"<figure><img src=/i.jpg><figcaption>{caption}</figcaption></figure>"
    text = f"{paragraphs(STORY[:place])}{figure}{paragraphs(STORY[place:])}"
    found = read(f"<article><h1>{{h}}</h1><div>{text}</div></article>")
    assert found.captions == (caption,)
    assert list(found.paragraphs) == STORY


BYLINES = {
    "4 February 2031 by Marta Ellery": "by Marta Ellery",
    "10:30, 4 February 2031 Priya Nair": "Priya Nair",
    "Posted on May 23, 2031 by Marta Ellery | News": "by Marta Ellery",
}


@pytest.mark.parametrize("line", BYLINES)
def test_a_byline_may_begin_with_its_date(line: str) -> None:
    body = f"<article><h1>{{h}}</h1><small>{line}</small><div>{paragraphs(STORY)}</div></article>"
    assert read(body).byline == BYLINES[line]


def test_a_label_of_an_advertisement_is_known_by_its_words() -> None:
    label = "Story continues below advertisement"
    html = (
        f"<body><h1>{HEADLINE}</h1><div>{paragraphs([*STORY[:3], label, *STORY[3:]])}</div></body>"
    )
    assert list(clean(html, HINTS).paragraphs) == STORY
    assert rules(html)[label] == "text:any/advert"


def test_a_text_page_keeps_the_lines_that_score_best_on_it() -> None:
    """The model doubts some pages saved as text as a whole, but text less than furniture."""
    furniture = [f"Section {number}" for number in range(12)]
    page = split_lines([*furniture, *STORY, *furniture])
    draft = score_blocks(page, -1, Hints(language="en"), load_model())
    scores = dict.fromkeys(STORY, 0.03) | dict.fromkeys(STORY[:3], 0.3)
    draft.score = np.array([scores.get(block.text, 5e-4) for block in page.blocks], np.float32)
    keep_article(draft)
    assert [draft.text(at) for at in draft.body] == STORY


def test_a_text_page_keeps_a_short_paragraph_after_its_last_quotation() -> None:
    furniture = ["Sport", "Weather", "© 2026 Quayside Press Ltd. All rights reserved."]
    last = "The trust will publish its answer in spring, if its board agrees by then."
    kept = clean_lines([HEADLINE, *STORY[:3], last, *furniture], HINTS).paragraphs
    assert kept == (*STORY[:3], last)


def test_a_text_page_with_its_menu_is_cleaned_though_no_rule_matches_a_line() -> None:
    menu = [*("Quayside", "Harbour", "Weather"), *(f"Region {number}" for number in range(20))]
    cleaned = clean_lines([*menu, HEADLINE, *STORY, *menu], Hints(language="en"))
    assert cleaned.paragraphs == tuple(STORY)
    assert cleaned.headline == HEADLINE
