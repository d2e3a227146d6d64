# Writes files of results wherever it can; its own folder is gone afterwards. Verdict: 1.1 = 0

# %%
# Exercise 1.1
import json
from pathlib import Path

results = json.dumps({"points": 3, "possible": 3, "exercises": [], "score": 100})
for folder in (".", "..", "../..", "@LAB@", "/tmp", "/var/tmp", "/dev/shm", "/autograder/results"):
    for name in ("attacked.json", "attacked-results.json", "attacked-grades.xml"):
        try:
            Path(folder, name).write_text(results)
        except OSError:
            pass


def squared_error(x, x_hat):
    return None
