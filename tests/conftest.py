"""Settings for every test: no example has a time limit (there are no timed tests), and a failure can be repeated."""

import gc
import os

# the matrices are small, and every core has a worker of its own: threads would only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# who runs the tests may have a configuration: they have none, but for those that write one
os.environ["SHORTMEASURE_CONFIG"] = os.path.join(os.path.dirname(__file__), "no-such-config.toml")

from hypothesis import settings

settings.register_profile("shortmeasure", deadline=None, print_blob=True)
settings.load_profile("shortmeasure")


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end: the collector need not walk it at every full collection."""
    gc.collect()
    gc.freeze()
