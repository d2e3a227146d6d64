"""The tags that the GAN of tags learns from, and how its tags are counted."""

from ankeras.data import faces
from ankeras.data.captions import FACTS, caption_tokenizer, tags
from ankeras.recipes.caption_gans import tag_figures, true_tags

import numpy as np
import pytest


def test_each_portrait_has_one_true_tag_for_each_fact():
    data = faces(30, seed=0, size=32)
    texts = tags()
    assert len(set(texts)) == len(texts) == sum(len(values) for values in FACTS.values())
    found = true_tags(data.targets["factors"])
    assert found.shape[:2] == (30, len(FACTS))
    for factors, of_portrait in zip(data.targets["factors"], found, strict=True):
        told = set(caption_tokenizer().decode(of_portrait))
        assert ("a person with glasses" in told) == bool(factors["glasses"])
        assert ("a person, without a hat" in told) != bool(factors["hat"])
        assert ("a woman" in told) == bool(factors["woman"])


class _Drawer:
    """Stands for a model that draws the tags that it is given, 100 for each image."""

    def __init__(self, counts):
        self.counts = counts

    def count_tags(self, images, vocabulary, n):
        assert len(vocabulary) == self.counts.shape[1]
        assert n == 100
        return self.counts


def test_drawn_tags_are_compared_with_the_true_ones():
    data = faces(20, seed=0, size=32)
    texts = tags()
    rows = true_tags(data.targets["factors"])
    place = {tuple(t): i for i, t in enumerate(caption_tokenizer().encode(texts))}
    true = np.array([[place[tuple(tag)] for tag in of_portrait] for of_portrait in rows])
    counts = np.zeros((20, len(texts)), int)
    np.put_along_axis(counts, true[:, :6], 10, axis=1)  # half of the true tags, 60 of 100
    wrong = (~np.isin(np.arange(len(texts)), true[0])).nonzero()[0][0]
    counts[0, wrong] = 40
    figures = tag_figures(_Drawer(counts), data.images, data.targets["factors"])
    shares = [figure["value"] for figure in figures.values()]
    assert shares[0] == pytest.approx(20 * 60 / (20 * 60 + 40))
    assert shares[2] == pytest.approx(0.5)
    assert figures["drawn tags that are true"]["by chance"] < 0.5
