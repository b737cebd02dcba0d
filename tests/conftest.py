"""What all tests share: how hypothesis searches.

`make test` repeats the same search every time, so that a failure is the
change's own. `make test-long` (CHIPWARDEN_FUZZ_CASES is set) searches anew.
"""

import os

# Keys of workspaces that tests make are locked with this; nothing goes into anybody's home.
os.environ["CHIPWARDEN_PASSPHRASE"] = "a passphrase for tests"

from hypothesis import settings

# No deadline: a test never judges time.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("search" if "CHIPWARDEN_FUZZ_CASES" in os.environ else "repeatable")
