"""``tongchou policy check | test | show | diff | evaluate``: the engine at the terminal, without a database."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tongchou.kernel.money import format_yuan
from tongchou.kernel.rejection import Rejection
from tongchou.policy.book import PolicyBook, Version
from tongchou.policy.calculation import FormulaValue
from tongchou.policy.caseread import read_case_file
from tongchou.policy.cases import CaseResult, VisitResult, run_case, run_cases
from tongchou.policy.checker import check_book
from tongchou.policy.difference import Difference
from tongchou.policy.document import version_differences
from tongchou.policy.explain import ExplainedStep
from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.loader import SHAPES, default_pack_directory, read_cases, read_packs
from tongchou.policy.overlays import parse_assignment, with_overlays
from tongchou.policy.plan import Plan
from tongchou.policy.schema import schema_text
from tongchou.policy.shapes import page, page_file, read_shapes
from tongchou.policy.vocabulary import COMPONENT_TITLES

NEEDS_DATABASE = False
FAILED, UNUSABLE = 1, 2


def _not_given(as_of: date | None) -> PolicyBook:
    raise LookupError(f"no room has given the policies of this centre as of {as_of}")


own_policies: Callable[[date | None], PolicyBook] = _not_given
"""The policies of this centre as known on a day; the room that keeps what was published puts its own function here."""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add ``policy`` and its actions to the command line."""
    parser = subparsers.add_parser("policy", help="政策包：检查、测试、查看、试算 / check, test, show, evaluate packs")
    actions = parser.add_subparsers(dest="action", metavar="操作", required=True)
    check = actions.add_parser("check", help="检查政策包，列出每个问题的位置和改法")
    check.add_argument("path", nargs="?", type=Path, help="目录或文件，默认为随产品发布的政策包")
    test = actions.add_parser("test", help="运行政策包旁边的案例")
    test.add_argument("path", nargs="?", type=Path, help="政策包目录，默认为随产品发布的政策包")
    show = actions.add_parser("show", help="查看编译后的待遇方案")
    show.add_argument(
        "which", nargs="+", metavar="[统筹区 险种] 待遇", help="如 629900 390 住院；有--pack时可以只写待遇"
    )
    show.add_argument("--pack", type=Path, default=None, help="政策包文件或目录，默认为随产品发布的政策包")
    show.add_argument("--on", type=_day, default=None, help="日期，默认为今天")
    shapes = actions.add_parser("shapes", help="政策形态一览：片段、案例、算式和结果")
    shapes.add_argument("--write", action="store_true", help="写入 docs/policy-language/shapes.md")
    schema = actions.add_parser("schema", help="编辑器用的JSON Schema")
    schema.add_argument("--write", action="store_true", help="写入 policies/pack.schema.json")
    diff = actions.add_parser("diff", help="两个版本有哪些不同，用文字逐条列出")
    for name, which in (("before", "前一版本"), ("after", "后一版本")):
        diff.add_argument(name, help=f"{which}：政策包文件或目录，或“包名@日期”（随产品发布的政策包在该日的版本）")
    diff.add_argument("--json", action="store_true", help="以JSON输出")
    evaluate = actions.add_parser("evaluate", help="用政策包计算一个案例文件")
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument("--pack", type=Path, help="政策包文件或目录")
    source.add_argument(
        "--published",
        dest="needs_database",
        action="store_true",
        help="本中心的政策：随系统安装的和已发布的（用数据库）",
    )
    evaluate.add_argument("--case", type=Path, required=True, help="案例文件，或装有案例文件的目录")
    evaluate.add_argument("--as-of", type=_day, default=None, help="只用此日以前发布的版本")
    evaluate.add_argument("--set", action="append", default=[], metavar="路径=新值", help="模拟参数，可重复")
    evaluate.add_argument("--explain", action="store_true", help="列出每一步的计算和条款")
    evaluate.add_argument("--json", action="store_true", help="以JSON输出，金额为元")


def run(args: argparse.Namespace) -> int:
    """Run one action; 0 = good, 1 = something failed, 2 = the packs or cases cannot be used."""
    actions = {
        "check": _check,
        "test": _test,
        "show": _show,
        "diff": _diff,
        "evaluate": _evaluate,
        "shapes": _shapes,
        "schema": _schema,
    }
    try:
        return actions[args.action](args)
    except PolicyErrors as errors:
        if getattr(args, "json", False):
            _print_errors([_finding_data(finding) for finding in errors.findings])
        else:
            _print_findings(errors.findings)
        return UNUSABLE
    except Rejection as rejection:
        if not getattr(args, "json", False):
            raise
        _print_errors([_refusal_data(rejection)])
        return UNUSABLE
    except FileNotFoundError as error:
        print(f"错误：{error}", file=sys.stderr)
        return UNUSABLE


def _day(text: str) -> date:
    """A date as the command line gives it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}”不是日期，请写成2023-04-10的形式") from None


def _print_errors(errors: Sequence[dict[str, object]]) -> None:
    """What hinders the whole run, for a program that reads the output."""
    print(json.dumps({"errors": errors}, ensure_ascii=False, indent=2))


def _finding_data(finding: Finding) -> dict[str, object]:
    names = ("file", "line", "article", "message", "remedy")
    return {name: getattr(finding, name) for name in names}


# -- check and test -----------------------------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    book = PolicyBook(read_packs(args.path or default_pack_directory()))
    findings = check_book(book)
    _print_findings(findings)
    errors = sum(finding.severity == "error" for finding in findings)
    notices = sum(finding.severity == "notice" for finding in findings)
    versions = sum(len(found) for found in book.packs.values())
    known = f"已确认的原文问题{len(findings) - errors - notices}处"
    hinted = f"，提示{notices}处" if notices else ""
    print(f"政策包{len(book.packs)}个、版本{versions}个：错误{errors}处，{known}{hinted}")
    return FAILED if errors else 0


def _print_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(finding.text(), file=sys.stderr if finding.severity == "error" else sys.stdout)


def _test(args: argparse.Namespace) -> int:
    path = args.path or default_pack_directory()
    results = run_cases(PolicyBook.load(path), path)
    for result in results:
        if not result.ok:
            print(f"{result.file}:{result.line}: {result.id} {result.title}")
            print("".join(f"    {failure}\n" for failure in result.failures), end="")
    failed = sum(not result.ok for result in results)
    print(f"案例{len(results)}个：通过{len(results) - failed}个，不符{failed}个")
    return FAILED if failed else 0


def _shapes(args: argparse.Namespace) -> int:
    directory = default_pack_directory()
    text = page(PolicyBook.load(directory.joinpath(SHAPES)), read_shapes(directory))
    return _put(text, page_file(directory) if args.write else None)


def _schema(args: argparse.Namespace) -> int:
    return _put(schema_text(), default_pack_directory() / "pack.schema.json" if args.write else None)


def _put(text: str, file: Path | None) -> int:
    """Write a generated text to its file, or to the terminal."""
    if file is None:
        print(text, end="")
    else:
        file.write_text(text, "utf-8")
        print(f"已写入 {file}")
    return 0


# -- show ---------------------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace) -> int:
    day = args.on or date.today()  # noqa: DTZ011 - the day at the terminal
    if len(args.which) != 3 and not (args.pack and len(args.which) == 1):
        print("错误：请写 policy show 统筹区 险种 待遇，或 policy show --pack 文件或目录 待遇", file=sys.stderr)
        return UNUSABLE
    book = PolicyBook.load(args.pack or default_pack_directory())
    try:
        plan = _plan(book, args.which, day)
    except Rejection as rejection:
        print(f"错误：{rejection}。{rejection.remedy}{_offers(book)}", file=sys.stderr)
        return UNUSABLE
    _print_plan(plan)
    return 0


def _plan(book: PolicyBook, which: Sequence[str], day: date) -> Plan:
    """The plan of an area's scheme; without them, of all packs of the book."""
    if len(which) == 1:
        return book.plan_of(book.packs, benefit=which[0], on=day)
    return book.plan(area=which[0], scheme=which[1], benefit=which[2], on=day)


def _offers(book: PolicyBook) -> str:
    """The benefits of a book, and from when to when each pack has a version."""
    lines = []
    for name, versions in book.packs.items():
        benefits = dict.fromkeys(b for v in versions for entry in v.pack.benefits for b in entry.names)
        if benefits:
            lines.append(f"  {name}（{versions[0].pack.start}起）：{'、'.join(benefits)}")
    return "\n现有待遇：\n" + "\n".join(lines) if lines else ""


def _print_plan(plan: Plan) -> None:
    print(f"{plan.title}：{plan.benefit}\n方案 {plan.id}\n政策包 {plan.package_hash}\n版本自 {plan.version_from}\n")
    print("支付顺序：")
    for layer in plan.layers:
        print(f"  {layer.title}（{layer.id}，基金{layer.fund}）〔{layer.cite}〕")
    if plan.payer is not None:
        print(f"  {plan.payer.title}（基金{plan.payer.fund}）〔{plan.payer.place.citation}〕")
    print("\n所需信息：")
    for spec in plan.facts:
        need = "必填" if spec.required else f"默认{spec.default}"
        values = "、".join(spec.values) or spec.unit or spec.kind
        print(f"  {spec.name} {spec.title}（{values}）：{need}")
    print("\n累计：")
    for counter in plan.accumulators:
        print(f"  {counter.name} {counter.title}")
    print(f"\n{plan.source}")


# -- diff ---------------------------------------------------------------------------------------------------------------------


def _diff(args: argparse.Namespace) -> int:
    before, after = _newest(args.before), _newest(args.after)
    both = {name: version_differences(before[name], after[name]) for name in before if name in after}
    if args.json:
        data = [{"pack": name, "changes": [_change_data(change) for change in found]} for name, found in both.items()]
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0
    for name, found in both.items():
        print(f"{name}（{after[name].pack.title}）：{len(found)}处不同" if found else f"{name}：没有不同")
        print("".join(f"  {change.words}\n" for change in found), end="")
    for side, mine, other in (("前者", before, after), ("后者", after, before)):
        for name in mine:
            if name not in other:
                print(f"{name}（{mine[name].pack.title}）：只在{side}")
    return 0


def _newest(where: str) -> dict[str, Version]:
    """The newest version of each pack of a file or directory; for ``pack@day``, the shipped one in force on that day."""
    name, at, day = where.partition("@")
    path = Path(where)
    if at and not path.exists():
        book = PolicyBook(read_packs(default_pack_directory()))
        try:
            found = book.in_force([name], date.fromisoformat(day))
        except ValueError:
            found = []
        if not found:
            raise PolicyErrors(
                [Finding(where, 0, "", f"没有{day}生效的政策包“{name}”", "请写成“包名@日期”，或文件的路径")]
            )
        return {name: found[0]}
    packs = PolicyBook(read_packs(path)).packs
    return {name: versions[-1] for name, versions in packs.items()}


def _change_data(change: Difference) -> dict[str, str]:
    names = ("kind", "address", "label", "before", "after", "citation", "words")
    return {name: getattr(change, name) for name in names}


# -- evaluate -------------------------------------------------------------------------------------------------------------------


def _evaluate(args: argparse.Namespace) -> int:
    book = PolicyBook.load(args.pack, as_of=args.as_of) if args.pack else own_policies(args.as_of)
    book = with_overlays(book, [parse_assignment(text) for text in args.set])
    results = [run_case(book, case) for tree in read_cases(args.case, anywhere=True) for case in read_case_file(tree)]
    if args.json:
        print(json.dumps([_as_data(result, explain=args.explain) for result in results], ensure_ascii=False, indent=2))
    else:
        for result in results:
            _print_result(result, explain=args.explain)
    return 0 if all(result.ok for result in results) else FAILED


def _as_data(result: CaseResult, *, explain: bool) -> dict[str, object]:
    return {
        "id": result.id,
        "title": result.title,
        "file": result.file,
        "line": result.line,
        "ok": result.ok,
        "failures": list(result.failures),
        "visits": [_visit_data(visit, explain=explain) for visit in result.visits],
        "values": {entry.name: entry.value_text() for entry in result.values},
        "calculations": [_calculation_data(entry) for entry in result.values],
        "refusals": [_refusal_data(rejection) for rejection in result.refusals],
    }


def _calculation_data(entry: FormulaValue) -> dict[str, object]:
    """One step of a formula: what it is, how it is worked out, the article; ``rows`` of a repeated one by year or month."""
    return {
        "no": entry.no,
        "name": entry.name,
        "title": entry.title,
        "value": entry.value_text(),
        "unit": entry.unit,
        "formula": entry.formula,
        "with_numbers": entry.substituted,
        "before_rounding": entry.exact,
        "citation": entry.citation,
        "rows": [{"number": number, "value": value} for number, value in entry.rows],
    }


def _refusal_data(rejection: Rejection) -> dict[str, object]:
    return {"code": rejection.code, "message": rejection.message, "remedy": rejection.remedy}


def _visit_data(visit: VisitResult, *, explain: bool) -> dict[str, object]:
    outcome = visit.outcome
    data: dict[str, object] = {
        "no": visit.no,
        "plan": visit.plan.id,
        "counted_in": visit.counted_in,
        "total": format_yuan(visit.bill.total),
        "payments": [{"layer": p.layer, "fund": p.fund, "amount": format_yuan(p.amount)} for p in outcome.payments],
        "burden": {name: format_yuan(amount) for name, amount in outcome.burden.items()},
        "account": format_yuan(outcome.account_pay),
        "cash": format_yuan(outcome.cash_pay),
        "accumulators": {
            spec.name: _counted(visit.accumulators[spec.name], spec.unit) for spec in visit.plan.accumulators
        },
    }
    if explain:
        data["waterfall"] = [
            {"label": label, "amount": format_yuan(amount), "kind": kind}
            for label, amount, kind in visit.plan.waterfall(visit.outcome)
        ]
        data["steps"] = [_step_data(step) for step in visit.explain()]
    return data


def _step_data(step: ExplainedStep) -> dict[str, object]:
    """One step of a visit; ``value`` is null where the step is no amount (a ratio)."""
    return {
        "no": step.no,
        "title": step.title,
        "value": None if step.amount is None else format_yuan(step.amount),
        "formula": step.formula,
        "with_numbers": step.substituted,
        "before_rounding": step.amount_exact,
        "fund": step.fund,
        "layer": step.layer,
        "citation": step.citation,
        "text": step.text(),
    }


def _counted(value: int, unit: str) -> str:
    return format_yuan(value) if unit == "元" else str(value)


def _print_result(result: CaseResult, *, explain: bool) -> None:
    print(f"{result.id} {result.title}" + ("" if result.ok else f"〔{result.file}:{result.line}〕"))
    for visit in result.visits:
        divided = sum(other.no == visit.no for other in result.visits) > 1
        print(f"  第{visit.no}次{f'，{visit.counted_in}年度' if divided else ''} {visit.plan.id}")
        for label, amount, _ in visit.plan.waterfall(visit.outcome):
            print(f"    {label}  {format_yuan(amount)}")
        burden = {COMPONENT_TITLES[name]: amount for name, amount in visit.outcome.burden.items() if amount}
        print("    其中个人：" + "，".join(f"{title} {format_yuan(amount)}" for title, amount in burden.items()))
        for spec in visit.plan.accumulators:
            print(f"    {spec.title}  {_counted(visit.accumulators[spec.name], spec.unit)}")
        if explain:
            for step in visit.explain():
                print(f"    {step.text()}")
    for entry in result.values:
        print(f"  {entry.text()}" if explain else f"  {entry.title}  {entry.value_text()}〔{entry.citation}〕")
    for rejection in result.refusals:
        print(f"  拒绝 {rejection.code}：{rejection.message} 处理办法：{rejection.remedy}")
    for failure in result.failures:
        print(f"  不符：{failure}")
