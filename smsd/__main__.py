"""``python -m smsd``: the command line."""

from smsd.cli import main

main(prog_name="smsd")
