"""The refusals of the policy engine: POL-0xx."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

NO_PACKAGE = kind(
    "POL-001",
    zh="统筹区{area}没有险种{scheme}的政策包",
    en="no policy package for scheme {scheme} in area {area}",
    remedy="请核对参保人的统筹区和险种；确有该险种时，由政策管理员在政策参数中发布该险种采用的政策包，并核对从哪一天起采用",
    field="insutype",
)
NOT_IN_FORCE = kind(
    "POL-002",
    zh="{day}没有生效的“{benefit}”待遇政策(统筹区{area}，险种{scheme})",
    en="no policy for benefit {benefit} in force on {day} (area {area}, scheme {scheme})",
    remedy="请核对就诊日期和医疗类别；如政策已发布，由政策管理员补录该时段的版本",
    field="begntime",
)
UNKNOWN_PLAN = kind(
    "POL-003",
    zh="找不到待遇方案{plan_id}，或其政策内容已经变化",
    en="plan {plan_id} is unknown or its package has changed",
    remedy="请恢复结算当时使用的政策包版本后再查看计算说明",
)
FACT_MISSING = kind(
    "POL-010",
    zh="缺少计算待遇所需的信息：{title}({fact})",
    en="a fact that the policy needs is missing: {fact}",
    remedy="请补录{title}后重试",
)
FACT_WRONG = kind(
    "POL-011",
    zh="{title}({fact})的值“{value}”不在本政策规定的范围内：{allowed}",
    en="value {value} of fact {fact} is outside what the policy provides for: {allowed}",
    remedy="请核对{title}；确需支持该值时，由政策管理员补充政策",
)
BILL_WRONG = kind(
    "POL-012",
    zh="费用合计不能为负数：{component} {amount}元",
    en="a bill component may not be negative: {component} {amount} yuan",
    remedy="请先核对退费明细，使每类费用合计不小于零后再结算",
)
EXCLUDED = kind(
    "POL-020",
    zh="不属于基金支付范围：{reason}({cite})",
    en="excluded from fund payment: {reason} ({cite})",
    remedy="该费用由个人、责任人或政府专款承担，请按自费结算；如情形认定有误，请更正就诊信息后重试",
)
NOT_APPLICABLE = kind(
    "POL-021",
    zh="不符合“{benefit}”待遇条件：{reason}({cite})",
    en="the conditions of benefit {benefit} are not met: {reason} ({cite})",
    remedy="请改用相应的医疗类别结算，或补录证明该条件的信息",
)
NUMBER_UNKNOWN = kind(
    "POL-022",
    zh="文件没有给出计算所需的数字：{note}({cite})",
    en="the document does not give a number that is needed: {note} ({cite})",
    remedy="请暂按先垫付后报销处理，并请政策管理员取得补充文件、填入该数字",
)
ITEM_RATIO_UNKNOWN = kind(
    "POL-030",
    zh="项目没有先行自付比例，政策也没有规定{item_class}的默认比例：{note}",
    en="no prior self-pay ratio for {item_class}: {note}",
    remedy="请在目录中补录该项目对本险种的先行自付比例",
    field="selfpay_prop",
)
ITEM_CLASS_WRONG = kind(
    "POL-031",
    zh="项目等级“{item_class}”不是甲类、乙类或丙类",
    en="item class {item_class} is not 甲类, 乙类 or 丙类",
    remedy="请在目录中更正该项目的等级",
    field="chrgitm_lv",
)
NO_FORMULA = kind(
    "POL-040",
    zh="{day}没有生效的计算公式“{name}”",
    en="no formula {name} in force on {day}",
    remedy="请核对统筹区、险种和日期，或由政策管理员补录该公式",
)
OVERLAY_UNKNOWN = kind(
    "POL-050",
    zh="政策包里没有参数“{parameter}”",
    en="the packs have no parameter {parameter}",
    remedy="请核对参数路径。相近的有：{near}",
)
OVERLAY_AMBIGUOUS = kind(
    "POL-051",
    zh="参数“{parameter}”不明确，有{count}处符合",
    en="parameter {parameter} fits {count} places",
    remedy="请写得更完整，例如：{found}",
)
OVERLAY_UNIT = kind(
    "POL-052",
    zh="参数“{parameter}”不能改为“{value}”（原为“{old}”）：{reason}",
    en="parameter {parameter} can't become {value} (was {old})",
    remedy="请按原来的单位和写法填写新值",
)
OVERLAY_FORM = kind(
    "POL-053",
    zh="模拟参数的写法不对：{text}",
    en="not an overlay: {text}",
    remedy="请写成 路径=新值 或 路径@2026-07-01=新值；文件中写成 overlays: [{{parameter: 路径, from: 日期, value: 新值}}]",
)
OVERLAY_NOT_IN_FORCE = kind(
    "POL-054",
    zh="{day}起没有含参数“{parameter}”的版本生效",
    en="no version with parameter {parameter} is in force from {day} on",
    remedy="请核对起始日期，或改用该日以后生效的版本中的参数",
)
EDIT_UNSAFE = kind(
    "POL-055",
    zh="政策包里没有“{place}”这个地方，或它不能这样改",
    en="no such place in the pack: {place}",
    remedy="请刷新页面后重试；别人可能刚改过这份草稿",
)
EDIT_UNWRITABLE = kind(
    "POL-056",
    zh="“{place}”的写法（如引用别处的锚点）不能用表单修改",
    en="{place} can't be changed by a form",
    remedy="请下载原文，修改后作为政策包上传",
)
