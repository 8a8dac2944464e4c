import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tasks.topics.mentions import Matcher
from tasks.topics.topic import ConfigError, Topic, TopicEntry, load_topics
from tests.support.config_files import problems_of

SHIPPED = Path(__file__).parents[2] / "deployments" / "topics.toml"

GOOD = """\
[[topic]]
id = "g20"
name = "G20"
aliases = ["G20", "Group of 20"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "topics.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> tuple[str, ...]:
    return problems_of(folder / "topics.toml", text, load_topics)


def topic(**changes: Any) -> Topic:
    definition = {"id": "g20", "name": "G20", "aliases": ("G20", "G-20"), "exclude": ("BMW G20",)}
    given = {key: value for key, value in (definition | changes).items() if value != ()}
    return TopicEntry.model_validate(given).topic()


def test_the_smallest_topic_and_its_defaults(tmp_path: Path) -> None:
    (found,) = load_topics(write(tmp_path, GOOD))
    assert found == TopicEntry(id="g20", name="G20", aliases=("G20", "Group of 20")).topic()
    assert found.exclude == ()
    assert found.case_sensitive is False
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('excludes = ["x"]', "excludes: unknown key, did you mean exclude?"),
        ("exclude = 'x'", "exclude: wrong type, must be a list, got 'x'"),
        ("exclude = ['']", "exclude[0]: must not be empty, got ''"),
        ("exclude = ['a*b']", "exclude[0]: may hold * only as its first or last character"),
        ("exclude = ['g20']", "exclude: 'g20' repeats 'G20' once folded"),
        ("case_sensitive = 'no'", "case_sensitive: wrong type, must be true or false"),
    ],
)
def test_one_bad_line(tmp_path: Path, line: str, message: str) -> None:
    (problem,) = problems(tmp_path, f"{GOOD}{line}\n")
    assert problem.startswith("topic 1 (g20): ")
    assert message in problem


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ([], "aliases: must hold at least one phrase"),
        (["G20", ""], "aliases[1]: must not be empty"),
        (["\u200b\u00ad "], "aliases[0]: must not be empty"),
        (["*"], "aliases[0]: must not be empty"),
        (["*ـ*"], "aliases[0]: must not be empty"),
        (["**"], "aliases[0]: must not be empty"),
        (["**a"], "aliases[0]: may hold * only as its first or last character"),
        (["a**"], "aliases[0]: may hold * only as its first or last character"),
        (["G20", 20], "aliases[1]: wrong type, must be a string, got 20"),
        (["G20", "g20"], "aliases: 'g20' repeats 'G20' once folded"),
        (["G20", "Ｇ２０"], "aliases: 'Ｇ２０' repeats 'G20' once folded"),
        (["G-20", "G\u201120"], "repeats 'G-20' once folded"),
        (["Group of 20", "group  of\u00a020"], "repeats 'Group of 20' once folded"),
    ],
)
def test_bad_aliases(tmp_path: Path, aliases: list[object], message: str) -> None:
    text = GOOD.replace('["G20", "Group of 20"]', json.dumps(aliases, ensure_ascii=False))
    (problem,) = problems(tmp_path, text)
    assert message in problem


BOTH = """\
[[topic]]
id = "huawei-sanctions"
name = "Sanctions on Huawei"
all_of = [["sanctions", "制裁"], ["Huawei", "华为"]]
none_of = ["doping"]
within = "sentence"
"""


def test_a_boolean_topic(tmp_path: Path) -> None:
    (found,) = load_topics(write(tmp_path, BOTH))
    assert found.aliases == ()
    assert found.all_of == (("sanctions", "制裁"), ("Huawei", "华为"))
    assert (found.within, found.within_words) == ("sentence", None)
    assert {"en", "ja", "zh"} <= {*(found.languages or ())}
    (near,) = load_topics(write(tmp_path, BOTH.replace('"sentence"', "{ words = 10 }")))
    assert (near.within, near.within_words) == ("words", 10)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('within = "sentence"', "", 'within: missing; all_of needs it, "sentence" for one'),
        ('"sentence"', '"page"', 'within: must be "sentence", "paragraph", "article" or { words ='),
        ('"sentence"', "{ words = 1 }", "N from 2 to 100, got {'words': 1}"),
        ('"sentence"', "{ letters = 9 }", "within: must be"),
        ('["Huawei", "华为"]', "[]", "all_of[1]: must hold at least one phrase"),
        (
            '["Huawei", "华为"]',
            '["a*b"]',
            "all_of[1][0]: may hold * only as its first or last character",
        ),
        ('[["sanctions", "制裁"], ["Huawei", "华为"]]', "[]", "all_of: must hold at least one"),
        ('"Huawei"', '"SANCTIONS"', "all_of: 'SANCTIONS' repeats 'sanctions' once folded"),
        ('"doping"', '"huawei"', "none_of: 'huawei' repeats 'Huawei' once folded"),
        ("none_of", "none_off", "none_off: unknown key, did you mean none_of?"),
        ("all_of = ", 'aliases = ["x"]\nall_of = ', "all_of: not with aliases; keep one"),
        (
            "all_of = ",
            "fold_diacritics = 1\nall_of = ",
            "fold_diacritics: wrong type",
        ),
    ],
)
def test_bad_boolean_topics(tmp_path: Path, old: str, new: str, message: str) -> None:
    (problem,) = problems(tmp_path, BOTH.replace(old, new))
    assert problem.startswith("topic 1 (huawei-sanctions): ")
    assert message in problem


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('none_of = ["x"]', "none_of: goes with all_of; beside aliases use context_exclude"),
        ('within = "article"', "within: goes with all_of"),
        (
            "context_exclude = ['group of 20']",
            "context_exclude: 'group of 20' repeats",
        ),
        ("sections_exclude = ['*a']", "sections_exclude[0]: may hold * only as its last"),
        ("sections_exclude = ['a*b']", "sections_exclude[0]: may hold * only as its"),
    ],
)
def test_conditions_of_a_topic_with_aliases(tmp_path: Path, line: str, message: str) -> None:
    (problem,) = problems(tmp_path, f"{GOOD}{line}\n")
    assert message in problem


def test_a_topic_without_phrases(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, '[[topic]]\nid = "a"\nname = "A"\n')
    assert problem == "topic 1 (a): aliases: missing; give aliases, or all_of for phrases together"


def test_marks_make_two_aliases_unless_they_are_folded(tmp_path: Path) -> None:
    both = '[[topic]]\nid = "a"\nname = "A"\naliases = ["São Paulo", "Sao Paulo"]\n'
    assert load_topics(write(tmp_path, both))
    (problem,) = problems(tmp_path, f"{both}fold_diacritics = true\n")
    assert "aliases: 'Sao Paulo' repeats 'São Paulo' once folded" in problem


def test_capitals_make_two_aliases_where_they_count() -> None:
    assert topic(aliases=("G20", "g20"), case_sensitive=True).aliases == ("G20", "g20")


def test_topics_may_share_an_alias(tmp_path: Path) -> None:
    assert len(load_topics(write(tmp_path, GOOD + GOOD.replace('"g20"', '"summits"')))) == 2


def test_a_repeated_or_a_bad_id(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD + GOOD) == ("topic 2 (g20): id: repeats topic 1",)
    assert "id: must be of a-z 0-9 -" in problems(tmp_path, GOOD.replace('"g20"', '"G 20"'))[0]


def test_a_broken_or_missing_file(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GOOD + "aliases = [\n")
    assert "not valid TOML" in problem
    with pytest.raises(ConfigError, match="the file is missing"):
        load_topics(tmp_path / "none.toml")


def test_the_hash_changes_with_what_counts_and_with_nothing_else() -> None:
    same = topic().definition_hash
    assert same == topic(name="The twenty", aliases=("G-20", "G20")).definition_hash
    assert len(same) == 64
    others = {
        topic(aliases=("G20",)).definition_hash,
        topic(aliases=("G20", "g-20")).definition_hash,
        topic(exclude=()).definition_hash,
        topic(case_sensitive=True).definition_hash,
        topic(fold_diacritics=True).definition_hash,
        topic(context_exclude=("tent",)).definition_hash,
        topic(sections_exclude=("tent",)).definition_hash,
        *(
            topic(aliases=(), all_of=groups, within=within, none_of=none).definition_hash
            for groups in ((("a", "b"),), (("a",), ("b",)))
            for within in ("sentence", "article", {"words": 5}, {"words": 6})
            for none in ((), ("c",))
        ),
    }
    assert len(others | {same}) == 24
    given = {"aliases": (), "within": "sentence"}
    one, other = (
        topic(all_of=groups, **given) for groups in ((("a",), ("c", "b")), (("b", "c"), ("a",)))
    )
    assert one.definition_hash == other.definition_hash


def test_the_hash_is_the_same_on_every_machine() -> None:
    assert topic().definition_hash.startswith("59066b24f8fdf737")


SAMPLES = {
    "sanctions": [
        ("Washington eased sanctions on two banks.", 1),
        ("New SANCTIONS; pre-sanctions output; a sanctions-busting fleet", 3),
        ("The rally was sanctioned by the board, an officially sanctioned event.", 0),
        ("State-sanctioned gambling, and the sanction of the court", 0),
        ("Two sanctioned oligarchs and a US-sanctioned tanker", 2),
        ("a lender sanctioned by the United States", 1),
        ("a race sanctioned by the US Tennis Association", 0),
        ("Universal Credit sanctions and benefit sanctions hurt tenants", 0),
        ("The judge weighed Rule 11 sanctions.", 0),
        ("The court ordered monetary sanctions and attorney's fees.", 0),
        ("The NCAA handed down sanctions. Washington's sanctions stay.", 1),
        ("Sanctions on the club's owner, an oligarch, delay the sale of the football team.", 1),
        ("The school has a list of sanctions for pupils who are late.", 0),
        ("Das Sportgericht droht mit Sanktionen. Die Sanktionen gegen Moskau bleiben.", 1),
        ("Schärfere Sanktionen für alle, die Termine im Jobcenter versäumen", 0),
        ("La Commission de discipline a annoncé des sanctions contre trois joueurs.", 0),
        ("Las sanciones llegan por acumulación de tarjetas.", 0),
        ("Die EU-Sanktionen und das neue Sanktionspaket, die Sanktionsliste", 3),
        ("Wirtschaftssanktionen gegen einen sanktionierten Tanker", 2),
        ("Bürgergeld-Sanktionen und strafrechtliche Sanktionen", 0),
        ("Eine Sanktion droht dem Schüler, das Foul wird sanktioniert.", 0),
        ("Les sanctions européennes, pas les sanctions disciplinaires", 1),
        ("Las sanciones contra Moscú y las sanciones de tráfico", 1),
        ("美国解除制裁；他受到法律制裁", 1),
        ("経済制裁を科す。制裁金と制裁関税は別だ。", 1),
    ],
    "huawei": [
        ("Huawei's chips, HUAWEI™ phones, #Huawei, anti-Huawei rules", 4),
        ("Follow @Huawei or write to press@huawei.com, see huawei.com/en", 0),
        ("其中华为手机出货量最高，华为技术有限公司表示", 2),
        ("以振兴中华为己任，升华为艺术，清华为学生提供", 0),
        ("他們視華為敵，華為回應", 1),
        ("華為技術（ファーウェイ）は、ﾌｧｰｳｪｲ製品を", 2),
        ("Huaweiの新製品", 1),
    ],
    "g20": [
        ("G20峰会在里约举行，二十国集团领导人", 2),
        ("The Group of\n20 met; a group of 20 tourists did not.", 1),
        ("the Group of Twenty (G20) and G-20 and G‑20 ministers", 3),
        ("G200, AG20, G20s, Moto G20, BMW G20", 0),
        ("in der Gruppe der 20- bis 29-Jährigen; die Gruppe der 20 tagt", 1),
        ("le G 20, le Groupe des Vingt, el Grupo de los Veinte", 3),
        ("主要20カ国・地域（Ｇ２０）首脳会議。約120カ国・地域と20カ国・地域で販売", 1),
        ("G20青银高速发生事故", 0),
        ("https://g20.org/en @g20org #G20", 1),
    ],
}


@pytest.mark.parametrize(
    ("topic_id", "text", "expected"),
    [(topic_id, *sample) for topic_id, samples in SAMPLES.items() for sample in samples],
)
def test_the_shipped_topics_on_traps(topic_id: str, text: str, expected: int) -> None:
    matcher = Matcher([found for found in load_topics(SHIPPED) if found.topic_id == topic_id])
    found = [hit.matched_text for hit in matcher.find(text)]
    assert len(found) == expected, found


def test_the_shipped_topics() -> None:
    assert [found.topic_id for found in load_topics(SHIPPED)] == ["sanctions", "huawei", "g20"]
