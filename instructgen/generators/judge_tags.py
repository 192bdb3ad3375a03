"""JudgeTags: a judge says how good and how difficult each prompt is, and what kind of task (Magpie's tags).

Source: Xu et al., Magpie (arXiv 2406.08464), section 3.2; ``unitag.py`` of its code.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from instructgen.contracts import Context, Engine, Engines, Reject, Rejected, Request, Sampling
from instructgen.example import Example
from instructgen.generators.answering import whole_prompt
from instructgen.generators.judging import JUDGING, Undecided, ask_judge
from instructgen.parameters import NOT_EMPTY, Count, Language, check_parameters
from instructgen.parsing.closed_labels import closed_label, label_under, object_of
from instructgen.prompts import Prompt
from instructgen.prompts.checked import check_prompt

Tag = Literal["input_quality", "input_difficulty", "task"]

QUALITIES = ("very poor", "poor", "average", "good", "excellent")
"""How well a prompt is put; the scores are 1 to 5."""

DIFFICULTIES = ("very easy", "easy", "medium", "hard", "very hard")
"""How difficult a prompt is; the scores are 1 to 5."""

TASKS = (
    "Information seeking",
    "Reasoning",
    "Planning",
    "Editing",
    "Coding & Debugging",
    "Math",
    "Role playing",
    "Data analysis",
    "Creative writing",
    "Advice seeking",
    "Brainstorming",
    "Others",
)
"""The kinds of task; a prompt has one, and perhaps others besides."""

_PROMPTS: Mapping[Tag, str] = {"input_quality": "quality", "input_difficulty": "difficulty", "task": "task"}


@dataclass(frozen=True, slots=True)
class JudgeTags:
    """Writes ``meta["input_quality"]``, ``meta["input_difficulty"]``, ``meta["task"]`` and ``meta["other_tasks"]``.

    Quality and difficulty are scores, too, from 1 to 5: ``Filter(Threshold("input_quality", 4))`` keeps what is good or
    excellent, as the authors do. The prompt is judged and not the answer, with one request for each tag. A label that
    is not in its set is no label: the judge is asked again, and then the tag is None. An empty prompt is rejected
    without asking (``empty_instruction``).

    Attributes:
        engine: the judge, or several that share the examples.
        tags: which of the three.
        attempts: how often the judge is asked for a tag when its answer holds none.
        undecided: ``drop`` what it then gives no tag (``undecided``), or ``keep`` it with None and without the score.
        language: of the packaged prompts.
        prompts: one's own texts by tag, each with the slot ``prompt``; the packaged ones for the others.
        sampling: how tags are drawn.
    """

    per_request: ClassVar[float] = 1
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    tags: Annotated[tuple[Tag, ...], NOT_EMPTY] = ("input_quality", "input_difficulty", "task")
    attempts: Count = 2
    undecided: Undecided = "drop"
    language: Language = "en"
    prompts: Mapping[Tag, Prompt] = field(default_factory=dict)
    sampling: Sampling = JUDGING

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "tags", tuple(dict.fromkeys(self.tags)))
        own = {tag: self._packaged(tag) for tag in self.tags}
        object.__setattr__(self, "prompts", {**own, **self.prompts})
        for prompt in self.prompts.values():
            check_prompt(prompt, "JudgeTags", needed=("prompt",))

    def _packaged(self, tag: Tag) -> Prompt:
        return Prompt.load(f"magpie/{_PROMPTS[tag]}", language=self.language)

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The example with its tags."""
        text = whole_prompt(example)
        if not text.strip():
            yield Rejected(example.child("judge_tags"), Reject("empty_instruction"))
            return
        calls: list[str] = []
        meta, scores = dict(example.meta), dict(example.scores)
        missing = []
        for tag in self.tags:
            request = Request.chat(self.prompts[tag].render(prompt=text), sampling=self.sampling)
            found, asked = await ask_judge(
                ctx, self.engine, request, _READERS[tag], attempts=self.attempts, labels=("judge", tag)
            )
            calls += asked
            meta |= {tag: None} if found is None else found
            scores.pop(tag, None)
            if found is None:
                missing.append(tag)
            elif tag in _SCALES:
                scores[tag] = 1.0 + _SCALES[tag].index(found[tag])
        child = example.child("judge_tags", calls=calls, meta=meta, scores=scores)
        rejected = bool(missing) and self.undecided == "drop"
        yield Rejected(child, Reject("undecided", ", ".join(missing))) if rejected else child


def _one_label(name: Tag, key: str, labels: tuple[str, ...], text: str) -> dict[str, Any]:
    return {name: label_under(object_of(text, [key]), key, labels)}


def _tasks(text: str) -> dict[str, Any]:
    answer = object_of(text, ["primary_tag", "other_tags"])
    primary = label_under(answer, "primary_tag", TASKS)
    others = answer.get("other_tags")
    named = [closed_label(one, TASKS) for one in others] if isinstance(others, list) else []
    return {"task": primary, "other_tasks": [one for one in dict.fromkeys(named) if one not in (None, primary)]}


_SCALES: Mapping[Tag, tuple[str, ...]] = {"input_quality": QUALITIES, "input_difficulty": DIFFICULTIES}
_READERS: Mapping[Tag, Callable[[str], dict[str, Any]]] = {
    "input_quality": partial(_one_label, "input_quality", "input_quality", QUALITIES),
    "input_difficulty": partial(_one_label, "input_difficulty", "difficulty", DIFFICULTIES),
    "task": _tasks,
}
