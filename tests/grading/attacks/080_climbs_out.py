# Changes files outside of its folder; right only if it can not. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return
    raise RuntimeError(f"{action} {arguments} went through")


import os
import shutil

witness = "@WITNESS@"
os.symlink(witness, "link")
os.symlink("@LAB@", "lab")
for name in (witness, "link"):
    refused(open, name, "a")
    refused(open, name, "r+")
    refused(os.truncate, name, 0)
    refused(os.chmod, name, 0o777)
    refused(os.chown, name, os.getuid(), os.getgid())
    refused(os.utime, name, (0, 0))
    refused(os.setxattr, name, "user.attacked", b"1")
    refused(shutil.copyfile, "/dev/null", name)
refused(os.link, witness, "attacked")
refused(os.unlink, witness)
refused(os.rename, witness, "attacked")
refused(os.rename, witness, witness + "-attacked")
refused(os.replace, "link", witness)
refused(os.chmod, os.path.dirname(witness), 0o777)
folders = ("@LAB@", "lab", os.path.dirname(witness), "..", "../..", "/tmp", "/", "/dev/shm")
for folder in folders:
    refused(open, folder + "/attacked", "w")
    refused(os.mkdir, folder + "/attacked-folder")
    refused(os.symlink, "/", folder + "/attacked-link")
    refused(os.mkfifo, folder + "/attacked-pipe")
refused(open, "/proc/self/cwd/../attacked", "w")


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)
