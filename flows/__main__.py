"""The `presswatch` command; also `python -m flows`."""

from flows.processes.ctrl_c import end_on_ctrl_c


def main() -> None:
    """Run the command."""
    end_on_ctrl_c()  # before the other imports, which take a second
    from flows.cli.app import app

    app()


if __name__ == "__main__":
    main()
