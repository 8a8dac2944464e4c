"""A page's tree as arrays, from which the columns are computed."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from tasks.prompts.page import Page

Column = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Columns = dict[str, Column]

LEVELS = 5  # Number of enclosing elements that columns describe, the block's own first


class TreeArrays:
    """Which blocks each element contains, and which elements contain each block."""

    def __init__(self, page: Page) -> None:
        self.page = page
        elements = page.elements
        self.parents = [element.parent for element in elements]
        self.start: Index = np.array([element.start for element in elements], np.intp)
        self.end: Index = np.array([element.end for element in elements], np.intp)
        # The element of each block.
        self.own: Index = np.array([block.element for block in page.blocks], np.intp)

    @cached_property
    def levels(self) -> Index:
        """The element of each block, the one around that, and so on: a row per level."""
        outer = np.maximum(np.array(self.parents, np.intp), 0)
        found = np.empty((LEVELS, len(self.own)), np.intp)
        found[0] = self.own
        for level in range(1, LEVELS):
            found[level] = outer[found[level - 1]]
        return found

    @cached_property
    def depth(self) -> Column:
        """How deep each block stands."""
        return np.array([element.depth for element in self.page.elements], np.float32)[self.own]

    @cached_property
    def name_groups(self) -> Index:
        """A number for each block, the same for blocks in elements of the same names."""
        elements, numbers, rows = self.page.elements, dict[tuple[str, str, str], int](), []
        for block in self.page.blocks:
            element = elements[block.element]
            outer = elements[max(0, element.parent)]
            kind = (element.tag, element.key, outer.key or outer.tag)
            rows.append(numbers.setdefault(kind, len(numbers)))
        return np.array(rows, np.intp)

    @cached_property
    def sibling_groups(self) -> list[int]:
        """A number for each element, the same for siblings of the same name."""
        numbers: dict[tuple[int, str, str], int] = {}
        return [
            numbers.setdefault((element.parent, element.tag, element.key), len(numbers))
            for element in self.page.elements
        ]

    def element_sums(self, values: Column) -> Column:
        """The sum of `values` over the blocks of each element; `values` may have several rows."""
        total = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
        values.cumsum(axis=-1, dtype=np.float64, out=total[..., 1:])
        return np.asarray(total[..., self.end] - total[..., self.start], np.float32)

    def steps(self, main: int) -> tuple[Column, Column]:
        """Steps up and down through the tree from each block to an element."""
        elements, depth = self.page.elements, self.depth
        shared, down = np.zeros(len(depth), np.float32), np.zeros(len(depth), np.float32)
        for at in reversed(self.page.ancestors(main)):
            element = elements[at]
            shared[element.start : element.end] = element.depth
            down[element.start : element.end] = elements[main].depth - element.depth
        return depth - shared, down
