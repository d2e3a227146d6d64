"""Importing this module changes two defaults of TensorFlow. `ankeras.setup` imports it.

Pipelines: tf.data tunes each pipeline in a thread that sleeps for 10, 20, 40, ... milliseconds. At
the end of each epoch the iterator is deleted and the thread is woken. If it wakes before its
cancellation is written down, it sleeps on, and the epoch waits for it, at worst as long again as
the epoch has taken. Images in memory need no tuning. So tuning is off unless somebody asks for it.
`bench/epoch_end.py` measures the gain with TensorFlow 2.21: an epoch ends 1.2 to 1.8 times as fast
on one core, and hardly sooner on two idle cores.

Warnings: TensorFlow warns of every model that is compiled anew, which a course does all the time.
"""

import tensorflow as tf

_options = tf.data.experimental.AutotuneOptions
_chosen = _options.enabled  # None unless somebody chose; TensorFlow then tunes
_options.enabled = property(lambda self: _chosen.fget(self) or False, _chosen.fset)

tf.get_logger().setLevel("ERROR")
