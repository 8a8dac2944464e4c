"""Sketches: near copies are near, also in Chinese; the same everywhere."""

import subprocess
import sys

import numpy as np
import pytest

from tasks.text.text_sketches import BANDS, SLOTS, Sketch, sketch

ARTICLE = " ".join(
    f"The ministers of region {number} met in town {number * 7} and spoke of grain, tariffs and "
    f"the {number}th reading of the harbour bill."
    for number in range(40)
)
OTHER = " ".join(f"Rain fell on valley {number} until dawn broke." for number in range(90))


def of(text: str) -> Sketch:
    found = sketch(text)
    assert found
    return found


def jaccard(one: str, other: str) -> float:
    bits = (np.frombuffer(of(text).bits, dtype=np.uint8) for text in (one, other))
    return float(1 - 2 * np.unpackbits(np.bitwise_xor(*bits)).sum() / SLOTS)


def test_near_copies_are_near_and_others_far() -> None:
    edited = ARTICLE.replace("region 7", "province 7") + " Reporting by our own staff."
    assert jaccard(ARTICLE, edited) > 0.85
    assert jaccard(ARTICLE, OTHER) < 0.2
    assert set(of(ARTICLE).bands) & set(of(edited).bands)
    assert not set(of(ARTICLE).bands) & set(of(OTHER).bands)


def test_signs_case_and_gaps_do_not_matter() -> None:
    assert of(ARTICLE) == of(ARTICLE.upper().replace(" ", "\n").replace(",", " –"))


@pytest.mark.parametrize("share", [0.4, 0.6, 0.8])
def test_the_share_of_equal_bits_tells_the_similarity(share: float) -> None:
    words = [f"w{number}" for number in range(1000)]
    cut = words[: int(share * len(words))]
    assert jaccard(" ".join(words), " ".join(cut)) == pytest.approx(share, abs=0.12)


def test_chinese_goes_by_characters() -> None:
    text = "".join(
        f"第{number}次会议在北京举行，双方就贸易问题交换了意见。" for number in range(60)
    )
    assert jaccard(text, text.replace("北京", "上海", 2)) > 0.8
    assert of("华为公司在北京").shingles == 4


def test_a_text_without_words_has_none() -> None:
    assert sketch("") is None
    assert sketch("… — !") is None
    assert of("word").shingles == 1


def test_a_sketch_is_the_same_in_every_process() -> None:
    found = of(ARTICLE)
    assert (len(found.bits), len(found.bands)) == (SLOTS // 8, BANDS)
    code = f"from tasks.text.text_sketches import sketch; print(sketch({ARTICLE!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == repr(found)


def test_sketches_of_stored_texts_stay_what_they_are() -> None:
    """Another release of the library that hashes otherwise needs all texts sketched again."""
    found = of("The ferry to the harbour was late again, said the council on Monday.")
    assert found.shingles == 10
    assert found.bits[:4].hex() == "6ca055e5"
    assert found.bands[:2] == (2886119520, 3517886853)
