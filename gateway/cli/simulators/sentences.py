"""What simulated people write: short dialogues of invented matters, in Chinese and English."""

from __future__ import annotations

DIALOGUES: tuple[tuple[str, ...], ...] = (
    ("小区门口的路灯坏了一个星期，晚上老人下楼很不安全。", "在和平南路12号阳光花园西门。", "好的，谢谢。"),
    (
        "楼下烧烤摊每天吵到凌晨两点，油烟直接进屋，孩子没法睡觉。",
        "海甸五西路水岸星城3栋楼下。",
        "希望今晚就有人来看看。",
    ),
    ("自来水从昨天下午开始发黄，还有一股铁锈味🚰", "琼山区凤翔路，凤翔花园整个小区都这样。", "没有别的了。"),
    ("路口的井盖翻起来了，刚才差点摔倒，请马上派人处理！", "龙华路和大同路交叉口，东北角。", "谢谢，我在这儿等着。"),
    ("想问一下居住证签注要带什么材料，周末能办吗？", "我住在美兰区。", "明白了，谢谢。"),
    ("公司拖欠了三个月工资，一共十一个人，老板电话也不接。", "在高新区药谷工业园。", "需要我们提供合同吗？"),
    ("公交8路早高峰四十分钟没来一趟，上班都迟到了。", "国兴大道省图书馆站。", "建议高峰多加几班。"),
    ("医保卡在药店刷不了，说是状态异常，怎么恢复？", "秀英区，社区的刘医生让我问你们。", "好。"),
    ("表扬一下桂林洋派出所的民警，半夜帮我找到了走失的父亲。", "桂林洋大学城。", "请一定转达。"),
    ("工地夜里还在打桩，已经连续四天了，能不能管一管。", "滨海大道西延长线，海港城对面。", "谢谢。"),
    (
        "The street light outside our building has been out for days and the stairs are dark.",
        "Block 4, Haidian 3rd East Road.",
        "Thank you.",
    ),
    (
        "Someone keeps parking in front of the fire exit of our school.",
        "Guoxing Avenue, next to the provincial library.",
        "It is a white van.",
    ),
    (
        "I lost my passport. Which office helps foreigners on a Saturday?",
        "I am staying near Evergreen Park.",
        "Great, thanks.",
    ),
    (
        "There is a smell of gas in the corridor 😟 please send somebody.",
        "Building 2, 18 Longkun South Road, 5th floor.",
        "We have opened the windows.",
    ),
)


def said(person: int, turn: int) -> str:
    """What person ``person`` writes as their message number ``turn`` (from 0)."""
    dialogue = DIALOGUES[person % len(DIALOGUES)]
    return dialogue[turn % len(dialogue)]
