import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.prompts.block_features import describe
from tasks.prompts.block_model import load_model
from tasks.prompts.page import Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_tree
from tasks.prompts.surroundings import Neighbours, PageTopic, headline_share
from tasks.prompts.tree_arrays import Columns, TreeArrays
from tasks.prompts.tree_position import card_columns, kin_column
from tasks.prompts.word_weights import Lexicon, tokens, topic_words

SENTENCE = "The ferry crossed the strait again on Monday after a week of storms and repairs."


def described(html: str) -> tuple[Page, Columns]:
    page = split_tree(LexborHTMLParser(html))
    columns, _ = describe(page, -1, Hints(), load_model().lexicon)
    return page, columns


def said(*texts: str) -> list[frozenset[str]]:
    return [topic_words(tokens(text)) for text in texts]


def test_the_subject_is_in_the_long_words_and_in_pairs_of_characters() -> None:
    assert topic_words(tokens("The G20 met in Rome")) == {"rome"}
    assert topic_words(tokens("湾の渡し船")) == {"湾の", "の渡", "渡し", "し船"}


def test_longer_words_count_by_their_stem_too() -> None:
    lexicon = Lexicon({}, {"subsc*": 2.0, "subscribe": 1.0}, {}, {})
    scores = [lexicon.score_text(word).prompt for word in ("subscribe", "Subscription", "subsc")]
    assert scores == pytest.approx([3 / 3**0.5, 2 / 3**0.5, 0])


def test_a_block_shares_the_words_of_the_headline() -> None:
    (wanted,) = said("Ferry crosses the strait")
    share = headline_share(said("The ferry and the strait", "Weather today", ""), wanted)
    assert share[0] > 0.6
    assert share[1:].tolist() == [0, 0]
    assert np.isnan(headline_share(said("The ferry"), frozenset())).all()


def test_a_block_is_related_to_what_the_other_blocks_say() -> None:
    texts = ["ferry strait", "ferry harbour", "weather subscribe", "subscribe weather", "ferry"]
    score = np.array([0.9, 0.9, 0.1, 0.1, 0.0], np.float32)
    found = PageTopic(said(*texts)).relate(score)
    assert found["said_rather"][4] == pytest.approx(1.6 / 2.5)
    assert found["said_inside"][4] == 1
    assert found["said_outside"][4] == pytest.approx(0.2)
    assert found["said_rather"][2] == pytest.approx(-0.8 / 1.5)
    assert PageTopic(said("", "")).relate(score[:2])["said_rather"].tolist() == [0, 0]


def test_labels_between_running_text_are_passed_over() -> None:
    values = np.array([0.2, 9, 0.4, 9, 9, 0.6], np.float32)
    is_good = np.array([True, False, True, False, False, True])
    found = Neighbours(is_good).nearest(values, "x")
    want = [-1, 0.2, 0.2, 0.3, 0.3, 0.3]
    assert found["x_before3"] == pytest.approx(np.array(want))
    assert found["x_after3"] == pytest.approx(np.array([0.5, 0.5, 0.6, 0.6, 0.6, -1]))


def test_the_steps_to_running_text() -> None:
    _, columns = described(f"<p>{SENTENCE}</p><p>Advertisement</p><p>{SENTENCE}</p>")
    assert columns["since_good"].tolist() == [30, 1, 2]
    assert columns["until_good"].tolist() == [2, 1, 30]


def test_the_cards_around_a_block() -> None:
    cards = "".join(
        f"<div class=card><a href=/{n}>Mayor opens fair</a><b>x</b></div>" for n in "abc"
    )
    page, columns = described(f"<p>{SENTENCE}</p><section>{cards}</section>")
    found = card_columns(TreeArrays(page), columns)
    assert found["cards"].tolist() == [-1, 3, 3, 3]
    assert found["cards_linked"].tolist() == [-1, 1, 1, 1]
    assert found["card_good"].tolist() == [-1, 0, 0, 0]


def test_kin_are_the_blocks_in_sister_elements_of_one_name() -> None:
    page, columns = described("<p class=a>One two</p><p class=a>Three</p><p class=b>Four</p>")
    chars = columns["chars"]
    score = np.array([1, 0.5, 0.2], np.float32)
    want = [5 * 0.5 / 6, 7 / 8, -1]
    assert kin_column(TreeArrays(page), score * chars, chars) == pytest.approx(
        np.array(want, np.float32)
    )
