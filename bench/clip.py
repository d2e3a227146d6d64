"""Train CLIP, the text-to-image GAN and tags from images on faces of 32 pixels, and evaluate them.

python bench/clip.py [--seconds 180] [--gan-seconds 480] [--seeds 3] [--only clip gan tags]

The combinations of `data/held_out.py` are in no training image. All captions of the tests are
written with other seeds than those of the training, and some in forms that no training saw.

clip    zero-shot accuracy of each fact as a share of the face reader's accuracy, also for all
        facts of a held-out combination at once; retrieval at 1 of 100, with its bound. The reader
        reads neither the colour of the eyes nor where a face looks: chance stands beside these.
gan     share of the stated attributes that the face reader finds in the pictures, for new captions,
        for unseen forms and for held-out combinations, beside real images and chance; recall. Its
        text encoder is that of the pretrained CLIP.
tags    share of the drawn tags that are true of the image, and how many of its tags are drawn. The
        encoders are those of the pretrained CLIP. The baseline draws each tag as often as it is in
        the training data.
"""

import functools
import time
from typing import Any

from ankeras import evaluation, pictures
from ankeras.data import Dataset, faces
from ankeras.data.captions import (
    FACTS,
    caption_tokenizer,
    captions_of,
    draw_captions,
    stated_by,
)
from ankeras.data.held_out import COMBINATIONS, combination_values, faces_to_train_on
from ankeras.language import (
    CLIP,
    ImageTags,
    TextToImageGAN,
)
from ankeras.recipes.caption_gans import get_image_tags, get_text_gan, tag_figures, true_tags
from ankeras.recipes.captioned_faces import get_clip, tokens_of
from ankeras.training import devices
from ankeras.training.callbacks import WeightAverage

import keras
import numpy as np
from common import RESULTS, load, parser, save
from generative import Training, evaluated, report

SIZE, N_TRAIN, N_TEST, N_CAPTIONS = 32, 20_000, 4_000, 4
SENTENCES = (
    "a smiling woman with red hair",
    "a man with glasses and a beard",
    "a woman with a beard and a hat",
    "the portrait of a serious man who has curly hair, stands before a teal wall",
    "a person with blond long hair, without glasses, in a coral shirt",
)


def trained(
    model: keras.Model, x: np.ndarray, y: np.ndarray, batch_size: int, clock: Training, *others: Any
) -> dict:
    """Train a model for the seconds of a clock; return the seconds and the steps."""
    model.fit(x, y, batch_size=batch_size, epochs=10_000, callbacks=[*others, clock], verbose=0)
    steps = int(clock.rates[-1][0].iterations)
    return {"seconds": time.perf_counter() - clock.start, "steps": steps}


def trained_clip(x: np.ndarray, tokens: np.ndarray, seconds: float, seed: int) -> tuple[CLIP, dict]:
    """Train CLIP for some seconds."""
    clip = get_clip(seed)
    clip.compile(keras.optimizers.Adam(2e-3))
    return clip, trained(clip, x, tokens, 128, Training(seconds, clip.optimizer))


def of_clip(clip: CLIP, test: Dataset) -> dict:
    """Return the zero-shot accuracies and the retrieval of CLIP."""
    reader = evaluation.face_reader(SIZE)
    of_reader = evaluation.attribute_accuracy(reader, test)
    figures: dict = {"zero-shot": {}, "zero-shot, held out": {}}
    z_i = clip.embed_images(test.images)
    accuracy = functools.partial(evaluation.zero_shot_accuracy, z_i, clip.embed_classes)
    for name in FACTS:
        found = {
            "seen forms": accuracy(test.factors, name),
            "unseen forms": accuracy(test.factors, name, unseen=True),
            "by chance": 1 / len(FACTS[name]),
        }
        if name in of_reader:
            found["reader"] = of_reader[name]
        figures["zero-shot"][name] = found
    shares = [
        found[forms] / found["reader"]
        for found in figures["zero-shot"].values()
        if "reader" in found
        for forms in ("seen forms", "unseen forms")
    ]
    figures["lowest share of the reader's accuracy"] = min(shares)
    for combination in COMBINATIONS:
        data, wanted = faces(400, 1, SIZE, **combination), combination_values(combination)
        read = evaluation.read_attributes(reader, data.images)
        name = ", ".join(f"{fact} {value}" for fact, value in combination.items())
        of_these = functools.partial(
            evaluation.zero_shot_accuracy,
            clip.embed_images(data.images),
            clip.embed_classes,
            data.factors,
            *wanted,
        )
        figures["zero-shot, held out"][name] = {
            "seen forms": of_these(),
            "unseen forms": of_these(unseen=True),
            "reader": float(np.mean(np.all([read[n] == v for n, v in wanted.items()], axis=0))),
            "by chance": float(np.prod([1 / len(FACTS[name]) for name in wanted])),
        }
    held_out = figures["zero-shot, held out"].values()
    figures["held out, all facts right"] = float(np.mean([f["seen forms"] for f in held_out]))
    for unseen in (False, True):
        captions = draw_captions(test.factors, seed=100, unseen=unseen)
        z_t = clip.embed_texts(caption_tokenizer().encode(captions.texts))
        retrieved = evaluation.evaluate_retrieval(z_i @ z_t.T, captions, test.factors)
        forms = "unseen forms" if unseen else "seen forms"
        figures |= {f"{name}, {forms}": value for name, value in retrieved._asdict().items()}
    return figures


def trained_gan(
    x: np.ndarray, tokens: np.ndarray, seconds: float, seed: int
) -> tuple[TextToImageGAN, dict]:
    """Train the text-to-image GAN for some seconds, with averaged weights of G."""
    gan = get_text_gan(seed)
    gan.compile()
    clock = Training(seconds, gan.optimizer.discriminator, gan.optimizer.generator)
    return gan, trained(gan, x, tokens, 64, clock, WeightAverage())


def of_gan(gan: TextToImageGAN, test: Dataset, seed: int) -> dict:
    """Return how many stated attributes are found in the GAN's pictures, and their recall."""
    reader, tokenizer = evaluation.face_reader(SIZE), caption_tokenizer()
    n = len(test) // 2
    figures: dict = {}
    for forms in ("seen forms", "unseen forms"):
        captions = draw_captions(
            test.take(slice(n)).factors, seed=200, unseen=forms == "unseen forms"
        )
        drawn = gan.generate_for(tokenizer.encode(captions.texts), seed)
        found = evaluation.stated_found(reader, drawn, captions.stated)
        figures |= {f"{name}, {forms}": value for name, value in found._asdict().items()}
        if forms == "seen forms":
            real = evaluation.stated_found(reader, test.images[:n], captions.stated)
            figures["share, real images"] = real.share
            figures |= evaluated(reader, test.images, drawn)
    texts = [
        text
        for combination in COMBINATIONS
        for i in range(40)
        for text in captions_of(combination_values(combination), seed=i)
    ]
    drawn = gan.generate_for(tokenizer.encode(texts), seed)
    found = evaluation.stated_found(reader, drawn, stated_by(texts))
    figures["share, held out"] = found.share
    figures["share, held out, by chance"] = found.chance
    figures["all facts, held out"] = found.whole
    return figures


def draw_sentences(gan: TextToImageGAN) -> None:
    """Save a picture of what the GAN draws for some sentences."""
    tokens = np.repeat(caption_tokenizer().encode(SENTENCES), 8, axis=0)
    drawn = gan.generate_for(tokens, seed=1).reshape(len(SENTENCES), 8, SIZE, SIZE, 3)
    rows = dict(zip(SENTENCES, drawn, strict=True))
    first = rows.pop(SENTENCES[0])
    figure = pictures.reconstructions(first, rows, n=8, first=SENTENCES[0])
    figure.savefig(RESULTS / "clip_text_to_image_gan.png")


def trained_tags(data: Dataset, seconds: float, seed: int) -> tuple[ImageTags, dict]:
    """Train the GAN of tags for some seconds."""
    model = get_image_tags(seed)
    model.compile()
    clock = Training(seconds, model.optimizer.discriminator, model.optimizer.generator)
    tags = true_tags(data.targets["factors"])
    return model, trained(model, data.images, tags, 128, clock, WeightAverage())


def main() -> None:
    """Train and evaluate what was asked for, and save the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=180, help="of CLIP's and tags' training")
    options.add_argument("--gan-seconds", type=float, default=480, help="of the GAN's training")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--only", nargs="+", default=["clip", "gan", "tags"])
    given = options.parse_args()
    train, test = faces_to_train_on(N_TRAIN, 0, SIZE), faces(N_TEST, 1, SIZE)
    tokens = tokens_of(train.factors, N_CAPTIONS)
    found: dict = {name: [] for name in given.only}
    for seed in range(given.seeds):
        if "clip" in given.only:
            devices.setup(seed)
            clip, cost = trained_clip(train.images, tokens, given.seconds, seed)
            found["clip"].append(report(f"clip, seed {seed}", cost | of_clip(clip, test)))
        if "gan" in given.only:
            devices.setup(seed)
            gan, cost = trained_gan(train.images, tokens, given.gan_seconds, seed)
            found["gan"].append(report(f"gan, seed {seed}", cost | of_gan(gan, test, seed)))
            if seed == 0:
                draw_sentences(gan)
        if "tags" in given.only:
            devices.setup(seed)
            model, cost = trained_tags(train, given.seconds, seed)
            test_500 = test.take(slice(500))
            figures = tag_figures(model, test_500.images, test_500.targets["factors"])
            values = {name: figure["value"] for name, figure in figures.items()}
            report(f"tags, seed {seed}", cost | values)
            found["tags"].append(cost | figures)
        save("clip", load("clip") | found)


if __name__ == "__main__":
    main()
