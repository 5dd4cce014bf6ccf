"""What holds for every test: how the invented examples are judged."""

from hypothesis import settings

# How long an example takes is the machine's business: it may be busy. A test that hangs ends by its own timeout.
settings.register_profile("anywhere", deadline=None)
settings.load_profile("anywhere")
