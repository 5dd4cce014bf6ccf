"""What the client-support system sees of us: templates, and whether webhooks are heard.

Knows the configuration and the store's counts. Refuses to call anybody: whether a webhook is heard, the daemon knows.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from smsd.config import Config, read_templates
from smsd.config.templates import SUFFIX, read_template
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import ConfigError
from smsd.rules.webhooks import EventState
from smsd.store import Store

__all__ = ["templates", "webhooks"]

PATIENCE_SECONDS = 3600.0
"""An event that waits longer is worth a look."""


def templates(config: Config) -> Iterator[Finding]:
    """Check every template, not only up to the first that is wrong."""
    directory, most = config.templates.directory, config.templates.max_parts
    if directory is None:
        return
    try:
        found = read_templates(directory, most)
    except ConfigError as error:
        wrong = list(_wrong(directory, most)) or [str(error)]
        for each in wrong:
            path, _, what = each.partition(": ")
            yield bad(Check.TEMPLATE, path, what, f"smsd template check {path}")
    else:
        yield fine(Check.TEMPLATE, str(directory), f"templates that fit: {', '.join(found) or 'none'}")


def _wrong(directory: Path, most: int) -> Iterator[str]:
    try:
        files = sorted(directory.iterdir())
    except OSError:
        return
    for file in files:
        if file.suffix == SUFFIX and not file.name.startswith("."):
            try:
                read_template(file, most)
            except ConfigError as error:
                yield str(error)


def webhooks(config: Config, store: Store, clock: Callable[[], float]) -> Iterator[Finding]:
    """Say whether what was to be told was heard."""
    counts = {(row["webhook"], row["state"]): row for row in store.events.counts()}
    for hook in config.webhooks:
        given_up, waiting = counts.get((hook.name, EventState.GIVEN_UP)), counts.get((hook.name, EventState.WAITING))
        if given_up is not None:
            what = f"{given_up['count']} events were never heard"
            yield worth_a_look(Check.WEBHOOK, hook.name, what, "smsd webhook list --given-up; smsd webhook retry --all")
        elif waiting is not None and clock() - waiting["oldest"] > PATIENCE_SECONDS:
            what = f"{waiting['count']} events wait, the oldest for more than an hour"
            yield worth_a_look(Check.WEBHOOK, hook.name, what, "smsd webhook list tells why")
        else:
            yield fine(Check.WEBHOOK, hook.name, "what happened was heard, or is being told")
