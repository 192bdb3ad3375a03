"""Traditional Chinese characters in simplified form, so that each word is looked for in one script only."""

from __future__ import annotations

# Those that occur in the words which readers and checks look for, and no others: for writing, this is no conversion.
_TRADITIONAL = """
並并 來来 個个 們们 倫伦 備备 傳传 僅仅 優优 內内 兩两 別别 創创 動动 務务 勞劳 區区 協协 參参 問问 嗎吗 圍围 圖图
執执 夠够 學学 實实 寫写 將将 對对 導导 屬属 幫帮 廣广 後后 從从 復复 慮虑 應应 戶户 擁拥 據据 擬拟 數数 斷断 於于
時时 會会 條条 構构 標标 樣样 機机 檔档 檢检 權权 歡欢 沒没 準准 滿满 瀏浏 為为 無无 煩烦 獲获 現现 畢毕 畫画 異异
當当 發发 確确 碼码 種种 稱称 節节 範范 簡简 約约 細细 終终 結结 絕绝 給给 統统 經经 網网 編编 繼继 續续 義义 習习
聯联 臺台 與与 萬万 處处 虛虚 補补 複复 見见 規规 視视 覽览 觀观 訊讯 討讨 訪访 設设 訴诉 註注 詞词 詢询 話话 該该
詳详 語语 說说 調调 談谈 請请 諒谅 論论 謝谢 識识 譜谱 議议 變变 讓让 貼贴 資资 輸输 辦办 這这 進进 過过 達达 違违
適适 遺遗 還还 郵邮 釋释 鏈链 鑑鉴 鑒鉴 開开 間间 關关 際际 隨随 隱隐 雖虽 雜杂 難难 頁页 項项 頻频 題题 願愿 類类
飛飞 體体 麼么 點点
"""
_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _TRADITIONAL.split()})


def simplified(text: str) -> str:
    """The text for matching, as long as before: each of these characters in its simplified form."""
    return text.translate(_SIMPLIFIED)
