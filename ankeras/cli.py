"""The command `ankeras`; a thin layer over the library.

What a command needs is imported when it runs, so that `ankeras --help` does not wait.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ankeras.grading.errors import GradingError
from ankeras.grading.find import LABS, find_lab, find_labs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: the words after `ankeras`. Default: those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="ankeras", description="The lab bench of a course on autoencoders and GANs."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", help="train the lecture's autoencoder and leave a folder of pictures"
    )
    demo.add_argument("--data", metavar="NAME", help="digits (default), faces, mnist, ...")
    demo.add_argument("--path", type=Path, help="your own .npz file or folder of images")
    demo.add_argument("--size", type=int, metavar="PIXELS", help="side of the images")
    demo.add_argument("--out", type=Path, metavar="DIR", help="default: ankeras-demo")
    demo.add_argument("--quick", action="store_true", help="one epoch each, to try it out")
    demo.set_defaults(run=_demo)

    devices = commands.add_parser("devices", help="say what this machine computes on")
    devices.set_defaults(run=_devices)

    pretrained = commands.add_parser(
        "pretrained", help="list the trained models that come with the package"
    )
    pretrained.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    pretrained.add_argument(
        "--write", type=Path, metavar="FILE", help="write the list with pictures, in Markdown"
    )
    pretrained.set_defaults(run=_pretrained)

    pretrain = commands.add_parser("pretrain", help="train one of these models with its recipe")
    pretrain.add_argument("name", metavar="NAME", help="such as faces-vae")
    pretrain.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="default: pretrained/NAME; an interrupted training continues there",
    )
    pretrain.set_defaults(run=_pretrain)

    explore = commands.add_parser("explore", help="explore one of these models in the browser")
    explore.add_argument("name", metavar="NAME", help="such as faces-vae")
    explore.add_argument(
        "view",
        nargs="?",
        metavar="VIEW",
        help="plane, sliders, arithmetic or text; default: the first",
    )
    explore.set_defaults(run=_explore)

    systems = commands.add_parser("systems", help="list all systems, as a table in Markdown")
    systems.add_argument("--write", type=Path, metavar="FILE", help="replace the table in a file")
    systems.set_defaults(run=_systems)

    _add_labs(commands)
    _add_grading(commands)

    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        print("\nankeras: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, GradingError) as error:
        print(f"ankeras: {error}", file=sys.stderr)
        return 1
    return 0


def _add_labs(commands: Any) -> None:
    labs = commands.add_parser("labs", help="write, check and release labs")
    tasks = labs.add_subparsers(dest="task", required=True, metavar="TASK")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--labs", type=Path, default=LABS, help="the folder of the labs")
    build = tasks.add_parser("build", parents=[where], help="write the students' notebooks")
    check = tasks.add_parser("check", parents=[where], help="check tests: wrong answers must fail")
    for task in (build, check):
        task.add_argument("names", nargs="*", metavar="NAME", help="such as 05_vae; default: all")
    build.set_defaults(run=_labs_build)
    check.set_defaults(run=_labs_check)
    table = tasks.add_parser("table", parents=[where], help="list all labs, as a table in Markdown")
    table.add_argument("--write", type=Path, metavar="FILE", help="replace the table in a file")
    table.set_defaults(run=_labs_table)
    new = tasks.add_parser("new", parents=[where], help="write a new lab with one exercise")
    new.add_argument("name", metavar="NAME", help="such as 09_diffusion")
    new.set_defaults(run=_labs_new)
    release = tasks.add_parser("release", parents=[where], help="write what students get")
    release.add_argument("name", metavar="NAME", help="such as 05_vae")
    release.add_argument("--out", type=Path, required=True, help="a folder, or a .zip file")
    release.add_argument(
        "--install",
        default="",
        metavar="ADDRESS",
        help="from which students install the package: a git or wheel URL, a path, a name for pip",
    )
    release.add_argument("--nbgrader", action="store_true", help="write nbgrader's source notebook")
    release.set_defaults(run=_labs_release)


def _add_grading(commands: Any) -> None:
    grade = commands.add_parser("grade", help="grade the submissions of a class, each in a sandbox")
    grade.add_argument("lab", metavar="LAB", help="such as 05_vae or labs/05_vae")
    grade.add_argument("submissions", type=Path, metavar="SUBMISSIONS", help="a folder or a .zip")
    grade.add_argument("--out", type=Path, required=True, help="the folder for grades and feedback")
    cores = os.cpu_count() or 1
    grade.add_argument("--jobs", type=int, default=cores, help="judges; default: one per core")
    grade.add_argument("--seconds", type=float, default=30, help="per exercise, for all its tests")
    grade.add_argument("--memory", type=float, default=4, metavar="GIB", help="of each process")
    grade.add_argument("--pattern", metavar="REGEX", help='of file names: "hw_(?P<student>.+)"')
    grade.add_argument("--roster", type=Path, metavar="CSV", help="the list of all students")
    grade.add_argument("--deadline", metavar="TIME", help='"2026-11-30 23:59": marks later files')
    grade.add_argument("--scheduler", metavar="ADDRESS", help="grade on this Dask cluster")
    grade.add_argument("--no-sandbox", action="store_true", help="only for code you trust")
    grade.add_argument(
        "--gradescope",
        action="store_true",
        help="SUBMISSIONS is one notebook: write OUT/results.json for Gradescope",
    )
    grade.set_defaults(run=_grade)

    override = commands.add_parser("override", help="change a grade by hand, with a reason")
    override.add_argument("lab", metavar="LAB")
    override.add_argument("out", type=Path, metavar="OUT", help="the folder of the grades")
    override.add_argument("student", metavar="STUDENT")
    override.add_argument("points", type=float, metavar="POINTS")
    override.add_argument("--exercise", default="", help="such as 1.2; default: the total")
    override.add_argument("--reason", required=True)
    override.set_defaults(run=_override)


def _grade(options: argparse.Namespace) -> None:
    from datetime import datetime

    from ankeras.grading import gradebook
    from ankeras.grading.sandbox import Limits

    run = gradebook.GradingRun(
        find_lab(options.lab),
        options.submissions,
        options.out,
        jobs=options.jobs,
        limits=Limits(options.seconds, int(options.memory * 2**30)),
        sandboxed=not options.no_sandbox,
        scheduler=options.scheduler,
        pattern=options.pattern,
        roster=options.roster,
        deadline=datetime.fromisoformat(options.deadline) if options.deadline else None,
    )
    print((gradebook.grade_for_gradescope if options.gradescope else gradebook.grade_class)(run))


def _override(options: argparse.Namespace) -> None:
    from ankeras.grading import gradebook

    change = (options.student, options.exercise, options.points, options.reason)
    print(gradebook.override(options.out, find_lab(options.lab), *change))


def _demo(options: argparse.Namespace) -> None:
    from ankeras.data import load

    name = options.data or (None if options.path else "digits")
    train, test = load(name, options.path, size=options.size)
    from ankeras import demo
    from ankeras.training import devices

    print(devices.setup())
    out = _new_folder(options.out or Path("ankeras-demo"))
    print(f"\n{demo.run(train, test, out, quick=options.quick)}\n\nPictures and models: {out}/")


def _devices(options: argparse.Namespace) -> None:
    from ankeras.training.devices import find_devices

    print(find_devices())


def _pretrained(options: argparse.Namespace) -> None:
    from ankeras.pretrained import cards

    names = options.names or cards.names()
    if options.write is not None:
        options.write.write_text(cards.markdown(names, options.write.parent), encoding="utf-8")
        return
    for name in names:
        print(f"{cards.card(name)}\n  {cards.folder_of(name) / 'picture.png'}\n")


def _pretrain(options: argparse.Namespace) -> None:
    from ankeras import recipes

    out = options.out or Path("pretrained") / options.name
    print(f"{recipes.make(recipes.recipe(options.name), out)}\nModel, card and picture: {out}/")


def _explore(options: argparse.Namespace) -> None:
    from ankeras.explore import page

    page.serve(options.name, options.view)


def _systems(options: argparse.Namespace) -> None:
    from ankeras import catalogue

    if options.write is None:
        print(catalogue.markdown_table())
    else:
        catalogue.write_table(options.write)


def _labs_build(options: argparse.Namespace) -> None:
    from ankeras.grading import release

    for lab in find_labs(options.labs, options.names):
        print(release.build(lab))


def _labs_check(options: argparse.Namespace) -> None:
    from ankeras.grading import prove

    proofs = []
    for lab in find_labs(options.labs, options.names):
        proofs.append(prove.prove(lab))
        print("\n".join([*proofs[-1].errors, str(proofs[-1])]), flush=True)
    if any(proof.errors for proof in proofs):
        raise ValueError("some labs have mistakes: see above")


def _labs_table(options: argparse.Namespace) -> None:
    from ankeras.grading import lab_table

    labs = find_labs(options.labs)
    if options.write is None:
        print(lab_table.markdown_table(labs))
    else:
        lab_table.write_table(options.write, labs)


def _labs_new(options: argparse.Namespace) -> None:
    from ankeras.grading import scaffold

    folder = scaffold.new_lab(options.labs, options.name)
    print(f"{folder}/\nEdit solution.py, then run: ankeras labs check {folder.name}")


def _labs_release(options: argparse.Namespace) -> None:
    from ankeras.grading import release

    lab = find_lab(options.name, options.labs)
    out = release.release(lab, options.out, install=options.install, nbgrader=options.nbgrader)
    print(out)


def _new_folder(wanted: Path) -> Path:
    """Make the folder, or the next numbered one if it holds something already."""
    folder, number = wanted, 2
    while folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        folder = wanted.with_name(f"{wanted.name}-{number}")
        number += 1
    folder.mkdir(parents=True, exist_ok=True)
    return folder
