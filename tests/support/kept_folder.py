"""A data folder that several tests begin with: loaded once, and put back for each of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

from warehouse.layers.layout import Layout


class KeptFolder:
    """A copy takes milliseconds, a load two seconds of CPU.

    The folder has one path, since a warehouse knows where its Parquet files are; moved, it would
    be loaded again.
    """

    def __init__(self, folder: Path, fill: Callable[[Layout], object]) -> None:
        self._layout, self._kept = Layout(folder / "data"), folder / "kept"
        fill(self._layout)
        shutil.copytree(self._layout.root, self._kept, symlinks=True)

    def restored(self) -> Layout:
        """The folder as it was filled."""
        shutil.rmtree(self._layout.root, ignore_errors=True)
        shutil.copytree(self._kept, self._layout.root, symlinks=True)
        return self._layout
