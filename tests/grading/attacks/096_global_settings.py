# Makes errors of warnings, and computes in other precisions from then on. Verdict: 1.1 = 3, 1.2 = 2, 2.1 = 2

# %%
# Exercise 1.1
import warnings

warnings.simplefilter("error")
np.seterr(all="raise")
keras.config.set_floatx("float64")
keras.config.set_dtype_policy("mixed_float16")
tf.config.run_functions_eagerly(True)


def squared_error(x, x_hat):
    return ops.mean(ops.square(x - x_hat), axis=-1)

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))

# %%
# Exercise 2.1
def tiny(d):
    return keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
