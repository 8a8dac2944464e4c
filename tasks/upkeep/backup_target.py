"""Whether a folder may become the copy of a data folder."""

from pathlib import Path


def overlap(one: Path, other: Path) -> bool:
    """Whether a file may lie in both folders, by symbolic links as well."""
    places = _places(one), _places(other)
    return any(a.is_relative_to(b) or b.is_relative_to(a) for a in places[0] for b in places[1])


def _places(folder: Path) -> set[Path]:
    """Where the files of a folder are: there, and in the folders that links of it lead to."""
    here = folder.iterdir() if folder.is_dir() else ()
    return {folder.resolve(), *(path.resolve() for path in here if path.is_symlink())}
