# Trains, with a pipeline of data that uses threads, and draws. Verdict: 1.1 = 3, 2.1 = 2

# %%
# Exercise 1.1
import matplotlib.pyplot as plt


def squared_error(x, x_hat):
    plt.plot([1, 2], [1, 2])
    plt.title("é")
    plt.savefig("figure.png")
    plt.show()
    return ops.mean(ops.square(x - x_hat), axis=-1)


# %%
# Exercise 2.1
def tiny(d):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
    model.compile("sgd", "mse")
    data = tf.data.Dataset.from_tensor_slices((np.ones((8, 3)), np.ones((8, d)))).batch(4)
    model.fit(data.map(lambda x, y: (x, y), num_parallel_calls=2).prefetch(1), verbose=1)
    return model
