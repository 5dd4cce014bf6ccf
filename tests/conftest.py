"""What holds for every test: how the invented examples are judged, and that programs hear Ctrl-C."""

import signal
import threading

from hypothesis import settings

# How long an example takes is the machine's business: it may be busy. A test that hangs ends by its own timeout.
settings.register_profile("anywhere", deadline=None)
settings.load_profile("anywhere")

# What a script has started in the background ignores Ctrl-C, and so would every program that a test starts and ends so.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
