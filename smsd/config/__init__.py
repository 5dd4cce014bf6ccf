"""The configuration file: TOML in, one frozen ``Config`` out.

The only place that reads the configuration, the secrets it names and the environment. ``keys`` is the one table of
all keys, ``checks`` what their values may be, ``reader`` the way from a file to a ``Config``. A relative path in the
file is a credential handed by systemd (``$CREDENTIALS_DIRECTORY``) where there is one of that name, else relative to
the file itself.
"""

from smsd.config.alarms import Alarms
from smsd.config.api import Api, Templates, Webhook
from smsd.config.directory import Directory
from smsd.config.http import ByClass, Http
from smsd.config.keys import (
    Alerts,
    Config,
    Database,
    Identity,
    KeyDoc,
    Limits,
    Log,
    Messages,
    Modem,
    ReplyTexts,
    Routing,
    Service,
    Smpp,
    Tariff,
    describe,
)
from smsd.config.metrics import Metrics
from smsd.config.reader import SecretFileWarning, load, parse, read_secret
from smsd.config.retention import Retention
from smsd.config.selftest import SelfTest
from smsd.config.sim import Sim
from smsd.config.templates import read_templates

__all__ = [
    "Alarms",
    "Alerts",
    "Api",
    "ByClass",
    "Config",
    "Database",
    "Directory",
    "Http",
    "Identity",
    "KeyDoc",
    "Limits",
    "Log",
    "Messages",
    "Metrics",
    "Modem",
    "ReplyTexts",
    "Retention",
    "Routing",
    "SecretFileWarning",
    "SelfTest",
    "Service",
    "Sim",
    "Smpp",
    "Tariff",
    "Templates",
    "Webhook",
    "describe",
    "load",
    "parse",
    "read_secret",
    "read_templates",
]
