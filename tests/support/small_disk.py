"""Disks that are soon full."""

import os
import subprocess
from pathlib import Path


class SmallDisk:
    """A disk that can be filled to the last byte; for root, on Linux."""

    def __init__(self, path: Path, megabytes: int) -> None:
        path.mkdir(parents=True)
        self.path, self._filler = path, path / ".filler"
        size = f"size={megabytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(path)], check=True)

    def fill(self, leaving: int = 0) -> None:
        """Leave so many bytes free."""
        free = os.statvfs(self.path)
        with self._filler.open("wb") as out:
            os.posix_fallocate(out.fileno(), 0, free.f_bavail * free.f_frsize - leaving)

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink()

    def make_read_only(self) -> None:
        """Let nobody write to it any more."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    def unmount(self) -> None:
        """Take the disk away."""
        subprocess.run(["umount", "-l", str(self.path)], check=True)
