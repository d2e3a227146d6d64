"""Recipes of the models that draw faces from captions."""

from ankeras.builders.transformer import get_text_encoder
from ankeras.data.captions import LENGTH, caption_tokenizer, draw_captions
from ankeras.data.held_out import faces_to_train_on
from ankeras.language import TextToImage, get_text_to_image_network
from ankeras.training.schedules import cosine_adam

import numpy as np

SHAPE = (32, 32, 3)
N_TRAIN, N_CAPTIONS = 20_000, 8


def captioned_faces() -> tuple:
    """Return portraits and the tokens of `N_CAPTIONS` captions of each, the arguments of `fit`."""
    data = faces_to_train_on(N_TRAIN, seed=0, size=SHAPE[0])
    tokenizer = caption_tokenizer()
    texts = (draw_captions(data.factors, seed).texts for seed in range(N_CAPTIONS))
    return data.images, np.stack([tokenizer.encode(each) for each in texts], axis=1)


def _text_to_image(steps: int) -> TextToImage:
    text_encoder = get_text_encoder(caption_tokenizer().n_words, LENGTH, depth=1)
    model = TextToImage(get_text_to_image_network(SHAPE, text_encoder, n_blocks=1))
    model.compile(cosine_adam(steps, 1.5e-3, warmup=0.02))
    return model
