"""The addresses under which clients of different provinces call the gateway (interface section 1.4)."""

from __future__ import annotations

from tongchou.exchange.envelope import is_transaction_number

PREFIXES = ("/fsi/", "/ebus/", "/mbs-fsi/", "/hss-call-service-interface", "/CSB")
MARKS = ("/fsi/api/", "/ebus/", "/mbs-fsi/web/api/fsi/callService", "/hss-call-service-interface", "/rio_fsi/")

SERVICES = {
    "signInSignOutService/signIn": "9001",
    "signInSignOutService/signOut": "9002",
    "fileupload/upload": "9101",
    "fileupload/download": "9102",
    "catalogqueryservice/queryDataDic": "1901",
    "fsiPsnInfoService/queryPsnInfo": "1101",
    "fsiFixMedInsService/queryFixMedIns": "1201",
    "fsiPsnPriorityInfoService/queryPsnPriorityInfo": "2001",
    "outpatientDocInfoService/outpatientRregistration": "2201",
    "outpatientDocInfoService/outpatientRegistration": "2201",
    "outpatientDocInfoService/outpatientRegistrationCancel": "2202",
    "outpatientDocInfoService/outpatientMdtrtinfoUp": "2203",
    "outpatientDocInfoService/outpatientFeeListUp": "2204",
    "outpatientDocInfoService/outpatientFeeListUpCancel": "2205",
    "outpatientSettleService/preSettletment": "2206",
    "outpatientSettleService/saveSettletment": "2207",
    "outpatientSettleService/saveSettletmentV2": "2207",
    "outpatientSettleService/cancleSettletment": "2208",
    "hospFeeDtlService/feeDtlUp": "2301",
    "hospFeeDtlService/feeDtlCl": "2302",
    "hospSettService/preSett": "2303",
    "hospSettService/sett": "2304",
    "hospSettService/settV2": "2304",
    "hospSettService/settCl": "2305",
    "hospitalRegisterService/hospitalRegisterSave": "2401",
    "hospitalRegisterService/hospitalRegisterCancel": "2404",
    "dscgService/dischargeProcess": "2402",
    "dscgService/dischargeUndo": "2405",
    "reverseService/revsMethod": "2601",
    "ybSettlementStmtService/stmtTotal": "3201",
    "ybSettlementStmtService/stmtDetail": "3202",
    "fsiIntegratedQueryService/querySetlInfo": "5203",
    "fsiIntegratedQueryService/queryFeeList": "5204",
    "fsiIntegratedQueryService/queryFixmedinsPracPsnSum": "5206",
}
"""The national platform's path per service → transaction, spelled as there."""


def is_gateway_path(path: str) -> bool:
    """Whether a request belongs to the gateway and not to the site."""
    return path.startswith(PREFIXES) or any(mark in path for mark in MARKS) or path.endswith("/CSB")


def transaction_in_path(path: str) -> str | None:
    """The transaction number that an address names, or ``None`` for the addresses that serve all of them."""
    parts = path.rstrip("/").rsplit("/", 2)
    if is_transaction_number(parts[-1]):
        return parts[-1]
    return SERVICES.get("/".join(parts[-2:]))
