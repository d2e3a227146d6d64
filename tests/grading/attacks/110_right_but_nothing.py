# Defines every name as something else. Verdict: 1.1 = 0, 1.2 = 0, 2.1 = 0

# %%
# Exercise 1.1
squared_error = 5

# %%
# Exercise 1.2
rmse = None

# %%
# Exercise 2.1
tiny = lambda d: type("Model", (), {"output_shape": (None, d), "set_weights": print})()
