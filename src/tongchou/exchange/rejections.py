"""What the gateway itself refuses, before a service is asked: broken messages, wrong fields, unknown transactions."""

from __future__ import annotations

from tongchou.kernel.rejection import kind

EMPTY_BODY = kind(
    "EXCH-001",
    zh="报文为空",
    en="the message is empty",
    remedy="以 POST 方式发送一个 JSON 对象作为报文体",
)
NOT_UTF8 = kind(
    "EXCH-002",
    zh="报文不是有效的 UTF-8 编码",
    en="the message is not valid UTF-8",
    remedy="将报文按 UTF-8 编码后重新发送",
)
NOT_JSON = kind(
    "EXCH-003",
    zh="报文不是有效的 JSON:{reason}",
    en="the message is not valid JSON: {reason}",
    remedy="检查报文的引号、括号和逗号后重新发送",
)
NOT_OBJECT = kind(
    "EXCH-004",
    zh="报文或其 input 不是 JSON 对象",
    en="the message or its input is not a JSON object",
    remedy="报文体应为 JSON 对象,input 应为对象或内容为对象的字符串",
    field="input",
)
TOO_LARGE = kind(
    "EXCH-005",
    zh="报文超过上限 {limit} 字节",
    en="the message is larger than {limit} bytes",
    remedy="将费用明细分成多次上传",
)
TOO_SLOW = kind(
    "EXCH-006",
    zh="报文在 {seconds} 秒内未接收完整",
    en="the message did not arrive within {seconds} seconds",
    remedy="检查网络后用同一报文编号重新发送",
)
NO_TRANSACTION = kind(
    "EXCH-007",
    zh="缺少交易编号 infno",
    en="the transaction number infno is missing",
    remedy="在报文中填写 infno",
    field="infno",
)
UNKNOWN_TRANSACTION = kind(
    "EXCH-008",
    zh="中心不支持交易 {infno}",
    en="transaction {infno} is not supported here",
    remedy="核对交易编号;支持的交易见接口文档",
    field="infno",
)
TRANSACTION_MISMATCH = kind(
    "EXCH-009",
    zh="地址中的交易编号 {path} 与报文中的 {infno} 不一致",
    en="the address says transaction {path}, the message says {infno}",
    remedy="将报文发送到对应交易的地址,或使用统一地址",
    field="infno",
)
MISSING = kind(
    "EXCH-010",
    zh="{where}缺少必填项 {name}({caption})",
    en="{where}: required field {name} is missing",
    remedy="补填该项后重新发送",
)
TOO_LONG = kind(
    "EXCH-011",
    zh="{where}{name}({caption})长度 {length} 超过上限 {limit}",
    en="{where}: field {name} has {length} characters, at most {limit} are allowed",
    remedy="缩短该项后重新发送",
)
WRONG_CODE = kind(
    "EXCH-012",
    zh="{where}{name}({caption})的值 {value} 不在代码集 {code_set} 内",
    en="{where}: value {value} of field {name} is not in code set {code_set}",
    remedy="按代码表填写;代码表可用 1901 查询",
)
WRONG_TYPE = kind(
    "EXCH-013",
    zh="{where}{name}({caption})的类型不对,应为{expected}",
    en="{where}: field {name} has the wrong type, expected {expected}",
    remedy="按接口规定的类型填写",
)
WRONG_NUMBER = kind(
    "EXCH-014",
    zh="{where}{name}({caption})不是有效的数值:{value}",
    en="{where}: field {name} is not a number: {value}",
    remedy="填写十进制数,不带千分位和单位",
)
NUMBER_TOO_FINE = kind(
    "EXCH-015",
    zh="{where}{name}({caption})的小数超过 {decimals} 位:{value}",
    en="{where}: field {name} has more than {decimals} decimals: {value}",
    remedy="四舍五入到规定的小数位数后重新发送",
)
NUMBER_TOO_BIG = kind(
    "EXCH-016",
    zh="{where}{name}({caption})超出范围({digits} 位):{value}",
    en="{where}: field {name} is out of range ({digits} digits): {value}",
    remedy="核对该项的数值",
)
WRONG_DATE = kind(
    "EXCH-017",
    zh="{where}{name}({caption})不是有效的{expected}:{value}",
    en="{where}: field {name} is not a valid date or time: {value}",
    remedy="日期填 yyyy-MM-dd,时间填 yyyy-MM-dd HH:mm:ss",
)
WRONG_SERIAL = kind(
    "EXCH-018",
    zh="{where}{name}({caption})应为不超过 15 位且不为 0 的数字:{value}",
    en="{where}: field {name} must be 1 to 15 digits and not 0: {value}",
    remedy="按规定编制费用明细流水号,一次就诊内不重复",
)
NODE_MISSING = kind(
    "EXCH-019",
    zh="input 中缺少节点 {node}",
    en="node {node} is missing in input",
    remedy="按接口规定在 input 中填写该节点",
)
NODE_SHAPE = kind(
    "EXCH-020",
    zh="节点 {node} 应为{expected}",
    en="node {node} must be {expected}",
    remedy="按接口规定的结构填写该节点",
)
TOO_MANY_ROWS = kind(
    "EXCH-021",
    zh="节点 {node} 有 {count} 行,超过上限 {limit}",
    en="node {node} has {count} rows, at most {limit} are allowed",
    remedy="分成多次上传",
)
NUL_CHARACTER = kind(
    "EXCH-022",
    zh="报文含有空字符(\\u0000)",
    en="the message contains the NUL character",
    remedy="去掉空字符后重新发送",
)
ENCRYPTED = kind(
    "EXCH-023",
    zh="input 已加密(enc_type={enc_type}),本中心未启用加密",
    en="the input is encrypted (enc_type={enc_type}), which this centre does not use",
    remedy="以明文发送 input,enc_type 留空",
    field="enc_type",
)
NOT_POST = kind(
    "EXCH-024",
    zh="接口只接受 POST 方式",
    en="the interface accepts POST only",
    remedy="改用 POST 方式发送报文",
)
NO_MESSAGE_OBJECT = kind(
    "EXCH-025",
    zh="文件上传报文缺少 {part}",
    en="the upload lacks the part {part}",
    remedy="用 multipart/form-data 发送 jsonStr(报文)和 file(文件)两部分",
)
OTHER_INSTITUTION = kind(
    "EXCH-030",
    zh="明细中的机构编号 {inner} 与报文的机构编号 {outer} 不一致",
    en="the institution {inner} in the input is not the sender {outer}",
    remedy="只能以本机构的编号办理",
    field="fixmedins_code",
)
CARD_OF_ANOTHER = kind(
    "EXCH-031",
    zh="就诊凭证登记的{what}与报文不一致",
    en="the {what} registered for the certificate differs from the message",
    remedy="核对就诊人身份,重新读取凭证后用 1101 获取人员编号",
    field="mdtrt_cert_no",
)
MIXED_VISITS = kind(
    "EXCH-032",
    zh="一次上传的明细属于 {count} 次就诊,应为同一次",
    en="the lines of one upload belong to {count} visits instead of one",
    remedy="按就诊分别上传,每次至少一条明细",
    field="mdtrt_id",
)
WRONG_ID = kind(
    "EXCH-033",
    zh="{name} 不是中心给出的编号:{value}",
    en="{name} is not a number that the centre has given: {value}",
    remedy="填写中心应答中返回的编号",
)
NOT_YET = kind(
    "EXCH-034",
    zh="{where}{name}({caption}){moment} 晚于中心日期 {today}",
    en="{where}: {name} {moment} lies after the centre's date {today}",
    remedy="核对费用或就诊的日期和本机时钟;尚未发生的就诊和费用不能登记",
)
UNSIGNED = kind(
    "EXCH-040",
    zh="请求未签名,缺少 {header}",
    en="the request is not signed, {header} is missing",
    remedy="按本中心启用的签名方式签名",
)
SIGNATURE_EXPIRED = kind(
    "EXCH-041",
    zh="签名时间戳超时",
    en="the signature's time stamp is too old or too new",
    remedy="校准时钟后重新签名发送",
)
SIGNATURE_WRONG = kind(
    "EXCH-042",
    zh="签名不一致或用户非法",
    en="the signature does not match or the user is unknown",
    remedy="核对分配的用户与密钥;签名后不得再改动报文",
)
DIGEST_MISSING = kind(
    "EXCH-043",
    zh="签名未覆盖报文内容,缺少 {name}",
    en="the signature does not cover the content, {name} is missing",
    remedy="在报文顶层加入 {name}(内容的 SM3 摘要,十六进制)后再签名",
    field="cainfo",
)
DIGEST_WRONG = kind(
    "EXCH-044",
    zh="{name} 与所发内容的 SM3 摘要不一致",
    en="{name} is not the SM3 digest of what was sent",
    remedy="按实际发送的字节计算摘要(加密时为密文),计算后不得再改动",
    field="cainfo",
)
NOT_ENCRYPTED = kind(
    "EXCH-045",
    zh="本机构约定 input 须加密,所收为明文",
    en="this institution agreed to encrypt its input, which came in the open",
    remedy="用约定的 SM4 密钥加密 input,enc_type 填 SM4",
    field="enc_type",
)
NOT_SIGNABLE = kind(
    "EXCH-046",
    zh="{name} 不能参加签名",
    en="the field {name} can not be signed",
    remedy="除 input 外,顶层各项只用不含 & 的文本或数字,名称只用字母、数字和下划线",
    field="cainfo",
)
NOT_OPENED = kind(
    "EXCH-047",
    zh="input 无法解密",
    en="the input can not be decrypted",
    remedy="核对 SM4 密钥、加密方式和 base64 编码;密钥须与签名所用的同属一组",
    field="enc_type",
)
GATEWAY_KEYS_WRONG = kind(
    "EXCH-048",
    zh="中心的网关密钥有误:{reason}",
    en="the centre's gateway keys are wrong: {reason}",
    remedy="请告知医保中心;中心用 tongchou gateway-keys check 查找",
)
FILE_UNKNOWN = kind(
    "EXCH-050",
    zh="文件查询号 {number} 不存在或已过期",
    en="the file {number} does not exist or has expired",
    remedy="重新上传(9101)或重新办理产生该文件的交易",
    field="file_qury_no",
)
FILE_NOT_ZIP = kind(
    "EXCH-051",
    zh="文件 {number} 不是只含一个 TXT 的 ZIP 压缩包",
    en="the file {number} is not a ZIP with one TXT",
    remedy="将对账明细存为 UTF-8 的 TXT 并压缩成 ZIP 后上传",
    field="file_qury_no",
)
FILE_ROW = kind(
    "EXCH-052",
    zh="文件第 {row} 行有误:{reason}",
    en="row {row} of the file is wrong: {reason}",
    remedy="修改该行后重新上传;各列以制表符分隔,空值填 null",
    field="file_qury_no",
)
FILES_FULL = kind(
    "EXCH-053",
    zh="本机构存放的文件已达 {limit} 兆字节上限",
    en="the institution's files have reached the limit of {limit} MB",
    remedy="文件保存七天后自动清除;请减少重复上传,稍后再试",
    field="filename",
)
DATABASE_AWAY = kind(
    "EXCH-090",
    zh="中心数据库暂时不可用,本次请求未能确认",
    en="the centre's database is not available, the request is not confirmed",
    remedy="稍后用同一报文编号和相同内容重新发送,不会重复记账",
)
BUSY = kind(
    "EXCH-091",
    zh="中心繁忙,请求未受理",
    en="the centre is busy, the request was not taken",
    remedy="稍后用同一报文编号重新发送",
)
INTERNAL = kind(
    "EXCH-099",
    zh="中心处理出错,编号 {reference}",
    en="an internal error, reference {reference}",
    remedy="请将该编号告知医保中心;可用同一报文编号重新发送",
)
