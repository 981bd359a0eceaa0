"""Settings for every test: no example has a time limit (there are no timed tests), and a failure can be repeated."""

from hypothesis import settings

settings.register_profile("shortmeasure", deadline=None, print_blob=True)
settings.load_profile("shortmeasure")
