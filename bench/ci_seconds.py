"""Print how many processor seconds each step of .ci/run and each test file takes.

    bash .ci/run                  # writes the folder build/seconds
    python bench/ci_seconds.py    # prints it as tables

Processor seconds are summed over all processes, so they hardly depend on how many processes run at
the same time. The start of a test process and its imports are not counted for a file.
"""

import argparse
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "build" / "seconds"
CATALOGUE = "tests/test_catalogue.py"
OF_SYSTEMS = ("tests/autoencoders/", "tests/gans/")  # each system has one test file there


def read_steps(file: Path) -> list[tuple[str, float]]:
    """Return name and processor seconds of each step, in order.

    Args:
        file: each line has the name of a step, a tab, and the time of all steps up to this one, as
            the shell's `times` prints it: "1m2.3s 0m4.5s". The first line is the start.
    """
    lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    totals = [(name, sum(map(_seconds, times.split()))) for name, times in lines]
    return [(name, after - before) for (_, before), (name, after) in pairwise(totals)]


def _seconds(time: str) -> float:
    """Return the seconds of a time such as "1m2.3s"."""
    minutes, seconds = time.rstrip("s").split("m")
    return 60 * int(minutes) + float(seconds)


def read_tests(folder: Path) -> dict[str, dict[str, float]]:
    """Return the processor seconds of each test, by backend.

    Args:
        folder: holds one JSON file per process, as tests/conftest.py writes it. The time of a
            process outside its tests is returned as the test "start of processes".
    """
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for file in sorted(folder.glob("*.json"), reverse=True):
        process = json.loads(file.read_text(encoding="utf-8"))
        found[process["backend"]]["start of processes"] += process["rest"]
        for test, seconds in process["tests"].items():
            found[process["backend"]][test] += seconds
    return found


def by_file(tests: dict[str, float]) -> dict[str, float]:
    """Return the processor seconds of each file."""
    files: dict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        files[test.split("::")[0]] += seconds
    return files


def budget(tests: dict[str, float]) -> tuple[float, float]:
    """Return the mean seconds of one system's row in the catalogue, and of one system's test file.

    Args:
        tests: name -> processor seconds.
    """
    rows: dict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        if test.startswith(CATALOGUE) and "[" in test:
            rows[test.split("[")[1]] += seconds
    files = [s for file, s in by_file(tests).items() if file.startswith(OF_SYSTEMS)]
    return sum(rows.values()) / max(len(rows), 1), sum(files) / max(len(files), 1)


def table(heading: str, rows: list[tuple[str, float]]) -> str:
    """Return a Markdown table of names and seconds, with the sum in the last row."""
    lines = [f"| {heading} | processor seconds |", "|---|---|"]
    lines += [f"| {name} | {seconds:.0f} |" for name, seconds in rows]
    return "\n".join([*lines, f"| all | {sum(seconds for _, seconds in rows):.0f} |"])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="default: %(default)s")
    folder = parser.parse_args().folder
    if (folder / "steps.tsv").exists():
        print(table("step", read_steps(folder / "steps.tsv")))
    total_row = total_file = 0.0
    for backend, tests in read_tests(folder).items():
        rows = sorted(by_file(tests).items(), key=lambda row: -row[1])
        print(f"\n{table(f'test file, on {backend}', rows)}")
        row, file = budget(tests)
        print(f"\nOne system on {backend}: {row:.1f} s for its row, {file:.1f} s for its own tests")
        total_row, total_file = total_row + row, total_file + file
    print(f"One system on all: {total_row:.1f} s for its row, {total_file:.1f} s for its own tests")


if __name__ == "__main__":
    main()
