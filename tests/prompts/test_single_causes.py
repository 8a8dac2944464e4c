"""Pages that were cleaned wrongly, one cause each, as small as they still show it."""

from tasks.extract.headlines import choose_headline


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
