"""What models say around and instead of a prompt that they were to rewrite, and genuine texts that look like it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from instructgen.errors import ParseError
from instructgen.filters.copied_scaffold import EVOLUTION_SCAFFOLD
from instructgen.parsing import rewritten_prompt, scaffold_labels, strip_thinking, without_closing
from instructgen.parsing.auto_evol import final_instruction, improved_method
from instructgen.parsing.labelled import labelled
from instructgen.prompts import Prompt

EN = scaffold_labels(Prompt.load("evol_instruct/depth").text)
ZH = scaffold_labels(Prompt.load("evol_instruct/depth", language="zh").text)
LABELS = (*EN, *ZH, *EVOLUTION_SCAFFOLD)
P = "Explain in three steps why the tide follows the moon."
C = "请分三步解释潮汐为什么随月亮变化。"


def lines(block: str) -> list[str]:
    """One text a line; in it \\n is a line break, <P> and <C> are prompts."""
    return [one.replace("\\n", "\n").replace("<P>", P).replace("<C>", C) for one in block.strip().split("\n")]


GENUINE = lines(r"""
Translate into French:\n\nI hope this helps!
Write a customer-service mail that ends with:\n\nLet me know if you need further changes.
Draft a template whose last line is:\n\nWould you like more?
Make this line friendlier:\n\nLet me know if you want this prompt harder.
Is the comma right here?\n\nIf you need further changes, please let me know.
Is this sentence polite?\n\nLet me know if you need any changes.
Proofread this e-mail:\n\nDear Ann,\n\nthe draft is attached.\n\nIf you need further changes, please let me know.
Translate into German:\n\nNote: I added a constraint to make it harder.
请把这句话译成英文：\n\n希望这能帮到您！
请把下面的话改得更礼貌：\n\n如果需要进一步修改，请告诉我。
写一封邮件，附上合同。\n\n如需修改，请告诉我。
翻译：\n\n（新增了三个步骤的要求）
Here is a version with two verbs: I came, I saw. Which one is the main verb?
Here is a rewrite of my opening:\nIt rained.\nImprove it.
Here's a rewrite:\nIt rained.\nIs it better than the original?
Here is my new poem, which I wrote today:\nIt rained.\nImprove it.
Great! Here is the problem: my code fails. Why?
Great expectations: who wrote it?
I will add a photo to the report.\n\nWrite its caption.
I will add a line to the prompt.\n\nWhich prompt is better, the old or the new one?
Final question: why do cats purr?
Final prompt: a red barn\nTurn this prompt into a story.
<prompt>a red barn</prompt> Make this longer.
<question><given>2</given></question>
<question>Why?</question>\n<question>How?</question>
Explain the release.\n\nNote: I added a requirement of three steps.
Explain the function below.\n\nNote: I added a constraint on its argument.
Solve it.\n\n(Words added: see below)
Summarise the news of this app.\n\nThis version requires the user to log in.
Fix my script.\n\nThis version requires Python 3.
扩写下面这句话。\n（新增 15 字）
Write a letter to my bank.\n\nLet me know if you have any other questions.
She ends her talk "so:\n\nI hope this helps! Let me know if you have any questions.
Improve this message to a tenant.\n\nPlease let me know if you have any questions.
Solve the riddle of the four doors.\n\nGood luck!
Here is the prompt with which I start my day:\nBreathe.\nMake it longer.
Corrected proofs came back today. What do I do with them?
The prompt could be my own: a red barn. Is it?
What a great question! Who said that first?
Rewrite the prompt.\n\nHere are the changes I made:\n- more detail
Feel free to answer in French: why do cats purr?
给客户写一封邮件。\n\n如果您有任何问题，请随时告诉我。
Here is the updated version that my colleague wrote of our function:\n\ndef f(x): return x*2\n\nReview it for bugs.
Here is the corrected version my teacher gave me:\n\nHe has gone to school yesterday.\n\nExplain what is still wrong.
Here is an improved version, written by my intern:\n\nSELECT * FROM users WHERE id = 1\n\nCan it be made faster?
Here's an alternative version used in Brazil:\n\nParabéns pra você\n\nTranslate the line.
I've edited this prompt three times and it still fails:\n\nDraw a cat.\n\nWhat should I add?
Here is my attempt at the prompt:\n\nOnce upon a time there was a lamp.\n\nGrade it.
Here's a version of this prompt that works in GPT-4:\n\nAct as a Linux terminal.\n\nWhy does it not work in Llama?
Here is a short version of the prompt I was given:\n\nDescribe your hometown.\n\nWrite the essay for me.
Here's how the prompt could be rewritten:\nTell me a story.\nDo you agree?
One alternative version could be:\n\nRoses are red\n\nFinish the poem.
这是我改写的题目，请检查：\n\n1+1=?
下面是修改后的指令，你帮我看看：\n写一首诗。
以下是改写后的问题，请回答：\n\n什么是黑洞？
这是按照你的要求修改的版本：\n\n我爱北京。\n\n请检查语法。
以下是根据你的要求我写的问题：\n\n什么是光合作用？\n\n请回答。
Complete question:\nA train leaves Paris at 9:00. When does it arrive if it takes 2 h?
Corrected problem:\nFind x if 2x + 3 = 9.
When I run create-next-app I get this. What should I pick?\n\nWould you like to use TypeScript?
Explain this Windows error box to me.\n\nWould you like to format the disk in drive E: before you can use it?
IELTS speaking part 1. Give a band 8 answer.\n\nWould you like to live in another country?
You are Hermione Granger at Hogwarts.\n\nWould you like to come with me to the ball?
Answer honestly.\n\nWould you like to be human?
Write a bash script with a yes/no dialog.\n\nWould you like to overwrite the file?
I tried rebooting and reinstalling the driver, still no sound.\n\nIs there anything else I can try?
My doctor gave me ibuprofen for back pain.\n\nIs there something else I can take with it?
I've submitted form I-130 and paid the fee.\n\nIs there anything else I need to do?
How should I respond to my tenant?\n\nPlease let me know if you want me to pay rent in two parts.
What does the tone of this Slack post say?\n\nLet me know how you'd like me to proceed with the termination.
Is this a phishing attempt?\n\nPlease let me know if you have any questions or the code 4711 from your phone.
Make this more concise: Hi Sarah, attached is the Q3 deck.\n\nLet me know if you have any questions.
Draft a plan for a bakery.\n\nLet me know if you need any details, such as the budget of 20,000 euros.
Convert to bullet points.\n\nWe open at 9. We close at 5.\n\nIf you have other questions, ask me.
How do I say this in German?\n\nI hope you like it!
Guess my number.\n\nI hope you like it hard: it's between 1 and 1000.
I am a retired nurse.\n\nI am happy to help in shelters near Boston
Write a LinkedIn summary for a career coach with 10 years' experience.\n\nI'm here to help you find the job you love.
Write a SQL query for PostgreSQL 9.\n\nFeel free to use features of newer versions.
Explain quantum computing.\n\nFeel free to choose the version for beginners.
Build me a workout plan.\n\nAsk me questions.
End every answer with this.\n\nI hope this helps! Let me know if you have any questions.
Help me build a chatbot. After each answer it should say the line below.\n\nIs there anything else I can help you with?
下面的话有错别字吗？\n\n如果你还有其他问题，请随时告诉我。
领导这样说是什么意思？\n\n如有其他需要，随时告诉我。
你是一个AI助手，每次回答后加上这一行。\n\n如果您有任何问题，请随时告诉我。
设计一个聊天机器人，它的开场白如下。\n\n还有什么我可以帮您的吗？
请扮演医生问诊。\n\n如果你有什么问题，随时问我。
Draft a response to reviewer 2.\n\nIn the revised version, I have added Table 5 with ablations over depth.
Is the new wording of my will valid?\n\nIn this revised version, I leave the house to my niece.
My contract changed. What are my options?\n\nThe revision increases my working hours from 38 to 42.
Find the bug. My old function passed all tests.\n\nThe rewrite makes test_sort fail with an IndexError on empty lists.
Which version of Blade Runner should I watch first?\n\nThe edited version keeps the voiceover.
Summarize it for the board.\n\nThe main changes:\n1. Added requirements for travel\n2. Reduced complexity
Explain to customers why the price went up.\n\nHere are the changes I made:\n- Increased requirements for support
A better version could be: 'She sings beautifully.' Why?
A simplified version could be: while True: pass. Why does it burn CPU?
The prompt could be modified to: draw a cat in the rain. Would it give better results?
This prompt can be modified: 'Write a poem.' Give me 5 ways.
I corrected the prompt: 'their' to 'there'. Is it fine now?
Here's my attempt at rewriting the prompt: 'Draw a cat, oil on canvas.' Could you critique it?
I've expanded the prompt: cat on a mat, sunny. Compare with: cat on a mat.
Here's the prompt with added detail: a cat, red hat. And here's the one without: a cat. Which gives better pictures?
Here's the prompt, edited by my boss: 'Sell me this pen.' Rate it from 1 to 10.
The modified problem with a leaking tank: fill rate 5 l/min, leak 2 l/min, tank 90 l. How long?
The revised problem with k=3 is: choose at most k items. Solve it by DP.
The transformed problem is: max b^T y s.t. A^T y <= c. Derive it from the primal.
Expanded prompt: a knight, castle, fog. Contracted prompt: knight fog. Which one gives more detail in SDXL?
The corrected prompt reads: Draw a cat. What did I change from: Drow a cat?
This is the corrected version: He goes home. Why was 'He go home' wrong?
Sure, I'd love to help with the garden. Here is the problem: my knees hurt. What tools help?
Of course I'd be glad to help him. Here's the question he asked: how do I learn to swim at 60?
That's a good instruction. Here is one that is better: be brief. Which one do you prefer?
Here is the problem:\nx + 2 = 5\nSolve it.
Here is the question:\nWhy do cats purr?
Here's the prompt:\na red barn\nMake it longer.
Here is the text:\nIt rained.\nShorten it.
修改后：他昨天走了。修改前：他昨天走。哪个对？
修改后：\n他昨天走了。\n修改前：\n他昨天走。\n哪个对？
以下是改写：\n春来了。\n请和原文比较。
这是一个稍微更难的版本：\n1+2+3\n另一个版本：\n1+2\n学生该先做哪个？
题目：《我的家》。请写一篇作文。
题目：小明有 3 个苹果，又买了几个，共 5 个。\n解答：买了 8 个。\n错在哪里？
更难的是坚持。为什么？
我会给题目配图。请写说明。
The question is missing a word. Which one?
There is no prompt at the shell. Why?
There is no problem. Could you make one up?
The text is incomplete. Please complete it.
I don't see the text in my editor. Can you?
Explain the changes.\n\nNote: I added a requirement of three steps.
I don't see the problem in my code. Can you?
Please share your recipe for soup.
您没有提供发票，请写一封催促的邮件。
该内容不适合儿童，请改成适合儿童的故事。
What does </s> mean?
The end token of ChatML is <|im_end|>
Which tag closes <s>old</s>
Explain this marker:\n<|im_end|>
[Think] What does this stage direction mean?
analysis of variance: when does it fail?
""")


@pytest.mark.parametrize("text", GENUINE)
def test_a_genuine_prompt_comes_through(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == text
    assert rewritten_prompt(text) == text
    assert labelled(f"User prompt: {text}", ["User prompt"]) == text
    assert final_instruction(f"#Finally Rewritten Instruction#:\n{text}") == text
    assert final_instruction(f"#最终改写的指令#：\n{text}") == text


def test_an_answer_that_a_colon_introduces_stays() -> None:
    for text in ("The mail ends with:\n\nLet me know if you want more.", "结尾是：\n\n希望这能帮到您！"):
        assert without_closing(text) == text


@pytest.mark.parametrize(
    "text",
    lines(r"""
#Rewritten Prompt:#\n<P>
#Rewritten Prompt#:\n<P>
**#Rewritten Prompt:#**\n<P>
Great! Here's a harder version:\n\n<P>
Here's the revised prompt, which now asks for three steps:\n\n<P>
Here's one possible rewrite:\n\n<P>
Here's a version with one added constraint:\n\n<P>
Final prompt:\n<P>
**Final prompt:** <P>
Okay, I will add one constraint to the prompt.\n\n<P>
I'll make the given prompt more complex.\n\n<P>
<prompt>\n<P>\n</prompt>
<Rewritten Prompt><P></Rewritten Prompt>
Sure!\n\n<prompt><P></prompt>
<P>\n\n**Changes made:**\n- Added a constraint on the number of steps.
<P>\n\n**Explanation:** I added a constraint (three steps) to make it more complex.
<P>\n\nNote: I added a requirement of three steps.
<P>\n\n*(Words added: 3)*
<P>\n\n*(Note: I added a constraint.)*
<P>\n\nThis version requires the reader to reason in three steps.
<P>\n\nThis prompt now asks for three steps.
<P>\n\nLet me know if you need any changes!
Sure, I'd be happy to help! Here's the rewritten prompt with one more step:\n\n<P>
Here is the prompt with an added constraint:\n\n<P>
Here's the prompt rewritten to be more challenging:\n\n<P>
Here's one way to rewrite the prompt:\n\n<P>
The prompt could be rewritten as follows:\n\n<P>
The revised prompt with added constraints is as follows:\n\n<P>
I have rewritten the prompt below:\n\n<P>
What a great prompt! Here's a more complex version:\n\n<P>
I'd be happy to help! Here's the rewritten prompt:\n\n<P>
Based on your request, here's a rewritten prompt:\n\n<P>
Here's a version of the prompt with more specific concepts:\n\n<P>
Sure! I've added a constraint to the prompt. Here it is:\n\n<P>
Here's the rewritten prompt:\n\n---\n\n<P>\n\n---\n\nLet me know if you'd like any changes!
Here's the rewritten prompt:\n\n<P>\n\n---\n\nLet me know if you'd like any changes!
Here's the rewritten prompt:\n\n---\n<P>\n---\n\n**Changes:**\n- Added a constraint\n\nLet me know!
Here is the rewritten prompt:\n\n"<P>"\n\nThis version adds a constraint.\n\nLet me know if you need anything else!
<P><|im_end|>
<P></s>
<P><|eot_id|>\n
<P>\n<|end_of_text|><|eot_id|>
<P><｜end▁of▁sentence｜>
[THINK]Harder.\nSteps.[/THINK]<P>
Harder.\n[/THINK]\n<P>
<|channel|>analysis<|message|>Harder.<|end|><|start|>assistant<|channel|>final<|message|><P><|return|>
<|channel|>analysis<|message|>Harder.<|channel|>final <|constrain|>text<|message|><P>
<|channel|>final<|message|><P>
analysisThey want it harder.assistantfinal<P>
"""),
)
def test_what_is_said_around_an_english_prompt_goes(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == P


@pytest.mark.parametrize(
    "text",
    lines(r"""
#改写提示词：#\n<C>
#改写后的提示词：#\n<C>
这是一个稍微更难的版本：\n<C>
以下是一个稍微更难的版本：\n<C>
这是一个稍难一些的版本：\n<C>
我将提示词改写如下：\n<C>
根据您的要求，我将提示词改写如下：\n<C>
以下是改写：\n<C>
改写后：\n\n<C>
修改后：\n<C>
好的！以下是改写：\n<C>
我将为提示词增加一个限制。\n\n<C>
<提示词>\n<C>\n</提示词>
<C>\n\n改动说明：\n1. 增加了步骤要求\n2. 明确了海域
<C>\n\n（新增了三个步骤的要求）
<C>\n（共新增15字）
<C>\n\n如需修改，请告诉我。
<C><|im_end|>
這是一個稍微更難的版本：\n<C>
"""),
)
def test_what_is_said_around_a_chinese_prompt_goes(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == C


BELOW = lines(r"""
I hope this helps! Let me know if you have any other questions.
I hope that helps! If you have any more questions, feel free to ask.
Please let me know if you have any further questions or need more help.
Is there anything else I can help you with today?
Would you like me to make it even harder?
Feel free to ask if you need any clarification!
Feel free to adjust any part of the rewritten prompt to suit your class!
Let me know if you'd like me to make any further changes!
This revision adds a step while keeping the core of the original prompt.
In this revised version, I've asked for three steps instead of a sentence.
The rewritten prompt now requires three steps.
Here are the changes I made:\n\n* Added a constraint on the number of steps.\n* Increased the difficulty.
Here's a summary of the changes:\n- I added one requirement to the original prompt.
Let me know if this works for you!
Feel free to modify it as needed!
In this version, I've added a constraint on the number of ways.
Here's why this is more complex:\n\n* It adds a constraint.
I have made the prompt more complex by adding a constraint.
**Changes made:**\n- Added one requirement\n\nI hope this helps!
如果您还有其他问题，请随时告诉我。
希望这个提示词对您有所帮助！
还有什么我可以帮您的吗？
如有需要，请随时告诉我。
这个改写增加了一个约束条件。
我增加了一个约束条件，使提示词更复杂。
在这个版本中，我增加了一个约束条件。
""")
ABOVE = [
    "Here is the rewritten prompt:\n\n",
    "Sure! Here's a more complex version:\n\n",
    "好的！以下是改写后的提示词：\n\n",
]


@pytest.mark.parametrize("comment", BELOW)
@pytest.mark.parametrize("above", ABOVE)
def test_what_is_said_below_an_announced_prompt_goes(above: str, comment: str) -> None:
    assert rewritten_prompt(f"{above}{P}\n\n{comment}", LABELS) == P


@pytest.mark.parametrize(
    "prompt",
    lines(r"""
Improve this letter to a tenant: the heating is off.\n\nPlease let me know if you have any questions.
Write a chat between two friends.\n\nWould you like me to start?
Translate:\n\nI hope this helps!
Rewrite the prompt "a cat".\n\nThis version adds a dog.
She said "it rains.\n\nLet me know if it stops.
Write release notes.\n\nChanges:\n- Added two steps
What is the derivative of x^x? Justify each step.\n\nIn this task, I want you to avoid logarithms.
Suggest improvements to my lasagna.\n\nI made it with béchamel, spinach and ricotta, and it came out watery.
Continue the story: "The door creaked.\n\nI've kept the key," he said.
Which of these sentences is in the present perfect? Explain.\n\nI have expanded the garden.
Is the following statement true or false? Justify.\n\nThe problem requires exponential time.
Explain the difference between TCP and UDP.\n\nLet me know which one I should use for a multiplayer game and why.
Fix the memory leak in my C program.\n\nPlease let me know what caused the leak.
Given the assumptions below, forecast sales for Q4.\n\nIf there is missing data, tell me what you assumed.
Create a quiz with ten questions on the French Revolution.\n\nIf you use sources, feel free to cite them in APA style.
Diagnose why a tomato plant has yellow leaves.\n\nIs there anything else I should check, such as pests?
---\ntitle: Report\n---\n\nFill in the front matter and write the report on bees.
Plan a trip. Explain your reasoning.\n\nInclude why you chose each stop.
用 Python 实现一个线程安全的缓存。\n\n说明：\n1. 时间复杂度必须为 O(1)。\n2. 不得使用第三方库。
请设计一个图书馆系统。\n\n**说明：**\n面向学校。\n\n**要求：**\n1. 使用 MySQL。\n\n**格式：**\n表格。
给定一个整数数组，返回两数之和等于目标值的下标。\n\n输入：[2,7], 9\n输出：[0,1]\n\n解释：\n2 + 7 = 9 满足条件。
为下面的提交写一段说明文字。\n\n修改内容：\n- 增加了重试次数的限制\n- 调整超时
我的电脑每天下午都会蓝屏，请按可能性排序列出原因。\n\n我更换了内存条，还修改了 BIOS 设置。
请设计一个游戏。我喜欢策略类。\n\n我将加入三个朋友一起玩，所以请调整人数。
将下面的文字分类为投诉或咨询。\n\n我修改了地址，但包裹仍寄到了旧地址。
请用两种方法求 x^2 e^x 在 0 到 1 上的积分。\n\n如果有更快的方法，请告诉我。
请检查下面的证明是否有漏洞。设 n 为偶数，则 n 的平方为偶数。\n\n如果有错误，请告诉我在哪一步。
请写一首关于秋天的七言律诗。\n\n希望这首诗能体现思乡之情，且不出现“秋”字。
请帮我规划一次杭州三日游。\n\n希望能包含一次茶园体验。
请分析这家公司的财务状况。\n\n还有什么风险是投资者需要注意的？
请写一个判断质数的函数。\n\n这个提示很重要：不能使用循环。
请写一个判断质数的函数。\n\n该版本需要支持负数输入，并在文档字符串中解释。
请分析以下软件的优缺点。\n\n此版本修改了登录流程，请说明对用户的影响。
"""),
)
def test_what_may_belong_to_an_announced_prompt_stays(prompt: str) -> None:
    assert rewritten_prompt(f"Here is the rewritten prompt:\n\n{prompt}", LABELS) == prompt


@pytest.mark.parametrize("label", ["题目：", "题目：\n", "更难的题目：", "**题目：** ", "更难的题目：\n\n", "題目："])
def test_the_title_of_a_problem(label: str) -> None:
    problem = "一艘船 2 小时航行 120 千米，平均每小时航行多少千米？"
    assert rewritten_prompt(f"{label}{problem}") == problem


@pytest.mark.parametrize(
    "text",
    [
        "#Finally Rewritten Instruction:#\n{}",
        "**#Finally Rewritten Instruction:#**\n{}",
        "#Finally Rewritten Instruction#:\n**Instruction:** {}",
        "#Finally Rewritten Instruction#:\nInstruction: {}",
        "#最终改写的指令：#\n{}",
        "#最终改写的指令#：\n**指令：** {}",
        "#Finally Rewritten Instruction#:\n{}\n#Step 5:#\nIt is harder.",
        "#Finally Rewritten Instruction#:\n{}<|im_end|>",
        "#Finally Rewritten Instruction#:\n{}\n\nLet me know if you need further changes.",
    ],
)
def test_a_final_instruction(text: str) -> None:
    assert final_instruction(text.format(P)) == P


def test_an_instruction_with_its_fields_is_whole() -> None:
    text = "Instruction: Add them.\nInput: 1, 2"
    assert final_instruction(f"#Finally Rewritten Instruction#:\n{text}") == text
    method = "Step 1: a\nStep 2: b\nStep 3: c\nStep 4: end with:\n\nI hope this helps!"
    assert improved_method(f"#Improved Method#:\n{method}") == method


@pytest.mark.parametrize(
    "text",
    lines(r"""
It seems there is no prompt given. Please provide one.
It looks like you haven't provided a prompt. Could you please share it?
The prompt you provided appears to be empty. Could you share it?
The given prompt is empty.
I don't see any prompt here. Please provide one, and I'll rewrite it.
No prompt was provided.
I'm ready to help! Please share the prompt you'd like me to rewrite.
This content is not suitable for rewriting.
您没有提供需要改写的提示词，请补充。
看起来您还没有提供提示词。
您提供的提示词为空，请重新提供。
没有看到需要改写的提示词，请提供。
该内容不适合改写。
抱歉，该提示词不适合改写。
内容涉及敏感话题，换个话题吧。
該內容不適合改寫。
<|im_end|>
[THINK]Hm
<|channel|>analysis<|message|>Hm
"""),
)
def test_there_is_no_prompt(text: str) -> None:
    with pytest.raises(ParseError):
        rewritten_prompt(text, LABELS)


@pytest.mark.parametrize(
    "found",
    [
        {"prompt": P, "explanation": "I added steps."},
        {"reasoning": "Steps.", "Rewritten Prompt": P, "changes_made": ["steps"]},
        {"original_prompt": "Why?", "rewritten_prompt": P},
        {"提示词": P, "说明": "增加了限制"},
        {"改写后的提示词": P, "原提示词": "为什么？"},
    ],
)
def test_a_prompt_and_what_is_said_of_it_in_json(found: dict[str, object]) -> None:
    for text in (json.dumps(found, ensure_ascii=False), f"```json\n{json.dumps(found, indent=2)}\n```"):
        assert rewritten_prompt(text, LABELS) == P


@pytest.mark.parametrize(
    "found",
    [
        {"prompt": P, "level": 2},
        {"prompt": P, "question": "Why?"},
        {"prompt": P, "answer": "The moon."},
        {"prompt": [P], "note": "x"},
        {"note": "x", "explanation": "y"},
    ],
)
def test_other_json_is_the_prompt_itself(found: dict[str, object]) -> None:
    assert rewritten_prompt(json.dumps(found), LABELS) == json.dumps(found)


@pytest.mark.parametrize(
    "text",
    [
        "</s>",
        "old</s> and new</s>",
        "<|im_start|>user\nHi<|im_end|>",
        "<s>[INST] Hi [/INST] Hello</s>",
        "It ends with <|eot_id|>",
        "It ends with:\n<|eot_id|>",
        "`</s>` and <s>old</s>",
        "[Reasoning] It rained.",
        "analysis\nof variance",
    ],
)
def test_an_answer_about_tokens_stays(text: str) -> None:
    assert strip_thinking(text) == text


PIECES = [
    *("<|im_end|>", "</s>", "[THINK]", "[/THINK]\n", "<|channel|>final<|message|>", "analysis", "assistantfinal"),
    *("<prompt>", "Here's a version with one ", "以下是改写：\n", "我将把提示词", "题目：1 求", "Okay, I will add "),
    *("\n\n（新增了", "\n（共新增", "\n\nThis version requires ", "please provide ", "It seems there is no prompt. "),
    *(
        ":\n\n",
        "* _",
        "您没有提供",
        "#Rewritten Prompt:#",
        "\n**Instruction:** ",
        "Let me know if you need any changes. ",
        "I hope this helps you ",
        "let me know if you have any questions or ",
        "if you have any other questions, ",
        "feel free to adjust the prompt, ",
        "would you like to ",
        "Here is my attempt at rewriting the prompt ",
        "if you need help, to ask and I help, ",
        "in this version, I ",
        "如果您有",
    ),
]


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    # A quadratic reader would be at it for minutes.
    readers: list[Callable[[str], object]] = [lambda text: rewritten_prompt(text, LABELS), final_instruction]
    told = "Here is the rewritten prompt:\n\nQ\n\n"
    long, short = piece * 10_000, (piece * 400)[:390] + "?x"
    for text in (long, f"Q\n\n{long}", f"#最终改写的指令#：{long}", f"{told}{long}", f"{told}{short}"):
        assert without_closing(text) in (text, text.rstrip())
        for reader in readers:
            try:
                assert reader(text) is not None
            except ParseError as error:
                assert error.text.strip() in text
