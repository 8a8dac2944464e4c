"""Parses HTML into a tree."""

import re

from selectolax.lexbor import LexborHTMLParser

SPACE = re.compile(r"[^\S\u3000]+")
MAX_DEPTH = 1500
MANY_TAGS = 4000
NESTING = re.compile(
    r"<(/?)(?:div|section|article|aside|main|header|footer|nav|figure|blockquote|center|form"
    r"|details|fieldset|ul|ol|dl|table|font|span|b|i|em|strong|u|a|small|big|pre|menu)\b"
    r"(?:[^<>]*|[^>]{0,300})>",  # without a bound, `<div <div <div` takes quadratic time
    re.I,
)
TEMPLATE = re.compile(r"<(/?)template\b([^<>]*)>", re.I)
# Browsers write a component's shadow tree so into a page that they save, some sites serve it so.
SHADOW = re.compile(r"\sshadow(?:root)?mode\s*=", re.I)


def one_line(text: str) -> str:
    """The text on one line; ideographic spaces, which separate parts of a headline, stay."""
    return SPACE.sub(" ", text).strip()


def parse_html(text: str) -> LexborHTMLParser:
    """Parse a page; shadow trees become part of it, nesting deeper than MAX_DEPTH is flattened."""
    if "<template " in text and SHADOW.search(text):
        text = _with_shadow_trees(text)
    # The parser takes quadratic time in the depth, which hostile pages exploit.
    depth = 0
    for slash in NESTING.findall(text) if text.count("<") > MANY_TAGS else ():
        depth = max(0, depth - 1) if slash else depth + 1
        if depth > MAX_DEPTH:
            return LexborHTMLParser(_flatten(text))
    return LexborHTMLParser(text)


def _with_shadow_trees(text: str) -> str:
    """A page whose shadow trees are plain elements: the parser leaves a template out."""
    are_shadow: list[bool] = []  # the templates that are open

    def replaced(tag: re.Match[str]) -> str:
        if not tag[1]:
            are_shadow.append(SHADOW.search(tag[2]) is not None)
            return "<div>" if are_shadow[-1] else tag[0]
        return "</div>" if are_shadow and are_shadow.pop() else tag[0]

    return TEMPLATE.sub(replaced, text)


def _flatten(text: str) -> str:
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        before, depth = depth, max(0, depth - 1 if tag[1] else depth + 1)
        # A space, so that the words on both sides of a removed tag stay apart.
        return tag[0] if max(before, depth) <= MAX_DEPTH else " "

    return NESTING.sub(keep, text)
