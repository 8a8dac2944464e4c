"""`python -m flows` is the `presswatch` command."""

from flows.cli.app import main

if __name__ == "__main__":
    main()
