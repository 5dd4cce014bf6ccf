"""``smsd template``: the texts of notifications that are kept in files."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import json_option, plural, print_json, print_pairs, print_table
from smsd.errors import NotFoundError
from smsd.speech import _

if TYPE_CHECKING:
    from smsd.rules.templates import NotificationTemplate

__all__ = ["template"]


@click.group(epilog="Example: smsd template list")
def template() -> None:
    """See the templates of notifications, and check one before it is used.

    A template is a file NAME.txt in templates.directory. Lines that start with # come first, if any: "# {order}: 1733"
    says what usually stands in {order}, "# parts: 2" how many parts it may make.
    """


@template.command("list", epilog="Example: smsd template list --json")
@json_option
@pass_app
def list_(app: App, *, as_json: bool) -> None:
    """List the templates with what they need and make."""
    found = _read(app).values()
    if as_json:
        print_json([_fields(each) for each in found])
        return
    print_table(
        ("name", "parts", "needs", "about"),
        [(each.name, each.parts, ", ".join(each.variables), each.about) for each in found],
        flexible="about",
        empty=_("no templates; templates.directory in the configuration says where they are"),
    )


@template.command(epilog="Example: smsd template show order-ready")
@click.argument("name")
@json_option
@pass_app
def show(app: App, name: str, *, as_json: bool) -> None:
    """Show one template, with typical values and what it makes with them."""
    found = _read(app).get(name)
    if found is None:
        raise NotFoundError(f"no template {name!r}; 'smsd template list' shows what there is")
    if as_json:
        print_json(_fields(found))
        return
    _print(found)


@template.command(epilog="Example: smsd template check new/order-ready.txt")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@json_option
@pass_app
def check(app: App, file: Path, *, as_json: bool) -> None:
    """Check a file before it becomes a template, as the daemon does at its start."""
    from smsd.config.templates import read_template  # noqa: PLC0415  start-up time

    found = read_template(file, app.config.templates.max_parts)
    if as_json:
        print_json(_fields(found))
        return
    _print(found)


def _read(app: App) -> "Mapping[str, NotificationTemplate]":
    from smsd.config import read_templates  # noqa: PLC0415  start-up time

    return read_templates(app.config.templates.directory, app.config.templates.max_parts)


def _print(each: "NotificationTemplate") -> None:
    print_pairs(
        [
            ("template", each.name),
            ("about", each.about),
            ("text", each.text),
            ("needs", ", ".join(each.variables)),
            ("typical", each.sample),
            ("makes", plural(each.parts, "part")),
            ("alphabet", _alphabet(each.ucs2_because)),
        ]
    )


def _alphabet(because: str | None) -> str:
    if because is None:
        return "GSM 7 bit"
    return _("UCS2, forced by {character}").format(character=repr(because))


def _fields(each: "NotificationTemplate") -> dict[str, Any]:
    return {
        "name": each.name,
        "about": each.about,
        "text": each.text,
        "variables": list(each.variables),
        "sample": each.sample,
        "parts": each.parts,
        "forced_by": each.ucs2_because,
    }
