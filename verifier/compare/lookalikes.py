"""Characters of names that are confused: by OCR, and between traditional and simplified writing.

The OCR pairs are those seen with names (DOMAIN 3.5). The traditional table is general knowledge: characters common in the
surnames and given names of Hong Kong, Macao and Taiwan residents, one simplified form each. It is name-safe: no character
that is at home in a simplified name (后 云 余 谷 范 沈 里 干 台 丰) is ever folded.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

_GROUPS = """
未末 土士 己已巳 日曰 人入八 干千于 王玉 刘对 冯马 晴睛 婷停 妍研 玥钥 钰珏
锦绵 洁沽 昊吴 晖辉 祎袆 彤彬 倩情 瑜喻
"""

LOOKALIKES: frozenset[frozenset[str]] = frozenset(
    frozenset(pair) for group in _GROUPS.split() for pair in combinations(group, 2)
)
"""Unordered pairs of characters OCR takes for each other."""

_TRADITIONAL = """
亞亚 俠侠 倉仓 倫伦 偉伟 側侧 傑杰 傳传 僑侨 儀仪 億亿 儉俭 優优 儷俪 兒儿 冊册 凱凯 剛刚 劉刘 劍剑 勁劲
動动 勛勋 勝胜 勞劳 勳勋 勵励 匯汇 區区 協协 厲厉 參参 叢丛 吳吴 呂吕 呉吴 啓启 啟启 喚唤 喬乔 單单 嗚呜
嘯啸 嚴严 國国 園园 圓圆 圖图 團团 執执 堅坚 堯尧 報报 場场 塢坞 塵尘 墻墙 墾垦 壘垒 壯壮 壽寿 夠够 夢梦
奧奥 奮奋 妝妆 姍姗 娛娱 婁娄 婭娅 媧娲 媽妈 嫺娴 嫻娴 嫿婳 嬋婵 嬌娇 孫孙 學学 宮宫 實实 寧宁 審审 寬宽
寶宝 將将 專专 導导 屬属 峯峰 島岛 嵐岚 嶽岳 巋岿 巖岩 帥帅 師师 帶带 幣币 幹干 庫库 廈厦 廣广 廬庐 張张
強强 彈弹 彌弥 彙汇 彥彦 後后 徑径 從从 復复 恆恒 愛爱 慶庆 憐怜 憲宪 憶忆 應应 懷怀 懸悬 戀恋 戰战 拋抛
揚扬 擁拥 擇择 攜携 敍叙 敘叙 數数 斂敛 斕斓 於于 時时 晉晋 晝昼 暈晕 暉晖 暢畅 曄晔 曆历 曉晓 書书 會会
東东 棟栋 楊杨 楓枫 楨桢 業业 極极 榮荣 樂乐 標标 樹树 橋桥 機机 檜桧 檸柠 櫻樱 權权 歐欧 歡欢 歲岁 歷历
氣气 決决 沖冲 況况 淨净 淩凌 淵渊 湊凑 湧涌 湯汤 溫温 滄沧 滿满 漢汉 漣涟 漸渐 潔洁 潤润 澤泽 濟济 濤涛
濱滨 瀅滢 瀟潇 瀧泷 瀾澜 灝灏 煒炜 煥焕 熒荧 燁烨 燦灿 爍烁 爾尔 牽牵 獅狮 獻献 現现 琺珐 瑋玮 瑤瑶 瑩莹
瑪玛 璉琏 璣玑 環环 璽玺 瓊琼 瓏珑 畢毕 畫画 異异 當当 發发 皚皑 盡尽 監监 盧卢 眾众 碩硕 礪砺 祿禄 禎祯
禕祎 禮礼 稱称 積积 穎颖 穩稳 竇窦 競竞 筆笔 節节 範范 篤笃 簡简 籌筹 糧粮 紀纪 紅红 紋纹 純纯 紗纱 紡纺
紹绍 絡络 絢绚 絲丝 經经 維维 綱纲 綸纶 綺绮 綿绵 緒绪 緣缘 緯纬 練练 緹缇 縈萦 縝缜 績绩 繆缪 織织 繡绣
繪绘 繼继 纓缨 纖纤 羅罗 羣群 義义 習习 翹翘 聖圣 聞闻 聯联 聰聪 聲声 聳耸 聶聂 職职 肅肃 脈脉 膽胆 臨临
興兴 舉举 艷艳 荊荆 莊庄 莖茎 華华 萊莱 萬万 葉叶 葦苇 蒼苍 蓮莲 蔣蒋 蔭荫 蕎荞 蕓芸 蕭萧 薈荟 薔蔷 薩萨
藍蓝 藝艺 藹蔼 藺蔺 蘆芦 蘇苏 蘊蕴 蘋苹 蘭兰 蘿萝 處处 號号 螢萤 衆众 衛卫 裏里 補补 褘祎 見见 親亲 覺觉
觀观 訓训 許许 詠咏 詢询 試试 詩诗 語语 誠诚 誼谊 談谈 諭谕 諶谌 諸诸 諾诺 謀谋 謐谧 謙谦 謝谢 謨谟 證证
識识 譙谯 譚谭 譯译 護护 譽誉 變变 讓让 讚赞 豐丰 貝贝 貞贞 財财 貢贡 貴贵 費费 賀贺 賈贾 賓宾 賜赐 賢贤
質质 賴赖 贊赞 贏赢 趙赵 躍跃 車车 軍军 軒轩 軼轶 載载 輔辅 輕轻 輝辉 輪轮 轅辕 轉转 轍辙 連连 進进 運运
達达 遙遥 遠远 適适 遲迟 選选 邁迈 鄉乡 鄒邹 鄔邬 鄧邓 鄭郑 鄲郸 鄺邝 醞酝 釋释 釗钊 釵钗 鈕钮 鈞钧 鈴铃
鈺钰 鉅钜 鉉铉 鉦钲 銀银 銓铨 銖铢 銘铭 銳锐 鋒锋 鋪铺 鋼钢 錚铮 錢钱 錦锦 錫锡 鍇锴 鍵键 鍾钟 鎧铠 鎮镇
鏗铿 鏡镜 鐘钟 鐵铁 鐸铎 鑑鉴 鑒鉴 鑾銮 锺钟 長长 門门 閃闪 閆闫 開开 閔闵 閱阅 閻阎 闊阔 闓闿 闕阙 關关
闡阐 陰阴 陳陈 陸陆 陽阳 階阶 際际 隨随 險险 隱隐 隸隶 雋隽 雙双 雞鸡 離离 難难 雲云 電电 霽霁 靄霭 靈灵
靜静 鞏巩 韋韦 韓韩 韜韬 韻韵 響响 項项 順顺 頌颂 頎颀 預预 頓顿 領领 頡颉 頤颐 頻频 顏颜 顧顾 顯显 風风
颯飒 飄飘 飛飞 餘余 餞饯 馬马 馭驭 馮冯 馳驰 駐驻 駒驹 駱骆 駿骏 騁骋 騏骐 騫骞 騰腾 驄骢 驊骅 驍骁 驥骥
體体 魚鱼 魯鲁 鮑鲍 鮮鲜 鳳凤 鳴鸣 鴻鸿 鴿鸽 鵑鹃 鵬鹏 鵲鹊 鵾鹍 鶯莺 鶴鹤 鷹鹰 鸝鹂 鸞鸾 麗丽 麥麦 黃黄
點点 黨党 齊齐 齡龄 龍龙 龐庞 龔龚
"""

TRADITIONAL_TO_SIMPLIFIED: Mapping[int, str] = {ord(pair[0]): pair[1] for pair in _TRADITIONAL.split()}
"""For `str.translate`."""
