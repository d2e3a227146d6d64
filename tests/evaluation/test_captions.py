"""Tests of what captions state in pictures, and of retrieval with its bounds."""

from ankeras.data import faces
from ankeras.data.captions import (
    FACTS,
    NOT_STATED,
    are_true_of,
    caption_tokenizer,
    captions_of,
    draw_captions,
    facts,
    log_probability,
    prompts,
    stated_facts,
)
from ankeras.data.faces import draw_factors
from ankeras.evaluation import ATTRIBUTES, face_reader, read_attributes
from ankeras.evaluation.captions import evaluate_retrieval, stated_found, zero_shot_accuracy

import numpy as np
import pytest


@pytest.fixture(scope="module")
def portraits():
    data = faces(300, seed=3, size=32)
    return data.images, data.factors, draw_captions(data.factors, seed=2)


def test_what_captions_state_is_counted_by_hand(portraits):
    images, _, captions = portraits
    reader = face_reader(32)
    read = read_attributes(reader, images)
    hits, wholes, of_hat = [], [], []
    for i, row in enumerate(captions.stated):
        mine = [
            read[name][i] == row[name] for name in ATTRIBUTES if row[name] != NOT_STATED
        ]  # neither eye colour nor look is counted
        hits += mine
        wholes.append(all(mine))
        if row["hat"] != NOT_STATED:
            of_hat.append(read["hat"][i] == row["hat"])
    found = stated_found(reader, images, captions.stated)
    assert found.share == pytest.approx(np.mean(hits))
    assert found.whole == pytest.approx(np.mean(wholes))
    assert found.by_attribute["hat"] == pytest.approx(np.mean(of_hat))
    assert set(found.by_attribute) == set(ATTRIBUTES)
    assert found.share > 0.95


def test_chance_is_what_exchanged_pictures_reach(portraits):
    images, _, captions = portraits
    reader = face_reader(32)
    chance = stated_found(reader, images, captions.stated).chance
    rng = np.random.default_rng(0)
    exchanged = [
        stated_found(reader, images[rng.permutation(len(images))], captions.stated).share
        for _ in range(8)
    ]
    assert chance == pytest.approx(np.mean(exchanged), abs=0.02)


def test_one_fact_is_counted_alone():
    factors = draw_factors(40, seed=1, hat=1, woman=0)
    images = faces(40, seed=1, size=32, hat=1, woman=0).images
    stated = draw_captions(factors, n_facts=(1, 1)).stated
    for name in FACTS:
        stated[name] = NOT_STATED
    stated["hat"] = 0
    found = stated_found(face_reader(32), images, stated)
    assert found.by_attribute == {"hat": 0.0}
    stated["hat"][:10] = 1
    found = stated_found(face_reader(32), images, stated)
    assert found.share == pytest.approx(0.25)
    assert found.chance == pytest.approx(0.25)  # all pictures have a hat


def test_retrieval_and_its_bounds_by_hand():
    n = 40
    factors = draw_factors(n, seed=4)
    captions = draw_captions(factors, seed=1, n_facts=(1, 4))
    texts = captions.texts
    kept = [i for i in range(n) if texts[i] not in texts[:i]]
    among = len(kept)
    true = facts(factors)
    fits = np.zeros((among, among), bool)  # image, caption
    rarity = np.zeros(among)
    for column, j in enumerate(kept):
        said = stated_facts(texts[j])
        for row, i in enumerate(kept):
            fits[row, column] = all(true[name][i] == value for name, value in said.items())
        stated = captions.stated[j : j + 1]
        rarity[column] = 1 / np.exp(log_probability(stated))[0]
    np.testing.assert_array_equal(are_true_of(captions.stated, factors)[np.ix_(kept, kept)].T, fits)
    rng = np.random.default_rng(0)
    similarity = rng.normal(size=(n, n))
    small = similarity[np.ix_(kept, kept)]
    found = evaluate_retrieval(similarity, captions, factors, among)
    assert found.find_image == pytest.approx(np.mean(small.argmax(0) == np.arange(among)))
    assert found.find_caption == pytest.approx(np.mean(small.argmax(1) == np.arange(among)))
    assert found.find_image_bound == pytest.approx(np.mean(1 / fits.sum(0)))
    weights = fits * rarity
    assert found.find_caption_bound == pytest.approx(np.mean(weights.max(1) / weights.sum(1)))


def test_no_chooser_beats_the_bounds_and_the_best_one_reaches_them():
    n = 3000
    factors = draw_factors(n, seed=4)
    captions = draw_captions(factors, seed=1)
    best = np.where(
        are_true_of(captions.stated, factors).T, -log_probability(captions.stated), -np.inf
    )
    best += np.random.default_rng(0).uniform(0, 1e-6, (n, n))  # among equals, any one
    found = evaluate_retrieval(best, captions, factors)
    assert found.find_image == pytest.approx(found.find_image_bound, abs=0.02)
    assert found.find_caption == pytest.approx(found.find_caption_bound, abs=0.02)
    assert 0.5 < found.find_image_bound < 1
    # to know which captions are true is not enough: of these, the rarest one is the likeliest
    any_true = np.where(np.isfinite(best), 0.0, -1.0) + np.random.default_rng(1).uniform(
        0, 1e-6, (n, n)
    )
    assert evaluate_retrieval(any_true, captions, factors).find_caption < found.find_caption - 0.02


def test_probabilities_of_facts_are_their_frequencies():
    factors = draw_factors(20_000, seed=9)
    captions = draw_captions(factors[:40], seed=1, n_facts=(1, 3))
    frequency = are_true_of(captions.stated, factors).mean(axis=1)
    np.testing.assert_allclose(np.exp(log_probability(captions.stated)), frequency, atol=0.015)


@pytest.mark.parametrize("unseen", [False, True])
def test_prompts_state_the_values_of_their_facts_and_nothing_else(unseen):
    described = prompts("woman", "hair_color", unseen=unseen)
    assert len(described) == 2 * len(FACTS["hair_color"])
    for values, texts in described.items():
        caption_tokenizer().encode(texts)
        for text in texts:
            assert stated_facts(text) == dict(zip(("woman", "hair_color"), values, strict=True))
    assert len(captions_of({"hat": 0, "smile": 1}, unseen=unseen)) == (2 if unseen else 3)


def _one_hot(said):
    """Return the vector with a 1 for the value of each fact."""
    return np.concatenate(
        [np.eye(len(FACTS[n]))[said[n]] if n in said else np.zeros(len(FACTS[n])) for n in FACTS]
    )


@pytest.mark.parametrize("unseen", [False, True])
def test_zero_shot_accuracy_of_vectors_that_hold_the_facts(portraits, unseen):
    _, factors, _ = portraits
    true = facts(factors)
    z_i = np.stack([_one_hot({name: true[name][i] for name in FACTS}) for i in range(len(true))])

    def embed_classes(described):
        texts = [caption_tokenizer().decode(tokens) for tokens in described]
        return np.stack(
            [np.mean([_one_hot(stated_facts(text)) for text in each], axis=0) for each in texts]
        )

    for names in (("woman",), ("hair_color", "hat"), ("look",)):
        assert zero_shot_accuracy(z_i, embed_classes, factors, *names, unseen=unseen) == 1
    # half of the portraits with another one's vector
    z_i[::2] = np.roll(z_i[::2], 1, axis=0)
    same = np.all([true[n][::2] == np.roll(true[n][::2], 1) for n in ("hair_color", "hat")], axis=0)
    found = zero_shot_accuracy(z_i, embed_classes, factors, "hair_color", "hat", unseen=unseen)
    assert found == pytest.approx((1 + same.mean()) / 2)


def test_bad_input_gets_a_sentence(portraits):
    images, factors, captions = portraits
    with pytest.raises(ValueError, match="as many pictures"):
        stated_found(face_reader(32), images[:10], captions.stated)
    stated = captions.stated[:10].copy()
    for name in ATTRIBUTES:
        stated[name] = NOT_STATED
    with pytest.raises(ValueError, match="No caption states"):
        stated_found(face_reader(32), images[:10], stated)
    with pytest.raises(ValueError, match="a square of similarities"):
        evaluate_retrieval(np.zeros((3, 3)), captions, factors)
    with pytest.raises(ValueError, match="fewer than 400"):
        evaluate_retrieval(np.zeros((300, 300)), captions, factors, among=400)
    with pytest.raises(ValueError, match="300 portraits need as many"):
        zero_shot_accuracy(np.zeros((3, 2)), lambda each: np.zeros((2, 2)), factors, "hat")
    with pytest.raises(ValueError, match="'nose'"):
        captions_of({"nose": 1})
    with pytest.raises(ValueError, match="at least 1 fact"):
        captions_of({})
