"""The linear autoencoder is PCA, in subspace and in error."""

from ankeras.autoencoders import get_linear_autoencoder, principal_angles, squared_error
from ankeras.training.schedules import cosine_adam

import numpy as np
import pytest
from sklearn.decomposition import PCA


def test_it_finds_the_principal_subspace_and_its_error():
    rng = np.random.default_rng(0)
    directions, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    scales = np.array([4.0, 3.0, 2.0, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1])
    x = (rng.normal(size=(512, 12)) * scales @ directions + 1.0).astype("float32")
    x = x.reshape(-1, 3, 4, 1)
    pca = PCA(3).fit(x.reshape(-1, 12))

    autoencoder = get_linear_autoencoder((3, 4, 1), latent_dim=3)
    start = principal_angles(autoencoder, pca.components_)
    steps = 120 * 8
    optimizer = cosine_adam(steps, 0.1)
    autoencoder.compile(optimizer, loss=squared_error)
    autoencoder.fit(x, x, batch_size=64, epochs=120, verbose=0)

    assert start.max() > 0.5
    assert principal_angles(autoencoder, pca.components_).max() < 0.05
    flat = x.reshape(-1, 12)
    best = np.mean((pca.inverse_transform(pca.transform(flat)) - flat) ** 2)
    error = np.mean((autoencoder.predict(x, verbose=0) - x) ** 2)
    assert best * 0.999 < error < best * 1.02


def test_angles_are_right_angles_between_orthogonal_spaces():
    autoencoder = get_linear_autoencoder((4,), latent_dim=2)
    kernel = np.eye(2, 4, dtype="float32")
    autoencoder.get_layer("decoder").set_weights([kernel, np.zeros(4)])
    np.testing.assert_allclose(principal_angles(autoencoder, kernel), [0, 0], atol=1e-3)
    other = np.eye(4)[[0, 3]]
    assert principal_angles(autoencoder, other) == pytest.approx([np.pi / 2, 0], abs=1e-3)
