# Raises exceptions with texts of 300 MB and of hostile characters. Verdict: 1.1 = 0, 1.2 = 0

# %%
# Exercise 1.1
def squared_error(x, x_hat):
    raise ValueError("x" * 300_000_000)


# %%
# Exercise 1.2
def rmse(x, x_hat):
    raise ValueError("\x1b]52;c;YQ==\x07\x1b[2J<script>alert(1)</script>\u202e\x00\r\u2028'\"&")
