"""What models write around an answer in Chinese, and genuine texts that look like it, which must come through whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Generator
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.filters import Refusal
from instructgen.filters.copied_scaffold import EVOLUTION_SCAFFOLD
from instructgen.generators import AutoEvol, EvolInstruct, OssInstruct, PersonaPrompt, Reformulate, TextToPersona
from instructgen.generators.answering import whole_prompt
from instructgen.generators.personas import read_persona
from instructgen.parsing import holds_data, rewritten_prompt, scaffold_labels, verdict, without_closing
from instructgen.parsing.auto_evol import final_instruction
from instructgen.parsing.constrained_task import constrained_task
from instructgen.parsing.labelled import labelled
from instructgen.parsing.problem_solution import problem_and_solution
from instructgen.parsing.solutions import hint_label, solution_label
from instructgen.parsing.user_turn import role_marker, user_turn
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from instructgen.seeds import seeds
from tests.support.pipelines import run
from tests.test_model_habits import made

LABELS = (*scaffold_labels(Prompt.load("evol_instruct/depth", language="zh").text), *EVOLUTION_SCAFFOLD)
P = "请写一首关于春天的诗，要求押韵，并举出三个例子。"


def lines(block: str) -> list[str]:
    """One text a line; in it \\n is a line break and <P> a prompt."""
    return [line.replace("\\n", "\n").replace("<P>", P) for line in block.strip().split("\n")]


# Answers, whose last paragraphs are content.
ANSWERS = lines(r"""
王总，请签合同。\n\n希望这封邮件的语气调整得委婉一些。
print(1)\n\n如果有重复元素，可以先用 set 去重，时间复杂度不变。
停课一天。\n\n需要我注明原因吗？原因是台风“海葵”。
多喝水，多休息。\n\n如果有发热，应及时就医。
先用清水洗。\n\n如果有污渍，加一点洗衣粉。
大家注意。\n\n如果需要请假，请提前一天告诉班长。
甲\n\n以上三个例子说明，勤能补拙。
李女士：\n房间已经留好。\n\n如果您有任何问题，请随时联系我们。
王老师：\n见附件。\n\n如需更改时间，请告诉我。
“还要加糖吗？”\n\n“您还需要我做其他调整吗？”裁缝问。
全部到齐。\n\n以上就是本周的任务。
对不起，这次是我的错。\n\n希望我们还是朋友。
药一日三次。\n\n如果还不退烧，请再来复诊。
各位：\n周五大扫除。\n\n希望大家按时参加。
Dear Bob,\nthe report is late.\n\nLet me know if you have any questions.
Drink water.\n\nIf you need to take a second dose, wait six hours.
Hi Ann,\nthe draft is attached.\n\nFeel free to reach out with questions.
“Sit down,” he said.\n\n“Would you like more?”
Please join us.\n\nLet me know if you would like to come.
Mix it.\n\nIf you want more flavour, add a pinch of salt.
Sort them.\n\nIf you need the result as a list, call list() on it.
Vote.\n\nHope this week brings you luck.
a, b\n\nThe above examples are sorted by size.
""")
OFFERS = lines(r"""
如果您需要进一步修改，请告诉我。
如需进一步修改，请随时告诉我。
如果你想要更多的示例，我可以继续写。
您还需要我做其他调整吗？
您希望我再补充几个例子吗？
需要我继续补充更多任务吗？
希望这对您有帮助！
希望以上内容对您有所帮助。如果需要其他修改，请随时告诉我！
以上就是补写的任务。
以上是按要求编写的 5 条指令。
以上任务涵盖了多种类型。
如果您需要進一步修改，請告訴我。
Let me know if you need more!
Let me know if you'd like me to adjust the tone.
I hope this helps! Let me know if you would like another one.
Would you like me to make it harder?
If you would like any further changes, just let me know.
(End of tasks)
""")
# Prompts, of which nothing may be taken.
GENUINE = lines(r"""
请润色下面的邮件：\n王总，请签合同。\n\n希望这封邮件的语气调整得委婉一些。
请写一份会议通知。\n\n如果需要修改时间，请说明应该怎样通知所有人。
写一份通知。\n\n如果有人请假，说明应找谁。
写一张停课通知。\n\n需要我注明原因吗？原因是台风“海葵”。
写一条广告文案。\n\n希望这条文案不超过八十字。
下面是同一条新闻的两个版本：\n甲说河水涨了。\n乙说河水退了。\n哪个更完整？
以下是一段需要改写的文字：\n春天来了，花开了。\n请把它改写成一首五言绝句。
这里有一条 Linux 指令：\nfind . -name a\n请解释每个参数的作用。
以下指令在 ARM 汇编中的作用是什么：\nADD R0, R1, R2\n请逐个解释操作数。
下面这段提示音文案太生硬：\n“门已关闭。”\n请改得亲切一些，不超过十个字。
当然，没有人愿意失败。请改写这句话：\n失败是成功之母。
下面是两个版本的订单数据，请找出差异：\n[{"a": 1}, {"a": 2}]
下面这条评论有两个版本：\n{INPUT}\n算好评吗？
好的，以下是两个版本的标语：\n甲\n乙\n哪个更好？
改写：把“我吃了苹果”改成被动句。
改写后的版本：春眠不觉晓。\n原来的版本：春天睡得香。\n比较两个版本的语气。
提示词：海边日落。\n请把这个提示词扩写成一段话。
提示：答案只有一个字。谜面：一口咬掉牛尾巴。
新的问题出现了：水管漏了，怎么修？
好的开头是成功的一半，请以此为题写一篇作文。
收到录取通知书以后，应该做哪些准备？
求 1 到 100 的和。\n\n注意：增加一个条件，不能用求和公式。
把这句话扩写。\n\n（增加 4 个字）
以下是我的简历：\n张三，五年经验。\n请指出三处不足。
以下是一个数学问题：\n甲有三个苹果。\n请再出两道类似的题。
下面是一个新的词：躺平。\n请造句。
请把下面的对话续写下去。\n\n客服：您还需要我做其他调整吗？
翻译成英文：\n如果您需要进一步修改，请告诉我。
润色下面的邮件：\n李总，合同已发。\n\n如果您需要进一步修改，请随时告诉我。
改写下面的诗，保留意境：\n床前明月光
请比较这两道题哪道更难：\n1+1\n2×3
**注意**：用文言文作答。什么是仁？
# 写一首诗
「春曉」是誰的作品？請說明理由。
> 学而时习之\n请解释上面这句话。
请解释“改写后的提示词：”这几个字的意思。
为什么有人说“好的。”也是一种拒绝？
---\n上面的横线在 Markdown 里表示什么？
当然的反义词是什么？
下面的提示音应该用在什么场合：\n叮咚
介绍一下《论语》与《孟子》的区别。
Here are two versions of a slogan:\nA\nB\nWhich is better?
Sure, here are two versions of my slogan:\nA\nB\nWhich is better?
Here is a prompt for a painter:\na red barn\nMake it longer.
Prompt: a red barn\nTurn this prompt into a story.
Proofread this:\n\nHi Bob, here is the draft.\n\nLet me know if you would like any further changes.
Write a letter that ends as follows:\n\nIf you need further changes, please let me know.
New prompts are hard to write. Why?
New tasks: how do you learn to say no to them?
新任务来了：怎样排优先级？
新题目太难怎么办？
任务：打扫教室。\n请把它分给三个人。
题目：《我的家》。请写一篇作文。
Question: what is a quark?
Rewrite the sentence: I ate an apple.
Write a warning.\n\nIf you need more than one line, number them.
Sure-footed animals: name five.
**Bold** words come first. Explain why **they** do.
Below are three examples:\n1\n2\n3\nGive the next one.
> To be or not to be\nWho said this?
Explain the note.\n\n(Added 3 words are in italics.)
Okay, my code has a problem: it never stops. Why?
Of course people disagree. Write down both views.
The rewritten question is on page two. What would you ask instead?
""")
WRAPPED = lines(r"""
**改写后的提示词**：<P>
#改写后的提示词#：\n<P>
改写后的提示词：<P>
**改写后的提示**：<P>
### 改写后的提示词：\n\n<P>
【改写后的提示词】\n<P>
新提示词：<P>
新的提示词：\n<P>
提示词：<P>
改写：<P>
改写如下：\n<P>
改写后的版本：\n<P>
重写后的提示词：<P>
改写提示詞：<P>
新题目：<P>
**新题目：**\n<P>
**新题目**\n<P>
### 新题目\n<P>
新的题目：\n<P>
**新题：**<P>
新的编程任务：\n<P>
**改写后的编程任务：**\n<P>
**改写后的数学题：**<P>
改编后的题目：<P>
以下是改写后的任务：\n<P>
当然！以下是新的任务：\n<P>
好的，新题目如下：\n<P>
**New question:** <P>
New task:\n<P>
Rewritten task: <P>
### 改写提示词\n<P>
**改写提示词**\n<P>
【改写提示词】\n<P>
根据您的要求，改写后的提示词如下：\n<P>
改写后的提示词如下：\n<P>
为您改写如下：\n<P>
当然，以下是改写后的提示词：<P>
收到！以下是改写后的提示词：\n\n<P>
好的！\n\n改写后的提示词：\n\n<P>
好的。\n\n<P>
當然，以下是改寫後的提示詞：\n<P>
以下是一个可能的问题：\n<P>
当然！\n\n<P>
<P>\n\n（注：增加了举例的要求，加大了难度。）
<P>\n\n---\n\n**说明**：增加了“举例”这一限制，使任务更难。
<P>\n\n改写说明：增加了一个限制。
<P>\n\n如需进一步修改，请随时告诉我。
<P>\n\n---\n\n如果您需要更难的版本，请告诉我。
<P>\n\n您还需要我做其他调整吗？
<P>\n\n这样改写增加了约束条件，难度更高。
<P>\n\n（新增 4 个词）
```plaintext\n<P>\n```
---\n<P>\n---
> <P>
**<P>**
◁think▷想一想◁/think▷<P>
<P>\n\n(Added 12 words.)
New prompt: <P>
Prompt: <P>
**New Prompt**\n<P>
""")
NO_PROMPT = lines(r"""
抱歉，我无法改写这个提示词。
很抱歉，这个提示词涉及敏感内容，我不能改写。
抱歉，这个提示词无法改写。
无法改写。
由于内容敏感，无法改写。
我理解您的需求，但我不能提供相关帮助。
您的请求涉及违法内容，我无法提供帮助。
您好，我无法给到相关内容。
抱歉，無法改寫這個提示詞。
I'm sorry, but I can't rewrite this prompt.
这个提示词已经足够复杂，无需改写。
请提供需要改写的提示词。
好的，请提供您想改写的提示词。
好的，請提供您想改寫的提示詞。
Please provide the prompt you would like me to rewrite.
This prompt is already complex, so there is no need to rewrite it.
""")


@pytest.mark.parametrize("text", ANSWERS)
def test_the_end_of_an_answer_stays(text: str) -> None:
    assert without_closing(text) == text


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_at_the_end_goes(offer: str) -> None:
    assert without_closing(f"甲\n\n{offer}") == "甲"
    assert without_closing(f"甲\n\n“{offer}”") == f"甲\n\n“{offer}”"
    assert without_closing(offer) == offer


@pytest.mark.parametrize("text", GENUINE)
def test_a_genuine_prompt_comes_through(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == text
    assert rewritten_prompt(text) == text
    assert labelled(f"用户提问：\n{text}", ["用户提问"]) == text


def test_no_chinese_seed_is_altered() -> None:
    for seed in seeds("zh"):
        for text in (seed.instruction.strip(), whole_prompt(seed).strip()):
            assert rewritten_prompt(text, LABELS) == text
            assert labelled(f"用户提问：\n{text}", ["用户提问"]) == text
            assert not hint_label(text) or "提示" in text
        assert without_closing(seed.output) == seed.output


@pytest.mark.parametrize("text", WRAPPED)
def test_what_is_said_around_a_prompt_goes(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == P


@pytest.mark.parametrize("text", NO_PROMPT)
def test_what_is_said_instead_of_a_prompt(text: str) -> None:
    try:
        assert Refusal("instruction")(Example(rewritten_prompt(text, LABELS))) is not None
    except ParseError as error:
        assert error.text == text


@given(
    st.text(alphabet="字词句子水火山石田人口手，。！？\n", min_size=1, max_size=80).map(
        lambda text: f"写{text.strip()}字。"
    )
)
def test_a_text_without_marks_is_unchanged(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == text
    assert without_closing(text) == text


@given(st.sampled_from(WRAPPED), st.sampled_from(["", *OFFERS[:3]]))
def test_reading_twice_changes_nothing(text: str, offer: str) -> None:
    once = rewritten_prompt(f"{text}\n\n{offer}".strip(), LABELS)
    assert rewritten_prompt(once, LABELS) == once
    assert without_closing(without_closing(f"{text}\n\n{offer}")) == without_closing(f"{text}\n\n{offer}")


def test_remarks_behind_a_final_instruction() -> None:
    assert final_instruction(f"#最终改写的指令#：\n{P}\n\n（新增 4 个词）") == P


# ---------------------------------------------------------------- verdicts

UNEQUAL = lines(r"""
1. 限制相同。\n2. 深度不同。\n因此两者不相等。
1. 限制和要求相同\n2. 深度不同\n\n结论：不相等
两者不算相等
称不上相等
谈不上相等
不应视为相等
不是完全相等
不可能相等
不再相等
不怎么一样
不符合相等的标准
不构成相等
未达到相等
相等吗？否。
不相等，虽然两者深度相同，但限制不同。
限制和要求相同，但深度不同，因此不相等。
两者相等吗？不相等。
不能视为相等
两者存在差异
有区别
綜上，兩者不應視為相等。
限制相同，深度不同。
""")


@pytest.mark.parametrize("text", UNEQUAL)
def test_not_equal(text: str) -> None:
    assert verdict(text) is False


@pytest.mark.parametrize(
    "text", ["相等，没有不同之处。", "没有不同", "没什么不同", "相等吗？是的。", "限制和要求相同，深度和广度也相同。"]
)
def test_equal(text: str) -> None:
    assert verdict(text) is True


@pytest.mark.parametrize(
    "text", ["不，相等。", "可能相等", "如果不看深度，两者相等", "不相等吗？否。", "限制相同。", "否"]
)
def test_undecided(text: str) -> None:
    with pytest.raises(ParseError):
        verdict(text)


# ---------------------------------------------------------------- personas


@pytest.mark.parametrize(
    "text",
    ["【人物】甲", "【人物】\n甲", "好的。\n\n人物：甲", "人物描述：甲", "人物形象：甲", "“人物：”甲", "人物：**甲**"],
)
def test_a_persona_in_other_forms(text: str) -> None:
    assert read_persona(text) == "甲"


ROW = Example.root("row", instruction="一位修车师傅。")


@pytest.mark.parametrize(
    "title", ["读《三国演义》", "“黑烟”从哪里来", "《论语》与《孟子》", "柴油机冒“黑烟”", "*论*与*孟*", '"a" and "b"']
)
async def test_a_title_keeps_its_marks(title: str, tmp_path: Path) -> None:
    for number, text in enumerate((f"标题：{title}\n甲", f"标题：{title}\n\n正文：\n甲")):
        kept, _ = await made(tmp_path / str(number), lambda engine: PersonaPrompt(engine, kind="knowledge"), text, ROW)
        assert [(one.instruction, one.output) for one in kept] == [(title, "甲")]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("knowledge", "标题：《怎样换机油》\n甲", "怎样换机油"),
        ("instruction", "用户提问：写信。", "写信。"),
        ("instruction", "【用户提示】写信。", "写信。"),
        ("instruction", "用户提示：抱歉，我无法完成这个请求。", "refusal"),
        ("math", "数学题：抱歉，我无法出这样的题。", "refusal"),
        ("math", "数学题：求两船的距离。\n\n（提示：先求速度。）", "solution"),
        ("math", "数学题：求圆的面积。\n\n提示：π 取 3.14。", "求圆的面积。\n\n提示：π 取 3.14。"),
    ],
)
async def test_what_a_persona_asks(kind: Any, text: str, expected: str, tmp_path: Path) -> None:
    kept, reasons = await made(tmp_path, lambda engine: PersonaPrompt(engine, kind=kind, attempts=1), text, ROW)
    assert [one.instruction for one in kept] + list(reasons) == [expected]


@pytest.mark.parametrize(
    "told",
    lines(r"""
参考答案：60 海里
【解析】先求速度。
【答案】60
**解题过程**\n先求速度。
最终答案：60
解析：先求速度。
解法：先求速度。
解题思路：先求速度。
"""),
)
def test_a_problem_with_its_solution(told: str) -> None:
    assert solution_label(f"求两船的距离。\n\n{told}")


# ---------------------------------------------------------------- stages that refuse


async def test_a_refusal_is_no_prompt(tmp_path: Path) -> None:
    refused = "抱歉，我无法完成这个请求。"

    def evolve(engine: Any) -> Generator:
        return EvolInstruct(engine, rounds=1, originals=False, language="zh")

    oss = f"[问题描述]\n{refused}\n[解答]\n无"
    for number, (stage, text) in enumerate(
        [
            (evolve, "抱歉，我无法改写这个提示词。"),
            (TextToPersona, "人物：抱歉，我无法描述这个人物。"),
            (OssInstruct, oss),
        ]
    ):
        kept, reasons = await made(tmp_path / str(number), stage, text, ROW)
        assert (kept, reasons) == ([], {"refusal": 1})


async def test_a_refusal_is_no_evolved_instruction(tmp_path: Path) -> None:
    from instructgen.engines.scripted import Scripted

    engine = Scripted(lambda _: "#最终改写的指令#：\n抱歉，我无法改写这条指令。")
    result = await run(Pipeline(AutoEvol(engine, [ROW], steps=0, language="zh")), tmp_path / "run")
    assert (list(result), result.reasons) == ([], {"method": 1, "refusal": 1})


@pytest.mark.parametrize(
    "text",
    [
        "以下是一种随意的说法：\n\n<F>",
        "说法一：<F>",
        "【说法】<F>",
        "【说法】\n<F>",
        "Here is a casual formulation:\n<F>",
    ],
)
async def test_what_is_said_before_a_formulation(text: str, tmp_path: Path) -> None:
    wanted = "这些话谁听得懂？{INPUT}"
    row = Example.root("row", instruction="解释术语。", input="熵", output="混乱的程度")

    def stage(engine: Any) -> Generator:
        return Reformulate(engine, formulations=1, attempts=1, originals=False)

    kept, reasons = await made(tmp_path, stage, text.replace("<F>", wanted), row)
    assert ([one.meta["formulation"] for one in kept], reasons) == ([wanted], {})


# ---------------------------------------------------------------- turns, data and marked sections


@pytest.mark.parametrize(
    "text", ["写一首关于春天的诗assistant\n\n春天来了", "再举一个例子吧assistant\n\n好的", "写一首诗\n\n助手：春天来了"]
)
def test_a_turn_that_runs_into_the_answer(text: str) -> None:
    assert role_marker(user_turn(text, ())[0])


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("用户：写一首诗", "写一首诗"),
        ("设计一个assistant\n\n要求：要快。", ""),
        ("续写对话：\n\n助手：您好！", ""),
        ("什么是assistant", ""),
        ("写一段剧本。\n\n助手：导演，开始吗？", ""),
        ("用户：你好\n助手：您好\n接着写三句。", ""),
    ],
)
def test_a_turn_of_the_user(text: str, turn: str) -> None:
    assert user_turn(text, ())[0] == (turn or text)
    assert role_marker(user_turn(text, ())[0]) == ""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("哪本最早？\n<图书目录>\n  <图书><书名>江城来信</书名></图书>\n</图书目录>", "xml"),
        ("满了？\n[root@web01 ~]# df -h\n/dev/sda2", "shell"),
        ("满了？\n# df -h\n/dev/sda2  20G", "shell"),
        ("哪个占得多？\n# top\nPID USER", "shell"),
    ],
)
def test_data(text: str, kind: Any) -> None:
    assert holds_data(text, kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# find the bug\n甲", "shell"),
        ("# 标题\n甲", "shell"),
        ("# top ten films", "shell"),
        ("从 <甲> 到 <乙>", "xml"),
    ],
)
def test_no_data(text: str, kind: Any) -> None:
    assert not holds_data(text, kind)


@pytest.mark.parametrize(
    ("problem", "solution"),
    [
        ("## 一、问题描述", "## 二、解答"),
        ("[问题描述]", "[答案]"),
        ("[问题描述]", "[参考答案]"),
        ("[問題描述]", "[解答]"),
        ("「问题描述」", "「解答」"),
    ],
)
def test_the_markers_of_a_problem(problem: str, solution: str) -> None:
    found = problem_and_solution(f"{problem}\n排序。\n\n{solution}\nx = 1")
    assert (found.problem, found.solution) == ("排序。", "x = 1")


@pytest.mark.parametrize(
    "text",
    lines(r"""
【指令】排序。\n【输入】乙、甲\n【约束】无
### 指令\n排序。\n### 输入\n乙、甲\n### 约束\n无
**指令**\n排序。\n\n**输入**\n乙、甲\n\n**约束**\n无
指令：排序。\n輸入：乙、甲\n約束：无
"""),
)
def test_the_labels_of_a_task(text: str) -> None:
    found = constrained_task(text, 4, language="zh")
    assert (found.instruction, found.input, found.constraints) == ("排序。", "乙、甲", "无")
    assert constrained_task("指令：排序。\n輸入：無\n約束：無", 4, language="zh").missing == "input"


def test_headings_in_an_input_are_no_labels() -> None:
    found = constrained_task("指令：概括。\n输入：周报\n**输出**\n三件\n约束：一句话", 4, language="zh")
    assert found.input == "周报\n**输出**\n三件"
