# Patches Keras and TensorFlow, so that later exercises would be judged wrongly. Verdict: 1.1 = 0, 1.2 = 2, 2.1 = 2

# %%
# Exercise 1.1
import tensorflow as tf


def wrong(*a, **k):
    return tf.zeros(())


ops.mean = ops.square = ops.sqrt = keras.ops.sqrt = tf.sqrt = wrong
layers.Dense.call = keras.layers.Dense.call = wrong
keras.Sequential.call = wrong
squared_error = wrong

# %%
# Exercise 1.2
def rmse(x, x_hat):
    return ops.sqrt(squared_error(x, x_hat))

# %%
# Exercise 2.1
def tiny(d):
    return keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
