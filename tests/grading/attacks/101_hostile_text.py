# Raises an exception whose text can not be had. Verdict: 1.1 = 0, 1.2 = 0

# %%
# Exercise 1.1
class Hostile(Exception):
    def __str__(self):
        raise SystemExit("no text")

    __repr__ = __str__
    __traceback__ = property(lambda self: 1 / 0)


def squared_error(x, x_hat):
    raise Hostile


# %%
# Exercise 1.2
class Text(str):
    def __str__(self):
        return self

    def strip(self, *a):
        raise KeyboardInterrupt

    splitlines = __getitem__ = strip


class Hostile(Exception):
    def __str__(self):
        return Text("hostile")


def rmse(x, x_hat):
    raise Hostile
