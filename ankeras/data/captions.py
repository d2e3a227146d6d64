"""Captions of portraits: sentences of a small grammar, drawn for the factors of each portrait.

A caption states some of a portrait's facts, and says nothing of the others. It can also say what is
not there ("without a hat"). Three forms are for training:

    sentence     "a smiling woman with glasses and red hair, without a hat, in a navy shirt"
    portrait     "the portrait of a woman who has red hair, wears glasses, does not smile"
    list         "woman, no beard, red hair, slate wall, smiling"

Two other forms are for tests alone. They say the same facts with the same words in another way (a
caption of one or two facts can be the same in both):

    reordered    "a woman, in a navy shirt, smiling, with red hair, without a hat"
    mixed        "the portrait of a smiling woman, red hair, glasses, no hat"

The probability of each caption is known (`Captions.log_p`). So the entropy of the grammar is known
too, and a language model can be compared with it.

Source: AN2DL, "The GAN ZOO" (captions to images); DLSP, "Caption to image"; ATIV, "CLIP".
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ankeras.data.faces import BINARY, CATEGORIES, CLASS_NAMES
from ankeras.data.tokenizer import Tokenizer

import numpy as np

SKIN_TONES = ("fair", "medium", "dark")  # thirds of the factor skin
LOOKS = ("left", "ahead", "right")  # thirds of the factor turn
FACTS: dict[str, tuple[str, ...]] = {  # what captions can state: name -> the words of its values
    **dict.fromkeys(BINARY, ("no", "yes")),
    "woman": CLASS_NAMES,
    **CATEGORIES,
    "skin": SKIN_TONES,
    "look": LOOKS,
}
DTYPE = np.dtype([(name, np.int64) for name in FACTS])
NOT_STATED = -1
FORMS = ("sentence", "portrait", "list")
UNSEEN_FORMS = ("reordered", "mixed")
LENGTH = 50  # of the longest caption, with its start and its end


class Captions(NamedTuple):
    """Captions of n portraits.

    Attributes:
        texts: n captions.
        stated: what each caption states, (n,) with one int64 field for each of `FACTS`: the index
            of the value, or -1 for facts that it does not state.
        log_p: the logarithm of the probability that the grammar draws this caption for some
            portrait, (n,), in nats. The mean of -log_p estimates the entropy of the grammar.
    """

    texts: list[str]
    stated: np.ndarray
    log_p: np.ndarray


def facts(factors: np.ndarray | None) -> np.ndarray:
    """Return the facts of portraits: a table of factors (n,) -> (n,) of `DTYPE`.

    Raises:
        ValueError: if there are no factors.
    """
    if factors is None:
        raise ValueError("What is true of these portraits is not known: they have no factors.")
    table = np.empty(len(factors), DTYPE)
    for name in FACTS:
        if name == "look":
            table[name] = _thirds(factors["turn"] + 0.5)
        elif name == "skin":
            table[name] = _thirds(factors["skin"])
        else:
            table[name] = factors[name]
    return table


def draw_captions(
    factors: np.ndarray | None,
    seed: int = 0,
    *,
    unseen: bool = False,
    n_facts: Sequence[int] = (1, len(FACTS)),
) -> Captions:
    """Draw one caption for each portrait.

    The number of facts is uniform in the range, then each choice of so many facts, each form, and
    each order of what can stand in any order are equally likely.

    Args:
        factors: table of factors (n,), as `draw_factors` returns it.
        seed: seed of the choices. The same seed and factors give the same captions.
        unseen: whether the forms are those for tests.
        n_facts: the lowest and the highest number of facts that a caption states.

    Raises:
        ValueError: if the range of the number of facts is not within 1 and the number of `FACTS`.
    """
    fewest, most = n_facts
    if not 1 <= fewest <= most <= len(FACTS):
        raise ValueError(f"A caption states 1 to {len(FACTS)} facts, not {fewest} to {most}.")
    rng = np.random.default_rng(seed)
    table, names = facts(factors), list(FACTS)
    texts, stated = [], np.full(len(table), NOT_STATED, DTYPE)
    log_p = np.empty(len(table))
    forms = UNSEEN_FORMS if unseen else FORMS
    for i, row in enumerate(table):
        k = int(rng.integers(fewest, most + 1))
        chosen = {names[j]: int(row[names[j]]) for j in rng.permutation(len(names))[:k]}
        for name, value in chosen.items():
            stated[name][i] = value
        form = forms[rng.integers(len(forms))]
        text, n_orders = _WRITTEN[form](_parts(chosen), rng)
        texts.append(text)
        log_p[i] = (
            -math.log(most - fewest + 1)
            - math.log(math.comb(len(names), k))
            + sum(math.log(_probability(name, value)) for name, value in chosen.items())
            - math.log(len(forms))
            - math.log(n_orders)
        )
    return Captions(texts, stated, log_p)


def captions_of(stated: Mapping[str, int], seed: int = 0, *, unseen: bool = False) -> list[str]:
    """Return captions that state given facts and nothing else, one in each form.

    Args:
        stated: fact -> index of its value, such as {"woman": 1, "hat": 0}.
        seed: seed of the orders.
        unseen: whether the forms are those for tests.

    Raises:
        ValueError: if there is no fact, or a fact or a value is unknown.
    """
    for name, value in stated.items():
        if name not in FACTS or not 0 <= value < len(FACTS[name]):
            raise ValueError(f"No caption states that {name!r} is {value}.")
    if not stated:
        raise ValueError("A caption states at least 1 fact.")
    rng = np.random.default_rng(seed)
    parts = _parts(dict(stated))
    return [_WRITTEN[form](parts, rng)[0] for form in (UNSEEN_FORMS if unseen else FORMS)]


def prompts(*names: str, unseen: bool = False) -> dict[tuple[int, ...], list[str]]:
    """Return captions that describe all values of a fact, or all combinations of several facts.

    Args:
        *names: of `FACTS`.
        unseen: as in `captions_of`.

    Returns:
        The value of each fact -> the captions that state just these, one in each form.
    """
    values = itertools.product(*(range(len(FACTS[name])) for name in names))
    return {
        each: captions_of(dict(zip(names, each, strict=True)), unseen=unseen) for each in values
    }


def tags() -> list[str]:
    """Return one short caption for each value of each fact, such as "a person with a hat"."""
    return [texts[0] for name in FACTS for texts in prompts(name).values()]


def log_probability(stated: np.ndarray) -> np.ndarray:
    """Return the logarithm of the probability that a portrait has all stated facts: (n,) -> (n,).

    Args:
        stated: what captions state, as in `Captions`.
    """
    log_p = np.zeros(len(stated))
    for name, said in FACTS.items():
        of_value = np.log([_probability(name, value) for value in range(len(said))])
        log_p += np.where(stated[name] == NOT_STATED, 0.0, of_value[stated[name]])
    return log_p


def are_true_of(stated: np.ndarray, factors: np.ndarray | None) -> np.ndarray:
    """Return which captions are true of which portraits: (n,) and (m,) -> bool (n, m).

    Args:
        stated: what captions state, as in `Captions`.
        factors: table of factors of the portraits, as `draw_factors` returns it.
    """
    table = facts(factors)
    true = np.ones((len(stated), len(table)), bool)
    for name in FACTS:
        said = stated[name][:, None]
        true &= (said == NOT_STATED) | (said == table[name][None, :])
    return true


def stated_facts(text: str) -> dict[str, int]:
    """Return what a caption states: fact -> index of its value, in the order of the caption.

    It also reads sentences that are not of the grammar, as long as they use its words. "or" goes on
    with a negation, and after "without" so does "and". If a fact has more than two values, a
    negation tells which one it is not ("no red hair"). That states none.
    """
    found: dict[str, int] = {}
    negation = ""
    before: list[str] = []  # the words since the last noun
    split = _split(text)
    for i, word in enumerate(split):
        if word in _NEGATIONS:
            negation = word
        elif word in CLASS_NAMES:
            found["woman"] = CLASS_NAMES.index(word) ^ bool(negation)
        elif word in _SMILES:
            found["smile"] = int((word != "serious") ^ bool(negation))
        elif word in _NOUNS_WITHOUT:
            found[word] = int(not negation)
        elif word in LOOKS and not negation:
            found["look"] = LOOKS.index(word)
        elif word in _NOUNS and not negation:
            for name in _NOUNS[word]:
                said = [FACTS[name].index(value) for value in before if value in FACTS[name]]
                if said:
                    found[name] = said[-1]
        if word in _STATING:
            before = []
            negation = negation if _goes_on(negation, split[i + 1 :]) else ""
        else:
            before.append(word)
    return found


def without_noun(text: str) -> list[str]:
    """Return the values in a caption that state nothing, since no noun follows, each with its noun.

    In "a woman with a hat, red" it is "red": it returns ["red hair"].
    """
    nouns = {  # of a colour that several nouns have, the first noun: the last entry of a key stays
        value: noun
        for noun, names in reversed(_NOUNS.items())
        for name in names
        for value in FACTS[name]
    }
    found: list[str] = []
    before: list[str] = []
    for word in [*_split(text), "person"]:  # a statement comes last, so that no value is left
        if word in _STATING:
            said = {value for name in _NOUNS.get(word, ()) for value in FACTS[name]}
            found += [f"{value} {nouns[value]}" for value in before if value not in said]
            before = []
        elif word in nouns:
            before.append(word)
    return found


def in_words(name: str, value: int) -> str:
    """Return a fact in words, such as "red hair", "no hat" or "woman".

    Args:
        name: of `FACTS`.
        value: index of its value.
    """
    said = FACTS[name][value]
    if name == "woman":
        return said
    if name == "look":
        return f"looking {said}"
    if name in BINARY:
        return name if value else f"no {name}"
    return f"{said} {next(noun for noun, names in _NOUNS.items() if name in names)}"


def stated_by(texts: Sequence[str]) -> np.ndarray:
    """Return what captions state as a table (n,), as in `Captions`."""
    stated = np.full(len(texts), NOT_STATED, DTYPE)
    for i, text in enumerate(texts):
        for name, value in stated_facts(text).items():
            stated[name][i] = value
    return stated


def words() -> list[str]:
    """Return all words of the grammar, in alphabetical order."""
    values = {word for name in FACTS if name not in BINARY for word in FACTS[name]}
    return sorted(values | set(CLASS_NAMES) | set(_OTHER_WORDS.split()))


def caption_tokenizer() -> Tokenizer:
    """Return the tokenizer of captions: each becomes `LENGTH` integers."""
    return Tokenizer(words(), LENGTH)


_OTHER_WORDS = """, a and beard does eyes front glasses hair has hat in looking looks no not of or
    person portrait serious shirt skin smile smiles smiling stands the wall wears who with without
    before"""
_SMILES = ("smile", "smiles", "smiling", "serious")
_NEGATIONS = ("no", "not", "without")
_NOUNS_WITHOUT = ("glasses", "beard", "hat")  # "without a beard or a hat" denies both
_NOUNS = {
    "hair": ("hair_style", "hair_color"),
    "eyes": ("eye_color",),
    "shirt": ("shirt",),
    "wall": ("background",),
    "skin": ("skin",),
}
# Each of these words states a fact, alone or with the words before it.
_STATING = {*CLASS_NAMES, "person", *_SMILES, *_NOUNS_WITHOUT, *LOOKS, *_NOUNS}


def _split(text: str) -> list[str]:
    return text.lower().replace(",", " , ").split()


def _goes_on(negation: str, after: list[str]) -> bool:
    """Return whether a negation also denies what comes next, "without a hat and a beard"."""
    if negation != "without" or after[:1] != ["and"]:
        return after[:1] == ["or"]
    after = [word for word in after[1:3] if word != "a"]
    return after[:1] != [] and after[0] in _NOUNS_WITHOUT


def _thirds(share: np.ndarray) -> np.ndarray:
    """Return 0, 1 or 2: in which third of [0, 1] each value lies."""
    return np.minimum(3 * share, 2).astype(int)


def _probability(name: str, value: int) -> float:
    """Return the probability of a fact's value."""
    if name in BINARY:
        return BINARY[name] if value else 1 - BINARY[name]
    return 1 / len(FACTS[name])


class _Parts(NamedTuple):
    """The parts of a caption: phrases, and empty strings for what is not stated."""

    person: str
    smile: str  # "smiling" or "serious"
    there: list[str]  # "red hair", "green eyes"
    has: list[str]  # of glasses, beard and hat
    has_not: list[str]
    shirt: str
    wall: str
    look: str


def _parts(stated: dict[str, int]) -> _Parts:
    word = {name: FACTS[name][value] for name, value in stated.items()}
    there = [word[name] for name in ("hair_style", "hair_color") if name in word]
    hair = [f"{' '.join(there)} hair"] if there else []
    nouns = {"skin": "skin", "eye_color": "eyes"}
    return _Parts(
        word.get("woman", "person"),
        {None: "", 0: "serious", 1: "smiling"}[stated.get("smile")],
        hair + [f"{word[name]} {noun}" for name, noun in nouns.items() if name in word],
        [noun for noun in _NOUNS_WITHOUT if stated.get(noun) == 1],
        [noun for noun in _NOUNS_WITHOUT if stated.get(noun) == 0],
        word.get("shirt", ""),
        word.get("background", ""),
        word.get("look", ""),
    )


def _with_article(noun: str) -> str:
    return noun if noun == "glasses" else f"a {noun}"


def _shuffled(parts: list[str], rng: np.random.Generator) -> list[str]:
    return [parts[j] for j in rng.permutation(len(parts))]


def _at_the_end(p: _Parts) -> list[str]:
    shirt = [f"in a {p.shirt} shirt"] if p.shirt else []
    wall = [f"in front of a {p.wall} wall"] if p.wall else []
    return shirt + wall + ([f"looking {p.look}"] if p.look else [])


def _without(p: _Parts, rng: np.random.Generator) -> list[str]:
    denied = _shuffled([_with_article(noun) for noun in p.has_not], rng)
    return [f"without {' or '.join(denied)}"] if denied else []


def _sentence(p: _Parts, rng: np.random.Generator) -> tuple[str, int]:
    """Return the caption in this form, and the number of orders that it could have."""
    told = f"a {p.smile} {p.person}" if p.smile else f"a {p.person}"
    has = _shuffled(p.there + [_with_article(noun) for noun in p.has], rng)
    if has:
        told += f" with {' and '.join([part for part in (', '.join(has[:-1]), has[-1]) if part])}"
    end = _at_the_end(p)
    n_orders = math.prod(math.factorial(len(parts)) for parts in (has, p.has_not, end))
    return ", ".join([told, *_without(p, rng), *_shuffled(end, rng)]), n_orders


def _portrait(p: _Parts, rng: np.random.Generator) -> tuple[str, int]:
    """Return the caption in this form, and the number of orders that it could have."""
    verbs = {"glasses": "wears", "beard": "has", "hat": "wears"}
    parts = [f"has {thing}" for thing in p.there]
    parts += [f"{verbs[noun]} {_with_article(noun)}" for noun in p.has]
    parts += [f"{verbs[noun]} no {noun}" for noun in p.has_not]
    parts += {"": [], "serious": ["does not smile"], "smiling": ["smiles"]}[p.smile]
    parts += [f"wears a {p.shirt} shirt"] if p.shirt else []
    parts += [f"stands before a {p.wall} wall"] if p.wall else []
    parts += [f"looks {p.look}"] if p.look else []
    who = f" who {', '.join(_shuffled(parts, rng))}" if parts else ""
    return f"the portrait of a {p.person}{who}", math.factorial(len(parts))


def _list(p: _Parts, rng: np.random.Generator) -> tuple[str, int]:
    """Return the caption in this form, and the number of orders that it could have."""
    parts = [p.person, *p.there, *p.has, *[f"no {noun}" for noun in p.has_not]]
    parts += [p.smile] if p.smile else []
    parts += [f"{p.shirt} shirt"] if p.shirt else []
    parts += [f"{p.wall} wall"] if p.wall else []
    parts += [f"looking {p.look}"] if p.look else []
    return ", ".join(_shuffled(parts, rng)), math.factorial(len(parts))


def _reordered(p: _Parts, rng: np.random.Generator) -> tuple[str, int]:
    """Return the caption in this form, and the number of orders that it could have."""
    parts = [f"with {thing}" for thing in p.there]
    parts += [f"with {_with_article(noun)}" for noun in p.has]
    parts += _without(p, rng) + _at_the_end(p) + ([p.smile] if p.smile else [])
    n_orders = math.factorial(len(parts)) * math.factorial(len(p.has_not))
    return ", ".join([f"a {p.person}", *_shuffled(parts, rng)]), n_orders


def _mixed(p: _Parts, rng: np.random.Generator) -> tuple[str, int]:
    """Return the caption in this form, and the number of orders that it could have."""
    parts = [*p.there, *p.has, *[f"no {noun}" for noun in p.has_not], *_at_the_end(p)]
    told = " ".join(["the portrait of a", *([p.smile] if p.smile else []), p.person])
    return ", ".join([told, *_shuffled(parts, rng)]), math.factorial(len(parts))


_WRITTEN: dict[str, Callable[[_Parts, np.random.Generator], tuple[str, int]]] = {
    "sentence": _sentence,
    "portrait": _portrait,
    "list": _list,
    "reordered": _reordered,
    "mixed": _mixed,
}
