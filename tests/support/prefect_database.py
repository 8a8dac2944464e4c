"""A Prefect database with its tables: of a new one Prefect takes 15 s of CPU to make them."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = "FOLDER_OF_NEW_DATABASE"
"""Environment variable that all processes of a test run share: where the database is made."""
NAME = "prefect.db"
WITHOUT_BLOCKS = {"PREFECT_API_BLOCKS_REGISTER_ON_START": "false"}
"""A server does not write the types of Prefect's blocks, 1.4 s of CPU for each new database."""


def without_prefect() -> dict[str, str]:
    """This environment without Prefect's settings, which are of the tests' own server."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT_")}
    return others | WITHOUT_BLOCKS


def put_database(home: Path) -> None:
    """Give a Prefect home without a database a new one; the first call of a test run makes it."""
    if (home / NAME).exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_made(), home / NAME)
    (home / NAME).chmod(0o600)


def _made() -> Path:
    folder = Path(os.environ[FOLDER])
    made = folder / NAME
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = folder / "making"
            subprocess.run(
                [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"],
                env={**without_prefect(), "PREFECT_HOME": str(making)},
                capture_output=True,
                check=True,
            )
            (making / NAME).rename(made)
    return made
