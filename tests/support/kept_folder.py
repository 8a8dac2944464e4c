"""A data folder that several tests begin with: loaded once, and put back for each of them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Self

from warehouse.layers.layout import Layout


class KeptFolder:
    """A copy takes milliseconds, a load two seconds of CPU.

    The folder has one path, since a warehouse knows where its Parquet files are; moved, it would
    be loaded again.
    """

    def __init__(
        self, folder: Path, fill: Callable[[Layout], object], before: Self | None = None
    ) -> None:
        """Filled from nothing, or from what was kept in the same folder before."""
        self._layout = before.restored() if before else Layout(folder / "data")
        self._kept = folder / ("kept-later" if before else "kept")
        fill(self._layout)
        shutil.copytree(self._layout.root, self._kept, symlinks=True)

    def continued(self, fill: Callable[[Layout], object]) -> "KeptFolder":
        """The same folder after more was done in it."""
        return KeptFolder(self._kept.parent, fill, self)

    def restored(self) -> Layout:
        """The folder as it was filled."""
        shutil.rmtree(self._layout.root, ignore_errors=True)
        shutil.copytree(self._kept, self._layout.root, symlinks=True)
        return self._layout
