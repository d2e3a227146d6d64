"""Captions: what they say is true, their probabilities sum to 1, and bad input gets a sentence."""

from ankeras.data.captions import (
    FACTS,
    LENGTH,
    NOT_STATED,
    caption_tokenizer,
    draw_captions,
    facts,
    in_words,
    stated_facts,
    without_noun,
    words,
)
from ankeras.data.faces import caption, draw_factors
from ankeras.data.held_out import (
    COMBINATIONS,
    faces_to_train_on,
    held_out_factors,
    is_held_out,
)
from ankeras.data.tokenizer import END, START, Tokenizer

import numpy as np
import pytest

FACTORS = draw_factors(3000, seed=5)


@pytest.mark.parametrize("unseen", [False, True])
def test_what_a_caption_states_is_true_and_can_be_read_from_it(unseen: bool) -> None:
    captions = draw_captions(FACTORS, 1, unseen=unseen)
    true = facts(FACTORS)
    for i, (text, row) in enumerate(zip(captions.texts, captions.stated, strict=True)):
        said = {name: int(row[name]) for name in FACTS if row[name] != NOT_STATED}
        assert stated_facts(text) == said
        assert said == {name: int(true[name][i]) for name in said}


def test_skin_and_look_are_thirds_of_their_factors() -> None:
    table = facts(draw_factors(3, skin=np.array([0.0, 0.34, 1.0]), turn=np.array([-0.5, 0.0, 0.5])))
    np.testing.assert_array_equal(table["skin"], [0, 1, 2])
    np.testing.assert_array_equal(table["look"], [0, 1, 2])


def test_the_probabilities_of_all_captions_of_one_fact_sum_to_1() -> None:
    captions = draw_captions(draw_factors(20_000), n_facts=(1, 1))
    log_p = dict(zip(captions.texts, captions.log_p, strict=True))
    assert np.isclose(np.exp(list(log_p.values())).sum(), 1.0)


def test_captions_are_as_frequent_as_their_probability_says() -> None:
    captions = draw_captions(draw_factors(20_000), n_facts=(1, 1))
    texts, counts = np.unique(captions.texts, return_counts=True)
    log_p = dict(zip(captions.texts, captions.log_p, strict=True))
    expected = 20_000 * np.exp([log_p[text] for text in texts])
    assert np.all(np.abs(counts - expected) < 6 * np.sqrt(expected) + 1)


def test_unseen_forms_use_known_words_and_give_new_sentences() -> None:
    seen = draw_captions(FACTORS, 0, n_facts=(6, 8)).texts
    unseen = draw_captions(FACTORS, 0, unseen=True, n_facts=(6, 8)).texts
    assert not set(seen) & set(unseen)
    split = " ".join(seen).replace(",", " ,").split()
    assert set(" ".join(unseen).replace(",", " ,").split()) <= set(split) <= set(words())


def test_the_same_seed_gives_the_same_captions() -> None:
    assert draw_captions(FACTORS[:20], 3).texts == draw_captions(FACTORS[:20], 3).texts
    assert draw_captions(FACTORS[:20], 3).texts != draw_captions(FACTORS[:20], 4).texts


def test_sentences_of_another_form_are_read_too() -> None:
    row = draw_factors(1, woman=1, smile=1, glasses=1, beard=0, hat=0, hair_color="red")[0]
    assert caption(row) == "a smiling woman with glasses and red hair"
    assert stated_facts(caption(row)) == {"smile": 1, "woman": 1, "glasses": 1, "hair_color": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a woman with long, red hair", {"woman": 1, "hair_style": 3, "hair_color": 3}),
        ("a blond man , smiling , no glasses", {"woman": 0, "smile": 1, "glasses": 0}),
        ("does not smile", {"smile": 0}),
        ("a not smiling woman with a hat", {"smile": 0, "woman": 1, "hat": 1}),
        ("a man who does not wears glasses, has a beard", {"woman": 0, "glasses": 0, "beard": 1}),
        ("no smile or hat, a beard", {"smile": 0, "hat": 0, "beard": 1}),
        ("without a hat or glasses and a beard", {"hat": 0, "glasses": 0, "beard": 0}),
        ("without a hat and a beard", {"hat": 0, "beard": 0}),
        ("without glasses and with a hat", {"glasses": 0, "hat": 1}),
        ("without a hat and smiling", {"hat": 0, "smile": 1}),
        ("without glasses and red hair", {"glasses": 0, "hair_color": 3}),
        ("without glasses and", {"glasses": 0}),
        ("no beard and a hat", {"beard": 0, "hat": 1}),
        ("not serious", {"smile": 1}),
        ("not a woman", {"woman": 0}),
        ("no red hair, not looking left, dark skin", {"skin": 2}),
        ("a white hat, grey hair, grey eyes", {"hat": 1, "hair_color": 4, "eye_color": 3}),
        ("a red shirt", {}),  # no shirt of this data is red
        ("a person in front of a wall", {}),
    ],
)
def test_what_a_sentence_of_a_student_states(text: str, said: dict[str, int]) -> None:
    caption_tokenizer().encode([text])  # all of its words are known
    assert stated_facts(text) == said
    assert list(stated_facts(text)) == list(said)  # in the order of the sentence


def test_each_fact_in_words_states_this_fact() -> None:
    assert in_words("hair_color", 3) == "red hair"
    assert in_words("hat", 0) == "no hat"
    for name, values in FACTS.items():
        for value in range(len(values)):
            assert stated_facts(in_words(name, value)) == {name: value}


@pytest.mark.parametrize("n_facts", [(0, 3), (4, 3), (1, 13)])
def test_an_impossible_number_of_facts_gets_a_sentence(n_facts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="states 1 to 12 facts"):
        draw_captions(FACTORS[:3], n_facts=n_facts)


def test_each_caption_becomes_integers_and_back() -> None:
    tokenizer = caption_tokenizer()
    texts = draw_captions(FACTORS, 2).texts + draw_captions(FACTORS, 2, unseen=True).texts
    tokens = tokenizer.encode(texts)
    assert tokens.shape == (len(texts), LENGTH)
    assert tokens.max() < tokenizer.n_words
    assert np.all(tokens[:, 0] == START)
    assert np.all((tokens == END).sum(axis=1) == 1)
    assert tokenizer.decode(tokens) == texts
    # the longest captions fill the row, so LENGTH is not larger than it must be
    assert tokens[:, -1].max() == END


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a woman with glases", "'glases' is unknown: did you mean glasses"),
        ("a woman with xyzzy", "'xyzzy' is unknown: the words are .*woman"),
        ("", "at least one word"),
        ("a " * 60, "at most 48 words and commas, not 60"),
    ],
)
def test_bad_captions_get_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        caption_tokenizer().encode([text])


def test_one_string_instead_of_a_list_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="list of sentences"):
        caption_tokenizer().encode([3])
    with pytest.raises(ValueError, match="list of sentences"):
        Tokenizer(["a"], 4).encode("a")


def test_combinations_that_are_held_out_are_never_in_the_training_images() -> None:
    held_out = held_out_factors(2 * len(COMBINATIONS))
    assert is_held_out(held_out).all()
    assert 0.1 < is_held_out(FACTORS).mean() < 0.25
    data = faces_to_train_on(200, seed=1, size=32)
    assert data.images.shape == (200, 32, 32, 3)
    assert not is_held_out(data.factors).any()
    # each attribute of a combination is in the training data, in other company
    for combination in COMBINATIONS:
        for name in combination:
            value = held_out[name][COMBINATIONS.index(combination)]
            assert np.mean(data.factors[name] == value) > 0.05


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a woman with a hat, red", ["red hair"]),
        ("a fair woman in a navy shirt", ["fair skin"]),
        ("navy, blue", ["navy shirt", "blue eyes"]),
        ("a person with long red hair, without red hair", []),
        ("no red hair, not a red hat", ["red hair"]),  # no caption states the colour of a hat
        ("", []),
    ],
)
def test_values_without_their_noun(text, found):
    assert without_noun(text) == found


def test_no_caption_of_the_grammar_leaves_a_noun_out():
    for unseen in (False, True):
        drawn = draw_captions(draw_factors(300, seed=1), seed=2, unseen=unseen)
        assert not any(map(without_noun, drawn.texts))
