"""Templates on the command line: listed, shown, checked, and used by ``smsd notify``."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.store.house import PHONE, House

Smsd = Callable[..., Result]
ORDER = "# An order is ready.\n# {order}: 1733-А\nЗаказ {order} готов. К оплате {sum} руб.\n"


@pytest.fixture
def folder(config: Path) -> Path:
    """The directory of templates, with one in it."""
    folder = config.parent / "templates"
    folder.mkdir()
    (folder / "order-ready.txt").write_text(ORDER, "utf-8")
    config.write_text(config.read_text("utf-8") + '[templates]\ndirectory = "templates"\n', "utf-8")
    return folder


@pytest.mark.usefixtures("folder")
def test_templates_are_listed_and_shown(smsd: Smsd) -> None:
    listed = smsd("template", "list").stdout.splitlines()
    assert listed[1].split(maxsplit=4) == ["order-ready", "1", "order,", "sum", "An order is ready."]
    shown = json.loads(smsd("template", "show", "order-ready", "--json").stdout)
    assert shown["sample"] == "Заказ 1733-А готов. К оплате жжжжжжжжжж руб."
    assert (shown["variables"], shown["parts"], shown["forced_by"]) == (["order", "sum"], 1, "З")
    assert "UCS2, forced by 'З'" in smsd("template", "show", "order-ready").stdout
    result = smsd("template", "show", "other")
    assert (result.exit_code, result.stderr) == (
        1,
        "smsd: no template 'other'; 'smsd template list' shows what there is\n",
    )


def test_without_templates_the_way_to_them_is_told(smsd: Smsd) -> None:
    assert smsd("template", "list").stdout.startswith("no templates; templates.directory")


@pytest.mark.usefixtures("folder")
def test_a_file_is_checked_before_it_is_a_template(smsd: Smsd, tmp_path: Path) -> None:
    file = tmp_path / "new.txt"
    file.write_text("Hello {name", "utf-8")
    result = smsd("template", "check", str(file))
    assert result.exit_code == 78
    assert result.stderr.startswith(f"smsd: {file}: a '{{' in the text belongs to no placeholder")
    file.write_text("Hello {name}", "utf-8")
    assert smsd("template", "check", str(file)).exit_code == 0


@pytest.mark.parametrize("where", ["check", "directory"])
def test_a_pipe_that_nobody_writes_into_is_no_template_and_not_waited_for(
    smsd: Smsd, folder: Path, tmp_path: Path, where: str
) -> None:
    pipe = (folder if where == "directory" else tmp_path) / "pipe.txt"
    os.mkfifo(pipe)
    result = smsd("template", "list") if where == "directory" else smsd("template", "check", str(pipe))
    assert (result.exit_code, result.stderr) == (78, f"smsd: {pipe}: not a regular file: this is no template\n")


def test_a_template_that_is_wrong_stops_the_daemon_at_its_start(smsd: Smsd, folder: Path, config: Path) -> None:
    config.write_text(config.read_text("utf-8") + '[[modem]]\ndevice = "/dev/no-such-modem"\n', "utf-8")
    (folder / "long.txt").write_text("ж" * 400, "utf-8")
    result = smsd("run")
    why = "it makes 6 parts with typical values; 4 at most: shorten it, or allow '# parts: 6'"
    assert (result.exit_code, result.stderr) == (78, f"smsd: {folder}/long.txt: {why}\n")


@pytest.mark.usefixtures("folder", "daemon")
def test_a_notification_is_made_of_a_template(smsd: Smsd, house: House) -> None:
    words = ("notify", PHONE, "--template", "order-ready", "--var", "order=17", "--var", "sum=90=")
    dry = smsd(*words, "--dry-run")
    assert dry.stdout.splitlines()[1] == "text   Заказ 17 готов. К оплате 90= руб."
    assert json.loads(smsd(*words, "--dry-run", "--json").stdout)["parts"] == 1
    assert house.store.outbox.recent(limit=0) == []
    assert house.store.audit.recent(limit=0) == []
    assert smsd(*words, "--key", "k").stdout == f"message 1: queued, 1 part to {PHONE}\n"
    assert house.store.outbox.show(1)["text"] == "Заказ 17 готов. К оплате 90= руб."
    assert "nothing is added" in smsd(*words, "--key", "k").stdout
    other = smsd(*words[:-1], "sum=91", "--key", "k")
    assert (other.exit_code, "another recipient or text" in other.stderr) == (2, True)


@pytest.mark.usefixtures("folder")
def test_a_repeat_is_one_even_when_the_template_has_changed(smsd: Smsd, folder: Path) -> None:
    words = ("notify", PHONE, "--template", "order-ready", "--var", "order=17", "--var", "sum=90", "--key", "k")
    assert smsd(*words).exit_code == 0
    (folder / "order-ready.txt").write_text("Готово: {order}, {sum}", "utf-8")
    assert "nothing is added" in smsd(*words).stdout


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--template", "order-ready"], "template order-ready: {order}, {sum} has no value"),
        (["--template", "order-ready", "--var", "order"], "--var order has no value: write --var name=value"),
        (["--template", "order-ready", "--var", "sum=1", "--var", "sum=2"], "--var sum is given twice"),
        (["--template", "other"], "there is no template 'other'; there are: order-ready"),
        (["text", "--template", "order-ready"], "a notification has a text or a template: one of them"),
        ([], "a notification has a text or a template: one of them"),
        (["text", "--var", "a=b"], "only a template has values"),
    ],
)
def test_what_does_not_fit_is_one_line(smsd: Smsd, words: list[str], why: str) -> None:
    result = smsd("notify", PHONE, *words)
    assert (result.exit_code, result.stderr) == (2, f"smsd: {why}\n")
