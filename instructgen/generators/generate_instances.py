"""Self-Instruct, step 3: a model writes inputs and outputs for an instruction, for a classification the label first.

Source: Wang et al., Self-Instruct (arXiv 2212.10560), section 2.2, "instance generation" and "filtering".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from instructgen.contracts import (
    Completion,
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Request,
    Sampling,
    engine_for,
)
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.filters.instances import instance_rejects
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing import Instance, input_first, output_first, truth
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

_NEXT_TASK = {"en": "\nTask:", "zh": "\n任务："}


@dataclass(frozen=True, slots=True)
class GenerateInstances:
    """Makes several examples of one instruction, each with its input and output.

    A classification (``meta["classification"]``, see IdentifyClassification) is asked for output first, so that rare
    labels get their share; everything else, input first. What fails the paper's filters is rejected: the last instance
    of a completion that was cut off (``truncated``), then the codes of ``filters.instances``, then what is more than
    ``instances`` (``surplus``).

    Attributes:
        engine: the model, or several that share the tasks.
        instances: most instances of one task; of more, as many are drawn.
        attempts: how often a task is asked about when its completion holds no instance; at temperature 0, where the
            answer would be the same, once.
        language: of the packaged prompts and of their labels.
        input_first: one's own text with the slot ``instruction``; None for the packaged one.
        output_first: the same for classifications.
        sampling: how the instances are drawn; the label of the next task is added to its stops.
    """

    engine: Engine | Engines
    instances: Count = 5
    attempts: Count = 2
    language: Language = "en"
    input_first: Prompt | None = None
    output_first: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=350, presence_penalty=1.5)

    def __post_init__(self) -> None:
        check_parameters(self)
        for name in ("input_first", "output_first"):
            settle_prompt(self, f"self_instruct/{name}", field=name, needed=("instruction",))

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most."""
        return self.instances

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return self.instances

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The instances, in the order in which they were written, the rejected ones in their places."""
        classification = truth(example.meta.get("classification"))
        request = self._request(example, classification)
        calls = []
        for attempt in range(1 if self.sampling.temperature == 0 else self.attempts):
            completion = await ctx.ask(engine_for(self.engine, ctx), request, draw=attempt)
            calls.append(completion.key)
            try:
                read = output_first if classification else input_first
                found = read(completion.text, language=self.language)
            except ParseError as error:
                problem = Reject("unparsable", detail=str(error))
                continue
            for index, (instance, reject) in enumerate(self._decided(found, completion, ctx)):
                child = example.child(
                    "instances", calls=calls, index=index, input=instance.input, output=instance.output
                )
                yield child if reject is None else Rejected(child, reject)
            return
        yield Rejected(example.child("instances", calls=calls, output=completion.text), problem)

    def _request(self, example: Example, classification: bool) -> Request:
        prompt = self.output_first if classification else self.input_first
        assert prompt is not None
        sampling = replace(self.sampling, stop=(*self.sampling.stop, _NEXT_TASK[self.language]))
        return Request.chat(prompt.render(instruction=" ".join(example.instruction.split())), sampling=sampling)

    def _decided(
        self, found: Sequence[Instance], completion: Completion, ctx: Context
    ) -> list[tuple[Instance, Reject | None]]:
        whole = len(found) - (completion.finish != "stop")
        rejects = instance_rejects([(one.input, one.output) for one in found[:whole]])
        good = [place for place, reject in enumerate(rejects) if reject is None]
        if len(good) > self.instances:
            chosen = set(ctx.random("instances").sample(good, self.instances))
            for place in set(good) - chosen:
                rejects[place] = Reject("surplus", value=len(good), limit=self.instances)
        rejects += [Reject("truncated")] * (len(found) - whole)
        return list(zip(found, rejects, strict=True))
