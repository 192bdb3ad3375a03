"""The packaged prompts of Self-Instruct and its descendants: what each must state, show and end with."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from instructgen.prompts import Prompt

LANGUAGES = ("en", "zh")
BOOTSTRAP = ("self_instruct/bootstrap", "self_instruct/bootstrap_classification")
FEW_SHOT = ("self_instruct/classify", "self_instruct/input_first", "self_instruct/output_first")
PACKAGED = [
    *((language, name) for name in (*BOOTSTRAP, *FEW_SHOT) for language in LANGUAGES),
    *((language, name) for name in ("self_instruct/alpaca", "instruct_wild/instructions") for language in LANGUAGES),
    ("zh", "belle/tasks"),
]
LISTS = [(language, name) for language, name in PACKAGED if name not in (*BOOTSTRAP, *FEW_SHOT)]
HOSTILE = (
    "{instruction}",
    "{{first}}",
    "{",
    "}}",
    "%s %(count)d ${last}",
    "###",
    "Output: done",
    "输出：完成",
    "a ||| b",
    "Task: another\nClass label: x",
    r"\1 \g<0> \frac{a}{b}",
)


@dataclass(frozen=True, slots=True)
class Labels:
    """The words that a few-shot prompt is laid out with."""

    task: str
    example: str
    input: str
    output: str
    label: str
    question: str
    yes: str
    no: str


LABELS = {
    "en": Labels("Task: ", "Example ", "Input: ", "Output: ", "Class label: ", "Is it classification?", " Yes", " No"),
    "zh": Labels("任务：", "示例 ", "输入：", "输出：", "类别标签：", "是分类任务吗？", "是", "否"),
}


def values(prompt: Prompt, *, text: str = "Do this.", shown: int = 3, last: int = 20) -> dict[str, str | int]:
    """A value for each slot; ``text`` in the ones that users fill."""
    known: dict[str, str | int] = {"shown": shown, "count": last - shown, "first": shown + 1, "last": last}
    return {slot: known.get(slot, text) for slot in prompt.slots}


def render(language: str, name: str, *, text: str = "Do this.", shown: int = 3, last: int = 20) -> str:
    prompt = Prompt.load(name, language=language)
    return prompt.render(**values(prompt, text=text, shown=shown, last=last))


def shown_tasks(language: str, name: str) -> list[tuple[str, str]]:
    """The demonstrations of a few-shot prompt: the task, and what stands below it."""
    labels = LABELS[language]
    blocks = re.split(f"^{labels.task}", render(language, name), flags=re.MULTILINE)[1:-1]
    return [(task, body.rstrip("\n")) for task, _, body in (block.partition("\n") for block in blocks)]


# Every prompt


@pytest.mark.parametrize(("language", "name"), PACKAGED)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_users_write_is_copied_once_and_changes_nothing_else(language: str, name: str, text: str) -> None:
    mark = "\ue000"
    marked = render(language, name, text=mark)
    assert marked.count(mark) == 1
    assert render(language, name, text=text) == marked.replace(mark, text)
    assert render(language, name, text=text) == render(language, name, text=text)


@pytest.mark.parametrize(("language", "name"), PACKAGED)
def test_the_text_is_clean_and_says_nothing_twice(language: str, name: str) -> None:
    text = render(language, name)
    assert "{" not in text and "}" not in text and "###" not in text
    assert not re.search(r"[ \t\r\u3000]$", text, re.MULTILINE)
    assert text == text.strip()
    scaffold = re.compile(r"\A(?:Example|示例) \d\Z|\A(?:Input|Output|Class label|Is it classification|Sides|Paid)\b")
    repeated = r"\A(?:输入|输出|类别标签|是分类任务吗|人数)"
    said = [line for line in text.split("\n") if line and not scaffold.match(line) and not re.match(repeated, line)]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(("language", "name"), PACKAGED)
def test_the_text_is_in_its_language(language: str, name: str) -> None:
    text = Prompt.load(name, language=language).text
    han = len(re.findall("[\u4e00-\u9fff]", text))
    if language == "en":
        assert han == 0
    else:
        assert han > len(re.findall("[A-Za-z]+", text)) * 4
        assert not re.search("[\u4e00-\u9fff][,;?!:]", text)


@pytest.mark.parametrize(
    "name", sorted({name for _, name in PACKAGED if {(tongue, name) for tongue in LANGUAGES} <= set(PACKAGED)})
)
def test_both_languages_have_the_same_slots(name: str) -> None:
    english, chinese = (Prompt.load(name, language=language) for language in LANGUAGES)
    assert set(english.slots) == set(chinese.slots)
    assert english.hash != chinese.hash


@pytest.mark.parametrize(("language", "name"), PACKAGED)
def test_the_slots_are_those_of_the_method(language: str, name: str) -> None:
    slots = set(Prompt.load(name, language=language).slots)
    if name in BOOTSTRAP:
        assert slots == {"demonstrations", "first"}
    elif name in FEW_SHOT:
        assert slots == {"instruction"}
    else:
        assert slots == {"shown", "count", "first", "last", "demonstrations"}


# Instructions only (Self-Instruct, section 2.2)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", BOOTSTRAP)
def test_a_bootstrap_prompt_is_one_line_the_list_and_the_next_number(language: str, name: str) -> None:
    shown = [f"{number}. Do thing {number}" for number in range(1, 9)]
    head, *rest = render(language, name, text="\n".join(shown), shown=8).split("\n")
    assert rest == [*shown, "9."]
    assert head.endswith((":", "："))
    assert not re.search(r"\d|^[-*]", head)


@pytest.mark.parametrize(
    ("language", "varied", "classification", "labels"),
    [("en", "each of another kind", "classification tasks", "labels"), ("zh", "各种任务", "分类任务", "标签")],
)
def test_only_the_second_bootstrap_prompt_wants_classification(
    language: str, varied: str, classification: str, labels: str
) -> None:
    plain, limited = (Prompt.load(name, language=language).text for name in BOOTSTRAP)
    assert varied in plain and classification not in plain and labels not in plain
    assert classification in limited and labels in limited


# Classification or not (Self-Instruct, section 2.2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_identifier_shows_twelve_yes_and_nineteen_no_mixed(language: str) -> None:
    labels = LABELS[language]
    tasks = shown_tasks(language, "self_instruct/classify")
    answers = [body.removeprefix(labels.question) for _, body in tasks]
    assert answers.count(labels.yes) == 12
    assert answers.count(labels.no) == 19
    assert len(answers) == len({task for task, _ in tasks}) == 31
    runs = re.findall(r"Y+|N+", "".join("Y" if answer == labels.yes else "N" for answer in answers))
    assert len(runs) > 15 and max(map(len, runs)) <= 3


@pytest.mark.parametrize(
    ("language", "finite", "one_word"),
    [("en", "finite set of output labels", "one word, Yes or No"), ("zh", "有限几个标签", "只用一个字回答：是或否")],
)
def test_the_identifier_asks_for_finite_labels_in_one_word_and_ends_open(
    language: str, finite: str, one_word: str
) -> None:
    labels = LABELS[language]
    text = render(language, "self_instruct/classify", text="Sort the mail.")
    head = text.split("\n")[0]
    assert finite in head and one_word in head
    assert text.endswith(f"\n\n{labels.task}Sort the mail.\n{labels.question}")


# Instances (Self-Instruct, section 2.3)


def input_first_examples(body: str, labels: Labels) -> list[tuple[str, str]]:
    """Input (empty where there is none) and output of each example below a task."""
    marker = f"^{labels.example}(\\d)\n"
    numbers = re.findall(marker, body, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    lead, *parts = re.split(marker, body, flags=re.MULTILINE)
    assert not numbers or lead == ""
    pairs = []
    for part in parts[1::2] if numbers else [body]:
        layout = f"(?:{labels.input}(?P<input>.+?)\n)?{labels.output}(?P<output>.+)"
        match = re.fullmatch(layout, part.removesuffix("\n"), re.DOTALL)
        assert match, part
        pairs.append((match["input"] or "", match["output"]))
    return pairs


@pytest.mark.parametrize("language", LANGUAGES)
def test_input_first_demonstrations_are_well_formed_and_varied(language: str) -> None:
    labels = LABELS[language]
    shown = dict(shown_tasks(language, "self_instruct/input_first"))
    examples = {task: input_first_examples(body, labels) for task, body in shown.items()}
    assert 7 <= len(examples) <= 12
    assert sum(len(pairs) for pairs in examples.values() if len(pairs) > 1) == 11
    for task, pairs in examples.items():
        inputs = [given for given, _ in pairs]
        assert len({bool(given) for given in inputs}) == 1, task
        assert not inputs[0] or len(set(inputs)) == len(inputs), task
        for given, output in pairs:
            assert output != given and not output.endswith((":", "："))
            assert not given.endswith((":", "：")), task
            for label in (labels.input, labels.output, labels.example, labels.task):
                assert label not in given + output, task
    kinds = [(bool(pairs[0][0]), len(pairs) > 1) for pairs in examples.values()]
    assert all(kinds.count((with_input, several)) >= 1 for with_input in (True, False) for several in (True, False))
    fields = [task for task, pairs in examples.items() if re.match(r"\w+[:：]", pairs[0][0])]
    assert len(fields) >= 3


@pytest.mark.parametrize(
    ("language", "several", "no_input"),
    [
        ("en", "try to give several different examples", "where the task needs no input, write only an output"),
        ("zh", "尽量写出几个不同的示例", "任务不需要输入时，只写输出"),
    ],
)
def test_input_first_asks_for_several_examples_and_ends_with_the_task(
    language: str, several: str, no_input: str
) -> None:
    text = render(language, "self_instruct/input_first", text="Rhyme.")
    head = text.split("\n")[0]
    assert several in head and no_input in head
    assert text.endswith(f"\n\n{LABELS[language].task}Rhyme.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_output_first_demonstrations_put_each_label_before_its_input(language: str) -> None:
    labels = LABELS[language]
    shown = shown_tasks(language, "self_instruct/output_first")
    assert 10 <= len(dict(shown)) == len(shown) <= 17
    without_input = 0
    with_fields = 0
    for task, body in shown:
        lead, *blocks = re.split(f"^{labels.label}", body, flags=re.MULTILINE)
        assert lead == "" and blocks, task
        pairs = [block.rstrip("\n").partition("\n")[::2] for block in blocks]
        assert len({label for label, _ in pairs}) == len(pairs), task
        assert all(label.strip() and not label.endswith((":", "：")) for label, _ in pairs), task
        inputs = [given for _, given in pairs if given]
        assert len(set(inputs)) == len(inputs) and len(inputs) in (0, len(pairs)), task
        assert not inputs or len(inputs) >= 2, task
        without_input += not inputs
        with_fields += bool(inputs) and bool(re.match(r"\w+(?: \w+)?[:：]", inputs[0]))
    assert without_input >= 3
    assert 3 <= with_fields < len(shown) - without_input


@pytest.mark.parametrize("language", LANGUAGES)
def test_output_first_demonstrations_cover_every_label_the_task_names(language: str) -> None:
    labels = LABELS[language]
    between = r"(?:, | or |、|或|还是)(?:an? )?+"
    for task, body in shown_tasks(language, "self_instruct/output_first"):
        given = re.findall(f"^{labels.label}(.+)$", body, re.MULTILINE)
        if len(given) == body.count("\n") + 1:
            continue  # labels only: each of them answers the task
        named = re.sub("|".join(sorted(given, key=len, reverse=True)), "§", task, flags=re.IGNORECASE)
        assert named.count("§") >= len(given), task
        assert not re.search(rf"§{between}[^§\W]|\w{between}§", named), task


@pytest.mark.parametrize(
    ("language", "cover", "order", "no_input"),
    [
        ("en", "cover all of its possible labels", "on the lines after it stands an input", "needs no input, only"),
        ("zh", "覆盖任务的每一种标签", "从下一行起写出", "不需要输入时，只写"),
    ],
)
def test_output_first_asks_for_all_labels_and_ends_with_the_task(
    language: str, cover: str, order: str, no_input: str
) -> None:
    text = render(language, "self_instruct/output_first", text="Sort.")
    head = text.split("\n")[0]
    assert cover in head and order in head and no_input in head
    assert text.endswith(f"\n\n{LABELS[language].task}Sort.")


# Whole tasks in one call (Alpaca, BELLE) and bare prompts (InstructWild)

REQUIREMENTS = {
    ("zh", "self_instruct/alpaca"): [
        "不同的动词",
        "问句和祈使句",
        "多种类型.*分类、改写、摘要",
        "只有文字.*看、听.*提醒",
        "用中文书写",
        "一到两句话",
        "具体可信.*不能用占位符.*150 字",
        "输入只写 <无输入>",
        "正确而且切题.*200 字",
    ],
    ("zh", "belle/tasks"): [
        "头脑风暴、开放式问答.*封闭式问答、改写、信息提取、内容生成、分类、聊天、摘要",
        "说法各不相同",
        "不出现链接、图片和音频",
        "中文书写",
        "具体可信",
        "输入只写 <无输入>",
        "准确地完成指令.*200 字",
    ],
    ("en", "instruct_wild/instructions"): [
        "a real person had typed it",
        "subjects are as varied",
        "lengths differ",
        "tones differ",
        "material to work on.*in the prompt itself",
        "no answer, no separate input or output, no label",
        "in English",
    ],
    ("zh", "instruct_wild/instructions"): [
        "真人随手打出来",
        "话题像生活一样丰富",
        "长短不一",
        "语气各异",
        "材料就完整地写在请求里面",
        "不写回答，不另外写输入和输出，前面也不加标签",
        "中文书写",
    ],
}


@pytest.mark.parametrize(
    ("language", "name", "requirement"), [(*key, each) for key, rules in REQUIREMENTS.items() for each in rules]
)
def test_each_requirement_is_stated_once(language: str, name: str, requirement: str) -> None:
    lines = [line for line in render(language, name).splitlines() if line.startswith("- ")]
    assert sum(bool(re.search(requirement, line)) for line in lines) == 1


@pytest.mark.parametrize(("language", "name"), LISTS)
@pytest.mark.parametrize(("shown", "last"), [(3, 20), (5, 12), (1, 7)])
def test_every_number_follows_from_the_slots(language: str, name: str, shown: int, last: int) -> None:
    text = render(language, name, text="\ue000", shown=shown, last=last)
    before, after = text.split("\n\n\ue000\n\n")
    limits = re.sub(r"(?:100 words|[12][05]0 字)", "", before)
    assert {int(number) for number in re.findall(r"\d+", limits)} == {shown, last - shown, last}
    assert {int(number) for number in re.findall(r"\d+", after)} == {shown + 1, last}


@pytest.mark.parametrize("name", ["self_instruct/alpaca", "belle/tasks"])
def test_a_chinese_prompt_for_whole_tasks_ends_with_the_layout_of_the_first_one(name: str) -> None:
    last_line = render("zh", name, shown=4).split("\n")[-1]
    assert "“5. 指令：”" in last_line and "三个井号" in last_line
