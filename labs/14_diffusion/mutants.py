"""Wrong answers to lab 14 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

SCHEDULE = ("test_the_ends_and_the_middle_of_the_schedule", "test_schedules_of_other_lengths")
NOISE = ("test_noisy_images_by_hand", "test_noisy_images_of_any_shape")
LOSS = (
    "test_the_loss_of_a_network_that_predicts_zero",
    "test_the_loss_of_a_network_that_reads_the_noisy_image",
    "test_the_network_is_told_the_rates",
)
ESTIMATE = ("test_the_expected_image_by_hand", "test_estimates_are_clipped")
SAMPLE = (
    "test_one_step_of_sampling",
    "test_all_steps_of_sampling",
    "test_the_network_is_told_the_rate_of_each_step",
    "test_a_single_step_to_the_rate_1",
)
MEAN = ("test_the_posterior_by_hand", "test_the_mean_of_other_rates")
DEVIATION = ("test_the_posterior_by_hand", "test_the_deviation_of_other_rates")

PROOF = [
    Mutant("1.1", "alpha falls by equal steps", SCHEDULE, ("np.cos(", "1 - (")),
    Mutant("1.1", "the cosine is not squared", SCHEDULE, (" ** 2", "")),
    Mutant(
        "1.1", "one rate is missing", SCHEDULE, ("np.arange(n_steps + 1)", "np.arange(n_steps)")
    ),
    Mutant(
        "1.1",
        "the last rate is not under the root",
        SCHEDULE,
        ("np.sqrt(last_rate)", "last_rate"),
    ),
    Mutant("1.2", "no square roots", NOISE, ("ops.sqrt(alpha) * x_0", "alpha * x_0")),
    Mutant(
        "1.2",
        "signal and noise exchanged",
        NOISE,
        (
            "ops.sqrt(alpha) * x_0 + ops.sqrt(1 - alpha) * eps",
            "ops.sqrt(1 - alpha) * x_0 + ops.sqrt(alpha) * eps",
        ),
    ),
    Mutant(
        "1.2",
        "the rates belong to the channels",
        NOISE,
        ("(-1, 1, 1, 1)", "(1, 1, 1, -1)"),
    ),
    Mutant(
        "1.2",
        "the variance of ATIV's slide",
        NOISE,
        ("ops.sqrt(1 - alpha)", "ops.sqrt(1 - ops.sqrt(alpha))"),
    ),
    Mutant("1.2", "the same rate for all images", NOISE, ("(-1, 1, 1, 1))", "(-1, 1, 1, 1))[:1]")),
    Mutant(
        "2.1", "the mean over all values", LOSS, ("ops.sum(squares, axis=(1, 2, 3))", "squares")
    ),
    Mutant("2.1", "the sum over the images", LOSS, ("ops.mean(ops.sum", "ops.sum(ops.sum")),
    Mutant("2.1", "absolute differences", LOSS, ("ops.square(eps", "ops.abs(eps")),
    Mutant(
        "2.1",
        "compared with the image",
        LOSS,
        ("ops.square(eps - ", "ops.square(x_0 - "),
    ),
    Mutant(
        "2.1",
        "the network reads the clean image",
        (
            "test_the_loss_of_a_network_that_reads_the_noisy_image",
            "test_the_network_is_told_the_rates",
        ),
        ("network(x_t, alpha)", "network(x_0, alpha)"),
    ),
    Mutant(
        "2.1",
        "the network is told the share of noise",
        "test_the_network_is_told_the_rates",
        ("network(x_t, alpha)", "network(x_t, 1 - alpha)"),
    ),
    Mutant("3.1", "the noise is added", ESTIMATE, ("x_t - np.sqrt", "x_t + np.sqrt")),
    Mutant("3.1", "not divided", ESTIMATE, (" / np.sqrt(alpha)", "")),
    Mutant("3.1", "no root in the denominator", ESTIMATE, ("/ np.sqrt(alpha)", "/ alpha")),
    Mutant(
        "3.1",
        "not clipped",
        "test_estimates_are_clipped",
        ("np.clip(x_0, -1, 1)", "x_0"),
    ),
    Mutant(
        "3.1",
        "clipped to the range of pixels",
        ESTIMATE,
        ("np.clip(x_0, -1, 1)", "np.clip(x_0, 0, 1)"),
    ),
    Mutant(
        "3.2",
        "not clipped",
        SAMPLE,
        ("np.clip(x_0, -1, 1)", "x_0"),
    ),
    Mutant(
        "3.2",
        "the noise of the network after the clip",
        (
            "test_one_step_of_sampling",
            "test_all_steps_of_sampling",
            "test_the_network_is_told_the_rate_of_each_step",
        ),
        ("(x - np.sqrt(alpha) * x_0) / np.sqrt(1 - alpha)", "network(x, alpha)"),
    ),
    Mutant(
        "3.2",
        "the rate before the step",
        SAMPLE,
        (
            "np.sqrt(following) * x_0 + np.sqrt(1 - following) * eps",
            "np.sqrt(alpha) * x_0 + np.sqrt(1 - alpha) * eps",
        ),
    ),
    Mutant(
        "3.2",
        "the last step is missing",
        SAMPLE,
        ("range(len(rates) - 1)", "range(len(rates) - 2)"),
    ),
    Mutant(
        "3.2",
        "the network is told the next rate",
        ("test_the_network_is_told_the_rate_of_each_step", "test_a_single_step_to_the_rate_1"),
        ("network(x, alpha)) / np.sqrt(alpha)", "network(x, following)) / np.sqrt(alpha)"),
    ),
    Mutant(
        "3.3",
        "the variance instead of the deviation",
        DEVIATION,
        (
            "np.sqrt((1 - following) / (1 - alpha) * (1 - a))",
            "(1 - following) / (1 - alpha) * (1 - a)",
        ),
    ),
    Mutant(
        "3.3",
        "image and noisy image exchanged",
        MEAN,
        [("* x_0", "* IMAGE"), ("* x_t", "* x_0"), ("IMAGE", "x_t")],
    ),
    Mutant(
        "3.3",
        "the rate of one step is upside down",
        (*MEAN, "test_the_deviation_of_other_rates"),
        ("a = alpha / following", "a = following / alpha"),
    ),
    Mutant("3.3", "no root of a", MEAN, ("np.sqrt(a)", "a")),
    Mutant(
        "4.1",
        "the weight on the prediction with the class alone",
        ("test_guidance_by_hand", "test_a_large_weight", "test_no_condition_and_no_guidance"),
        ("w * (network(x_t, alpha, c) - without)", "w * network(x_t, alpha, c)"),
    ),
    Mutant(
        "4.1",
        "the weight of the paper, w - 1",
        ("test_guidance_by_hand", "test_a_large_weight", "test_no_condition_and_no_guidance"),
        ("return without + w *", "return network(x_t, alpha, c) + w *"),
    ),
    Mutant(
        "4.1",
        "ones as the empty condition",
        ("test_guidance_by_hand", "test_a_large_weight", "test_no_condition_and_no_guidance"),
        ("np.zeros_like(c)", "np.ones_like(c)"),
    ),
    Mutant(
        "4.1",
        "in the other direction",
        ("test_guidance_by_hand", "test_a_large_weight", "test_no_condition_and_no_guidance"),
        ("(network(x_t, alpha, c) - without)", "(without - network(x_t, alpha, c))"),
    ),
    Alternative(
        "1.1",
        "linspace",
        """
def cosine_schedule(n_steps, last_rate):
    angles = np.linspace(0, np.arccos(last_rate**0.5), n_steps + 1)
    return (1 + np.cos(2 * angles)) / 2
""",
    ),
    Alternative(
        "1.2",
        "new axes",
        """
def add_noise(x_0, alpha, eps):
    a = alpha[:, None, None, None]
    return a**0.5 * x_0 + (1 - a) ** 0.5 * eps
""",
    ),
    Alternative(
        "2.1",
        "one image after the other",
        """
def diffusion_loss(network, x_0, alpha, eps):
    a = tf.reshape(alpha, (-1, 1, 1, 1))
    predicted = network(tf.sqrt(a) * x_0 + tf.sqrt(1 - a) * eps, alpha)
    losses = [tf.reduce_sum((e - p) ** 2) for e, p in zip(tf.unstack(eps), tf.unstack(predicted))]
    return tf.add_n(losses) / len(losses)
""",
    ),
    Alternative(
        "3.1",
        "minimum and maximum",
        """
def estimate_image(x_t, eps, alpha):
    x_0 = x_t / alpha**0.5 - (1 / alpha - 1) ** 0.5 * eps
    return np.minimum(np.maximum(x_0, -1), 1)
""",
    ),
    Alternative(
        "3.2",
        "by indices",
        """
def sample(network, x, rates):
    for i in range(len(rates) - 1):
        signal, noise = rates[i] ** 0.5, (1 - rates[i]) ** 0.5
        x_0 = ((x - noise * network(x, rates[i])) / signal).clip(-1, 1)
        x = rates[i + 1] ** 0.5 * x_0 + (1 - rates[i + 1]) ** 0.5 * (x - signal * x_0) / noise
    return x
""",
    ),
    Alternative(
        "3.3",
        "the formula of algorithm 2",
        """
def posterior(x_t, x_0, alpha, following):
    a = alpha / following
    eps = (x_t - alpha**0.5 * x_0) / (1 - alpha) ** 0.5
    mu = (x_t - (1 - a) / (1 - alpha) ** 0.5 * eps) / a**0.5
    return mu, ((1 - a) * (1 - following) / (1 - alpha)) ** 0.5
""",
    ),
    Alternative(
        "4.1",
        "a weighted mean",
        """
def guided_noise(network, x_t, alpha, c, w):
    return (1 - w) * network(x_t, alpha, 0 * c) + w * network(x_t, alpha, c)
""",
    ),
]
