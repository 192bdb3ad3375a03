"""OSS-Instruct: a few random lines of your own code inspire a model to a programming problem with its solution.

Each file gives some snippets, each snippet one problem. A snippet, problem or solution that was there before is
dropped, and so is a solution that gives the problem's code back; with `--benchmark` also what contains one of its
texts. Without a key the model is a recording, and the code is the four files in `data/code`.

Paper: Wei et al., Magicoder: Source Code Is All You Need (arXiv 2312.02120).
Cost for 1,000 kept examples: one request each, and about 1,100 in all, if a tenth cannot be used; each answer has up to
2,500 tokens.

    instructgen run examples/oss_instruct.py --out runs/oss_instruct
    instructgen run examples/oss_instruct.py --teacher openai/NAME --code 'src/**/*.py' --snippets 5 --out runs/live
"""

from pathlib import Path
from typing import Literal

from instructgen import (
    Check,
    CodeSnippets,
    CopiedCode,
    Decontaminate,
    Distinct,
    Engine,
    Filter,
    OssInstruct,
    Pipeline,
    Recorded,
)
from instructgen.formats.reading import read_examples
from instructgen.parameters import Count

HERE = Path(__file__).parent
RECORDING = HERE / "recordings" / "oss_instruct.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    code: Path = HERE / "data" / "code",
    snippets: Count = 3,
    benchmark: Path | None = None,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Problems with solutions from snippets of code.

    Args:
        teacher: the model that writes problems and solutions.
        code: a file, a folder or a pattern of files.
        snippets: how many are drawn from each file.
        benchmark: a file with texts, in its column "instruction", that must not occur in the data.
        language: of the prompts, en or zh.
    """
    checks: list[Check] = [Distinct(("instruction", "output"), meta=("snippet",)), CopiedCode()]
    if benchmark is not None:
        checks.append(Decontaminate(list(read_examples(benchmark))))
    source = CodeSnippets(code, per_document=snippets)
    return Pipeline(source, [OssInstruct(teacher, language=language), Filter(*checks)])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
