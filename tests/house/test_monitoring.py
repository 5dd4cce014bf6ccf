"""Metrics are the same in the code, on their page, in the dashboard and in the rules."""

import json
import re
from pathlib import Path

import click

from smsd.cli import main
from smsd.daemon.figures import FIGURES

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"\bsmsd_[a-z_]+\b")
SUFFIXES = ("_bucket", "_sum", "_count")
DASHBOARD = ROOT / "monitoring" / "smsd-dashboard.json"
RULES = ROOT / "monitoring" / "smsd.rules.yml"


def names(text: str) -> set[str]:
    """Return the metrics a text names; a histogram's series are its own."""
    found = set()
    for name in NAME.findall(text):
        bare = next((name.removesuffix(each) for each in SUFFIXES if name.endswith(each)), name)
        histogram = bare in FIGURES and FIGURES[bare].kind == "histogram"
        found.add(bare if histogram else name)
    return found


def expressions() -> list[str]:
    """Return what the dashboard asks Prometheus."""
    whole = json.loads(DASHBOARD.read_text("utf-8"))
    return [target["expr"] for panel in whole["panels"] for target in panel.get("targets", [])]


def test_the_dashboard_asks_for_metrics_that_exist_and_for_nearly_all_of_them() -> None:
    asked = names("\n".join(expressions()))
    assert asked <= set(FIGURES)
    for_the_rules = {"smsd_info", "smsd_looked_timestamp_seconds", "smsd_self_test_period_seconds"}
    assert set(FIGURES) - asked == for_the_rules


def test_the_rules_ask_for_metrics_that_exist() -> None:
    assert names(re.sub(r"runbook:.*", "", RULES.read_text("utf-8"))) <= set(FIGURES)


def test_labels_that_are_asked_for_exist() -> None:
    text = "\n".join([*expressions(), RULES.read_text("utf-8")])
    for name, inside in re.findall(r"(smsd_[a-z_]+)\{([^}]*)\}", text):
        for label in re.findall(r"(\w+)\s*(?:=|!=)", inside):
            assert label in FIGURES[name].labels, f"{name}: {label}"


def test_every_metric_s_code_and_page_know_it() -> None:
    code = (ROOT / "smsd" / "daemon" / "metrics.py").read_text("utf-8")
    assert names(code) == set(FIGURES)
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(smsd_\w+)`", page, re.MULTILINE)) == set(FIGURES)
    assert names(page) <= set(FIGURES)


def test_a_rule_s_runbook_leads_to_a_section() -> None:
    for path, anchor in re.findall(r"runbook: (docs/\S+?\.md)#(\w+)", RULES.read_text("utf-8")):
        assert f"## {anchor}" in (ROOT / path).read_text("utf-8")


def test_a_rule_s_command_is_one_there_is() -> None:
    told = re.findall(r'runbook: "?smsd ([a-z ]+)', RULES.read_text("utf-8"))
    assert told
    for words in told:
        command: click.Command = main
        for word in words.split():
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"smsd {words}"
            command = found


def test_panels_have_each_a_number_and_a_place_of_their_own() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len({panel["id"] for panel in panels}) == len(set(places)) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
