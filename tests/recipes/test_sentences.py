"""The sentences that the recipes draw as examples consist of words of the grammar."""

from ankeras.data.captions import caption_tokenizer, stated_facts
from ankeras.recipes import captioned_faces, text_to_image

import pytest


@pytest.mark.parametrize("recipes", [captioned_faces, text_to_image])
def test_all_words_of_the_sentences_are_known(recipes):
    assert caption_tokenizer().encode(recipes.SENTENCES).any(axis=1).all()
    assert all(len(stated_facts(text)) >= 2 for text in recipes.SENTENCES)
