"""A prompt with named slots, filled strictly and in one pass, so that what is filled in can never act as a template.

``str.format`` dies on JSON and LaTeX braces and reads attributes of what it is given; replacing one slot after the
other scans what was filled in before. Here the template alone is scanned, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from instructgen.errors import RecipeError

# In this order, "{{{name}}}" is a literal brace, a slot and a literal brace.
_TOKEN = re.compile(r"(?P<literal>\{\{|\}\})|\{(?P<slot>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<stray>[{}])")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template: text with ``{name}`` slots; a literal brace is written ``{{`` or ``}}``.

    Attributes:
        text: the template.
        name: what messages and the manifest call it.

    Raises:
        RecipeError: a brace is neither part of a slot nor doubled.
    """

    text: str
    name: str = ""

    def __post_init__(self) -> None:
        for token in _TOKEN.finditer(self.text):
            if token["stray"]:
                line = self.text.count("\n", 0, token.start()) + 1
                column = token.start() - self.text.rfind("\n", 0, token.start())
                raise RecipeError(
                    f"{self._label()}: stray {token['stray']!r} at line {line}, column {column}. "
                    "A slot is written {name}; write {{ or }} for a literal brace."
                )

    @classmethod
    def load(cls, name: str, *, language: str = "en") -> Prompt:
        """The packaged prompt ``<language>/<name>.txt``, for example ``self_instruct/alpaca``.

        Raises:
            RecipeError: there is no such prompt.
        """
        packaged = dict(_packaged(files("instructgen.prompts")))
        wanted = f"{language}/{name}"
        if wanted not in packaged:
            hint = _did_you_mean(wanted, packaged)
            raise RecipeError(
                f"there is no packaged prompt {wanted!r}{hint}. There are: {', '.join(sorted(packaged))}."
            )
        return cls(_content(packaged[wanted].read_bytes(), wanted), name)

    @classmethod
    def from_file(cls, path: str | Path) -> Prompt:
        """A prompt of one's own, from a UTF-8 text file; the newline that ends its last line is not part of it.

        Raises:
            RecipeError: the file cannot be read, is not UTF-8 or is not a valid template.
        """
        path = Path(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RecipeError(f"cannot read the prompt {path}: {error.strerror or error}") from error
        return cls(_content(data, str(path)), path.stem)

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the slots, each once, in order of first appearance."""
        return tuple(dict.fromkeys(token["slot"] for token in _TOKEN.finditer(self.text) if token["slot"]))

    @property
    def hash(self) -> str:
        """16 hexadecimal digits that name this exact text."""
        return blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def render(self, /, **values: str | int) -> str:
        """The text with every slot filled.

        What is filled in is copied as it is: braces, template languages, control tokens and white space in it mean
        nothing here.

        Args:
            **values: one string or whole number for each slot.

        Raises:
            RecipeError: a slot has no value, a value has no slot, or a value is neither a string nor a whole number.
        """
        self._require(values)
        return _TOKEN.sub(lambda token: str(values[token["slot"]]) if token["slot"] else token[0][0], self.text)

    def _require(self, values: dict[str, str | int]) -> None:
        slots = self.slots
        missing = [slot for slot in slots if slot not in values]
        unknown = [name for name in values if name not in slots]
        if missing or unknown:
            faults = [f"no value for the slot {slot!r}" for slot in missing]
            faults += [f"{name!r} is not a slot{_did_you_mean(name, missing or slots)}" for name in unknown]
            raise RecipeError(f"{self._label()}: {'; '.join(faults)}. Its slots: {', '.join(slots) or 'none'}.")
        for name, value in values.items():
            if not isinstance(value, str | int) or isinstance(value, bool):
                kind = type(value).__name__
                raise RecipeError(f"{self._label()}: {name!r} is a {kind}; a slot takes a string or a whole number.")

    def _label(self) -> str:
        return f"prompt {self.name!r}" if self.name else "prompt"


def _packaged(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _packaged(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".txt"):
            yield prefix + entry.name.removesuffix(".txt"), entry


def _content(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"the prompt {name} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    # A checkout with other line endings must be the same prompt, with the same hash.
    return text.replace("\r\n", "\n").removesuffix("\n")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
