"""Measure how grading scales: `ankeras grade --jobs n` on n cores, for n = 1, 2, ... cores.

python bench/grading_jobs.py [--submissions 100]

With n jobs the processes may use n cores only. Without this limit, even one job would use a second
core: the next worker is forked there while the judge works.
"""

import os
import shutil
import tempfile
from pathlib import Path

from common import parser, save
from grading_speed import FEW, ours


def main() -> None:
    """Measure the time with each number of cores, and save the figures."""
    options = parser(__doc__)
    options.add_argument("--submissions", type=int, default=100)
    n = options.parse_args().submissions
    folder = Path(tempfile.mkdtemp(prefix="ankeras-bench-"))
    try:
        cost = {}
        cores = sorted(os.sched_getaffinity(0))
        for jobs in range(1, len(cores) + 1):
            os.sched_setaffinity(0, cores[:jobs])
            few, many = ours(folder, FEW, jobs), ours(folder, n, jobs)
            cost[jobs] = (many - few) / (n - FEW)
            print(f"{jobs} cores: {cost[jobs]:.3f} s per submission, {cost[1] / cost[jobs]:.2f} x")
        speed_up = {jobs: cost[1] / seconds for jobs, seconds in cost.items()}
        figures = {"submissions": n, "per submission, s": cost, "times as fast": speed_up}
        save("grading_jobs", figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
