"""Measure what gradient ascent on the input finds, beside a baseline for each figure.

python bench/input_gradients.py [--only activation inversion dream style fast_style maps attacks
                                 digits manifold evolution]

Pictures go to bench/results/input_gradients_*.png. Photographs are the colour photographs of
scikit-image and scikit-learn (`data.PHOTOS`), all of them unless a section says which.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import ankeras
from ankeras import data, evaluation, pictures
from ankeras.autoencoders import VAE
from ankeras.builders import get_classifier, get_decoder, get_encoder
from ankeras.builders.efficientnet_lite import get_efficientnet_lite0
from ankeras.builders.imagenet import (
    class_index,
    imagenet_classes,
    imagenet_classifier,
    top_classes,
)
from ankeras.input_gradients import (
    MAPS,
    AdversarialTraining,
    FastStyle,
    activations,
    attack,
    change_class,
    content_distance,
    deepdream,
    deletion_area,
    deletion_curve,
    evolve,
    fooled_share,
    get_style_network,
    high_frequency_share,
    invert_representation,
    maximize_activation,
    random_noise,
    random_order,
    saliency_map,
    stored,
    style_distance,
    synthesize_texture,
    transfer_style,
)
from ankeras.input_gradients.network import read_layers
from ankeras.input_gradients.style_transfer import CONTENT_LAYER
from ankeras.input_gradients.texture_synthesis import STYLE_LAYERS
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from common import RESULTS, load, save

# photograph -> the classes of ImageNet that it shows; the others show none of the 1,000
SHOWN = {
    "chelsea": ("tabby", "tiger cat", "Egyptian cat"),
    "coffee": ("espresso", "cup", "coffee mug"),
    "rocket": ("missile", "projectile"),
    "motorcycle": ("moped", "motor scooter"),
    "china": ("palace",),
}
DEPTHS = ("stem", "block_03", "block_06", "block_11", "block_16", "head")
PAIRS = (
    ("chelsea", "tissue"),
    ("china", "hubble"),
    ("coffee", "retina"),
    ("rocket", "flower"),
    ("astronaut", "brick"),
)
DIGITS = np.arange(10)
STYLE, FAST_STEPS = "tissue", 1800  # of the network that paints in one pass


def picture(figure: Any, name: str) -> None:
    """Save a figure among the results."""
    figure.savefig(RESULTS / f"input_gradients_{name}.png")


def top_1() -> dict:
    """Name the photographs that show a class of ImageNet."""
    network = imagenet_classifier()
    p = network.predict(data.photos(), verbose=0)
    named = {name: top_classes(row, 1)[0] for name, row in zip(data.PHOTOS, p, strict=True)}
    right = [named[name][0] in SHOWN[name] for name in SHOWN]
    return {"right": float(np.mean(right)), "photos": len(right), "named": named}


def activation() -> dict:
    """Compare images that maximize units with the best of 1,000 crops of photographs."""
    network = imagenet_classifier()
    # the textures and photographs at 128 pixels, 77 crops of each at random places
    full = [data.photo(name) for name in data.PHOTOS]
    crops = np.concatenate([data.crops(image, 77, 128, seed=i) for i, image in enumerate(full)])
    # before the ReLU: behind it a unit may be 0 at the start, without a slope
    layers = {f"block_{i}_expand_conv": range(4) for i in ("02", "06", "11")}
    classes = [class_index(c) for c in ("tabby", "espresso", "daisy", "jellyfish")]
    layers["scores"] = classes  # type: ignore[assignment]
    figures: dict[str, Any] = {}
    shown: list[np.ndarray] = []
    titles: list[str] = []
    for layer, units in layers.items():
        best = activations(network, layer, crops[:1000], list(units)).max(axis=0)
        for image in ("fourier", "pixels"):
            found = maximize_activation(network, layer, list(units), image=image)
            reached = np.diag(activations(network, layer, found.x, list(units)))
            figures[f"{layer}, {image}"] = {
                "activation": reached.tolist(),
                "best of 1,000 crops": best.tolist(),
                "at the start": float(-found.history["loss"][0]),
                "high frequencies": high_frequency_share(found.x).tolist(),
            }
            shown += list(found.x)
            titles += [f"{layer} {unit}, {image}" for unit in units]
    figures["high frequencies of the crops"] = float(high_frequency_share(crops[:1000]).mean())
    picture(pictures.gallery(shown, titles), "activation")
    return figures


def inversion() -> dict:
    """Invert photographs from each depth."""
    network, names = imagenet_classifier(), ("chelsea", "coffee", "china", "flower")
    x = data.photos(names, 128)
    figures, rows = {}, [x]
    for layer in DEPTHS:
        start = time.perf_counter()
        found = invert_representation(network, layer, x)
        psnr = [evaluation.psnr(x[i : i + 1], found.x[i : i + 1]) for i in range(len(x))]
        figures[layer] = {
            "psnr": psnr,
            "mean": float(np.mean(psnr)),
            "seconds per image": (time.perf_counter() - start) / len(x),
        }
        rows.append(found.x)
    mean = np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)
    figures["mean colour"] = {"mean": evaluation.psnr(x, mean)}
    titles = [t for layer in ("photograph", *DEPTHS) for t in [layer] * len(names)]
    picture(pictures.gallery(list(np.concatenate(rows)), titles, columns=4), "inversion")
    return figures


def dream() -> dict:
    """Dream at four depths, from a photograph and from noise."""
    network, photograph = imagenet_classifier(), data.photo("china", 256)
    noise = np.random.default_rng(0).uniform(0.3, 0.7, photograph.shape).astype("float32")
    shown, titles, figures = [photograph], ["photograph"], {}
    for name, image in (("photograph", photograph), ("noise", noise)):
        for layer in ("block_02_expand", "block_06_expand", "block_09_expand", "block_13_expand"):
            start = time.perf_counter()
            shown.append(deepdream(network, image, layer))
            titles.append(f"{layer}, from a {name}")
            figures[titles[-1]] = {"seconds": time.perf_counter() - start}
    picture(pictures.gallery(shown, titles, columns=3, cell=3), "dream")
    return figures


def style() -> dict:
    """Transfer five styles with one setting, and synthesize textures."""
    network, figures, shown, titles = imagenet_classifier(), {}, [], []
    for content_name, style_name in PAIRS:
        content, target = data.photo(content_name, 192), data.photo(style_name, 192)
        start = time.perf_counter()
        x = transfer_style(network, content, target).x
        seconds = time.perf_counter() - start
        before, after = (style_distance(network, a, target)[0] for a in (content[None], x))
        figures[f"{content_name} as {style_name}"] = {
            "style distance over that of the content": float(after / before),
            "content distance": float(content_distance(network, x, content)[0]),
            "content distance of the style": float(
                content_distance(network, target[None], content)[0]
            ),
            "seconds": seconds,
        }
        shown += [content, target, x[0]]
        titles += [content_name, style_name, f"style distance {after / before:.1%}"]
    picture(pictures.gallery(shown, titles, columns=3, cell=3), "style")
    shown = []
    for name in ("tissue", "gravel", "hubble", "brick"):
        target = data.photo(name, 192)
        shown += [target, synthesize_texture(network, target, size=192).x[0]]
    picture(pictures.gallery(shown, ["photograph", "synthesized"] * 4, columns=4), "texture")
    return figures


def fast_style() -> dict:
    """Train one network for one style, and paint photographs that it never saw."""
    network, unseen = imagenet_classifier(), ("chelsea", "coffee", "china")
    known = [name for name in data.PHOTOS if name not in (*unseen, STYLE)]
    x = np.concatenate([data.crops(data.photo(name, 256), 60, 96, seed=1) for name in known])
    target = data.photo(STYLE, 128)
    model = FastStyle(
        get_style_network(), read_layers(network, [*STYLE_LAYERS, CONTENT_LAYER]), target
    )
    model.compile(cosine_adam(FAST_STEPS, 5e-3, warmup=0.02))
    start = time.perf_counter()
    model.fit(x, batch_size=4, epochs=-(-FAST_STEPS * 4 // len(x)), verbose=0)
    figures: dict[str, Any] = {"seconds of training": time.perf_counter() - start}
    shown, titles = [], []
    model.paint(data.photos(unseen[:1], 128))  # builds the graph
    for name in unseen:
        content = data.photo(name, 128)
        before = style_distance(network, content[None], target)[0]
        ways = {
            "one pass": lambda content=content: model.paint(content[None]),
            "optimized": lambda content=content: transfer_style(network, content, target).x,
        }
        shown.append(content)
        titles.append(name)
        for way, paint in ways.items():
            start = time.perf_counter()
            painted = paint()
            seconds = time.perf_counter() - start
            left = float(style_distance(network, painted, target)[0] / before)
            figures[f"{name}, {way}"] = {
                "style distance over that of the content": left,
                "content distance": float(content_distance(network, painted, content)[0]),
                "seconds": seconds,
            }
            shown.append(painted[0])
            titles.append(f"{way}, style {left:.1%}")
    picture(pictures.gallery(shown, titles, columns=3, cell=3), "fast_style")
    return figures


def maps() -> dict:
    """Run the deletion test for all photographs that the network names right."""
    network, untrained = imagenet_classifier(), get_efficientnet_lite0()
    x = data.photos(tuple(SHOWN))
    p = network.predict(x, verbose=0)
    right = [i for i, name in enumerate(SHOWN) if top_classes(p[i], 1)[0][0] in SHOWN[name]]
    x, classes = x[right], p[right].argmax(axis=1)
    orders = {kind: saliency_map(network, x, kind, classes=classes) for kind in MAPS}
    orders["grad-cam of block 16"] = saliency_map(network, x, layer="block_16", classes=classes)
    orders["grad-cam of random weights"] = saliency_map(untrained, x, classes=classes)
    figures: dict[str, Any] = {}
    for kind, order in orders.items():
        areas = [
            deletion_area(deletion_curve(network, a, m)) for a, m in zip(x, order, strict=True)
        ]
        figures[kind] = areas
    figures["random order, mean of 3"] = [
        float(
            np.mean(
                [
                    deletion_area(deletion_curve(network, a, random_order(a.shape[:2], seed)))
                    for seed in range(3)
                ]
            )
        )
        for a in x
    ]
    baseline = np.array(figures["random order, mean of 3"])
    figures["over random order"] = {
        kind: (np.array(figures[kind]) / baseline).tolist() for kind in orders
    }
    shown, titles = [], []
    for i, image in enumerate(x):
        shown += [image, *(order[i] for order in orders.values())]
        titles += [imagenet_classes()[classes[i]]]
        titles += [f"{kind}: {figures[kind][i]:.2f}" for kind in orders]
    picture(pictures.gallery(shown, titles, columns=7), "maps")
    return figures


def attacks() -> dict:
    """Attack all photographs, stored in 8 bits."""
    network = imagenet_classifier()
    x = stored(data.photos())
    one, ten = (stored(attack(network, x, epsilon=1 / 255, steps=n)) for n in (1, 10))
    target = class_index("jellyfish")
    aimed = stored(attack(network, x, targets=target, epsilon=4 / 255, steps=20))
    p = network.predict(aimed, verbose=0)
    noisy = stored(random_noise(x, 1 / 255))
    read, read_noisy = (network.predict(a, verbose=0) for a in (x, noisy))
    changed = read.argmax(axis=1) != read_noisy.argmax(axis=1)
    shown, titles = [], []
    for images in (x, one):
        for image, row in zip(images[:4], network.predict(images[:4], verbose=0), strict=True):
            name, value = top_classes(row, 1)[0]
            shown.append(image)
            titles.append(f"{name} {value:.2f}")
    shown += list(0.5 + 0.5 * 255 * (one - x)[:4])
    titles += ["the change, times 128"] * 4
    picture(pictures.gallery([np.clip(a, 0, 1) for a in shown], titles), "attacks")
    return {
        "photos": len(x),
        "one step of 1/255": fooled_share(network, x, one),
        "ten steps of 1/255": fooled_share(network, x, ten),
        "noise of 1/255": float(changed.mean()),
        "changed by noise, and their probability before": {
            name: float(row.max())
            for name, row, other in zip(data.PHOTOS, read, changed, strict=True)
            if other
        },
        "jellyfish at 4/255": float(np.mean(p.argmax(axis=1) == target)),
    }


def digits() -> dict:
    """Attack the digit classifier, and train one that resists."""
    train, test = data.load("digits")
    x, y = test.images[:1000], np.asarray(test.labels)[:1000]
    network = evaluation.digit_classifier()

    def robustness(network: keras.Model) -> dict[str, float]:
        read = network.predict(x, verbose=0).argmax(axis=1)
        figures = {"accuracy": float(np.mean(read == y))}
        for steps in (1, 20):
            changed = attack(network, x, y, epsilon=0.2, steps=steps, step_size=0.2 / steps * 2)
            figures[f"fooled by {steps} steps"] = fooled_share(network, x, changed, y)
        figures["fooled by noise"] = fooled_share(network, x, random_noise(x, 0.2), y)
        return figures

    def small() -> keras.Model:
        return get_classifier(get_encoder((28, 28, 1), 64, widths=(16, 32, 64)), 10)

    steps = 10 * len(train.images) // 64
    plain = small()
    plain.compile(
        cosine_adam(steps, 3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    plain.fit(train.images, train.labels, batch_size=64, epochs=10, verbose=0)
    defended = AdversarialTraining(small(), epsilon=0.2, steps=3)
    defended.compile(cosine_adam(steps, 3e-3))
    start = time.perf_counter()
    defended.fit(train.images, train.labels, batch_size=64, epochs=10, verbose=0)
    seconds = time.perf_counter() - start
    changed = attack(plain, x, y, epsilon=0.2, steps=20)
    return {
        "digit classifier": robustness(network),
        "plain training": robustness(plain),
        "adversarial training": {**robustness(defended.classifier), "seconds": seconds},
        "transfer: plain's examples fool the digit classifier": fooled_share(
            network, x, changed, y
        ),
        "transfer: plain's examples fool the defended one": fooled_share(
            defended.classifier, x, changed, y
        ),
    }


def manifold() -> dict:
    """Change the class of digits along the latent space of a VAE and off it."""
    train, test = data.load("digits")
    vae = VAE(get_encoder((28, 28, 1), 32), get_decoder(16, (28, 28, 1)))
    vae.compile(cosine_adam(8 * len(train.images) // 100, 3e-3))
    vae.fit(train.images, batch_size=100, epochs=8, verbose=0)
    network = evaluation.digit_classifier()
    z = ankeras.latent.encode(vae.mean_encoder, test.images[:200])
    now = network.predict(vae.generator.predict(z, verbose=0), verbose=0).argmax(axis=1)
    found = change_class(network, vae.generator, z, (now + 1) % 10)
    both = found.turned.all(axis=1)
    ratio = found.lengths[both, 0] / found.lengths[both, 1]
    rows = {
        f"{name}": images[both][:10]
        for name, images in (("along the manifold", found.along), ("off the manifold", found.off))
    }
    picture(pictures.reconstructions(found.start[both], rows, first="start"), "manifold")
    return {
        "turned": float(both.mean()),
        "length along over off, median": float(np.median(ratio)),
        "lengths, median": np.median(found.lengths[both], axis=0).tolist(),
    }


def evolution() -> dict:
    """Fool the digit classifier in all ten classes."""
    network, figures, rows = evaluation.digit_classifier(), {}, []
    for encoding in ("pixels", "cppn"):
        start = time.perf_counter()
        found = evolve(network, DIGITS, encoding=encoding, enough=0.99)
        figures[encoding] = {
            "confidence": found.confidence.tolist(),
            "generations": len(found.history),
            "seconds": time.perf_counter() - start,
        }
        rows.append(found.images)
    titles = [f"{d}: {c:.2f}" for e in figures.values() for d, c in enumerate(e["confidence"])]
    picture(pictures.gallery(list(np.concatenate(rows)), titles, columns=10, cell=1), "evolution")
    noise = np.random.default_rng(0).random((1000, 28, 28, 1)).astype("float32")
    figures["best of 1,000 random images"] = network.predict(noise, verbose=0).max(0).tolist()
    return figures


SECTIONS: dict[str, Callable[[], dict]] = {
    section.__name__: section
    for section in (
        top_1,
        activation,
        inversion,
        dream,
        style,
        fast_style,
        maps,
        attacks,
        digits,
        manifold,
        evolution,
    )
}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    RESULTS.mkdir(exist_ok=True)
    for name in options.parse_args().only:
        ankeras.setup(0)
        begin = time.perf_counter()
        result = SECTIONS[name]()
        result["seconds in all"] = round(time.perf_counter() - begin, 1)
        key = (
            name
            if keras.backend.backend() == "tensorflow"
            else f"{name}, {keras.backend.backend()}"
        )
        save("input_gradients", {**load("input_gradients"), key: result})
        print(name, result, flush=True)
