"""CodeSnippets: a source of a few lines from each of one's own files of code, drawn at random (OSS-Instruct).

Source: Wei et al., Magicoder: Source Code Is All You Need (arXiv 2312.02120), section 2.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from instructgen.contracts import Context, Reject, Rejected
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.generators.code_files import LANGUAGES, code_files, code_in, names_of, text_or_reject
from instructgen.parameters import Count, check_parameters


@dataclass(frozen=True, slots=True)
class CodeSnippets:
    """Yields snippets of code: consecutive lines from a random place of each document.

    A snippet is an example's instruction, as any text is for the methods that start from texts; ``meta`` tells
    ``file``, ``language`` (by the file's suffix), ``line`` (where it starts, from 1) and ``lines``. Which lines are
    drawn depends on the run's seed and the document's content: another file beside it changes nothing.

    A document that cannot be used is rejected in its place: ``too_large``, ``binary``, ``not_utf8`` or
    ``empty_document``. So is a snippet of overlong lines, such as minified code: ``too_long``.

    Attributes:
        paths: files, folders or patterns (``src/**/*.py``), one or several. In a folder the files of code count, by
            their suffix, except hidden ones.
        texts: documents that are at hand, as texts or as examples (``list(read_examples(…))``), whose instruction is
            then the document and whose ``meta`` is kept, besides ``line`` and ``lines``.
        lines: fewest and most lines of a snippet; it is shorter where the document ends.
        per_document: snippets from each document.
        largest: most bytes of a file, or characters of a text.
        longest: most characters of a snippet.
        shuffled: take the documents in a random order, so that a run with a limit sees some of all; else the files
            sorted by name, then the texts.
    """

    paths: Path | str | Sequence[Path | str] = ()
    texts: Sequence[str | Example] = ()
    lines: tuple[Count, Count] = (1, 15)
    per_document: Count = 1
    largest: Count = 1_000_000
    longest: Count = 4_000
    shuffled: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.lines[0] > self.lines[1]:
            raise RecipeError(f"CodeSnippets(lines={self.lines!r}): fewest and most lines, as (1, 15).")
        # The files themselves, and the texts as examples: a manifest then records the hash of what was read.
        documents = tuple(one if isinstance(one, Example) else Example(instruction=one) for one in self.texts)
        object.__setattr__(self, "paths", code_files(self.paths))
        object.__setattr__(self, "texts", documents)
        if not self.paths and not documents:
            raise RecipeError("CodeSnippets needs code: name files in paths, or hand over texts.")

    async def examples(self, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The snippets of each document, and the documents of which there are none."""
        assert isinstance(self.paths, tuple)
        names = names_of(self.paths)
        documents: list[tuple[Path, str] | Example] = [*zip(self.paths, names, strict=True), *self._given()]
        if self.shuffled:
            ctx.random("documents").shuffle(documents)
        copies: Counter[str] = Counter()
        for one in documents:
            document, reject = self._read(one) if isinstance(one, tuple) else self._checked(one)
            # Equal documents are told apart by their number, not by their place among all.
            content = document.identified().id
            copies[content] += 1
            document = document.identified(copies[content])
            if reject is not None:
                yield Rejected(document, reject)
                continue
            for number in range(self.per_document):
                yield self._snippet(document, number, ctx.random("lines", document.id, number))

    def _given(self) -> list[Example]:
        return [one for one in self.texts if isinstance(one, Example)]

    def _read(self, file: tuple[Path, str]) -> tuple[Example, Reject | None]:
        path, name = file
        meta = {"file": name}
        if path.suffix in LANGUAGES:
            meta["language"] = LANGUAGES[path.suffix]
        code = code_in(path, self.largest)
        if isinstance(code, Reject):
            return Example("", meta=meta, by="code_snippets"), code
        return Example(code, meta=meta, by="code_snippets"), None

    def _checked(self, given: Example) -> tuple[Example, Reject | None]:
        code = text_or_reject(given.instruction, self.largest)
        if isinstance(code, Reject):
            return Example("", meta=given.meta, by="code_snippets"), code
        return Example(code, meta=given.meta, by="code_snippets", parents=(given.id,) if given.id else ()), None

    def _snippet(self, document: Example, number: int, random: Random) -> Example | Rejected:
        lines = document.instruction.split("\n")
        # From a line that says something: the paper's code may draw nothing but blank lines.
        start = random.choice([place for place, line in enumerate(lines) if line.strip()])
        drawn = lines[start : start + random.randint(*self.lines)]
        code = "\n".join(drawn).rstrip()
        place = {"line": start + 1, "lines": code.count("\n") + 1}
        meta = {**document.meta, **place}
        example = Example.root("code_snippets", index=number, parents=(document.id,), instruction=code, meta=meta)
        if len(code) > self.longest:
            return Rejected(example, Reject("too_long", value=len(code), limit=self.longest))
        return example
