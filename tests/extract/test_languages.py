from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

from tasks.extract.languages import MAX_RUN_BYTES, Identifier, choose_language, detect

MODEL = Path(MODEL_DIR) / MODEL_FILE
TEXTS = [
    "The ferry came back to the harbour on Monday, and the board met again to talk. " * 4,
    "Die Fähre kehrte am Montag in den Hafen zurück, und der Rat tagte noch einmal. " * 4,
    "渡し船は月曜日に港へ戻り、理事会は再び会合を開いた。" * 12,
    "Паром вернулся в гавань в понедельник, и совет собрался снова. " * 5,
]


@pytest.fixture(scope="module")
def both() -> tuple[Identifier, LanguageIdentifier]:
    return tuple(
        kind.from_modelpath(MODEL, norm_probs=True) for kind in (Identifier, LanguageIdentifier)
    )


@pytest.mark.slow
def test_the_model_knows_no_longer_runs(both: tuple[Identifier, LanguageIdentifier]) -> None:
    _, library = both
    next_states, rows = np.asarray(library.tk_nextmove).reshape(-1, 256), np.array(library.tk_row)
    reached = front = np.zeros(1, np.intp)
    for _ in range(MAX_RUN_BYTES):
        front = np.setdiff1d(next_states[rows[front]], reached)
        reached = np.union1d(reached, front)
    assert len(reached) == len(rows)


@pytest.mark.parametrize("text", TEXTS)
def test_languages_are_those_that_the_library_detects(
    both: tuple[Identifier, LanguageIdentifier], text: str
) -> None:
    own, library = (each._decide(text).tobytes() for each in both)
    assert own == library
    assert detect(text) in (None, both[1].classify(text)[0])


def test_chinese_with_foreign_names_is_chinese() -> None:
    text = "苹果公司(Apple)周三发布了新款iPhone。首席执行官库克(Tim Cook)表示，新产品将于下月上市。"
    assert detect(text * 2) == "zh"


KIKUYU = (
    "Thirikari nĩĩracokerete kũruta wĩra mũthenya wa njumatatũ, na andũ aingĩ magĩcemania mũciĩ "
    "mũnene nĩguo maarĩrĩrie ũhoro wa mbeca cia mwaka ũyũ. Mũtongoria nĩoigire atĩ nĩekũheana. "
)


def test_a_detected_language_has_the_code_that_topics_have() -> None:
    assert detect(KIKUYU) == "ki"
    assert choose_language("ki", KIKUYU, "en") == ("ki", "page")


def test_figures_are_in_no_language() -> None:
    figures = " ".join(str(7919 * number) for number in range(100))
    assert detect(figures) is None
    assert choose_language("de", figures, None) == ("de", "page")


@settings(max_examples=100, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
def test_any_text_is_scored_as_the_library_does(
    both: tuple[Identifier, LanguageIdentifier], text: str
) -> None:
    own, library = (each._decide(text).tobytes() for each in both)
    assert own == library
