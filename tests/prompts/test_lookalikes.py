"""How many news sentences are lost that read like prompts, and how many prompts that read like news
are left, in fifteen languages.

Nobody who writes a rule or trains the model reads the half `held`. `python -m tests.bench --only
lookalikes` prints both halves by language.
"""

import pytest

from tests.support.lookalikes import HALVES, PLACES, score

pytestmark = pytest.mark.slow

# Just above what was measured (tests/bench/README.md): lost sentences, prompts left.
AT_MOST = {"dev": (0.0, 0.046), "held": (0.0, 0.044)}
# The most of both that a language may have; none where it is not named.
BY_LANGUAGE: dict[str, dict[str, tuple[int, int]]] = {
    "dev": {
        **dict.fromkeys(("en", "es", "pt", "sv", "zh"), (0, 1)),
        "it": (0, 3),
    },
    "held": {"de": (0, 1), "es": (0, 4), "ru": (0, 1), "zh": (0, 1)},
}
MOST_PAGES = {"dev": 0, "held": 0}
# Of pages saved as text: sentences lost, prompts left, pages that lose more.
OF_TEXT = {"dev": (2, 111, 0), "held": (2, 92, 1)}


@pytest.mark.parametrize("half", HALVES)
def test_sentences_stay_and_prompts_go(half: str) -> None:
    total = score(half)["all"]
    most_lost, most_left = AT_MOST[half]
    assert total.lost / total.sentences <= most_lost
    assert total.left / total.prompts <= most_left


@pytest.mark.parametrize("half", HALVES)
def test_no_language_is_worse_than_it_was(half: str) -> None:
    for language, counts in score(half).items():
        most_lost, most_left = BY_LANGUAGE[half].get(language, (0, 0))
        if language != "all":
            assert counts.lost <= most_lost, language
            assert counts.left <= most_left, language


@pytest.mark.parametrize("half", HALVES)
def test_a_prompt_takes_no_other_paragraph_along(half: str) -> None:
    assert score(half)["all"].pages_losing_more <= MOST_PAGES[half]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("half", HALVES)
def test_sentences_stay_that_are_no_paragraphs(half: str, place: str) -> None:
    assert score(half, place)["all"].lost == 0


@pytest.mark.parametrize("half", HALVES)
def test_pages_saved_as_text_are_no_worse_than_they_were(half: str) -> None:
    total = score(half, "text")["all"]
    for count, most in zip(
        (total.lost, total.left, total.pages_losing_more), OF_TEXT[half], strict=True
    ):
        assert count <= most
