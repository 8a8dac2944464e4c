import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.text.calendar_names import MONTHS, SHORT_MONTHS
from tasks.text.dates import day_in_url, parse_moment, zone_of

FORMS = [
    ("2024-05-17T13:05:00Z", "UTC", "2024-05-17T13:05"),
    ("2024-05-17T13:05:00.123456789Z", "UTC", "2024-05-17T13:05"),
    ("2024-05-17T13:05:00+0900", "UTC", "2024-05-17T04:05"),
    ("2024-05-17T13:05:00+09:00", "UTC", "2024-05-17T04:05"),
    ("2024-05-17T13:05:00-04", "UTC", "2024-05-17T17:05"),
    ("2024-05-17T13:05:00-4:00", "UTC", "2024-05-17T17:05"),
    ("2024-05-17T13:05:00+02:00[Europe/Berlin]", "UTC", "2024-05-17T11:05"),
    ("2024-05-17T13:05:00 GMT+7", "UTC", "2024-05-17T06:05"),
    ("2024-05-17 13:05 UTC+3", "UTC", "2024-05-17T10:05"),
    ("2024-05-17T13:05:00 GMT +0530", "UTC", "2024-05-17T07:35"),
    ("17 May 2024 13:05 GMT+7", "UTC", "2024-05-17T06:05"),
    ("Fri May 17 13:05:00 GMT+03:00 2024", "UTC", "2024-05-17T10:05"),
    ("2024-05-17 13:05", "Asia/Tokyo", "2024-05-17T04:05"),
    ("2024/05/17 13:05:22", "UTC", "2024-05-17T13:05"),
    ("2024. május 17., 13:05", "Europe/Budapest", "2024-05-17T11:05"),
    ("2024. 5. 17. 13:05", "Asia/Seoul", "2024-05-17T04:05"),
    ("20240517T130500Z", "UTC", "2024-05-17T13:05"),
    ("20240517130500", "UTC", "2024-05-17T13:05"),
    ("1715951100", "Asia/Tokyo", "2024-05-17T13:05"),
    ("1715951100000", "UTC", "2024-05-17T13:05"),
    ("Fri, 17 May 2024 13:05:00 GMT", "UTC", "2024-05-17T13:05"),
    ("Fri, 17 May 2024 13:05:00 +0200", "UTC", "2024-05-17T11:05"),
    ("Fri May 17 13:05:00 CEST 2024", "UTC", "2024-05-17T11:05"),
    ("Fri May 17 2024 13:05:00 GMT+0200 (CEST)", "UTC", "2024-05-17T11:05"),
    ("May 17, 2024 1:05 p.m. EDT", "UTC", "2024-05-17T17:05"),
    ("May 17, 2024 at 1:05 PM ET", "UTC", "2024-05-17T17:05"),
    ("May 17, 2024 at 1:05 PM PT", "Europe/London", "2024-05-17T20:05"),
    ("May 17, 2024 at 1:05 PM CT", "UTC", "2024-05-17T18:05"),
    ("May 17, 2024 1:05 PM EST", "America/New_York", "2024-05-17T18:05"),
    ("May 17, 2024 1:05 PM EST", "Australia/Sydney", "2024-05-17T03:05"),
    ("17 May 2024 13:05 BST", "Asia/Dhaka", "2024-05-17T07:05"),
    ("17 May 2024 13:05 PST", "Asia/Manila", "2024-05-17T05:05"),
    ("5/17/2024 1:05:00 PM", "UTC", "2024-05-17T13:05"),
    ("17 May 2024 | 13.05 BST", "UTC", "2024-05-17T12:05"),
    ("Updated: 17-May-2024 13:05 IST", "Asia/Kolkata", "2024-05-17T07:35"),
    ("17. Mai 2024, 13:05 Uhr", "Europe/Berlin", "2024-05-17T11:05"),
    ("Freitag, 17.05.2024 - 13.05 Uhr", "Europe/Berlin", "2024-05-17T11:05"),
    ("17 mai 2024 à 13h05", "Europe/Paris", "2024-05-17T11:05"),
    ("17 de mayo de 2024, 13:05", "Europe/Madrid", "2024-05-17T11:05"),
    ("2024年5月17日 13時05分", "Asia/Tokyo", "2024-05-17T04:05"),
    ("2024年5月17日 午後1時5分", "Asia/Tokyo", "2024-05-17T04:05"),
    ("2024年5月17日13:05", "Asia/Shanghai", "2024-05-17T05:05"),
    ("2024년 5월 17일 오후 1:05", "Asia/Seoul", "2024-05-17T04:05"),
    ("Fri, 17 May 2024 01:05 PM EDT", "America/New_York", "2024-05-17T17:05"),
    ("May 17, 2024 at 1 p.m.", "America/New_York", "2024-05-17T17:00"),
    ("May 17, 2024 9 AM", "America/New_York", "2024-05-17T13:00"),
    ("2024-05-17 9 PM", "America/New_York", "2024-05-18T01:00"),
    ("10:02 AM EDT May 17, 2024", "America/New_York", "2024-05-17T14:02"),
    ("12:15 a.m. ET, Fri May 17, 2024", "UTC", "2024-05-17T04:15"),
    ("7pm on Friday, May 17th, 2024", "America/New_York", "2024-05-17T23:00"),
    ("14:30 - 17/05/2024", "America/Sao_Paulo", "2024-05-17T17:30"),
    ("14h30 de 17 de maio de 2024", "America/Sao_Paulo", "2024-05-17T17:30"),
    ("Thứ Sáu, ngày 17 tháng 5 năm 2024 - 18:00", "Asia/Ho_Chi_Minh", "2024-05-17T11:00"),
    ("18:00, 17 Tháng 5, 2024", "Asia/Ho_Chi_Minh", "2024-05-17T11:00"),
    ("18:00 (GMT+7) 17/05/2024", "Asia/Ho_Chi_Minh", "2024-05-17T11:00"),
    ("10.30am Friday 17 May 2024", "Europe/London", "2024-05-17T09:30"),
    ("12:30 Uhr am 17. Mai 2024", "Europe/Berlin", "2024-05-17T10:30"),
    ("12:30 am 17. Mai 2024", "Europe/Berlin", "2024-05-17T10:30"),
    ("19 Uhr, 17. Mai 2024", "Europe/Berlin", "2024-05-17T17:00"),
]
DAYS = [
    ("2024-05-17", "Asia/Tokyo"),
    ("20240517", "UTC"),
    ("2024.05.17", "Asia/Seoul"),
    ("May 17th, 2024", "America/New_York"),
    ("17/05/2024", "UTC"),
    ("1er mai 2024", "UTC"),
    ("3. März 2024", "Europe/Berlin"),
    ("5. Jänner 2024", "Europe/Vienna"),
    ("令和6年5月17日", "Asia/Tokyo"),
    ("17 мая 2024", "Europe/Kyiv"),
    ("17. května 2024", "Europe/Prague"),
    ("17. svibnja 2024.", "Europe/Zagreb"),
]
# Beside numbers that are no time of day.
DAYS_AND_NUMBERS = [
    ("4:15 min read, May 17, 2024", "America/New_York"),
    ("Vol. 10.30, 17 May 2024", "America/New_York"),
    ("Seite 3 am 17. Mai 2024", "Europe/Berlin"),
    ("25:30 May 17, 2024", "America/New_York"),
    ("May 17, 2024 1 AMERICA", "America/New_York"),
]
# A day in May of 2024, by the languages of papers.
_OF_MAY = """
2024. május 17.|2024. 05. 17.|2024. 5. 17.|2024 m. gegužės 17 d.|17. maj 2024|17. maí 2024
17. toukokuuta 2024|17. maijs 2024|17. mai 2024|17 de maig de 2024|17 maig 2024|17. mája 2024
17. maja 2024|17. мај 2024|17 май 2024|17 Μαΐου 2024|17 мая 2024|17 Mei 2024|17 mei 2024
17 मई 2024|१७ मई २०२४|১৭ মে ২০২৪|17 மே 2024|17 مئی 2024|17 մայիսի, 2024|١٧ مايو ٢٠٢٤
17 mai 2024|17 במאי 2024|ב-17 במאי 2024|17 مايو 2024|17 ماي 2024|17 мая 2024 г.
"""
OF_MAY = _OF_MAY.replace("\n", "|").strip("|").split("|")


@pytest.mark.parametrize("raw", OF_MAY)
def test_a_day_in_may_is_read_in_the_languages_of_papers(raw: str) -> None:
    moment = parse_moment(raw)
    assert moment is not None
    assert moment.at.date() == date(2024, 5, 17)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("ar", MONTHS["ar-ma"]),
        ("ar", MONTHS["ar-eg"]),
        ("ar", MONTHS["ar-lb"].replace("_", " ")),
        ("ar", MONTHS["ar-lb-plain"].replace("_", " ")),
        ("es", MONTHS["es-pe"]),
        ("hr", MONTHS["hr-other"]),
        ("el", MONTHS["el-plain"].upper()),
        ("sw", MONTHS["sw"]),
        ("ka", MONTHS["ka"]),
        ("fa", MONTHS["fa"]),
        *SHORT_MONTHS.items(),
    ],
)
def test_the_months_of_a_language_are_read_on_its_pages(language: str, names: str) -> None:
    split = re.split(r"(?<!كانون)(?<!تشرين)\s", names)
    read = [parse_moment(f"17 {name}. 2024, 14:05", language=language) for name in split]
    assert [found and (found.at.month, found.has_time) for found in read] == [
        (month, True) for month in range(1, 13)
    ]


def test_a_month_is_read_that_is_named_twice() -> None:
    for name in ("نوفمبر/تشرين الثاني", "تشرين الثاني / نوفمبر", "تشرين الثاني (نوفمبر)"):
        moment = parse_moment(f"17 {name} 2024")
        assert moment is not None
        assert moment.at.date() == date(2024, 11, 17)


@pytest.mark.parametrize("raw", ["Les 5 des 2024 mots", "Lesen Sie 5 2024", "17 sie 2024"])
def test_a_short_name_is_no_month_in_another_language(raw: str) -> None:
    assert parse_moment(raw, language="de") is None


@pytest.mark.parametrize(("raw", "zone", "expected"), FORMS)
def test_a_time_is_read_in_utc(raw: str, zone: str, expected: str) -> None:
    moment = parse_moment(raw, zone)
    assert moment is not None
    assert moment.at.astimezone(UTC).isoformat()[:16] == expected
    assert moment.has_time
    assert moment.raw == raw


@pytest.mark.parametrize(("raw", "zone"), DAYS + DAYS_AND_NUMBERS)
def test_a_day_without_a_time_stays_that_day(raw: str, zone: str) -> None:
    moment = parse_moment(raw, zone)
    assert moment is not None
    assert not moment.has_time
    assert (moment.at.year, moment.at.hour, moment.at.tzinfo) == (2024, 0, UTC)


def test_what_slashes_mean_is_given() -> None:
    assert parse_moment("03/04/2024").at.date() == date(2024, 4, 3)  # type: ignore[union-attr]
    american = parse_moment("03/04/2024", day_first=False)
    german = parse_moment("03.04.2024", day_first=False)
    assert american is not None
    assert german is not None
    assert (american.at.month, german.at.month) == (3, 4)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Mon, 6/3/2019", date(2019, 6, 3)),
        ("Monday 06/03/2019", date(2019, 6, 3)),
        ("Wed, 6/3/2019", date(2019, 3, 6)),
        ("Tue, 6/3/2019", date(2019, 3, 6)),  # neither day is a Tuesday
        ("Lundi 03/06/2019 à 10h00", date(2019, 6, 3)),
    ],
)
def test_a_printed_weekday_tells_the_month_from_the_day(raw: str, expected: date) -> None:
    moment = parse_moment(raw)
    assert moment is not None
    assert moment.at.date() == expected
    american = parse_moment("Wed, 6/3/2019", day_first=False)
    assert american is not None
    assert american.at.month == 3


@pytest.mark.parametrize(("language", "month"), [("hr", 10), ("bs", 10), ("pl", 11), ("", 11)])
def test_a_month_name_of_two_languages_is_that_of_the_page(language: str, month: int) -> None:
    moment = parse_moment("17. listopada 2024. u 14:05", language=language)
    assert moment is not None
    assert (moment.at.month, moment.has_time) == (month, True)


@pytest.mark.parametrize(
    "raw",
    [
        *("", "yesterday", "5", "2024-02-31", "31.04.2024", "99/99/9999", "v2.0.1"),
        *("1970-01-01", "9999-12-31T23:59:59Z"),
    ],
)
def test_what_is_no_date_is_none(raw: str) -> None:
    assert parse_moment(raw) is None


def test_an_unknown_zone_is_utc() -> None:
    assert zone_of("Mars/Olympus") is UTC
    assert zone_of("../../etc/passwd") is UTC


@pytest.mark.parametrize(
    "path",
    [
        "2024/05/17/a",
        "world/2024/may/17/a",
        "a-20240517.html",
        "2024-05-17-a",
        "x/2024/5/17/a",
        "2024/0517/a",
        "2024/POLITICS/05/17/a",
        "2024/world_news/5/17/a",
    ],
)
def test_a_url_names_its_day(path: str) -> None:
    assert day_in_url(f"https://paper.example/{path}?d=2020-01-01") == date(2024, 5, 17)


@pytest.mark.parametrize(
    "path", ["2024/05/a", "a/2024051712345", "a-20241399", "12024/05/171", "article/2024817/a", ""]
)
def test_a_url_without_a_day_names_none(path: str) -> None:
    assert day_in_url(f"https://paper.example/{path}") is None


@given(st.text(max_size=300) | st.from_regex(r"[0-9/:. \-TZ年月日]{0,40}", fullmatch=True))
@example("9" * 200)
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-12:00")
def test_any_text_is_read_without_an_error(text: str) -> None:
    moment = parse_moment(text, "Pacific/Auckland")
    assert moment is None or (moment.at.tzinfo is not None and moment.at.year >= 1989)
    day_in_url(f"https://paper.example/{text}")


@given(st.datetimes(datetime(1991, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_iso_comes_back(naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC, microsecond=0)
    moment = parse_moment(at.isoformat())
    assert moment is not None
    assert moment.at == at
