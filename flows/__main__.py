"""The `presswatch` command; also `python -m flows`."""

import sys
from io import TextIOWrapper

from flows.processes.ctrl_c import end_on_ctrl_c
from flows.processes.quick_imports import quick_imports


def main() -> None:
    """Run the command."""
    end_on_ctrl_c()  # before the other imports, which take a second
    # Not every terminal or locale can encode every headline. In the "C" locale, Python itself sets
    # another error handler than "strict" (PEP 538, 540).
    if sys.stdout.errors == "strict" and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    with quick_imports():
        from flows.cli.app import app

    app()


if __name__ == "__main__":
    main()
