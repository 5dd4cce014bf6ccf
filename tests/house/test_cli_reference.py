"""The reference of the command line is what the commands say of themselves.

Run as a program, it writes the generated part of the page anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from smsd.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"
WIDTH = 80


def test_the_helps_on_the_page_are_those_of_the_program() -> None:
    page = PAGE.read_text("utf-8")
    assert page == rewritten(page), f"run python tests/house/{Path(__file__).name}"


@pytest.mark.parametrize("noun", ["inbox", "outbox", "request", "client"])
def test_every_field_that_scripts_may_count_on_is_on_the_page(noun: str) -> None:
    [row] = re.findall(rf"^\| {noun} \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == PROMISED[noun]


PROMISED = {
    "inbox": {"id", "received_at", "sender", "text", "route", "state", "request_id"},
    "outbox": {
        "id", "created_at", "recipient", "text", "class", "state", "parts", "route", "sender", "attempts", "sent_at",
        "delivered_at", "error", "alert_id", "request_id",
    },
    "request": {"id", "received_at", "phone", "command", "state", "done_at", "error"},
    "client": {"phone", "code", "login", "name", "subscribed", "changed_at"},
}  # fmt: skip


def rewritten(page: str) -> str:
    """Return the page with its generated part made anew."""
    head, _, rest = page.partition(BEGIN)
    return head + BEGIN + "".join(map(section, commands())) + "\n" + END + rest.partition(END)[2]


def commands() -> Iterator[click.Context]:
    """Yield every command in its context, groups before what is in them."""
    waiting = [click.Context(main, info_name="smsd", terminal_width=WIDTH, **main.context_settings)]
    while waiting:
        context = waiting.pop(0)
        yield context
        if isinstance(context.command, click.Group):
            below = [
                click.Context(command, parent=context, info_name=name, terminal_width=WIDTH)
                for name in context.command.list_commands(context)
                if (command := context.command.get_command(context, name)) is not None
            ]
            waiting[:0] = below


def section(context: click.Context) -> str:
    """Return a command's heading and help."""
    level = "##" if context.parent is None or context.parent.parent is None else "###"
    return f"\n{level} {context.command_path}\n\n```text\n{context.command.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
