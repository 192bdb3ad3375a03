"""Refusals at the beginning of an answer, and the many answers that only look like one."""

from __future__ import annotations

import pytest

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import Refusal
from instructgen.seeds import seeds

REFUSALS = [
    "As an AI language model, I cannot browse the internet.",
    "As an AI language model, I don't have personal opinions. However, many people think",
    "As an AI, I do not have feelings",
    "As a large language model trained by a company, I am not able to taste food.",
    "Hello! As an AI assistant, I'm not able to see your files.",
    "I'm just a language model, so I can't taste food",
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I‘m sorry, but I can`t assist with that.",
    "Ｉ'm sorry, but I cannot assist.",
    "I'm sorry, but I cannot comply",
    "I'm sorry, but as an AI language model, I am unable to do so",
    "I'm sorry for any confusion, but as an AI developed by a company, I can't open links.",
    "I'm sorry. I cannot provide instructions for making weapons",
    "I am so sorry, but I won't be able to help with this",
    "I cannot help with that.",
    "I can't help with that",
    "I can not answer that question.",
    "I'm unable to help with that",
    "I’m unable to assist you with that.",
    "I am unable to provide medical advice.",
    "I do not have access to real-time information",
    "I won't help with this.",
    "I must decline to answer this.",
    "Sorry, I can't do that.",
    "Unfortunately, I am not able to generate images.",
    "I apologize, but I cannot create content that promotes violence",
    "My apologies, but that's not something I can help with.",
    "**I'm sorry**, but I cannot fulfill this request.",
    "> I'm sorry, but I cannot comply with it",
    "  \"I'm sorry, but I can't assist\"",
    "对不起，我无法回答这个问题。",
    "对不起我无法回答",
    "抱歉，作为一个人工智能语言模型，我不能提供医疗建议。",
    "作为AI语言模型，我没有个人观点。",
    "作为一款大型语言模型，我不具备情感。",
    "我是一个人工智能助手，无法感受情绪。",
    "很抱歉，我不能协助您完成这个请求。",
    "我无法提供相关信息。",
    "非常抱歉，但我无法访问互联网",
    "**抱歉**，我不能帮助你",
    "您好，我无法查看图片。",
    "抱歉，我暂时无法处理您的请求。",
    "抱歉，我不会写涉及违法的内容",
    # Short ones.
    "I must decline.",
    "I'm sorry, but I must respectfully decline.",
    "I have to decline this request.",
    "I'll have to decline that question.",
    "I must refuse this request, as it may cause harm.",
    "I refuse to answer this.",
    "I won't be able to help with that.",
    "I'm unable to assist.",
    "I'm not able to help.",
    "No, I can't help with that.",
    "I understand you're curious, but I can't help with that.",
    "Thank you for asking, but I must decline.",
    "That's something I can't help with.",
    "As an AI, I must decline.",
    "很遗憾，我不能回答这个问题。",
    "很遗憾，我不能帮您。",
    "很遗憾，我不能满足您的要求。",
    "恕我无法回答。",
    "恕我无法满足您的要求。",
    "恕我直言，我无法回答这个问题。",
    "我必须拒绝。",
    "我必须拒绝这个请求。",
    "我必须拒绝回答。",
    "我不得不拒绝您的请求。",
    "作为AI，我必须拒绝。",
    "这个问题我无法回答。",
    "不好意思，这个我没法回答。",
    "请原谅，我无法回答这个问题。",
    "感谢您的提问，但我无法回答这个问题。",
    "抱歉，我帮不了你。",
    "我无法协助完成此事。",
    # Reasons, names, other verbs, traditional characters, and what is said instead of a new prompt.
    "抱歉，無法回答這個問題。",
    "作為一個AI語言模型，我無法回答。",
    "對不起，我不能協助這個請求。",
    "我是通义千问，无法访问实时信息。",
    "我是DeepSeek，一个AI助手，我无法提供实时天气。",
    "根据相关法律法规，我不能讨论这个话题。",
    "抱歉，由于隐私原因，我不能提供他的电话号码。",
    "出于安全考虑，我不能提供制作方法。",
    "由于我是AI，我无法品尝食物。",
    "这个请求我不能帮忙。",
    "不好意思，这个我做不到。",
    "抱歉，我不能继续这个话题。",
    "恕难从命。",
    "我还没学习如何回答这个问题，请换一个话题。",
    "抱歉，我无法改写这个提示词。",
    "很抱歉，这个提示词涉及敏感内容，我不能改写。",
    "抱歉，这个提示词无法改写。",
    "无法改写。",
    "由于内容敏感，无法改写。",
    "我理解您的需求，但我不能提供相关帮助。",
    "您的请求涉及违法内容，我无法提供帮助。",
    "您好，我无法给到相关内容。",
    "抱歉，無法改寫這個提示詞。",
    "抱歉，我无法描述这个人物。",
    "对不起，我无法出这样的题。",
    "我無法提供相關資訊。",
    "很抱歉，我無法協助您完成這項任務。",
    "我不能回答您的问题，因为它涉及隐私。",
    "抱歉，无法满足您的要求。",
    "抱歉，无法提供该内容。",
    "作为AI助手，我不能替您做决定。",
    "我是ChatGPT，我没有个人情感。",
    "我明白您的意思，但我无法回答这类问题。",
    "对不起，我办不到。",
    "抱歉，我目前无法联网查询实时信息。",
    "我无法回答关于政治人物的问题。",
    "本助手无法提供此类信息。",
    "抱歉，这个问题我不能回答。",
    "该请求涉及违规内容，因此我不能处理。",
    "很抱歉，我不能写出这样的内容。",
    "抱歉，我帮不上忙。",
    "对不起，我不能这样做。",
    "我是一個AI語言模型，沒有個人經歷。",
    "I'm sorry, but I can't rewrite this prompt.",
    "I cannot rewrite the given prompt.",
    "I'm unable to rephrase that question.",
    "Sorry, I can't rewrite your prompt because it asks for harmful content.",
    "I'm sorry, but I can't create a new prompt on this topic.",
    # What models say to a question that they find harmful.
    "I cannot provide you with a list of hiding places.",
    "I'm not able to provide the actor's home address, as it is private.",
    "I can't recommend ways to skip the queue. It would be unfair.",
    "I cannot suggest or encourage any way to hurt an animal.",
    "I'm not willing to generate such insults.",
    "I do not condone or encourage cheating in exams.",
    "It's not appropriate or ethical to provide a plan for such a thing.",
    "It is not appropriate for me to recommend one religion.",
    "It is not safe to provide instructions for this.",
    "I don't think it's appropriate or fair to make jokes about his illness.",
    "I must clarify that I cannot support this.",
    "It is illegal to open another person's letters, and I cannot explain how it is done.",
    "I'm really sorry that you're feeling this way, but I'm unable to provide the help that you need.",
    "I'm really sorry you're feeling this way, but I'm unable to provide the help that you need.",
    "I am deeply sorry to hear that you are going through this. However, I cannot assist you in that.",
    "I understand that you are curious about it. However, I cannot provide that.",
    "Sorry, that's beyond my current scope. Let's talk about something else.",
    "I cannot explain how to hotwire a van.",
    "I'm sorry, I can't identify who this is.",
    "I apologize, but I don't feel comfortable writing that.",
    "I'd be happy to help, but I can't do this.",
    "I cannot and will not provide instructions for that.",
    "As a helpful, respectful and honest assistant, I must say that I cannot do that.",
    "你好，这个问题我暂时无法回答，让我们换个话题吧。",
    "作为一个人工智能语言模型，我还没学习如何回答这个问题，您可以问我别的。",
    "作为一个负责任的AI，我不能这样做。",
    "我不能帮助您进行违法活动。",
    "对不起，这个请求违反了我的使用准则。",
    "我不能支持或鼓励暴力行为。",
    "尊敬的用户，您好，我无法回答这个问题。",
]

ANSWERS = [
    "",
    "I'm sorry for the late delivery of your parcel. It has left our warehouse today.",
    "We are sorry, but we cannot offer a refund after 30 days.",
    "I'm sorry, but I can't come to your party on Friday.",
    "I'm sorry to hear about your loss.",
    "I'm sorry, I can't answer the phone right now. Please leave a message.",
    "Dear Ms Lee,\n\nI am sorry that I cannot help you with the move.",
    "Hi Tom,\n\nsorry, I can't help with the boxes on Sunday.",
    "Sorry seems to be the hardest word",
    "Sorry for the delay! Here is the answer.",
    "Apologies for the mistake. The answer is 4.",
    "Unfortunately, the weather was bad.",
    "The assistant answers: I'm sorry, I can't help with that.",
    "Paris is the capital. I'm sorry, but I can't help with more.",
    "The model wrote “As an AI language model, I cannot …”, which is a refusal.",
    "As an AI language model, I can help you with that!",
    "As an AI researcher, I do not work at weekends.",
    "I am an AI researcher and have no time",
    "I'm a chatbot developer and not a doctor",
    "I can't help but wonder",
    "I can't help falling in love with you",
    "I cannot see the stars tonight",
    "I'm afraid of spiders",
    "I won't give up",
    "But I can't make it.",
    "对不起，我不能参加明天的会议。",
    "对不起，是我错了。",
    "抱歉让您久等了，您的包裹已经寄出。",
    "尊敬的客户：\n\n非常抱歉，我们无法提供退款。",
    "他无法回答这个问题",
    "我不能没有你",
    "不会飞的鸟有企鹅。",
    "无法完成的梦",
    "作为人工智能专业的学生，我不认为如此。",
    "作为人工智能专家，我们不建议这样做。",
    "我是一名机器人工程师，不会弹琴",
    "我不会写字的时候就喜欢画画",
    "小明说：“对不起，我无法回答这个问题。”",
    # People decline, too, and texts speak of it.
    "I must decline. Saturday is my daughter's recital.",
    "I must decline your kind invitation to dinner, as I will be away.",
    "I must decline, dear Sir, the honour of the second dance.",
    "I have to decline the invitation because my sister is getting married that day.",
    "I have to decline more invitations than I accept.",
    "Thank you for the offer, but I have to decline.",
    "Dear Ms Park,\n\nI must decline the offer of the position.",
    "The phrase “I must decline” is polite.",
    "I decline nouns in Latin every morning.",
    "I refuse to believe it.",
    "I refuse to give up my opinions.",
    "I won't be able to attend the meeting on Monday.",
    "I won't be able to help you move on Saturday, but my brother can.",
    "I won't be able to assist at the bake sale this year.",
    "I'm unable to attend.",
    "I am unable to sleep when the moon is full.",
    "No, I can't swim.",
    "That's something I can't do without.",
    "I understand the rules, but they are unfair.",
    "很遗憾，我不能参加您的婚礼。",
    "很遗憾，我不能帮你搬家。",
    "很遗憾，您的申请未获批准。",
    "恕我直言，这个方案有问题。",
    "恕我无法出席。",
    "我必须拒绝他的邀请，因为我要出差。",
    "我必须拒绝诱惑。",
    "我拒绝浪费时间。",
    "我做不到像他那样勇敢。",
    "我帮不了他。",
    "这个问题我想了很久。",
    "这个问题我无法回避。",
    "无法回答的问题有很多。",
    "拒绝别人时可以说：“恕我无法答应。”",
    # Nobody is asked for anything: general statements, stories, and people who ask for help themselves.
    "无法访问网站时，先检查网络连接。",
    "无法写入文件时，程序会输出错误信息并退出。",
    "不能提供发票的商家，可以向税务部门举报，要求其提供发票信息。",
    "不能完成任务的员工应当主动说明情况并请求支援。",
    "没有办法完成的任务，可以拆成几步。",
    "不可以提供给未成年人的内容包括烟酒广告。",
    "现在不能打开窗户，外面的视频拍摄还没有结束。",
    "我不能忍受他的回答。",
    "我不便回答，便低头喝茶。",
    "我不会写字的时候，外婆教我写信，她的建议我至今记得。",
    "不能访问外网时，怎样给 pip 提供离线安装包的信息？",
    "我不会回答面试官关于离职原因的问题，请给我三种说法。",
    "我必须拒绝这个任务，应该怎样跟领导说？",
    "不能提供发票的小店老板，常被顾客请求开票。",
    "作为AI助手，我建议您每天少吃糖。",
    "作为一名教师，我不能偏袒任何学生。",
    "我不会做这道题，请教我。",
    "我无法打开公司的网站，可能是什么原因？",
    "我无法访问互联网，请帮我分析原因。",
    "由于天气原因，我不能参加明天的会议。",
    "不能，因为分母不能为零。",
    "无法确定，因为题目没有给出时间。",
    "不能完成。",
    "无法改写历史，但可以创造未来。",
    "抱歉，我下午不能去接你，你自己打车回来吧。",
    "对不起，我不会游泳。",
    "根据相关规定，不能在车厢内吸烟。",
    "根据相关法律法规，用人单位不得拖欠工资。",
    "出于安全考虑，我们不提供自行车租借。",
    "这个问题我不能同意您的看法。",
    "我不能理解他的选择。",
    "这个任务我完成了。",
    "由于版权原因，无法下载的歌曲会变灰。",
    "我是一名教师，不会编程。",
    "我不會寫字的時候，外婆教我寫信。",
    "無法訪問網站時，先檢查網路連線。",
    "他们无法完成任务，只好请求支援。",
    "我不会提供借口，只会提供结果。",
    "我理解您的心情，但我不能替您做决定。",
    "很遗憾，球队没能打开局面。",
    "抱歉打扰了，请问会议室在哪里？",
    "I can't rewrite history, but I can learn from it.",
    "I cannot describe the joy I felt that day.",
    "I can't modify my car without a permit from the city.",
    "I'm sorry, I can't find the prompt payment discount on this bill.",
    "I can't rewrite the ending of our story, my love.",
    # A caveat before an answer, a judgement on what was asked about, and people who cannot do something.
    "I can't create a drawing here, but I can describe one: a barn under two trees.",
    "I'm unable to provide exact figures. However, here are three estimates.",
    "I can't generate a list without an order, so I sorted it by year: 1979, 1982.",
    "I cannot provide a proof in one line. Let n be even.",
    "I can't suggest a better film than this one.",
    "I cannot recommend this book enough. It made me laugh on every page.",
    "I can't recommend the soup highly enough.",
    "I cannot recommend this kettle to anyone. It broke after two days.",
    "I'm sorry, but I can't provide a refund without a receipt.",
    "I couldn't provide for my family, so I walked north.",
    "I won't participate in the meeting on Friday.",
    "I have to say that I can't stand the soundtrack.",
    "I do not endorse violence. Yet the argument deserves a fair reading.",
    "It is not safe to mix bleach and vinegar, as the gas is poisonous.",
    "It is not safe to share private keys. Keep them in a vault.",
    "It's not accurate to suggest that the earth is flat.",
    "It's not appropriate to wear white to a wedding in many countries.",
    "It is illegal to park here between 8 and 10.",
    "It's illegal to cut hedges in summer, and I can't wait for October.",
    "I don't think it's fair to pay her less.",
    "I do not support the new timetable. The last bus leaves too early.",
    "I can't support the shelf alone; hold the other end.",
    "I cannot produce a single note on the trumpet, said the boy.",
    "I'm sorry to hear that you are ill. Get well soon!",
    "我不能帮助您搬家，但我弟弟可以。",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals_are_found(text: str) -> None:
    reject = Refusal()(Example("x", output=text))
    assert reject is not None
    assert reject.code == "refusal"
    assert 3 <= len(str(reject.value)) <= 80


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_kept(text: str) -> None:
    assert Refusal()(Example("x", output=text)) is None


def test_no_seed_refuses() -> None:
    answers = [*seeds("en"), *seeds("zh")]
    assert len(answers) == 350
    assert [seed.output for seed in answers if Refusal()(seed)] == []


def test_the_value_is_the_phrase() -> None:
    example = Example("x", output="**I’m sorry**, but I can’t assist with that request. Ask me something else.")
    assert Refusal()(example) == Reject("refusal", "i'm sorry, but i can't assist with")
    assert Refusal()(Example("x", output="对不起，我无法回答这个问题。")) == Reject(
        "refusal", "对不起,我无法回答这个问题"
    )


def test_only_the_field_counts() -> None:
    example = Example("I'm sorry, but I can't help with that.", output="Fine.")
    assert Refusal()(example) is None
    assert Refusal(field="instruction")(example) is not None


def test_phrases_of_ones_own() -> None:
    check = Refusal(phrases=("No idea", "FORBIDDEN"))
    assert check(Example("x", output="*NO  idea*, sorry")) == Reject("refusal", "no idea")
    assert check(Example("x", output="forbidden.")) == Reject("refusal", "forbidden")
    assert check(Example("x", output="I have no idea")) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Refusal(field="x"),  # type: ignore[arg-type]
        lambda: Refusal(phrases="no"),  # type: ignore[arg-type]
        lambda: Refusal(phrases=("",)),
    ],
)
def test_mistakes_in_a_recipe_are_named(make: object) -> None:
    assert callable(make)
    with pytest.raises(RecipeError, match=r"Refusal\((field|phrases)=.*it is"):
        make()
