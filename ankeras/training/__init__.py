"""How systems are trained: gradients, the base of all systems, schedules, callbacks, devices."""

from ankeras.training.tensorflow_import import import_keras_quietly

import_keras_quietly()
