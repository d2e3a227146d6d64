"""The command `ankeras`; a thin layer over the library.

What a command needs is imported when it runs, so that `ankeras --help` does not wait.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ankeras.grading.lab import LabError


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

    judges = commands.add_parser(
        "judges", help="train what judges digits and faces, or load it, and say how good it is"
    )
    judges.set_defaults(run=_judges)

    labs = commands.add_parser("labs", help="write, prove and hand out labs")
    tasks = labs.add_subparsers(dest="task", required=True, metavar="TASK")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--labs", type=Path, default=Path("labs"), help="their folder")
    build = tasks.add_parser("build", parents=[where], help="write the students' notebooks")
    check = tasks.add_parser("check", parents=[where], help="prove tests: wrong answers must fail")
    for task in (build, check):
        task.add_argument("names", nargs="*", metavar="NAME", help="such as 05_vae; default: all")
    build.set_defaults(run=_labs_build)
    check.set_defaults(run=_labs_check)
    new = tasks.add_parser("new", parents=[where], help="start a lab that builds and passes")
    new.add_argument("name", metavar="NAME", help="such as 09_diffusion")
    new.set_defaults(run=_labs_new)
    release = tasks.add_parser("release", parents=[where], help="make the students' folder or .zip")
    release.add_argument("name", metavar="NAME")
    release.add_argument("--out", type=Path, required=True, help="a folder, or a .zip file")
    release.add_argument("--nbgrader", action="store_true", help="as nbgrader's source notebook")
    release.set_defaults(run=_labs_release)

    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        print("\nankeras: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, LabError) as error:
        print(f"ankeras: {error}", file=sys.stderr)
        return 1
    return 0


def _demo(options: argparse.Namespace) -> None:
    from ankeras.data import load

    name = options.data or (None if options.path else "digits")
    train, test = load(name, options.path, size=options.size)
    from ankeras import demo, devices

    print(devices.setup())
    out = _new_folder(options.out or Path("ankeras-demo"))
    print(f"\n{demo.run(train, test, out, quick=options.quick)}\n\nPictures and models: {out}/")


def _devices(options: argparse.Namespace) -> None:
    from ankeras.devices import find_devices

    print(find_devices())


def _judges(options: argparse.Namespace) -> None:
    from ankeras import judges

    print(judges.report())


def _labs_build(options: argparse.Namespace) -> None:
    from ankeras.grading import release

    for lab in release.find_labs(options.labs, options.names):
        print(release.build(lab))


def _labs_check(options: argparse.Namespace) -> None:
    from ankeras.grading import prove, release

    proofs = []
    for lab in release.find_labs(options.labs, options.names):
        proofs.append(prove.prove(lab))
        print("\n".join(proofs[-1].errors) or f"{lab.name}: proven", flush=True)
    print(f"\n{prove.markdown_table(proofs)}")
    if any(proof.errors for proof in proofs):
        raise ValueError("not every lab is proven; see above")


def _labs_new(options: argparse.Namespace) -> None:
    from ankeras.grading import scaffold

    folder = scaffold.new_lab(options.labs, options.name)
    print(f"{folder}/\nedit solution.py, then run: ankeras labs check {options.name}")


def _labs_release(options: argparse.Namespace) -> None:
    from ankeras.grading import release

    (lab,) = release.find_labs(options.labs, [options.name])
    print(release.release(lab, options.out, nbgrader=options.nbgrader))


def _new_folder(wanted: Path) -> Path:
    """Make the folder, or the next numbered one if it holds something already."""
    folder, number = wanted, 2
    while folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        folder = wanted.with_name(f"{wanted.name}-{number}")
        number += 1
    folder.mkdir(parents=True, exist_ok=True)
    return folder
