"""Draw the plots of docs/performance.md from the figures that the other benchmarks saved.

python bench/performance.py

The plot of quality.py is the exception: quality.py draws it.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from common import RESULTS, load
from matplotlib.axes import Axes

POLICIES = ("mixed_bfloat16", "float32")
COLOURS = ("tab:blue", "tab:orange", "tab:green")


def load_each(name: str) -> dict[str, dict]:
    """Return the figures of each item that a benchmark measured, without its overall figures."""
    return {each: found for each, found in load(name).items() if isinstance(found, dict)}


def bars(axes: Axes, names: Sequence[str], values: Mapping[str, Sequence[float]]) -> None:
    """Draw horizontal bars: one group per name, one colour per series; each bar has its number."""
    height = 0.8 / len(values)
    for i, (series, colour) in enumerate(zip(values, COLOURS, strict=False)):
        places = [place + i * height for place in range(len(names))]
        drawn = axes.barh(places, values[series], height, color=colour, label=series)
        axes.bar_label(drawn, fmt="%.3g", padding=2, fontsize=8)
    axes.set_yticks([i + 0.4 - height / 2 for i in range(len(names))], names)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    if len(values) > 1:
        axes.legend(fontsize=8, framealpha=1)


def train_step(axes: Axes) -> None:
    """Draw images per second of our train_step, divided by those of one written by hand."""
    found = load("train_step_speed")
    bars(axes, list(found), {"": [each["ours / by hand"] for each in found.values()]})
    axes.axvline(1, color="grey", ls=":")
    axes.set_xlabel("images per second, ours / by hand")


def epoch_end(axes: Axes) -> None:
    """Draw the time of an epoch with a tuned pipeline, divided by the time without tuning."""
    found = load("epoch_end")
    ratios = [each["time with tuning, of that without"] for each in found.values()]
    bars(axes, list(found), {"": ratios})
    axes.axvline(1, color="grey", ls=":")
    axes.set_xlabel("time of an epoch, with tuning / without")


def precision(axes: Axes) -> None:
    """Draw images per second in bfloat16, divided by those in float32, for each seed."""
    found = load_each("precision")
    rates = {
        name: [[one["images/s"] for one in each[policy]] for policy in POLICIES]
        for name, each in found.items()
    }
    gains = [[fast / slow for fast, slow in zip(*pair, strict=True)] for pair in rates.values()]
    seeds = [f"seed {i}" for i in range(len(gains[0]))]
    bars(axes, list(found), dict(zip(seeds, zip(*gains, strict=True), strict=True)))
    axes.axvline(1, color="grey", ls=":")
    axes.set_xlabel("images per second, mixed_bfloat16 / float32")


def throughput(axes: Axes) -> None:
    """Draw the share of the matrix product's rate, with the aims."""
    found = load("throughput")
    systems = (name for name, each in found["float32"].items() if isinstance(each, dict))
    names = [name for name in systems if name != "input alone"]
    share = "of the matrix product's rate"
    bars(axes, names, {each: [found[each][name][share] for name in names] for each in found})
    for aim, colour in ((0.65, COLOURS[0]), (1.1, COLOURS[1])):
        axes.axvline(aim, color=colour, ls=":")
    axes.set_xlabel("share of a float32 matrix product's rate; dotted: the aims")


def tools(axes: Axes) -> None:
    """Draw the seconds that each tool takes at full size."""
    found = load_each("tools_speed")
    bars(axes, list(found), {"": [each["seconds"] for each in found.values()]})
    axes.set_xlabel("seconds on two cores")


def grading(axes: Axes) -> None:
    """Draw the seconds that one more submission takes."""
    found = load_each("grading_speed")
    bars(axes, list(found), {"": [each["per submission, s"] for each in found.values()]})
    axes.set_xlabel("seconds for one more submission")


def main() -> None:
    """Draw all plots."""
    for draw, name, height in (
        (train_step, "train_step_speed", 1.6),
        (epoch_end, "epoch_end", 1.9),
        (precision, "precision", 2.4),
        (throughput, "throughput", 3.2),
        (tools, "tools_speed", 1.9),
        (grading, "grading_speed", 1.9),
    ):
        figure, axes = plt.subplots(figsize=(6.4, height), layout="constrained")
        draw(axes)
        figure.savefig(RESULTS / f"{name}.png", dpi=110)


if __name__ == "__main__":
    main()
