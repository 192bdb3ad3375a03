"""Checks on answers, each on texts of both languages that it must reject and that it must keep."""

from __future__ import annotations

import pytest

from instructgen.contracts import Check, Reject
from instructgen.example import Example
from instructgen.filters import AskingBack, AssistantTalk, OnlyStopWords, Refusal, ShortApology, Truncated
from instructgen.parsing.simplified import simplified
from instructgen.seeds import seeds

# One text between bars; \n is a line break in it.
STOP_WORDS = (
    OnlyStopWords(),
    r"""
the of . | It is what it is. | because | in | from | my | me | a | an | to be | and so on and on | of the
的 了 和 。 | 在 | 从 | 我 | 因为 | 把 | 一个 | 的了。 | 我们的，以及它们 | 這個 | 我們的 | 什么 | 而且 | 他 | 也是
就 | 對於 | 从这个到那个 | ……
""",
    r"""
Yes | Yes. | No. | Not | None | A | (B) | 42 | if x | the end | C++ | Yes, it is. | 是 | 是的 | 是。 | 对 | 对的。
能 | 能。 | 会 | 要 | 可以 | 對 | 會的。 | 是啊！ | 是的，它是。 | 对，就是它。 | 否 | 不 | 不是 | 不能 | 没有
我们走 | 因为下雨 | 从北京 | 无 | ∞ | 😀
""",
)
ASKS_BACK = (
    AskingBack(),
    r"""
Understood. What next? | Sure! Which file? | Thank you. Is it for work? | Sure, who is it for? | Please provide it.
Could you please provide the table | Understood! Should I begin? | I can help. Please provide the text.
当然可以！请问您需要哪种语言？ | 請提供原文。 | 好的，请把文章发给我。 | 请告诉我您想了解哪方面？
麻烦您提供一下原文。 | 请提供需要改写的提示词。 | 好的，请提供您想改写的提示词。 | 好的！需要我做什么？
请您先提供更多信息。 | 明白了。您要几份？ | 好的，請把文章貼上來。 | 当然，请提供您的代码。 | 没问题！您想要什么风格？
抱歉，请提供具体的题目。 | 请告诉我具体的要求。 | 谢谢您的提问，您是指哪一个？ | 請告訴我您需要什麼樣的風格？
好，请发一下原文。 | 我可以帮您润色。请提供原文。 | 收到！请问要翻译成哪种语言？ | 好的，请问您的预算是多少？
请将文本粘贴到这里。
您还没有附上班主任的讲话内容。请把那段话发给我，我会按您的要求压缩成三条。 | 请提供奖品表，我再帮您计算。
好的，请把班主任在家长会上的这段话发给我，我来压缩成三条要点。 | 您似乎忘了附上班主任的讲话，能否把内容发给我？
请提供班主任在家长会上的讲话内容，我会帮您压缩成三条。 | 题目里没有给出奖品表，请补充各等奖的奖品价值。
请把公司的奖品清单发给我，我再接着算。 | 請把名單發給我，我來統計。
""",
    r"""
Sure, here it is. | Thank you! | It is four. Sure? | Surely it is. Is it? | Understood. It is done. | What is it?
Understanding it takes time. Is it worth it? | They provide water. | Why not? | 好的作品应该打动人。你读过《边城》吗？
好的开头是成功的一半，不是吗？ | 明白这一点，谁还会后悔？ | 办理护照时，请提供身份证原件和照片两张。
请提供身份证原件。 | 好的，这是您要的文章。 | 商家应当提供发票。 | 如需退货，请提供订单号。
当然有人会问，这样值得吗？ | 请把门关上。 | 当然不行，你说呢？ | 收到货后可以退吗？ | 谢谢！
没问题的产品才能出厂，您说对吗？ | 了解历史有什么用？ | 明白人怎么会上当？ | 请告诉他真相。 | 好的，写完了。
可以提供热水。 | 请柬已经发出。 | 當然有人不同意，對吧？ | 好的教練會怎麼做？
题目没有给出半径，面积无法求出。 | 请把盐倒进锅里，我会在旁边看着。 | 信里没有说明日期，可以改在周五。
""",
)
ASSISTANT_TALK = (
    AssistantTalk(),
    r"""
As an AI, I have no taste. | as an AI language model | I am an AI assistant. | How can I assist you today?
How may I assist? | Hello! I'm your AI assistant. | As an AI, no. | I, as an AI, agree.
Your AI assistant says hello. | 作为AI助手，我建议您早睡。 | 作为大语言模型，我不吃饭。
作为一款人工智能语言模型，我没有身体。 | 我是一个AI助手，可以帮您。 | 作為一個AI語言模型，我沒有身體。
我是人工智能助手。 | 作为一个人工智能模型，我会说。 | 我是一个由某公司开发的大型语言模型。
作为人工智能，我没有感情。 | 我只是一个AI模型，不会累。 | 身为AI，我不会累。 | 我是一款智能对话机器人，随时在线。
我是AI。 | 你好！我是一个人工智能助手，有问题请问我。 | 作为一种人工智能语言模型，本模型没有偏好。
作为聊天机器人，我很乐意帮忙。 | 作為人工智能助手，我建議您早睡。 | 我是一名虚拟助手。 | 我是大型語言模型，沒有感情。
""",
    r"""
As an aim, it is fine. | An assistant came. | How can I help? | She is an AI researcher. | AI assists doctors.
As an air force | I was as anaemic as he. | Assistants are busy. | The model train is late.
作为人工智能之父，图灵影响深远。 | 手机里的人工智能助手可以帮你设闹钟。 | 我是机器人工程师。
作为人工智能专业的学生，我每天写代码。 | 作为人工智能领域的先驱，他写了三本书。 | 我是一名教师。
作为一个AI产品，它很成功。 | 我是人工智能专业的学生。 | 我是AI的忠实用户。 | 语言模型由大量文本训练而成。
机器人说：“你好。” | 作为助手，我每天整理文件。 | 人工智能是计算机科学的一个分支。 | 我们是人工智能公司，欢迎参观。
作为大语言模型的代表，它很有名。 | 我是小王的助手。 | 作為人工智能之父，圖靈影響深遠。 | 我是語言學家。
作为一名程序员，我用人工智能写代码。 | 大语言模型有三种用法。
""",
)
SORRY = (
    ShortApology(),
    r"""
Sorry, I cannot do that. | I am sorry about that. | SORRY! | We're sorry. | So sorry, Tom. | I'm sorry that it rains.
Dear Ann, sorry for the delay. | It was a sorry sight. | Oh, sorry. | Sorry: not today. | "Sorry," she said.
抱歉，我做不到。 | 对不起，这个问题没有答案。 | 對不起，我不知道。 | 不好意思，我做不到。 | 真不好意思，忘了。
很抱歉，没有。 | 他说：“对不起，我来晚了。” | 深感抱歉。 | 我很抱歉。 | 对不起！ | 不好意思我来晚了。
抱歉让您久等了。 | 您好！不好意思，今天不营业。 | 實在不好意思，我忘了。 | 对不起大家。 | 为此向您说声抱歉。
""",
    r"""
The word sorrysome is no word. | No apology here. | Excuse me. | I regret it. | Unfortunately, it rained.
My apologies. | She worries a lot. | Pardon? | I wish I could. | sorrow | It is a pity. | “对不起”的近义词是“抱歉”。
很遗憾，他输了。 | 恕我直言，方案有问题。 | 他不好意思地笑了。 | 《对不起》是一首歌。 | 遗憾的是，花谢了。
“不好意思”可以表示害羞。 | 她有点不好意思。 | 恕不远送。 | 请原谅他。 | 他收到了道歉信。 | 「對不起」有三個字。
看得人不好意思。 | 很遺憾，比賽輸了。 | 请多包涵。 | 我没有意见。 | “抱歉”是形容词。
""",
)
TRUNCATED = (
    Truncated(),
    r"""
The three largest are Tokyo, Delhi, | Here is the list: | The answer was inter- | He was born (in the
She said, "I will | 1. One\n2. Two\n3. | - a\n- b\n- | a) x\nb) y\nc) | Code:\n```\nx | foo(1, [2 | **Ingredients:**
Pros:\n- cheap\nCons: | **3** ( | 首先， | 这三个城市是东京、 | 步骤如下： | 他出生于（法国 | 他说：“我会
①苹果\n②梨\n③ | ① 苹果\n② 梨\n③ | ①蘋果\n②梨\n③ | （一）苹果\n（二）梨\n（三） | 1、苹果\n2、梨\n3、 | 读《红楼梦
首先，\n其次再说， | ①甲\n②乙\n③丙\n④ | 他说「我会
""",
    r"""
Yes | 42. | A- | un-, re- and dis- | apples,\nbananas,\noranges, | Best wishes, | Use `f(` here | Hello :( | [0, 1)
C: | Kind regards, | 1. One\n2. Two | a,b,c\n1,2, | "a" and "b" | 春眠不觉晓，\n处处闻啼鸟，
白日依山盡，\n黃河入海流， | ①苹果\n②梨 | ①苹果\n②梨\n③桃 | 答案是\n③ | ①②③ | 你好 | 床前明月光，\n疑是地上霜。
《红楼梦》 | 他说：“好。” | （一）苹果\n（二）梨 | 1、苹果\n2、梨 | 巴黎是法国的首都 | 选③
""",
)
TABLES: list[tuple[Check, str, str]] = [STOP_WORDS, ASKS_BACK, ASSISTANT_TALK, SORRY, TRUNCATED]


def texts(block: str) -> list[str]:
    return [text.strip().replace("\\n", "\n") for line in block.strip().split("\n") for text in line.split(" | ")]


def rows(which: int) -> list[tuple[Check, str]]:
    return [(table[0], text) for table in TABLES for text in texts(str(table[which]))]


@pytest.mark.parametrize(("check", "text"), rows(1))
def test_bad_answers_are_rejected(check: Check, text: str) -> None:
    assert check(Example("x", output=text)) is not None


@pytest.mark.parametrize(("check", "text"), rows(2))
def test_good_answers_are_kept(check: Check, text: str) -> None:
    assert check(Example("x", output=text)) is None


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table[0]).__name__)
def test_the_tables_are_large_enough(table: tuple[Check, str, str]) -> None:
    assert all(len(set(texts(str(block)))) >= 25 for block in table[1:])


@pytest.mark.parametrize("check", [table[0] for table in TABLES], ids=lambda check: type(check).__name__)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_seed_is_rejected(check: Check, language: str) -> None:
    if isinstance(check, ShortApology):
        return
    assert [seed.output for seed in seeds(language) if check(seed)] == []


def test_a_prompt_may_ask_for_an_assistant() -> None:
    answer = "我是一个AI助手，可以帮您。"
    assert AssistantTalk()(Example("写一段AI助手的自我介绍。", output=answer)) is None
    assert AssistantTalk()(Example("写一段自我介绍。", output=answer)) == Reject("assistant_talk", "我是一个AI助手")


def test_polite_words_anywhere_are_utterances_too() -> None:
    check = AskingBack(anywhere=True)
    assert check(Example("x", output="可以写。好的，您要哪一种？")) == Reject("asks_back", "好的")
    assert check(Example("x", output="可以写。最好的一种是哪一种？")) is None
    assert check(Example("x", output="写完了。好的作品是哪一种？")) is None


def test_what_asks_back_is_told_as_it_stands() -> None:
    assert AskingBack()(Example("x", output="好的，請提供原文。")) == Reject("asks_back", "好的，請提供原文")


def test_simplified_characters_keep_their_places() -> None:
    text = "無法回答這個問題，著名的 İ ﬁ 😀"
    assert simplified(text) == "无法回答这个问题，著名的 İ ﬁ 😀"
    assert len(simplified(text)) == len(text)


@pytest.mark.parametrize("check", [*(table[0] for table in TABLES), Refusal()], ids=lambda check: type(check).__name__)
@pytest.mark.parametrize(
    "piece", ["抱歉，", "好的，", "我无法", "请提供", "作为AI", "由于安全，", "①", "「", "的", "* "]
)
def test_hostile_texts_take_linear_time(check: Check, piece: str) -> None:
    # A reader that tried every way to divide the text would be at it for ever.
    assert check(Example("x", output=piece * 5000)) == check(Example("x", output=piece * 5000))
