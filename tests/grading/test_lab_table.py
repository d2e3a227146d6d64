"""The table of labs counts what is in their files, and replaces the one in a README."""

from ankeras.cli import main
from ankeras.grading.lab import read_lab
from ankeras.grading.lab_table import HEAD, markdown_table, write_table

import pytest


def test_the_table_counts_each_lab(numbers):
    lab = read_lab(numbers())
    assert markdown_table([lab, lab]).splitlines()[2:] == [
        "| 01_numbers | Numbers | 2 | 3 | 3 | 1 | 6 | 2 |",
        "| 01_numbers | Numbers | 2 | 3 | 3 | 1 | 6 | 2 |",
        "| all | | 4 | 6 | 6 | 2 | 12 | 4 |",
    ]


def test_only_the_table_of_a_file_is_replaced(numbers, tmp_path):
    lab = read_lab(numbers())
    file = tmp_path / "README.md"
    file.write_text(f"# Labs\n\n{HEAD}| 07_old | Old | 1 | 1 | 1 | 1 | 1 | 1 |\n\n## The proof\n")
    write_table(file, [lab])
    assert file.read_text() == f"# Labs\n\n{markdown_table([lab])}\n\n## The proof\n"


def test_the_command_prints_or_writes_the_table(numbers, tmp_path, capsys):
    folder = numbers()
    assert main(["labs", "table", "--labs", str(folder.parent)]) == 0
    table = markdown_table([read_lab(folder)])
    assert capsys.readouterr().out == f"{table}\n"
    file = tmp_path / "README.md"
    file.write_text(HEAD)
    assert main(["labs", "table", "--labs", str(folder.parent), "--write", str(file)]) == 0
    assert file.read_text() == f"{table}\n"


def test_a_file_without_the_table_is_refused(numbers, tmp_path):
    file = tmp_path / "README.md"
    file.write_text("# Labs\n")
    with pytest.raises(ValueError, match=r"README\.md holds no table of labs\."):
        write_table(file, [read_lab(numbers())])
