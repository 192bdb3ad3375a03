"""Rejects a repeated text, white space aside (OSS-Instruct, arXiv 2312.02120: snippet, problem or solution)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import Text, TextField, check_parameters


@dataclass(slots=True)
class Distinct:
    """Rejects an example one of whose texts is that of an example that was kept before, white space taken out.

    Each field is compared with the same field of the others; an empty one is not compared. For OSS-Instruct, as its
    paper has it: ``Distinct(("instruction", "output"), meta=("snippet",))``.

    Rejects with ``duplicate``; the value is the field, those of ``meta`` looked at first, and the neighbour the first
    example kept with this text.

    Attributes:
        fields: the texts to compare.
        meta: names of texts in ``meta`` to compare.
    """

    fields: tuple[TextField, ...] = ("instruction",)
    meta: tuple[Text, ...] = ()
    # Digests, not texts: what is remembered does not grow with the length of the examples.
    _seen: dict[bytes, str] = dataclasses.field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.fields and not self.meta:
            raise RecipeError("Distinct has neither fields nor meta to compare by.\nGive it fields=('instruction',).")

    def __call__(self, example: Example) -> Reject | None:
        """None if all of its texts are new."""
        for name, digest in self._digests(example):
            if digest in self._seen:
                return Reject("duplicate", value=name, neighbour=self._seen[digest])
        return None

    def fresh(self) -> Distinct:
        """The same check with an empty memory."""
        return Distinct(self.fields, self.meta)

    def observe(self, example: Example) -> None:
        """Remember an example."""
        for _, digest in self._digests(example):
            self._seen.setdefault(digest, example.id)

    def _digests(self, example: Example) -> Iterator[tuple[str, bytes]]:
        named = [(name, f"meta/{name}", example.meta.get(name)) for name in self.meta]
        named += [(field, field, text_of(example, field)) for field in self.fields]
        for name, place, text in named:
            if isinstance(text, str) and (bare := "".join(text.split())):
                content = f"{place}\n{bare}".encode("utf-8", "surrogatepass")
                yield name, hashlib.blake2b(content, digest_size=16).digest()
