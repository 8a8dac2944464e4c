"""What is taken out of texts, and what stays."""

import pytest

from tasks.text.control_characters import quoted_controls, without_controls

# Marks that scripts need: of direction, joiners, a soft hyphen.
MARKS = "שלום\u200f, עולם\u200e 👩\u200d🚀 soft\u00adhyphen"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1Hhome", "red home"),
        ("\x1b]0;a title\x07text \x1b]8;;http://a.test\x1b\\link\x1b]8;;\x1b\\", "text link"),
        ("\x1bP1$r0m\x1b\\x\x1bcy\x1b(Bz\x1b", "xyz"),
        ("an \x1b]unclosed one takes no text with it", "an unclosed one takes no text with it"),
        ("a\x00b\x07c\x08d\x7fe", "abcde"),
        ("a\x80b\x9b31mc\x9d0;d\x9ce", "ab31mc0;de"),
        ("user\u202etxt.exe\u202c \u2066a\u2069", "usertxt.exe a"),
        (
            "tab\tand\nline\r\nx\rand\x0bor\x0cfeed\x85end",
            "tab\tand\nline\nx and or feed end",
        ),
        (f"{MARKS} {MARKS}", f"{MARKS} {MARKS}"),
    ],
)
def test_controls_go_and_text_stays(text: str, want: str) -> None:
    assert without_controls(text) == want


def test_a_url_stays_the_same_url() -> None:
    assert quoted_controls("https://a.test/x\x1b[2J?é=\u202e") == (
        "https://a.test/x%1B[2J?é=%E2%80%AE"
    )
