"""Checks, one a file, and the Filter that puts them into a pipeline."""

from instructgen.filters.asking_back import AskingBack
from instructgen.filters.assistant_talk import ASSISTANT_TALK, AssistantTalk
from instructgen.filters.belle import BelleLength
from instructgen.filters.consistency import Consistency
from instructgen.filters.copied_code import CopiedCode
from instructgen.filters.copied_scaffold import EVOLUTION_SCAFFOLD, CopiedScaffold
from instructgen.filters.decontaminate import Decontaminate
from instructgen.filters.distinct import Distinct
from instructgen.filters.filter import Filter
from instructgen.filters.first_character import FirstCharacter
from instructgen.filters.instances import instance_rejects
from instructgen.filters.keywords import ALPACA_KEYWORDS, BELLE_KEYWORDS, SELF_INSTRUCT_KEYWORDS, Keywords
from instructgen.filters.length import Length
from instructgen.filters.many_lines import ManyLines
from instructgen.filters.non_ascii_start import NonAsciiStart
from instructgen.filters.novelty import RougeNovelty
from instructgen.filters.opening_phrase import WRITE_PROGRAM, OpeningPhrase
from instructgen.filters.outside_code import OutsideCode
from instructgen.filters.refusal import Refusal
from instructgen.filters.repeated_prompt import RepeatedPrompt
from instructgen.filters.scaffold import Scaffold
from instructgen.filters.short_apology import ShortApology
from instructgen.filters.shown_code import ShownCode
from instructgen.filters.stop_words import OnlyStopWords
from instructgen.filters.threshold import Threshold
from instructgen.filters.token_length import TokenLength
from instructgen.filters.truncated import Truncated

__all__ = [
    "ALPACA_KEYWORDS",
    "ASSISTANT_TALK",
    "BELLE_KEYWORDS",
    "EVOLUTION_SCAFFOLD",
    "SELF_INSTRUCT_KEYWORDS",
    "WRITE_PROGRAM",
    "AskingBack",
    "AssistantTalk",
    "BelleLength",
    "Consistency",
    "CopiedCode",
    "CopiedScaffold",
    "Decontaminate",
    "Distinct",
    "Filter",
    "FirstCharacter",
    "Keywords",
    "Length",
    "ManyLines",
    "NonAsciiStart",
    "OnlyStopWords",
    "OpeningPhrase",
    "OutsideCode",
    "Refusal",
    "RepeatedPrompt",
    "RougeNovelty",
    "Scaffold",
    "ShortApology",
    "ShownCode",
    "Threshold",
    "TokenLength",
    "Truncated",
    "instance_rejects",
]
