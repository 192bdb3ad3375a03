"""What judges answer beside the plain verdict, score or label, and the texts that only look like a rule's target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from instructgen.contracts import Reject
from instructgen.engines.scripted import Scripted
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.filters import CopiedScaffold, OnlyStopWords, Refusal
from instructgen.generators import AutoEvol, JudgeDifficulty, JudgeGain
from instructgen.generators.judge_tags import QUALITIES, TASKS, JudgeTags
from instructgen.parsing import score, verdict
from instructgen.parsing.closed_labels import label_under, object_of
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, run
from tests.test_check_refusal import ANSWERS, REFUSALS

# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("text", "equal"),
    [
        ('{"equal": false}', False),
        ('{"equal": true}', True),
        ('{"are_equal": false, "reason": "The constraints are equal."}', False),
        ('{"areEqual": false, "reason": "Equal"}', False),
        ('{"equal": "No"}', False),
        ('{"not_equal": true}', False),
        ('{"相等": false}', False),
        ('{"是否相等": "否"}', False),
        ('```json\n{\n  "equal": false,\n  "why": "It is harder."\n}\n```', False),
        ("{'equal': False,}", False),
        ('Sure:\n{"equal": false}', False),
        ('{"verdict": "Equal", "reason": "No constraint is new, not one."}', True),
        ('{"verdict": "They are not equal."}', False),
        ('{"same_constraints": true, "same_depth": false}', False),
        ('{"same_constraints": true, "same_depth": true}', True),
        ("Constraints equal: yes\nDepth equal: no", False),
        ("Equal: No", False),
        ("Equal: False", False),
        ("**Equal:** No, the second asks for more.", False),
        ("Equal - no", False),
        ("Not equal: true", False),
        ("是否相等：否", False),
        ("两者是否相等：是", True),
        ("The two are far from equal", False),
        ("I would not call them equal.", False),
        ("I don't think they are equal.", False),
        ("They cannot be considered equal.", False),
        ("```\nNot Equal\n```", False),
        ("Ｎｏｔ Ｅｑｕａｌ", False),
        ("不等", False),
        ("两者不等。", False),
        # What only looks like a name with a no behind it.
        ("Equal: no constraint was added", True),
        ("Equal\n\nReason: no", True),
    ],
)
def test_verdicts_by_name(text: str, equal: bool) -> None:
    assert verdict(text) is equal


@pytest.mark.parametrize(
    "text", ["No.", '{"a": 1}', '{"equal": null}', "Equal: yes\nEqual: no", '{"equal": true, "verdict": "Not Equal"}']
)
def test_what_gives_no_verdict(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        verdict(text)
    assert caught.value.text == text


# ---------------------------------------------------------------- scores


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The task asks for 3/10 of a number, which is easy.\n\n2", 2),
        ("It needs little beyond the difficulty of 3 puzzles.\n\n6", 6),
        ("A task about 1/10 inch screws.\n6", 6),
        ("It takes a score of 20 pages.\n\n8", 8),
        ("7\n\nThe task asks for 3/10 of a number.", 7),
        ("```\n7\n```", 7),
        ("7 (moderately hard)", 7),
        ("7/10 (hard)", 7),
        ("7，因为需要推理", 7),
        ("7, because it needs two steps", 7),
        ("I'd rate it 7.", 7),
        ("I would rate this task's difficulty as 7.", 7),
        ("I'd give it a 7 out of 10", 7),
        ("\\boxed{7}", 7),
        ("The rating is $\\boxed{7}$.", 7),
        ("7级", 7),
        ("我给这个任务打7分。", 7),
        ("我会给这道题打八分", 8),
        ("The difficulty of this task is 7.", 7),
        ("Difficulty: 7 points", 7),
    ],
)
def test_scores_that_are_plainly_there(text: str, value: float) -> None:
    assert score(text, 1, 10) == value


@pytest.mark.parametrize(
    "text",
    [
        "It asks for 3/10 of a number.",
        "Screws of 1/10 inch.",
        "The difficulty of 3 puzzles is low.",
        "I'd rate it from 1 to 10.",
        "I give it 3 hours.",
        "7 (7-8)",
        "It takes a score of 5 pages.",
    ],
)
def test_a_number_of_things_is_no_score(text: str) -> None:
    with pytest.raises(ParseError):
        score(text, 1, 10)


# ---------------------------------------------------------------- labels


@pytest.mark.parametrize(
    "text",
    [
        '{"input_quality":"good",}',
        "{'input_quality': 'good'}",
        "{'explanation': 'It\\'s clear: yes, it is.', 'input_quality': 'good',}",
        "input_quality: good",
        "**Input quality:** Good.",
        "{“input_quality”：“good”}",
        "{“input_quality”：“良好”，“explanation”：“清楚”}",
    ],
)
def test_a_label_without_strict_json(text: str) -> None:
    assert label_under(object_of(text, ["input_quality"]), "input_quality", QUALITIES) == "good"


@pytest.mark.parametrize(
    "text",
    ["Good.", "input_quality: good or poor", "{'input_quality': 'good', 'input_quality': 'poor'}", "input_quality:"],
)
def test_no_label_is_guessed(text: str) -> None:
    with pytest.raises(ParseError):
        label_under(object_of(text, ["input_quality"]), "input_quality", QUALITIES)


async def test_tags_without_strict_json(tmp_path: Path) -> None:
    text = "{'primary_tag': 'Math', 'other_tags': ['Reasoning', 'Maths'],}"
    (row,) = await run(Pipeline([Example("Add.")], [JudgeTags(Scripted(lambda _: text), tags=("task",))]), tmp_path)
    assert "Reasoning" in TASKS
    assert row.meta == {"task": "Math", "other_tasks": ["Reasoning"]}


# ---------------------------------------------------------------- refusals in the place of a prompt

MORE_REFUSALS = """
This request violates my guidelines.
Request denied.
It is against my policy to assist with this.
I refuse to do so.
I'm sorry, but this prompt contains harmful content and I cannot make it harder.
I'm sorry, but this request asks for illegal content, so I can't help with it.
I can't provide that content because it violates my guidelines.
I'm unable to generate images. Would you like a description instead?
I cannot provide information on this topic. Please ask something else.
I cannot create content that promotes violence. How can I help you with something else?
It seems there is no prompt given. Please provide one.
You haven't provided a prompt. Please share it.
The prompt you provided appears to be empty. Could you share it?
I'm ready to help! Please share the prompt you'd like me to rewrite.
您没有提供需要改写的提示词，请补充。
该内容不适合改写。
内容涉及敏感话题，换个话题吧。
很抱歉，我不能满足您的要求，请您换一个话题。
抱歉，我无法改写这个提示词。请提供其他提示词。
""".strip().split("\n")
PROMPTS = """
I can't generate a PDF from LaTeX: pdflatex says 'File not found'. Fix it.
I can't provide images of the damage, only a description. Will the insurer accept it?
Unfortunately, I cannot fulfil the contract by May. Draft a notice.
I cannot provide answers in class because I'm shy. Help me.
I can't open my files since the update. How do I get them back?
I can't access the website: it shows error 404. What can I do?
I cannot comply with the new rule by May. Suggest what to do.
I have to decline this request from my boss. Draft a reply.
I refuse to do so much overtime. Write a letter.
Request denied: my visa. Draft an appeal.
This request violates our guidelines, says the moderator. Draft a reply.
There is no prompt service in this restaurant. Write a complaint.
No question, he is right. Translate it.
The question is missing a unit. Add it.
The prompt is empty. How do I set PS1?
You have not provided an instruction manual. Write a complaint.
You didn't give me the question. Say it politely.
This prompt contains three errors; find them.
Please share the task list so that everybody can see it, he wrote. Translate it.
很遗憾，我不能满足客户的要求，请帮我写一封回信。
抱歉，我无法提供发票信息，怎么办？
抱歉，我不能提供发票。请帮我写一封道歉信。
该内容不适合儿童，请改写成适合儿童的版本。
这个话题不适合讨论，怎样委婉地说？
内容涉及敏感词时，系统应怎样提示？
你没有提供发票，请补开。把这句话译成英文。
""".strip().split("\n")


@pytest.mark.parametrize("text", [*MORE_REFUSALS, *REFUSALS])
def test_a_refusal_is_no_prompt(text: str) -> None:
    assert Refusal("instruction")(Example(text)) is not None


@pytest.mark.parametrize("text", [*PROMPTS, *ANSWERS])
def test_what_a_user_cannot_do_is_a_prompt(text: str) -> None:
    assert Refusal("instruction")(Example(text)) is None


def test_what_is_missing_may_be_an_answer() -> None:
    text = "There is no prompt given in the file."
    assert Refusal("instruction")(Example(text)) is not None
    assert Refusal()(Example("What does the file hold?", output=text)) is None


@pytest.mark.parametrize("field", ["instruction", "output"])
@pytest.mark.parametrize(
    "piece",
    ["i can't provide ", "i can't provide images. what ", "this prompt x ", "no prompt ", "because i ", "内容涉及敏感"],
)
def test_hostile_texts_take_linear_time(piece: str, field: Any) -> None:
    # A quadratic reader would be at it for minutes.
    text = piece * 20_000
    reject = Refusal(field)(Example(text, output=text))
    assert reject is None or len(str(reject.value)) <= 80
    for read in (verdict, lambda answer: score(answer, 1, 10), lambda answer: object_of(answer, ["input_quality"])):
        with pytest.raises(ParseError):
            read(text)


# ---------------------------------------------------------------- copied words and stop words


@pytest.mark.parametrize(
    ("text", "before", "found"),
    [
        ("Explain the phrase 'given prompt' in the manual, in French", "Explain the phrase 'given prompt'.", ""),
        ("Explain the given prompt in French", "Explain it.", "given prompt"),
        ("Compare the rewritten prompt and the given prompt", "What is a given prompt?", "rewritten prompt"),
        ("Given prompt payment, is a discount fair?", None, ""),
        ("They agreed. Given prompt delivery, who pays?", None, ""),
        ("Given prompt below, answer it.", None, "Given prompt"),
        ("Given Prompt: name a river.", None, "Given Prompt"),
        ("Given Prompt improve it.", None, "Given Prompt"),
    ],
)
def test_only_what_was_not_there_is_copied(text: str, before: str | None, found: str) -> None:
    example = Example(text, meta={} if before is None else {"evolved_from": before})
    assert CopiedScaffold()(example) == (Reject("scaffold", found, detail="in the instruction") if found else None)
    renamed = Example(text, meta={} if before is None else {"before": before})
    assert CopiedScaffold(original="before")(renamed) == CopiedScaffold()(example)


@pytest.mark.parametrize("text", ["<", ">", "=", "`>=`", "!=", "=>", "->", "→", "(+)", '"<"'])
def test_an_operator_is_an_answer(text: str) -> None:
    assert OnlyStopWords()(Example("Which sign?", output=text)) is None


@pytest.mark.parametrize("text", ["===", "---", "***", "...", "?", "!", "> the of", "<>"])
def test_lines_and_punctuation_are_none(text: str) -> None:
    assert OnlyStopWords()(Example("Which sign?", output=text)) is not None


# ---------------------------------------------------------------- what needs no judge


@pytest.mark.parametrize("text", ["", " \n"])
async def test_an_empty_prompt_is_not_judged(text: str, tmp_path: Path) -> None:
    model = Model(lambda _: "Not Equal")
    row = Example.root("row", instruction=text, output="x", meta={"evolved_from": "Name a river."})
    for judge in (JudgeGain(model), JudgeDifficulty(model), JudgeTags(model)):
        result = await run(Pipeline([row], [judge]), tmp_path / type(judge).__name__)
        assert (list(result), result.reasons) == ([], {"empty_instruction": 1})
    assert model.asked == []


async def test_the_same_text_has_no_gain(tmp_path: Path) -> None:
    model = Model(lambda _: "Not Equal")
    rows = [
        Example.root("row", index=index, instruction=text, output="x", meta={"evolved_from": before})
        for index, (text, before) in enumerate([("same TEXT ", "Same text"), ("3 + 4", "3 - 4"), ("Go.", " ")])
    ]
    result = list(await run(Pipeline(rows, [JudgeGain(model)]), tmp_path / "run"))
    assert [row.scores for row in result] == [{"gain": 0.0}, {"gain": 1.0}, {}]
    assert len(model.asked) == 1


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("others", [[], ["Name a river."]])
async def test_an_empty_prompt_is_not_evolved(others: list[str], steps: int, tmp_path: Path) -> None:
    model = Model(lambda _: "#Finally Rewritten Instruction#:\nName two rivers.")
    prompts = [Example.root("row", index=index, instruction=text) for index, text in enumerate(["", *others, " "])]
    result = await run(Pipeline(AutoEvol(model, prompts, steps=steps, candidates=1), []), tmp_path / "run")
    assert result.reasons["empty_instruction"] == 2
    assert len(result) == len(others)
    assert bool(model.asked) is bool(others)
