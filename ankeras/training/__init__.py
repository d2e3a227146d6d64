"""How systems are trained: gradients, the base of all systems, schedules, callbacks, devices."""
