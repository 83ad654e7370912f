"""Administrative divisions an address is read with (GB/T 2260 names, general knowledge; Huadu from DOMAIN 3.6).

Provinces with their short names and prefecture-level units, so that a province left out can be told from the city; the
districts of Guangzhou; the streets and towns of Huadu with former names and the misreadings OCR makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from verifier.compare.ethnicities import ETHNICITIES

# full name, short name, prefecture-level units without 市 (units that are not cities in full)
_PROVINCES = """
北京市 北京 |
天津市 天津 |
上海市 上海 |
重庆市 重庆 |
河北省 河北 | 石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水
山西省 山西 | 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁
内蒙古自治区 内蒙古 | 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安盟 锡林郭勒盟 阿拉善盟
辽宁省 辽宁 | 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛
吉林省 吉林 | 长春 吉林 四平 辽源 通化 白山 松原 白城 延边朝鲜族自治州
黑龙江省 黑龙江 | 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭地区
江苏省 江苏 | 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁
浙江省 浙江 | 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水
安徽省 安徽 | 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城
福建省 福建 | 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德
江西省 江西 | 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶
山东省 山东 | 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽
河南省 河南 | 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店
湖北省 湖北 | 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施土家族苗族自治州
湖南省 湖南 | 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西土家族苗族自治州
广东省 广东 | 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮
广西壮族自治区 广西 | 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左
海南省 海南 | 海口 三亚 三沙 儋州
四川省 四川 | 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳
四川省 四川 | 阿坝藏族羌族自治州 甘孜藏族自治州 凉山彝族自治州
贵州省 贵州 | 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南布依族苗族自治州 黔东南苗族侗族自治州 黔南布依族苗族自治州
云南省 云南 | 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄彝族自治州 红河哈尼族彝族自治州 文山壮族苗族自治州
云南省 云南 | 西双版纳傣族自治州 大理白族自治州 德宏傣族景颇族自治州 怒江傈僳族自治州 迪庆藏族自治州
西藏自治区 西藏 | 拉萨 日喀则 昌都 林芝 山南 那曲 阿里地区
陕西省 陕西 | 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛
甘肃省 甘肃 | 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏回族自治州 甘南藏族自治州
青海省 青海 | 西宁 海东 海北藏族自治州 黄南藏族自治州 海南藏族自治州 果洛藏族自治州 玉树藏族自治州 海西蒙古族藏族自治州
宁夏回族自治区 宁夏 | 银川 石嘴山 吴忠 固原 中卫
新疆维吾尔自治区 新疆 | 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉回族自治州 博尔塔拉蒙古自治州 巴音郭楞蒙古自治州
新疆维吾尔自治区 新疆 | 阿克苏地区 克孜勒苏柯尔克孜自治州 喀什地区 和田地区 伊犁哈萨克自治州 塔城地区 阿勒泰地区
香港特别行政区 香港 |
澳门特别行政区 澳门 |
台湾省 台湾 | 台北 新北 桃园 台中 台南 高雄 基隆 新竹 嘉义
"""

MUNICIPALITIES: frozenset[str] = frozenset({"北京市", "天津市", "上海市", "重庆市"})
"""Provinces that are cities at the same time."""


def _units(names: str) -> tuple[str, ...]:
    whole = ("自治州", "地区", "盟")
    return tuple(name if name.endswith(whole) else f"{name}市" for name in names.split())


def _rows() -> list[tuple[str, str, tuple[str, ...]]]:
    rows = []
    for line in _PROVINCES.strip().splitlines():
        head, _, names = line.partition("|")
        full, short = head.split()
        rows.append((full, short, _units(names)))
    return rows


PROVINCES: Mapping[str, str] = {full: short for full, short, _ in _rows()}
"""Full name of every province-level unit -> short name."""

CITIES: Mapping[str, str] = {city: province for province, _, cities in _rows() for city in cities}
"""Full name of every prefecture-level unit -> full name of its province."""

_ETHNIC = "|".join(sorted(ETHNICITIES, key=len, reverse=True))
_AUTONOMOUS = re.compile(rf"(.+?)(?:(?:{_ETHNIC})族?)+自治州")

SHORT_PREFECTURES: Mapping[str, str] = {f"{m[1]}州": m[0] for city in CITIES if (m := _AUTONOMOUS.fullmatch(city))}
"""How autonomous prefectures are called ("恩施州") -> their full name."""

# County-level cities are often written without the city above them; only Guangdong's matter to the rules.
COUNTY_CITIES_OF_GUANGDONG: Mapping[str, str] = {
    f"{name}市": f"{city}市"
    for city, names in {
        "韶关": "乐昌 南雄",
        "江门": "台山 开平 鹤山 恩平",
        "湛江": "廉江 雷州 吴川",
        "茂名": "高州 化州 信宜",
        "肇庆": "四会",
        "梅州": "兴宁",
        "汕尾": "陆丰",
        "阳江": "阳春",
        "清远": "英德 连州",
        "揭阳": "普宁",
        "云浮": "罗定",
    }.items()
    for name in names.split()
}
"""County-level city -> prefecture-level city."""

GUANGZHOU_DISTRICTS: Mapping[str, str] = {
    "荔湾区": "440103",
    "越秀区": "440104",
    "海珠区": "440105",
    "天河区": "440106",
    "白云区": "440111",
    "黄埔区": "440112",
    "番禺区": "440113",
    "花都区": "440114",
    "南沙区": "440115",
    "从化区": "440117",
    "增城区": "440118",
}
"""District -> code."""

SHARED_DISTRICT_NAMES: frozenset[str] = frozenset({"白云区", "南沙区"})
"""Districts of Guangzhou whose name another city has too: they do not tell the city."""

FORMER_DISTRICTS: Mapping[str, str] = {
    "花县": "花都区",
    "花都市": "花都区",
    "番禺县": "番禺区",
    "番禺市": "番禺区",
    "从化县": "从化区",
    "从化市": "从化区",
    "增城县": "增城区",
    "增城市": "增城区",
}

HUADU = "花都区"

HUADU_TOWNS: Mapping[str, tuple[str, ...]] = {
    "新华街道": ("新华街", "新华镇", "新华公社"),
    "花城街道": ("花城街",),
    "秀全街道": ("秀全街",),
    "新雅街道": ("新雅街",),
    "梯面镇": ("梯面公社",),
    "花山镇": ("花山公社",),
    "花东镇": ("花东公社",),
    "炭步镇": ("炭步公社", "碳步镇"),
    "赤坭镇": ("赤坭公社", "赤泥镇", "赤垤镇"),
    "狮岭镇": ("狮岭公社", "狮岑镇"),
}
"""Street or town of Huadu -> what it is also called, was called, or is misread as."""


_PLAIN_PROVINCES = {short: full for full, short in PROVINCES.items() if full == f"{short}省"}
_PROVINCE_LOST = re.compile(
    rf"^(?P<province>{'|'.join(_PLAIN_PROVINCES)}).(?P<city>{'|'.join(map(re.escape, CITIES))})"
)
_CITY_LOST = re.compile(rf"^(?P<before>(?:广东省)?广州).(?P<district>{'|'.join(GUANGZHOU_DISTRICTS)})")


def mend_divisions(address: str) -> str:
    """The address with a misread 省 or 市 put right where the names around it leave no other choice.

    广东直广州市花都区 -> 广东省广州市花都区. Every other text is given back as it is.
    """
    match = _PROVINCE_LOST.match(address)
    if match and CITIES[match["city"]] == _PLAIN_PROVINCES[match["province"]]:
        address = f"{match['province']}省{address[match.start('city') :]}"
    match = _CITY_LOST.match(address)
    return f"{match['before']}市{address[match.start('district') :]}" if match else address
