"""The command `ankeras`; a thin layer over the library.

What a command needs is imported when it runs, so that `ankeras --help` does not wait.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


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

    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        print("\nankeras: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
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


def _new_folder(wanted: Path) -> Path:
    """Make the folder, or the next numbered one if it holds something already."""
    folder, number = wanted, 2
    while folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        folder = wanted.with_name(f"{wanted.name}-{number}")
        number += 1
    folder.mkdir(parents=True, exist_ok=True)
    return folder
