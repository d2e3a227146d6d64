"""Messages of Keras and TensorFlow lose their inner names, and keep what is wrong."""

from ankeras.grading.messages import plain

import pytest

EAGER = (
    "{{function_node __wrapped__AddV2_device_/job:localhost/replica:0/task:0/device:CPU:0}} "
    "Incompatible shapes: [2,3] vs. [2,4] [Op:AddV2] name: "
)
GRAPH = """Graph execution error:

Detected at node Reshape defined at (most recent call last):
  File "/usr/lib/keras/trainer.py", line 399, in fit

  File "<exercise 2.1>", line 18, in train_step

Input to reshape is a tensor with 12 values, but the requested shape has 10
\t [[{{node Reshape}}]] [Op:__inference_multi_step_on_iterator_164]"""
AUTOGRAPH = """in user code:

    File "<exercise 2.1>", line 41, in f  *
        return x @ x

    ValueError: Dimensions must be equal, but are 3 and 2 for '{{node matmul}} = MatMul[T=DT_FLOAT,\
 transpose_b=false](x, x)' with input shapes: [2,3], [2,3].
"""
LAYER = (
    "Exception encountered when calling Sequential.call().\n\n"
    "\x1b[1mInput 0 of layer 'dense_1' is incompatible with the layer\x1b[0m\n\n"
    "Arguments received by Sequential.call():\n  • inputs=tf.Tensor(shape=(2, 4))\n  • mask=None"
)


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("InvalidArgumentError", EAGER, "Incompatible shapes: [2,3] vs. [2,4]"),
        (
            "InvalidArgumentError",
            GRAPH,
            "Input to reshape is a tensor with 12 values, but the requested shape has 10",
        ),
        (
            "ValueError",
            AUTOGRAPH,
            "Dimensions must be equal, but are 3 and 2 with input shapes: [2,3], [2,3].",
        ),
        (
            "ValueError",
            LAYER,
            "Exception encountered when calling Sequential.call().\n"
            "Input 0 of layer 'dense_1' is incompatible with the layer",
        ),
        ("KeyError", "'mu'", "'mu'"),
        ("ValueError", "one\n\n  two", "one\ntwo"),
        ("ValueError", "", ""),
    ],
    ids=["eager", "graph", "autograph", "layer", "key", "lines", "empty"],
)
def test_what_is_wrong_stays(kind, message, expected):
    assert plain(kind, message) == expected


def test_long_messages_are_cut():
    assert plain("ValueError", "1\n2\n3\n4\n5") == "1\n2\n3\n4"
    assert len(plain("ValueError", "x" * 10_000)) == 600
