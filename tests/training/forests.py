"""Forests as catboost trains them, as the program evaluates them, and as files hold them."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tasks.prompts.block_model import Forest


def read_trees(model: Any, names: tuple[str, ...], depth: int) -> Forest:
    """What the trainer found, in the program's own form."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forest.json"
        model.save_model(str(path), format="json")
        data = json.loads(path.read_text())
    scale, (bias,) = data["scale_and_bias"]
    trees = [_padded(tree, depth) for tree in data["oblivious_trees"]]
    feature, border, leaves = zip(*trees, strict=True)
    return Forest(
        names,
        np.array(feature, np.intp),
        np.array(border, np.float32),
        np.array(leaves, np.float32) * np.float32(scale),
        float(bias),
    )


def _padded(tree: dict[str, Any], depth: int) -> tuple[list[int], list[float], list[float]]:
    """A tree's columns, borders and leaves, with questions always answered no up to the depth."""
    missing = depth - len(tree["splits"])
    feature = [split["float_feature_index"] for split in tree["splits"]] + [0] * missing
    border = [split["border"] for split in tree["splits"]] + [3e38] * missing
    leaves = tree["leaf_values"]
    return feature, border, leaves + [0.0] * ((1 << depth) - len(leaves))


def dump_forest(forest: Forest) -> dict[str, Any]:
    """The forest as a model's file holds it: leaves in thousandths, borders to six digits."""
    return {
        "columns": forest.columns,
        "feature": forest.feature.tolist(),
        "border": [[float(f"{x:.6g}") for x in row] for row in forest.border.tolist()],
        "leaves": np.rint(forest.leaves * 1000).astype(int).ravel().tolist(),
        "bias": round(forest.bias, 4),
    }
