"""The methods, one a file."""

from instructgen.generators.auto_evol import AutoEvol
from instructgen.generators.belle import Belle
from instructgen.generators.bootstrap_instructions import BootstrapInstructions
from instructgen.generators.chat_template import CHAT_TEMPLATES, ChatTemplate
from instructgen.generators.code_snippets import CodeSnippets
from instructgen.generators.constrained_respond import ConstrainedRespond
from instructgen.generators.evol_instruct import EvolInstruct, evol_operators
from instructgen.generators.fresh_start import FreshStart, Nouns
from instructgen.generators.generate_instances import GenerateInstances
from instructgen.generators.identify_classification import IdentifyClassification
from instructgen.generators.instruct_wild import InstructWild
from instructgen.generators.judge_difficulty import JudgeDifficulty
from instructgen.generators.judge_gain import JudgeGain
from instructgen.generators.judge_tags import JudgeTags
from instructgen.generators.magpie import Magpie
from instructgen.generators.magpie_turns import MagpieTurns
from instructgen.generators.operators import DataFormat, Operator
from instructgen.generators.oss_instruct import OssInstruct
from instructgen.generators.persona_prompt import PersonaPrompt
from instructgen.generators.persona_to_persona import PersonaToPersona
from instructgen.generators.reformulate import Reformulate
from instructgen.generators.respond import Respond
from instructgen.generators.self_instruct import SelfInstruct
from instructgen.generators.text_to_persona import TextToPersona
from instructgen.generators.unnatural_instructions import UnnaturalInstructions, unnatural_demonstrations
from instructgen.generators.wizard_coder import WizardCoder, code_operators
from instructgen.generators.wizard_math import WizardMath, math_operators

__all__ = [
    "CHAT_TEMPLATES",
    "AutoEvol",
    "Belle",
    "BootstrapInstructions",
    "ChatTemplate",
    "CodeSnippets",
    "ConstrainedRespond",
    "DataFormat",
    "EvolInstruct",
    "FreshStart",
    "GenerateInstances",
    "IdentifyClassification",
    "InstructWild",
    "JudgeDifficulty",
    "JudgeGain",
    "JudgeTags",
    "Magpie",
    "MagpieTurns",
    "Nouns",
    "Operator",
    "OssInstruct",
    "PersonaPrompt",
    "PersonaToPersona",
    "Reformulate",
    "Respond",
    "SelfInstruct",
    "TextToPersona",
    "UnnaturalInstructions",
    "WizardCoder",
    "WizardMath",
    "code_operators",
    "evol_operators",
    "math_operators",
    "unnatural_demonstrations",
]
