# Has names and texts in other alphabets, and letters that Python takes for others. Verdict: 1.1 = 3

# %%
# Exercise 1.1
def ｓｑｕａｒｅｄ_error(x, x_hat):
    größe, 誤差 = "ё", x - x_hat  # 🙂
    return ops.mean(誤差 * 誤差, axis=-1)
