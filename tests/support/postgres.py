"""A PostgreSQL of the test's own: Debian's programs, a cluster in a temporary folder, loopback."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from tests.support.ports import free_port

DEBIAN = Path("/usr/lib/postgresql")
PROGRAMS = ("initdb", "pg_ctl", "psql", "pg_dump", "pg_restore")
PASSWORD = "for the test alone"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs; None where they are not all there."""
    found = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*found, *([Path(on_path).resolve().parent] if on_path else [])]
    complete = (one for one in folders if all((one / name).exists() for name in PROGRAMS))
    return next(complete, None)


class Postgres:
    """A running cluster; its folder is gone after it."""

    def __init__(self, bin_folder: Path) -> None:
        self.bin = bin_folder
        self.port = free_port()
        # PostgreSQL does not run as root, and another user cannot enter pytest's folders.
        self.folder = Path(tempfile.mkdtemp(prefix="presswatch-postgres-", dir="/tmp"))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)

    def __enter__(self) -> Self:
        cluster, secret = str(self.folder / "cluster"), self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self.run("initdb", "-D", cluster, "-A", "scram-sha-256", "-U", "postgres", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync", f"--pwfile={secret}")  # fmt: skip
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off"
        self.run("pg_ctl", "-D", cluster, "-w", "-l", str(self.folder / "log"), "-o", options,
                 "start")  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "cluster"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def run(self, program: str, *words: str) -> str:
        """Run one of PostgreSQL's programs as the cluster's user; what it prints."""
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.folder,
            env=environment,
            user=self.user if os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"
        return done.stdout

    def at(self, user: str = "postgres") -> list[str]:
        """The options by which its programs reach it."""
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", user]

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the cluster's administrator; the values it gives."""
        words = [*self.at(), "-d", database, "-v", "ON_ERROR_STOP=1", "-At", "-c", statement]
        return self.run("psql", *words).strip()

    def make_database(self, name: str) -> str:
        """A database with an owner of that name, as production.md makes it; its address."""
        if not self.sql("SELECT 1 FROM pg_roles WHERE rolname = 'prefect'"):
            self.sql(f"CREATE ROLE prefect LOGIN PASSWORD '{PASSWORD}'")
        self.sql(f"CREATE DATABASE {name} OWNER prefect")
        secret = PASSWORD.replace(" ", "%20")
        return f"postgresql+asyncpg://prefect:{secret}@127.0.0.1:{self.port}/{name}"
