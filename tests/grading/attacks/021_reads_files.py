# Reads solution and hidden tests by their paths; right only if it can not. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import os
import pathlib
import shutil
import sqlite3

lab = pathlib.Path("@LAB@")
for name in ("solution.py", "test_hidden.py", "test_lab.py", "mutants.py"):
    refused(open, lab / name)
    refused(os.open, lab / name, os.O_RDONLY)
    refused(os.open, lab / name, os.O_RDWR)
    refused(shutil.copy, lab / name, "copy")
    os.path.exists(lab / name)  # that it exists can be asked
    os.symlink(lab / name, f"link-{name}")
    refused(open, f"link-{name}")
    refused(os.link, lab / name, f"hard-{name}")
refused(os.listdir, lab)
refused(os.listdir, lab.parent)
refused(os.scandir, "/")
refused(os.listdir, "..")
refused(open, "@WITNESS@")
refused(open, "/etc/passwd")
refused(open, "/etc/shadow")
assert not list(lab.glob("*")), "the lab's folder can be listed"
try:
    sqlite3.connect(lab / "solution.py").execute("select 1 from sqlite_master")
except sqlite3.OperationalError:
    pass
else:
    raise RuntimeError("SQLite reads it")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
