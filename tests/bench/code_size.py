"""Count the product's code: `python -m tests.bench.code_size [FOLDER]`.

Prints lines of Python, modules, functions, private functions that are used once (and how many of
them are plain functions called at that place: no methods, callbacks or cached ones), comment lines
per 100 lines, and the lengths of functions.
"""

import ast
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOMS = ("flows", "tasks", "warehouse")


def modules(root: Path) -> list[Path]:
    """The product's Python files."""
    return sorted(path for room in ROOMS for path in (root / room).rglob("*.py"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, nested ones too."""
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def single_use_private(paths: list[Path], *, are_called: bool = False) -> list[str]:
    """Private functions whose name stands once in their module beside the definition.

    With `are_called` only functions of the module that are called there.
    """
    found = []
    for path in paths:
        text = path.read_text()
        names = Counter(re.findall(r"\b_[a-z]\w*\b", text))
        for function in functions(ast.parse(text)):
            name = function.name
            if not name.startswith("_") or name.startswith("__") or names[name] != 2:
                continue
            is_plain = function.col_offset == 0 and not function.decorator_list
            if not are_called or (is_plain and re.search(rf"(?<!def ){name}\(", text)):
                found.append(f"{path}: {name}")
    return found


def comment_lines(path: Path) -> int:
    """Lines with a comment, beside code or alone, without pragmas."""
    with path.open("rb") as file:
        return sum(
            token.type == tokenize.COMMENT and not re.match(r"# (noqa|type:|pragma)", token.string)
            for token in tokenize.tokenize(file.readline)
        )


def main(root: Path) -> None:
    """Print the figures of a checkout."""
    paths = modules(root)
    lines = sum(len(path.read_text().splitlines()) for path in paths)
    lengths = [
        (function.end_lineno or 0) - function.lineno + 1
        for path in paths
        for function in functions(ast.parse(path.read_text()))
    ]
    comments = sum(map(comment_lines, paths))
    for what, figure in {
        "lines of Python": lines,
        "modules": len(paths),
        "functions": len(lengths),
        "private functions used once": len(single_use_private(paths)),
        "of these, called": len(single_use_private(paths, are_called=True)),
        "comment lines per 100": round(100 * comments / lines, 1),
        "function lines, median": median(lengths),
        "function lines, p95": round(quantiles(lengths, n=20)[-1]),
        "function lines, longest": max(lengths),
        "modules over 300 lines": sum(len(p.read_text().splitlines()) > 300 for p in paths),
    }.items():
        print(f"{figure:>8,}  {what}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
