"""Checks, one a file, and the Filter that puts them into a pipeline."""

from instructgen.filters.filter import Filter
from instructgen.filters.keywords import ALPACA_KEYWORDS, SELF_INSTRUCT_KEYWORDS, Keywords
from instructgen.filters.length import Length
from instructgen.filters.novelty import RougeNovelty
from instructgen.filters.opening import Opening

__all__ = ["ALPACA_KEYWORDS", "SELF_INSTRUCT_KEYWORDS", "Filter", "Keywords", "Length", "Opening", "RougeNovelty"]
