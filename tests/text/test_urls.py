from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.declared_urls import canonical
from tasks.text.urls import (
    _fixed_point,
    article_id,
    clean,
    fold_url,
    is_http,
    registrable_domain,
    same_site,
    without_trackers,
)

ARTICLE = "https://www.example.com/world/summit-opens"


@pytest.mark.parametrize(
    "twin",
    [
        "http://www.example.com/world/summit-opens",
        "HTTPS://WWW.Example.COM:443/world/summit-opens/",
        "https://example.com/world//summit-opens#comments",
        "https://www.example.com./world/x/../summit-opens",
        "https://www.example.com/world/summit%2Dopens",
        "https://reader:secret@www.example.com/world/summit-opens",
        "https://www.example.com/world/summit-opens/index.html",
        "https://www.example.com/world/summit-opens;jsessionid=1A2B",
        "  https://www.example.com/world/summit-opens\n",
    ],
)
def test_one_article_is_one_key(twin: str) -> None:
    assert fold_url(twin) == fold_url(ARTICLE) == "https://example.com/world/summit-opens"


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=rss&utm_medium=feed",
        "fbclid=IwAR0",
        "gclid=1",
        "at_medium=RSS&at_campaign=KARANGA&at_custom1=x&at_bbc_team=editorial",
        "ns_mchannel=social&ns_source=twitter&ns_campaign=a&ns_fee=0",
        "cmp=rss&CMPID=2&ICID=3&ncid=4&ocid=5",
        "ref=home&ref_src=twsrc&referrer=x&guce_referrer=y",
        "smid=tw-share&smtyp=cur&emc=rss&srnd=home&ito=1490&xtor=RSS-1",
        "igshid=1&msclkid=2&mc_cid=3&_hsenc=4&mkt_tok=5&spm=a.b&wt.mc_id=x",
        "cid=rss&uid=abc",
        "utm_source=a&amp;utm_medium=b",
        "",
    ],
)
def test_trackers_say_nothing(query: str) -> None:
    assert fold_url(f"{ARTICLE}?{query}") == fold_url(ARTICLE)


@pytest.mark.parametrize(
    "query",
    ["id=7", "p=123", "article_id=9", "idxno=5", "gallery=7", "game=2", "globe=1", "page=2"],
)
def test_what_may_name_the_article_is_kept(query: str) -> None:
    assert fold_url(f"{ARTICLE}?{query}&utm_source=x") == f"{fold_url(ARTICLE)}?{query}"


def test_an_article_number_is_kept_under_a_trackers_name() -> None:
    assert fold_url("https://example.co.kr/view?cid=AEN20110101000100").endswith(
        "AEN20110101000100"
    )


@pytest.mark.parametrize("name", ["ref", "source", "cid", "uid"])
def test_the_only_number_of_a_script_is_kept_under_a_trackers_name(name: str) -> None:
    keys = {fold_url(f"https://e.com/view.php?{name}={n}&utm_source=x") for n in (101, 102)}
    assert keys == {f"https://e.com/view.php?{name}={n}" for n in (101, 102)}
    for url in (
        f"https://e.com/view.php?id=7&{name}=101",
        f"https://e.com/view.php?{name}=rss",
        f"https://e.com/12345.php?{name}=101",
        f"https://e.com/summit-opens-in-varnholm.php?{name}=101",
        f"https://e.com/index.php?{name}=101",
        f"{ARTICLE}?{name}=101",
    ):
        assert name not in fold_url(url)


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=rss&utm_medium=feed",
        "fbclid=IwAR0&gclid=1&xtor=RSS-1",
        "at_medium=RSS&at_campaign=KARANGA&ns_mchannel=rss&smid=tw-share&ito=1490",
        "utm_source=a&amp;utm_medium=b",
        "traffic_source=rss&ref=RSS",
    ],
)
def test_what_only_tracks_is_not_requested(query: str) -> None:
    assert without_trackers(f"{ARTICLE}?{query}#top") == f"{ARTICLE}#top"
    assert without_trackers(f"{ARTICLE}?b=2&{query}&a=%c4") == f"{ARTICLE}?b=2&a=%c4"


@pytest.mark.parametrize(
    "query",
    [
        "cid=12&uid=3",
        "source=us",
        "keyword=rss1",
        "pk_id=7",
        "outputType=rss",
        "campaign=rss",
        "b=&",
        "",
    ],
)
def test_what_may_select_a_page_is_requested(query: str) -> None:
    url = f"{ARTICLE}?{query}"
    assert without_trackers(url) == url


def test_query_is_sorted_and_blank_values_stay() -> None:
    assert fold_url("https://e.com/a?b=2&a=1&c=") == fold_url("https://e.com/a?c=&a=1&b=2")
    assert fold_url("https://e.com/a?c=") != fold_url("https://e.com/a")


def test_escapes_of_other_charsets_stay_apart() -> None:
    assert fold_url("https://e.com/a?k=%c4%e3") == "https://e.com/a?k=%C4%E3"
    assert fold_url("https://e.com/a?k=%c4%e3") != fold_url("https://e.com/a?k=%c4%e4")
    assert fold_url("https://e.com/é") == fold_url("https://e.com/%c3%a9")


@pytest.mark.parametrize(
    "amp",
    [
        "https://www.example.com/amp/world/summit-opens",
        "https://www.example.com/world/summit-opens/amp/",
        "https://www.example.com/world/summit-opens.amp",
        "https://www.example.com/world/summit-opens?amp=1",
        "https://www.example.com/world/summit-opens?outputType=amp",
        "https://amp.example.com/world/summit-opens",
        "https://www.google.com/amp/s/www.example.com/world/summit-opens",
        "https://www.google.co.uk/amp/s/amp.example.com/world/summit-opens/amp?usqp=mq331",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/world/summit-opens",
        "https://cdn.ampproject.org/v/s/www.example.com/world/summit-opens?amp_js_v=0.1",
    ],
)
def test_amp_twins_fold(amp: str) -> None:
    assert fold_url(amp) == fold_url(ARTICLE)


def test_amp_suffix_before_html() -> None:
    assert fold_url("https://e.com/a/story.amp.html") == fold_url("https://e.com/a/story.html")


@pytest.mark.parametrize("url", ["https://e.com/amp", "https://amp.com/a", "https://e.com/example"])
def test_what_only_sounds_like_amp_stays(url: str) -> None:
    assert fold_url(url) == url


def test_other_hosts_and_ports_are_other_articles() -> None:
    keys = {
        fold_url(f"http://{host}/a") for host in ("e.com", "m.e.com", "e.com:8080", "[::1]:8080")
    }
    assert len(keys) == 4


def test_internationalised_hosts_are_one() -> None:
    assert fold_url("https://zeitung-müller.de/a") == fold_url("https://xn--zeitung-mller-4ob.de/a")


SEGMENTS = st.sampled_from(
    [
        "amp",
        "view.php",
        "amp.html",
        "x.amp",
        "index.html",
        "..",
        ".",
        "",
        "a b",
        "%41",
        "%2e%2e",
        "%",
        "é",
    ]
)
HOSTS = st.sampled_from(
    [
        "www.example.com",
        "amp.example.co.uk",
        "www.amp.www.example.com",
        "[::1]",
        "127.0.0.1",
        "ÜB.de",
    ]
)
QUERIES = st.lists(
    st.sampled_from(["utm_source=1", "ref=7", "a=1", "b", "=", "amp=1", "&amp;c=2", "d=%z"])
)
URLS = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}/{path}?{query}",
    st.sampled_from(["http", "HTTPS"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.lists(SEGMENTS, max_size=5).map("/".join) | st.text(max_size=20),
    QUERIES.map("&".join),
)


@given(URLS | st.text(st.characters()))
def test_fold_is_idempotent_and_never_raises(url: str) -> None:
    key = fold_url(url)
    assert fold_url(key) == key
    assert fold_url(clean(url)) == key
    assert clean(clean(url)) == clean(url)
    assert is_http(key) == is_http(url)
    assert article_id(url) == uuid5(NAMESPACE_URL, key)
    canonical(url, url)
    assert fold_url(without_trackers(url)) == key


PLAIN = st.builds(
    lambda www, host, path, end: f"https://{www}{host}/{path}{end}",
    st.sampled_from(["", "www.", "www.www."]),
    st.sampled_from(["example.com", "a.b.co", "10.0.0.1:8080", "x.org:443", "x.org:99999", "com"]),
    st.lists(
        st.text("aAmpdex._~-/%0", max_size=6)
        | st.sampled_from(["champions", "amp", "AMP.html", "a.amp", "Index.html", "default.asp"]),
        max_size=4,
    ).map("/".join),
    st.sampled_from(["", "/", "?a=1", "#x", "\n"]),
)


@given(PLAIN | URLS)
def test_a_plain_url_has_the_key_that_all_steps_give(url: str) -> None:
    assert fold_url(url) == _fixed_point(url, key=True)


@given(URLS)
def test_fold_keeps_the_site(url: str) -> None:
    assert registrable_domain(fold_url(url)) in {
        registrable_domain(url),
        (registrable_domain(url) or "").removesuffix(":80"),
        (registrable_domain(url) or "").removesuffix(":443"),
    }


@pytest.mark.slow
def test_nested_viewers_and_long_paths_end() -> None:
    assert fold_url("https://" + "google.com/amp/s/" * 200 + "e.com/a") == "https://e.com/a"
    assert fold_url("https://e.com/" + "amp/" * 20_000 + "a") == "https://e.com/a"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://e.com/a",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//e.com/a",
        "/a",
        "https://",
        "https:///a",
        "https://[",
        "https://e.com:99999/",
        "https://e.com:0/",
        "https://good.com\\@evil.com/",
        "https://e .com/",
        "https://e.com/\ud800",
        "",
    ],
)
def test_what_cannot_be_asked_is_no_http_url(url: str) -> None:
    assert not is_http(url)
    fold_url(url)


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.example.co.uk/a", "example.co.uk"),
        ("https://www.example.com:8443/a", "example.com"),
        ("https://paper.blogspot.com/a", "paper.blogspot.com"),
        ("http://127.0.0.1:8123/a", "127.0.0.1:8123"),
        ("http://[::1]/a", "[::1]"),
        ("http://localhost:80/a", "localhost"),
        ("http://courier.test/a", "courier.test"),
        ("file:///a", None),
        ("no url", None),
    ],
)
def test_registrable_domain(url: str, domain: str | None) -> None:
    assert registrable_domain(url) == domain


def test_same_site() -> None:
    assert same_site("https://www.example.com/a", "http://news.example.com/b")
    assert not same_site("https://a.blogspot.com/", "https://b.blogspot.com/")
    assert not same_site("http://127.0.0.1:1/", "http://127.0.0.1:2/")
    assert not same_site("no url", "no url")


def test_article_id_is_one_for_all_spellings() -> None:
    assert article_id(ARTICLE) == article_id("http://example.com/world/summit-opens/?fbclid=1")
    assert article_id("urn:sha256:ab") == uuid5(NAMESPACE_URL, "urn:sha256:ab")
