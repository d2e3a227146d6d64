"""Lets pytest judge the labs here: pytest . --submission lab.ipynb."""


def pytest_addoption(pluginmanager):
    """Load the plugin, also where pytest finds this file late or twice."""
    pluginmanager.import_plugin("ankeras.grading.plugin")
