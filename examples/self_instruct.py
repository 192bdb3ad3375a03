"""Self-Instruct in the three steps of the paper: instructions, which of them are classifications, instances.

Eight instructions are shown in each prompt, six of the seeds and two of the model's own; what the rules and ROUGE-L
let through is sorted into classifications and other tasks; then the model writes inputs and outputs, for a
classification the label first. Without a key the model is a recording.

Paper: Wang et al., Self-Instruct (arXiv 2212.10560).
Cost for 1,000 kept examples: about 120 requests for instructions, then two for each instruction (one without
instances), of which a live model gives one to five examples.

    instructgen run examples/self_instruct.py --out runs/self_instruct
    instructgen run examples/self_instruct.py --teacher openai/NAME --requests 200 --limit 1000 --out runs/live
"""

from pathlib import Path

from instructgen import (
    BootstrapInstructions,
    Engine,
    GenerateInstances,
    IdentifyClassification,
    Pipeline,
    Recorded,
    Respond,
    seeds,
)
from instructgen.parameters import Count

RECORDING = Path(__file__).parent / "recordings" / "self_instruct.jsonl"


def recipe(teacher: Engine = Recorded(RECORDING), *, requests: Count = 2, instances: bool = True) -> Pipeline:
    """Bootstrap instructions from the English seeds and make tasks of them.

    Args:
        teacher: the model that does all of it.
        requests: how often it is asked for new instructions.
        instances: have it write inputs and outputs; without, it answers each instruction as it stands.
    """
    source = BootstrapInstructions(teacher, seeds("en"), lookahead=1, requests=requests)
    if not instances:
        return Pipeline(source, [Respond(teacher)])
    return Pipeline(source, [IdentifyClassification(teacher), GenerateInstances(teacher)])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
