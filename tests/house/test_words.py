"""The Russian catalogue says what the code says: everything, nothing else, with the same places to be filled."""

import importlib.util
import io
from pathlib import Path
from string import Formatter
from types import ModuleType

from babel.messages.pofile import read_po

from smsd.speech import CATALOGUE, Catalogue

ROOT = Path(__file__).parents[2]
TEXT = CATALOGUE.read_text("utf-8")


def program() -> ModuleType:
    """Import docs/words.py, which is a program beside the package."""
    spec = importlib.util.spec_from_file_location("words", ROOT / "docs" / "words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def places(text: str) -> set[str]:
    """Return the places of a sentence; a brace that opens none is no place."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return set()


def test_a_translation_has_the_places_of_its_sentence() -> None:
    catalogue = Catalogue(TEXT)
    odd = [one for one, told in catalogue.single.items() if places(one) != places(told)]
    for pair, forms in catalogue.plural.items():
        odd += [pair[0] for told in forms if places(told) not in (places(pair[0]), places(pair[1]))]
    assert odd == []


def test_babel_reads_the_same_catalogue_as_the_program() -> None:
    catalogue = Catalogue(TEXT)
    single, plural = {}, {}
    for entry in read_po(io.StringIO(TEXT), locale="ru"):
        if entry.id and isinstance(entry.id, str) and entry.string:
            single[entry.id] = entry.string
        elif isinstance(entry.id, tuple) and isinstance(entry.string, tuple) and all(entry.string):
            plural[entry.id] = entry.string
    assert (catalogue.single, catalogue.plural) == (single, plural)


def test_the_places_of_an_error_are_named_after_what_is_put_there() -> None:
    words = program()
    said = words.sentences(words.ast.parse('f"{path}: {error.strerror or error} in {self.path} of {n}%"').body[0].value)
    assert list(said) == ["{path}: {error} in {path2} of {n}%"]


def test_everything_that_people_are_told_has_its_russian() -> None:
    words = program()
    assert words.untranslated(words.brought_up_to_date(TEXT)) == [], "write it into the catalogue: make words lists it"
