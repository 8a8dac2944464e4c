"""What a search infers of a source, and the evidence that it gives."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tasks.find.countries import country_code, country_of_domain
from tasks.find.judge import Trial, language_named, redundant_listings
from tasks.find.proposal import Proposal, outlet, proposal
from tasks.find.search_site import Page, SiteSearchResult
from tasks.find.zones import time_zone, zones_of
from tasks.model import Entry
from tasks.text.html_tree import parse_html
from tests.support.made_feeds import NOW

JAPANESE = ["港湾局は嵐のあとの連絡船の再開と制裁措置について会議を開いた"]
CHINESE = [
    "港务局开会讨论制裁措施以及暴风雪过后渡轮复航的新时间表",
    "中国人民银行宣布下调贷款利率，支持中小企业发展",
    "这座城市的图书馆将在春节期间延长开放时间",
    "专家认为今年的粮食产量有望超过去年同期水平",
    "北京地铁新线路将于下个月正式投入运营，方便市民出行",
    "国务院召开会议研究部署进一步促进就业工作的措施",
]
ENGLISH = [
    "Harbour board hears how the ferry sails again after the winter storm",
    "Council approves new budget despite protests from teachers",
    "Why the price of bread keeps rising while wages stand still",
    "Police are looking for witnesses after a fire in the old mill",
    "Minister says that sanctions will not be lifted this year",
    "What we know about the school that closed without a warning",
]


def entries(texts: list[str], zone: timezone = UTC, domain: str = "paper.com") -> tuple[Entry, ...]:
    made = []
    for n in range(40):
        at = NOW - timedelta(hours=3 * n)
        raw = f"{at.astimezone(zone):%a, %d %b %Y %H:%M:%S %z}"
        made.append(Entry(f"https://{domain}/a/{n}", "feed", texts[n % len(texts)], raw, at))
    return tuple(made)


def found(
    home: str, listed: tuple[Entry, ...], html: str = "", language: str = "", title: str = "Gazette"
) -> SiteSearchResult:
    trial = Trial(f"{home}rss", "declared by", "taken", "", "feed", title, language, listed)
    page = Page(home, parse_html(f"<html>{html}")) if html else None
    return SiteSearchResult("paper", home, "listed", "", page, (trial,), 3, 1.0)


def proposed(*about: object, **more: str) -> Proposal:
    return proposal(found(*about, **more), {})  # type: ignore[arg-type]


def test_a_japanese_paper_of_any_domain() -> None:
    listed = entries(JAPANESE, timezone(timedelta(hours=9)))
    made = proposed("https://asia.shiosaki.com/", listed, language="ja")
    values = made.values
    assert made.entry["id"] == "jp-shiosaki-asia"
    assert (values["language"].value, values["timezone"].value) == ("ja", "Asia/Tokyo")
    assert values["language"].why == "feed language ja, 40 headlines in ja"
    assert values["timezone"].why.startswith("+09:00 in 40 of 40 entry dates; ")
    assert made.entry["expected_daily"] == [2, 33]
    assert values["expected_daily"].why.startswith("about 8 a day")
    assert made.missing == ()


def test_what_headlines_say_goes_before_what_a_page_says() -> None:
    html = "<html lang='en-US'>"
    made = proposed("https://paper.cn/", entries(CHINESE), html)
    assert made.values["language"].value == "zh"
    assert made.values["language"].why == "html lang en-US, 40 headlines in zh"
    taiwan = proposed("https://paper.tw/", entries(CHINESE), "<html lang='zh-TW'>")
    assert taiwan.values["language"].value == "zh-Hant"


def test_what_cannot_be_known_is_left_to_the_person() -> None:
    made = proposed("https://paper.com/", entries(ENGLISH))
    assert made.entry["id"] == "xx-paper"
    assert made.missing == ("timezone",)
    assert made.values["timezone"].why == "+00:00 in 40 of 40 entry dates; the country is not known"
    given = proposal(found("https://paper.com/", entries(ENGLISH)), {"timezone": "Asia/Tokyo"})
    assert given.missing == ()


@pytest.mark.parametrize(
    ("country", "hours", "zone"),
    [
        ("jp", 9, "Asia/Tokyo"),
        ("jp", 0, "Asia/Tokyo"),  # UTC says nothing, and Japan has one time
        ("jp", 8, None),
        ("us", -4, "America/New_York"),
        ("us", -7, "America/Los_Angeles"),
        ("us", 0, None),
        ("gb", 0, "Europe/London"),
        ("es", 0, "Europe/Madrid"),
        ("de", 1, "Europe/Berlin"),
        ("au", 11, "Australia/Sydney"),
        ("ru", 3, "Europe/Moscow"),
        ("xx", 3, None),
    ],
)
def test_time_zones_by_country_and_offset(country: str, hours: int, zone: str | None) -> None:
    at = datetime(2026, 3, 16, 12, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    found, why = time_zone(country, [at.isoformat()] * 5, "said so")
    assert found == zone
    assert why


def test_a_clock_that_changes_with_summer_is_distinguished_from_one_that_does_not() -> None:
    summer, winter = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (7, 1))
    brisbane = [m.astimezone(timezone(timedelta(hours=10))).isoformat() for m in (summer, winter)]
    assert time_zone("au", brisbane, "")[0] == "Australia/Brisbane"


def test_every_zone_has_a_country() -> None:
    assert zones_of("gb") == ("Europe/London",)
    assert len(zones_of("us")) > 10
    assert zones_of("xx") == ()


@pytest.mark.parametrize(
    ("url", "country", "name"),
    [
        ("https://www.nikkei.com/", None, "nikkei"),
        ("https://asia.nikkei.com/", None, "nikkei-asia"),
        ("https://www.bbc.co.uk/news", "gb", "bbc"),
        ("https://blatt.de/", "de", "blatt"),
        ("https://startup.io/", None, "startup"),
        ("http://127.0.0.1:8000/", None, "127-0-0-1"),
        ("https://xn--mnchner-blatt-isb.de/", "de", "xn-mnchner-blatt-isb"),
    ],
)
def test_ids_from_domains(url: str, country: str | None, name: str) -> None:
    assert (country_of_domain(url), outlet(url)) == (country, name)


def test_countries_by_letters() -> None:
    codes = ("USA", "us", "DEU", "CHE", "UKR", "GBR", "UK", "JPN", "CHN", "MLI", "TCA", "United")
    assert [country_code(code) for code in codes] == [
        *("us", "us", "de", "ch", "ua", "gb", "gb", "jp", "cn", "ml", "tc", "")
    ]


@pytest.mark.parametrize("code", ["ger", "XXX", "NaN"])
def test_three_letters_of_no_country_are_refused(code: str) -> None:
    with pytest.raises(ValueError, match=f"country '{code}' is no code of ISO 3166"):
        country_code(code)


def test_a_listing_whose_entries_another_has_is_covered() -> None:
    listed = entries(ENGLISH)
    trials = [
        Trial(url, "", "taken", entries=part)
        for url, part in (
            ("some", listed[:9]),
            ("all", listed),
            ("others", entries(ENGLISH, domain="a.com")),
        )
    ]
    assert redundant_listings(trials) == {"some": "all"}


def test_languages_that_feeds_name() -> None:
    assert language_named(b"<rss><channel><language><![CDATA[de-AT]]></language>") == "de-AT"
    assert language_named(b"<feed xmlns='x' xml:lang='fr'>") == "fr"
    assert language_named(b'{"language": "ko"}') == "ko"
    assert language_named(b"<rss>") == ""
