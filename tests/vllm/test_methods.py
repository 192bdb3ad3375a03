"""Every method on a real server whose model writes garbage: it ends as counted rejects, and the balance holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from instructgen import (
    AutoEvol,
    ChatTemplate,
    CodeSnippets,
    ConstrainedRespond,
    Engine,
    EvolInstruct,
    FreshStart,
    JudgeDifficulty,
    JudgeGain,
    JudgeTags,
    Limits,
    Magpie,
    MagpieTurns,
    Nouns,
    OpenAI,
    OssInstruct,
    PersonaPrompt,
    PersonaToPersona,
    Pipeline,
    Reformulate,
    Respond,
    Sampling,
    Shuffle,
    TextToPersona,
    UnnaturalInstructions,
    WizardCoder,
    WizardMath,
    seeds,
)
from instructgen.generators.raw_turns import RAW_TURN
from tests.support.vllm_server import VLLMServer

# What ends early is read; what does not is cut off. Both are garbage.
SAMPLING = Sampling(temperature=1.0, max_tokens=48, stop=("e", "。"))
CODE = ("def gate(hour):\n    return hour > 4\n",) * 2
OWN = ChatTemplate("tiny", ("<|user|>", "<|end|>\n"), ("<|assistant|>", "<|end|>\n"), ("<|end|>",))
SEEDS = [seed for seed in seeds("en") if len(seed.instruction) + len(seed.input) < 200][:4]

METHODS: dict[str, Callable[[Engine], Pipeline]] = {
    "evol_instruct": lambda engine: Pipeline(
        SEEDS,
        [
            EvolInstruct(engine, sampling=SAMPLING, judging=SAMPLING, undecided="keep"),
            JudgeDifficulty(engine, sampling=SAMPLING, undecided="keep"),
            JudgeGain(engine, sampling=SAMPLING, language="zh"),
            Shuffle(),
        ],
    ),
    "wizard_coder": lambda engine: Pipeline(
        SEEDS, [WizardCoder(engine, sampling=SAMPLING, judging=SAMPLING, undecided="keep")]
    ),
    "wizard_math": lambda engine: Pipeline(SEEDS, [WizardMath(engine, sampling=SAMPLING, branches=2)]),
    "magpie": lambda engine: Pipeline(
        Magpie(engine, OWN, requests=12, sampling=replace(RAW_TURN, max_tokens=48)),
        [
            Respond(engine, sampling=SAMPLING),
            MagpieTurns(engine, OWN, sampling=SAMPLING),
            JudgeTags(engine, sampling=SAMPLING),
        ],
    ),
    "unnatural_instructions": lambda engine: Pipeline(
        UnnaturalInstructions(engine, requests=6, sampling=SAMPLING),
        [ConstrainedRespond(engine, sampling=SAMPLING), Reformulate(engine, sampling=SAMPLING)],
    ),
    "personas": lambda engine: Pipeline(
        SEEDS,
        [
            TextToPersona(engine, sampling=SAMPLING),
            PersonaToPersona(engine, rounds=1, sampling=SAMPLING),
            PersonaPrompt(engine, sampling=SAMPLING),
            Respond(engine, sampling=SAMPLING),
        ],
    ),
    "oss_instruct": lambda engine: Pipeline(CodeSnippets(texts=CODE), [OssInstruct(engine, sampling=SAMPLING)]),
    "fresh_start": lambda engine: Pipeline(Nouns(4), [FreshStart(engine, sampling=SAMPLING, rounds=3, minimum=200)]),
    "auto_evol": lambda engine: Pipeline(
        AutoEvol(engine, SEEDS, steps=1, candidates=2, batch=2, rounds=1, sampling=SAMPLING, optimising=SAMPLING),
        [Respond(engine, sampling=SAMPLING)],
    ),
}


@pytest.mark.parametrize("name", sorted(METHODS))
def test_garbage_ends_as_counted_rejects(vllm_server: VLLMServer, tmp_path: Path, name: str) -> None:
    engine = OpenAI(vllm_server.model, base_url=vllm_server.base_url, limits=Limits(timeout=60))
    pipeline = METHODS[name](engine)
    run = pipeline.run(tmp_path / "run", store=tmp_path / "store.db", progress="none")
    counts = run.counts
    assert counts["failed"] == 0
    assert counts["rejected"] > 0
    assert counts["source"] + counts["born"] - counts["expanded"] == counts["kept"] + counts["rejected"]
    assert sum(run.reasons.values()) == counts["rejected"] == len(list(run.rejected()))
    again = pipeline.run(tmp_path / "run", store=tmp_path / "store.db", progress="none")
    assert again.telemetry["calls"]["new"] == 0
    assert again.manifest["files"] == run.manifest["files"]
