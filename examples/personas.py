"""Personas: of each text a model describes somebody who would read, write or like it, then people related to these,
and writes down what each of them would ask; a teacher answers.

Personas that are too close to an earlier one are dropped, and so are prompts. With `--kind math`, `knowledge` or `npc`
problems, articles or characters of a game are made instead. Without a key the model is a recording.

Paper: Ge et al., Scaling Synthetic Data Creation with 1,000,000,000 Personas (Persona Hub, arXiv 2406.20094).
Cost for 1,000 kept examples: with one round about 600 texts, and a request for each text, for each related persona, for
each prompt and for each answer: about 3,500 requests, if a tenth is lost at each step.

    instructgen run examples/personas.py --out runs/personas
    instructgen run examples/personas.py --teacher openai/NAME --texts mine.jsonl --limit 1000 --out runs/live
"""

from pathlib import Path
from typing import Annotated, Literal

from instructgen import (
    Engine,
    File,
    Filter,
    PersonaPrompt,
    PersonaToPersona,
    Pipeline,
    Recorded,
    Respond,
    RougeNovelty,
    Step,
    TextToPersona,
)
from instructgen.parameters import Count, between

HERE = Path(__file__).parent
RECORDING = HERE / "recordings" / "personas.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    texts: Path | None = None,
    kind: Literal["instruction", "math", "knowledge", "npc"] = "instruction",
    draws: Count = 1,
    rounds: Annotated[int, between(1, 6)] = 1,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """From texts to personas, to related personas, to what is written for them.

    Args:
        teacher: the model that describes, asks and answers.
        texts: a file with the texts in its column "text"; without one, three of this folder are taken.
        kind: what is written: instruction, math, knowledge or npc.
        draws: personas for each text.
        rounds: rounds of related personas, at most six.
        language: of these texts and of the prompts, en or zh.
    """
    steps: list[Step] = [
        TextToPersona(teacher, draws=draws, language=language),
        PersonaToPersona(teacher, rounds=rounds, language=language),
        Filter(RougeNovelty(0.9)),
        PersonaPrompt(teacher, kind=kind, language=language),
        Filter(RougeNovelty(0.7)),
    ]
    if kind in ("instruction", "math"):
        steps.append(Respond(teacher))
    given = texts or HERE / "data" / f"texts_{language}.jsonl"
    return Pipeline(File(given, columns={"instruction": "text"}), steps)


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
