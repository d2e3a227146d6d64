"""Disguised copies are found, and independent answers are not reported."""

import random

from ankeras.grading import similarity
from ankeras.grading.results import Grade
from ankeras.grading.similarity import normal_form, similar_answers

K_MEANS = """
def cluster(points, k, rounds, seed):
    '''Move k centres to the means of what is nearest.'''
    rng = np.random.default_rng(seed)
    centres = points[rng.choice(len(points), k, replace=False)]
    for _ in range(rounds):
        # distances of all to all
        gaps = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=-1)
        nearest = gaps.argmin(axis=1)
        for j in range(k):
            if (nearest == j).any():
                centres[j] = points[nearest == j].mean(axis=0)
    return centres, nearest
"""
RENAMED = """
def kmeans(data: np.ndarray, n, steps, s):
    g = np.random.default_rng(s)

    mu = data[g.choice(len(data), n, replace=False)]  # start
    for step in range(steps):
        d = ((data[:, None, :] - mu[None, :, :])**2).sum(axis=-1)
        which = d.argmin(axis=1)
        print("step", step)
        for c in range(n):
            if (which == c).any():
                mu[c] = data[which == c].mean(axis=0)
    return mu, which
"""
INDEPENDENT = [
    """
def cluster(points, k, rounds, seed):
    rng = np.random.default_rng(seed)
    start = rng.permutation(len(points))[:k]
    centres = points[start].copy()
    for _ in range(rounds):
        distance = np.linalg.norm(points[:, None] - centres, axis=2)
        nearest = np.argmin(distance, axis=1)
        centres = np.stack([points[nearest == j].mean(axis=0) for j in range(k)])
    return centres, nearest
""",
    """
def cluster(points, k, rounds, seed):
    np.random.seed(seed)
    centres = []
    for i in np.random.choice(len(points), size=k, replace=False):
        centres.append(points[i])
    labels = np.zeros(len(points), int)
    for r in range(rounds):
        for i, p in enumerate(points):
            labels[i] = min(range(k), key=lambda j: np.sum((p - centres[j]) ** 2))
        for j in range(k):
            members = [p for p, l in zip(points, labels) if l == j]
            if members:
                centres[j] = sum(members) / len(members)
    return np.array(centres), labels
""",
    """
def cluster(points, k, rounds, seed):
    rng = np.random.default_rng(seed)
    centres = rng.choice(points, k, replace=False)
    while rounds > 0:
        squares = (points**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * points @ centres.T
        nearest = squares.argmin(1)
        one_hot = np.eye(k)[nearest]
        counts = np.maximum(one_hot.sum(axis=0), 1)
        centres = one_hot.T @ points / counts[:, None]
        rounds -= 1
    return centres, nearest
""",
]


def a_class(*answers: str) -> list[Grade]:
    return [
        Grade(f"s{i}", "f", "lab", [], 1.0, answers={"1.1": f"# Exercise 1.1\n{answer}"})
        for i, answer in enumerate(answers)
    ]


def found(grades: list[Grade], **options) -> set[tuple[str, str]]:
    return {(pair.a, pair.b) for pair in similar_answers(grades, **options)}


def test_a_copy_with_other_names_and_comments_is_found():
    assert found(a_class(K_MEANS, *INDEPENDENT, RENAMED)) == {("s0", "s4")}
    assert found(a_class(K_MEANS, RENAMED)) == {("s0", "s1")}


def test_a_copy_behind_a_long_comment_is_found():
    padded = "#" + "x" * 40_000 + "\n\n  # y\n" + RENAMED
    assert found(a_class(K_MEANS, *INDEPENDENT, padded)) == {("s0", "s4")}


def test_independent_solutions_are_not_reported():
    assert not found(a_class(K_MEANS, *INDEPENDENT))


def test_a_copy_that_is_no_valid_python_is_found():
    broken = RENAMED.replace("return mu, which", "return mu,, which")
    [pair] = similar_answers(a_class(broken, *INDEPENDENT, broken.replace("mu", "m")))
    assert (pair.a, pair.b, pair.exercise) == ("s0", "s4", "1.1")
    assert pair.similarity > 0.9


def test_names_order_of_keywords_and_texts_make_no_difference():
    assert normal_form("def f(x: int) -> int:\n    'doc'\n    return g(x, b=1, a=f(2))") == (
        normal_form("# one\ndef h(y):\n    return g( y, a=h(2), b = 1 )")
    )
    assert normal_form("a = ops.exp(1)") != normal_form("a = ops.log(1)")
    assert normal_form("self.a = 1\nself.a.b(c)") == normal_form("self.x = 1\nself.x.b(c)")


def test_code_of_the_whole_class_or_of_the_stub_does_not_count():
    assert not found(a_class(*[K_MEANS] * 4))
    assert not found(a_class(*[K_MEANS] * 20))
    assert found(a_class(K_MEANS, K_MEANS))
    assert not found(a_class(K_MEANS, K_MEANS), stubs={"1.1": K_MEANS})


def test_one_equal_line_is_not_reported():
    line = "def f(mu, v, eps):\n    return mu + ops.exp(0.5 * v) * eps"
    assert not found(a_class(line, line, *INDEPENDENT))


def test_one_student_is_no_pair():
    first, second = a_class(K_MEANS, K_MEANS)
    second.student = first.student
    assert not found([first, second])


def an_answer(rng: random.Random) -> str:
    """Return one student's answer: the task is the same, the choices are random."""
    x, h, z, n = rng.sample(["x", "h", "out", "net", "z", "inp", "hidden", "code", "y", "tmp"], 4)
    act = rng.choice(["relu", "relu", "relu", "elu", "tanh", "gelu"])
    middle = f"{h} = layers.Dense({rng.choice([32, 64, 64, 100])}, activation='{act}')({h})"
    extra = rng.choice(["", "", f"{h} = layers.Dropout({rng.choice([0.1, 0.2])})({h})"])
    update = rng.choice([f"{x} -= rate * {z}", f"{x} = {x} - rate * {z}", f"{x} -= {z} * rate"])
    record = rng.choice([f"{h}.append({n})", f"{h}.append(float({n}))", f"{h} += [{n}]"])
    return f"""
def encoder(size):
    {x} = layers.Input({rng.choice(["shape=(28, 28, 1)", "(28, 28, 1)"])})
    {h} = layers.Flatten()({x})
    {h} = layers.Dense({rng.choice([64, 128, 128, 256])}, activation='{act}')({h})
    {extra}
    {middle}
    {z} = layers.Dense(size{rng.choice(["", ", name='z'"])})({h})
    return keras.Model({rng.choice([f"{x}, {z}", f"inputs={x}, outputs={z}"])})

def descend({x}, rate, steps):
    {h} = []
    for {rng.choice("i_t")} in range(steps):
        {n} = loss({x})
        {z} = gradient(loss, {x})
        {update}
        {record}
    return {rng.choice([f"{x}, {h}", f"({x}, np.array({h}))"])}
"""


def test_among_300_independent_answers_only_the_copy_is_reported():
    rng = random.Random(1)
    grades = a_class(*(an_answer(rng) for _ in range(300)))
    for g in grades:
        g.answers |= {number: an_answer(rng) for number in ("1.2", "1.3", "2.1", "2.2", "2.3")}
    assert not found(grades)
    original = grades[17]
    copy = {number: _disguised(answer) for number, answer in original.answers.items()}
    grades.append(Grade("copy", "f", "lab", [], 1.0, answers=copy))
    assert found(grades) == {("s17", "copy")}


def _disguised(source: str) -> str:
    return source.replace("rate", "lr").replace("steps", "n_steps").replace("size", "d") + "# mine"


def test_hostile_answers_are_compared_too():
    hostile = ["(" * 20000, "-" * 20000 + "1", "\0", "\ud800", "'\\" * 20000, "1+" * 9999 + "1"]
    assert not found(a_class(*hostile))


def test_long_lines_of_spaces_and_marks_take_no_long_time():
    """The time grew with the third power of the length: minutes for this text."""
    text = "!a\n(\n" + " " * 15_000 + "?a" * 7_000
    assert len(normal_form(text)) > 1000
    assert similar_answers(a_class(text, *INDEPENDENT)) == []


def test_the_rarest_runs_are_compared_first(monkeypatch):
    everyone = [*INDEPENDENT, INDEPENDENT[0]]
    found = similar_answers(a_class(*everyone))
    assert found
    monkeypatch.setattr(similarity, "MAX_PAIRS", 20_000)
    assert similar_answers(a_class(*everyone)) == found
    monkeypatch.setattr(similarity, "MAX_PAIRS", 0)
    assert similar_answers(a_class(*everyone)) == []
