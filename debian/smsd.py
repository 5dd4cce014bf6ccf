#!/usr/lib/smsd/bin/python3 -I
"""The smsd command of the Debian package: its own environment, and nothing of the user's (-I)."""

import sys

from smsd.cli import main

sys.argv[0] = "smsd"
sys.exit(main())
