"""Refusals of the registry."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

UNKNOWN_PERSON = kind(
    "REG-001",
    zh="未找到参保人员（{means} {number}）",
    en="no insured person with {means} {number}",
    remedy="请核对凭证类型和号码；确认未建档的，先办理参保登记",
    field="psn_no",
)
CARD_INACTIVE = kind(
    "REG-002",
    zh="就诊凭证 {number} 不能使用：{state}",
    en="card {number} can't be used: {state}",
    remedy="请改用医保电子凭证或身份证，或到医保中心办理解挂、补办",
    field="mdtrt_cert_no",
)
CARD_SERIAL_DIFFERS = kind(
    "REG-003",
    zh="就诊凭证 {number} 的卡识别码不符",
    en="the serial of card {number} does not agree",
    remedy="请重新读卡；仍不符的，到医保中心核对卡信息",
    field="card_sn",
)
CERTIFICATE_TAKEN = kind(
    "REG-004",
    zh="证件号码 {cert_no} 已建档，人员编号 {number}",
    en="certificate {cert_no} is registered already as person {number}",
    remedy="请在原档案上办理业务；两人证件号码相同的，先到公安机关核实",
    field="certno",
)
INVALID_ID_NUMBER = kind(
    "REG-005",
    zh="公民身份号码 {cert_no} 不正确：{problem}",
    en="citizen ID number {cert_no} is wrong: {problem}",
    remedy="请对照身份证逐位核对",
    field="certno",
)
ID_NUMBER_DISAGREES = kind(
    "REG-006",
    zh="{what}与公民身份号码不一致：填写为 {given}，号码中为 {expected}",
    en="{what} does not agree with the ID number: {given} instead of {expected}",
    remedy="请核对身份证；以公安机关第二代居民身份证信息为准",
    field="brdy",
)
ENROLMENT_OVERLAPS = kind(
    "REG-007",
    zh="该人员在此期间已参加险种 {scheme}（{start} 起）",
    en="the person takes part in scheme {scheme} since {start} already",
    remedy="请先终止原参保关系，或办理单位间调动",
    field="begndate",
)
NOT_ENROLLED = kind(
    "REG-008",
    zh="该人员在 {day} 没有险种 {scheme} 的参保关系",
    en="the person does not take part in scheme {scheme} on {day}",
    remedy="请核对险种和日期；未参保的先办理参保登记",
    field="insutype",
)
UNKNOWN_AREA = kind(
    "REG-009",
    zh="区划代码 {code} 不存在",
    en="area {code} is unknown",
    remedy="请在区划表中选择；新设区划先由管理员登记",
    field="insu_admdvs",
)
UNKNOWN_EMPLOYER = kind(
    "REG-010",
    zh="参保单位 {number} 不存在",
    en="employer {number} is unknown",
    remedy="请核对单位编号；新单位先办理单位参保登记",
    field="emp_no",
)
PERIOD_REVERSED = kind(
    "REG-011",
    zh="终止日期 {end} 应晚于开始日期 {start}",
    en="the end {end} must come after the start {start}",
    remedy="请更正日期",
    field="enddate",
)
IDENTITY_OVERLAPS = kind(
    "REG-012",
    zh="该人员在此期间已登记身份类别 {kind}",
    en="the person has identity class {kind} in this period already",
    remedy="请先终止原登记，或调整起止日期",
    field="psn_idet_type",
)
DISEASE_OVERLAPS = kind(
    "REG-013",
    zh="该人员在此期间已备案病种 {code} {name}",
    en="disease {code} of the person is certified for this period already",
    remedy="不需要重复备案；需要延期的请调整起止日期",
    field="opsp_dise_code",
)
CARD_NUMBER_TAKEN = kind(
    "REG-014",
    zh="就诊凭证号码 {number} 已发给其他记录",
    en="card number {number} is issued already",
    remedy="请更换卡号",
    field="mdtrt_cert_no",
)
CARD_STATE = kind(
    "REG-015",
    zh="就诊凭证 {number} 当前状态为{state}，不能{action}",
    en="card {number} is {state}: {action} is not possible",
    remedy="挂失适用于正常的卡，解挂和补办适用于挂失的卡",
    field="mdtrt_cert_no",
)
UNKNOWN_CARD = kind(
    "REG-016",
    zh="就诊凭证 {number} 不存在",
    en="card {number} is unknown",
    remedy="请核对卡号；未制卡的先办理制卡",
    field="mdtrt_cert_no",
)
UNKNOWN_MEANS = kind(
    "REG-017",
    zh="就诊凭证类型 {kind} 不支持",
    en="means of identification {kind} is not supported",
    remedy="请使用 01 医保电子凭证、02 居民身份证或 03 社会保障卡",
    field="mdtrt_cert_type",
)
DOUBLE_BASIC_SCHEME = kind(
    "REG-018",
    zh="该人员在此期间已参加基本医疗保险（险种 {scheme}，{start} 起），不能重复参保",
    en="the person takes part in basic scheme {scheme} since {start}: no second one at the same time",
    remedy="请先终止原险种的参保关系，再办理新的参保登记",
    field="insutype",
)
DECEASED = kind(
    "REG-019",
    zh="该人员已于 {day} 死亡，不能办理此日及以后的业务",
    en="the person died on {day}",
    remedy="请核对死亡登记；登记有误的先更正人员信息",
    field="psn_no",
)
EMPLOYER_EXISTS = kind(
    "REG-020",
    zh="统一社会信用代码 {credit_code} 已登记，单位编号 {number}",
    en="credit code {credit_code} is registered already as employer {number}",
    remedy="请在原单位档案上办理变更",
    field="uscc",
)
INVALID_CREDIT_CODE = kind(
    "REG-021",
    zh="统一社会信用代码 {credit_code} 不正确：{problem}",
    en="unified social credit code {credit_code} is wrong: {problem}",
    remedy="请对照营业执照或法人证书核对",
    field="uscc",
)
UNCHANGEABLE = kind(
    "REG-022",
    zh="“{field_name}”不能变更",
    en="{field_name} can't be changed",
    remedy="人员编号终身不变；其他项目请使用相应业务办理",
)
EMPTY_NAME = kind(
    "REG-023",
    zh="姓名不能为空",
    en="the name is empty",
    remedy="请填写与身份证一致的姓名",
    field="psn_name",
)
NO_IDENTITY = kind(
    "REG-024",
    zh="该人员在 {day} 没有身份类别 {kind}",
    en="the person has no identity class {kind} on {day}",
    remedy="请核对身份类别和日期",
    field="psn_idet_type",
)
NO_START_DATE = kind(
    "REG-025",
    zh="有变更类型的行必须填写生效日期",
    en="a change needs the date from which it holds",
    remedy="请填写生效日期，例如 2026-01-01",
    field="begndate",
)
NAME_DIFFERS = kind(
    "REG-026",
    zh="姓名“{name}”与该证件号码的档案姓名不一致",
    en="the name {name} does not agree with the record of this certificate",
    remedy="请核对姓名和证件号码；更名的先办理个人信息变更",
    field="psn_name",
)
NOT_EMPLOYED = kind(
    "REG-027",
    zh="该人员不是单位 {number} 的参保职工",
    en="the person is not enrolled with employer {number}",
    remedy="请核对单位编号；减员由当前参保单位申报",
    field="emp_no",
)
