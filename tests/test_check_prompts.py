"""Checks on prompts, each on texts of both languages that it must reject and that it must keep."""

from __future__ import annotations

import pytest

from instructgen.contracts import Check, Reject
from instructgen.engines.scripted import Scripted
from instructgen.example import Example
from instructgen.filters import CopiedScaffold, FirstCharacter, OpeningPhrase, Refusal, Scaffold
from instructgen.generators import FreshStart
from instructgen.seeds import seeds

(APOLOGY,) = [one for one in FreshStart(Scripted(str)).prompt_checks or () if type(one).__name__ == "_Apology"]

# One text between bars; \n is a line break in it.
COPIED: tuple[Check, str, str] = (
    CopiedScaffold(),
    r"""
#Rewritten Prompt#: Say why. | Take the Given Prompt and go on. | take the GIVEN  PROMPT | the rewritten_prompt below
the created\nprompt | Rewritten prompts are long. | Given-prompt: x | #Created Prompt# | As in the given prompt, go.
#改写提示词#：写诗 | 请按照改写提示词回答 | 根据该改写提示词作答 | 改写提示词：甲 | 给定提示词
请回答给定提示词里的问题 | 依照改写提示词写作 | 改写后的提示词 | 请回答改写后的提示词。 | #新提示词#：甲 | 新建提示詞
給定提示詞 | 請按照給定提示詞作答 | #改寫提示詞#\n甲 | 改寫後的提示詞：甲 | 【改写提示词】甲 | **改写提示词**
上面的改写提示词说了什么？ | 這個改寫提示詞 | 改写提示词中的表格
""",
    r"""
A forgiven prompter | A prompt given at noon | Write a prompt. | Rewrite this prompt | The prompt was rewritten.
How does one rewrite a prompt? | A prompt reply | Give a prompt answer. | Create prompts for painters | Given promptly
提示我一下 | 怎样改写提示词，才能让大模型写好摘要？ | 请帮我改写提示词 | 改写提示词的技巧有哪些？
改写提示词时要注意什么 | 如何給模型改寫提示詞？ | 怎么改写提示词最快？ | 写一个提示词 | 提示词是什么？
我想改写提示词 | 教我改写提示词，谢谢 | 为什么要改写提示词？ | 把这个提示词改写一遍 | 学会改写提示词需要多久？
改写一首诗 | 提示词怎么写才清楚 | 怎樣改寫提示詞，才能寫好摘要？ | 写一篇关于改写提示词的文章
""",
)
SCAFFOLD: tuple[Check, str, str] = (
    Scaffold(),
    r"""
Instruction: write | 4. Output:\nx | ### Response:\nx | A poem.\n###\nB | <noinput> | #Given Prompt# | [Solution] y
Class label: P | Done.<|im_end|> | [INST] x | Example 3 | [问题描述]\n甲 | [解答] 乙 | 【问题描述】甲
改写后的提示词：写诗 | 【改写提示词】\n甲 | ### 回复：好 | ## 任务：x | 输出：x | 類別標籤：正 | 輸入：乙
#改寫後的提示詞#\n甲 | 【改写后的提示词】甲 | 指令：写一首诗 | [問題描述] 甲 | **[解答]**\n乙 | [代码片段] 丙
**改写后的提示词：** 写诗 | 4. 输出：\n诗 | #新提示词#：写诗 | 【給定提示詞】甲 | #給定提示詞#
""",
    r"""
the input: a list | Inputs: several | Output is fine | [problem] in lower case | Task management: x | #hashtag#
## Output\nfine | Example 1:\na\nExample 2:\nb | Response times: fast | Solution: x = 3 | The [Solution] is there
回复：收到，谢谢。 | 任务：周五前交报告。 | 任务1：打扫教室\n任务2：擦黑板 | 1. 任务：打扫 | 解答：略
【解答】解：设x | 答复：同意 | 输出结果如下 | 如果输入：3 | 回覆：收到。 | 任務：週五前交報告。
**任务：** 周五前交报告。 | 问题描述：登录失败 | 请看【问题描述】一栏 | 【任务】擦黑板 | 怎样改写提示词？
任务二：写字 | 我的输入：三 | 见[解答]部分
""",
)
OPENING: tuple[Check, str, str] = (
    OpeningPhrase(language="zh"),
    r"""
写一个程序 | 写一个程序。 | 写个程序 | 帮我写一个程序 | 请为我写一个程序 | 设计一个程序 | 寫一個程式
请编写程序，排序 | 写程序 | 请写程序 | 编写程序 | 請幫我寫一段程式，排序 | 写一个程序计算圆的面积 | 请你帮我写个程序
请你写一段程序 | 编写一个程序，求和 | 请设计一个程序来排序 | 設計一個程式 | 編寫一段程式求和 | 请帮我编写一个程序
写一段程序来求和 | 给我写一个程序 | 帮我设计个程序 | 写程序实现排序 | 编写程序求最大公约数 | 請寫個程式
""",
    r"""
Write a program | write a program to add | Programs are fun | Explain a program | 写程序的人叫什么？
编写程序时如何命名变量？ | 写程序法与实体法的区别 | 写一段程序正义的论述 | 写一个程序员的故事 | 写一个Python程序
编写程序设计课的大纲 | 设计一个程序化广告方案 | 寫一個程式設計師的故事 | 寫程式的人 | 解释什么是程序 | 写一首诗
帮我写一封信 | 写程序员的一天 | 设计一个程序框图 | 编写程序语言的历史 | 写一份诉讼程序说明 | 程序是什么？
请写出这个程序的输出 | 编写程序需要哪些知识？ | 写一段程序流程的介绍 | 請寫一個程式語言的簡史 | 寫一段程式碼的註解
写程序有趣吗？
""",
)
FIRST: tuple[Check, str, str] = (
    FirstCharacter("zh"),
    r"""
，写 | 。写 | 、写 | ；写 | ：写 | ？写 | ！写 | …写 | #写首诗 | # 标题 | - 写诗 | * 写诗 | *写* | @我
"Hello"怎么翻译 | (a) 写诗 | .写 | /写 | !important | ### 写诗 | > 写诗 | ' | ; | = 1 | ~写 | _写_ | #，include
-写诗
""",
    r"""
Write a poem | 3 facts | é | C++ 是什么 | #include 是什么 | #include 是什麼 | .NET 是什么 | @Override 注解有什么用
/etc/hosts 文件有什么用 | $PATH 是什么 | <div> 标签怎么用 | </p> 可以省略吗 | --force 参数有什么用 | “苹果”怎么写
__init__ 方法什么时候调用 | &nbsp; 是什么 | 《红楼梦》的作者是谁？ | 【通知】怎么写 | （一）写首诗 | ‘甲’怎么读
「甲」怎麼讀 | 写一首诗 | 3个故事 | #define 怎么用 | \n 是什么意思 | ~root 是什么目录 | ①写诗 | ．写
""",
)
SORRY: tuple[Check, str, str] = (
    APOLOGY,
    r"""
I'm sorry, which file? | I’m sorry, no. | Oh, I'm sorry! | i'm sorry | I'm sorry, but I can't.
Well, I'm sorry to say no. | 抱歉，我无法改写。 | 对不起，请再说一遍。 | 對不起，我不能。 | 很抱歉，这个不行。
不好意思，我不明白。 | 非常抱歉！ | 我很抱歉，不行。 | 抱歉 | 真的很抱歉，不行。 | 好的。抱歉，我改写不了。
抱歉我不能这样做 | 对不起！ | 对不起，这个话题不合适。 | 十分抱歉，我没有看懂。 | 實在抱歉，我不能。
“抱歉，我不能。” | 您好！很抱歉，不行。 | 抱歉…… | 对不起您，这个不行 | 抱歉，無法改寫。
""",
    r"""
Say sorry in Welsh. | Write an apology. | Who is sorry now? | He is sorry. | Tell Tom that we are sorry.
请写一封信，先说一声抱歉，再给出换货和退款两种办法。 | 对不起用英语怎么说？ | 写一段向同事表示抱歉的话。
“对不起”和“抱歉”有什么区别？ | 抱歉的近义词有哪些？ | 给顾客回信：先表示抱歉，再说明原因。 | 怎样真诚地说对不起？
用“不好意思”造三个句子。 | 他为什么不好意思？ | 以《对不起》为题写一首歌。 | 写道歉信，不少于三百字。
把“我错了”改得更客气。 | 寫一段向同事表示抱歉的話。 | 對不起怎麼寫？ | 让主人公在结尾对妹妹说对不起。
介绍三种表达抱歉的方式。 | 抱歉与道歉有什么不同？ | 写出迟到后感到抱歉的心情。 | 为什么日本人常说对不起？
不好意思这个词怎么用？
""",
)
TABLES = [COPIED, SCAFFOLD, OPENING, FIRST, SORRY]


def texts(block: str) -> list[str]:
    return [text.strip().replace("\\n", "\n") for line in block.strip().split("\n") for text in line.split(" | ")]


def rows(which: int) -> list[tuple[Check, str]]:
    return [(table[0], text) for table in TABLES for text in texts(str(table[which]))]


@pytest.mark.parametrize(("check", "text"), rows(1))
def test_bad_prompts_are_rejected(check: Check, text: str) -> None:
    assert check(Example(text)) is not None


@pytest.mark.parametrize(("check", "text"), rows(2))
def test_good_prompts_are_kept(check: Check, text: str) -> None:
    assert check(Example(text)) is None


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table[0]).__name__)
def test_the_tables_are_large_enough(table: tuple[Check, str, str]) -> None:
    assert all(len(set(texts(str(block)))) >= 25 for block in table[1:])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table[0]).__name__)
def test_no_chinese_seed_is_rejected(table: tuple[Check, str, str]) -> None:
    assert [seed.instruction for seed in seeds("zh") if table[0](seed)] == []


def test_no_seed_of_either_language_refuses() -> None:
    check = Refusal("instruction")
    assert [seed.instruction for language in ("en", "zh") for seed in seeds(language) if check(seed)] == []


def test_polite_words_belong_to_the_opening() -> None:
    check = OpeningPhrase(language="zh")
    assert check(Example("请帮我写一个程序")) == Reject("write_program", "请帮我写一个程序")
    assert OpeningPhrase(("写",), language="zh")(Example("请写诗")) == Reject("opening_phrase", "请写")
    assert OpeningPhrase(("请",), language="zh")(Example("请写诗")) == Reject("opening_phrase", "请")
    assert OpeningPhrase(("写",))(Example("请写诗")) is None


@pytest.mark.parametrize("length", [399, 400])
def test_long_chinese_prompts_may_apologise(length: int) -> None:
    text = "对不起，".ljust(length, "很")
    assert (APOLOGY(Example(text)) is not None) is (length < 400)
