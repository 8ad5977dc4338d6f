"""The forms that are keyed from paper, each defined once: for one person's entry (reviewed by another) and for 双人盲录.

A form has fields of text, a check that refuses with the field's name, and a way in: the case that it becomes. Contents are texts as
they were typed, with full-width digits and letters made narrow, so that two people's habits are no difference.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from tongchou.catalogues.api import propose_mapping
from tongchou.control.api import Operator, rights, value_of
from tongchou.providers import api as providers
from tongchou.registry.api import CORRECTABLE, propose_correction
from tongchou.settlement.api import MED_TYPES
from tongchou.web import person_queries
from tongchou.web.access import Scope
from tongchou.web.rejections import FORM_FIELD

Content = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form. ``kind``: text, date, choice (one of ``choices``) or several of them."""

    name: str
    label: str
    kind: str = "text"
    choices: Mapping[str, str] | None = None
    hint: str = ""
    required: bool = True
    length: int = 100
    finder: str = ""
    """Which search (``finding.FINDERS``) offers codes while a name is typed; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """Who hands a form in: the maker, and for a blind entry who keyed it first."""

    maker: Operator
    scope: Scope
    now: datetime
    note: str = ""
    first: Operator | None = None

    def reason(self, stated: str) -> str:
        """The reason of the case: what the form states, and how it was keyed."""
        return "；".join(part for part in (stated, self.note) if part)[:300]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperForm:
    """A form: its fields, who may key it, what it becomes."""

    code: str
    title: str
    document: str
    right: str
    fields: tuple[Field, ...]
    hand_in: Callable[[Content, Keyed], int]
    blind_parameter: str
    about: str = ""

    def must_be_blind(self, *, on: date, area: str) -> bool:
        """Does the centre demand that two people key it?"""
        return value_of(code=self.blind_parameter, on=on, area=area) == "1"

    def read(self, given: Mapping[str, Any]) -> Content:
        """What was typed, tidied."""
        content = {}
        for field in self.fields:
            values = given.getlist(field.name) if field.kind == "several" else [given.get(field.name, "")]  # type: ignore[attr-defined]
            content[field.name] = "、".join(tidy(str(value)) for value in values)[:500]
        return content

    def check(self, content: Content) -> None:
        """Refuse what can't be right, at its field.

        Raises:
            Rejection: WEB-010 with the field.
        """
        for field in self.fields:
            value = content[field.name]
            if not value and field.required:
                raise FORM_FIELD(name=field.label, why="不能为空", field=field.name)
            if value and field.kind == "date":
                _date(field, value)
            chosen = value.split("、") if field.kind == "several" else [value]
            if value and field.choices is not None and not set(chosen) <= set(field.choices):
                raise FORM_FIELD(name=field.label, why="请从列出的内容中选择", field=field.name)
            if len(value) > max(field.length, 100 if field.kind == "several" else 0):
                raise FORM_FIELD(name=field.label, why=f"最多 {field.length} 字", field=field.name)


def tidy(text: str) -> str:
    """Without blanks around, full-width letters and digits made narrow."""
    return unicodedata.normalize("NFKC", text).strip()


def _date(field: Field, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise FORM_FIELD(name=field.label, why="日期应如 2026-01-31", field=field.name) from None


def _correct(content: Content, keyed: Keyed) -> int:
    number, field, value = content["person_number"], content["field"], content["value"]
    if person_queries.person(number, timezone.localdate(), keyed.scope.parameters()) is None:
        why = "没有这个编号，或不在您的数据范围内"
        raise FORM_FIELD(name="人员编号", why=why, field="person_number")
    if field == "birth_date":
        _date(Field(name="value", label=CORRECTABLE[field]), value)
    return propose_correction(
        person_number=number,
        changes={field: value},
        maker=keyed.maker,
        reason=keyed.reason(content["reason"]),
        now=keyed.now,
        keyed_first=keyed.first,
    )


def _agree(content: Content, keyed: Keyed) -> int:
    start = date.fromisoformat(content["start"])
    end = date.fromisoformat(content["end"]) if content["end"] else None
    if end is not None and end <= start:
        raise FORM_FIELD(name="终止日期", why="应晚于开始日期", field="end")
    providers.describe(
        code=content["institution_code"], on=start
    )  # refuses an unknown institution now, not after review
    return providers.propose_agreement(
        institution_code=content["institution_code"],
        number=content["number"],
        med_types=content["med_types"].split("、"),
        start=start,
        end=end,
        area=keyed.scope.area,
        maker=keyed.maker,
        reason=keyed.reason(content["reason"]),
        now=keyed.now,
        keyed_first=keyed.first,
    )


def _map(content: Content, keyed: Keyed) -> int:
    start = date.fromisoformat(content["start"])
    providers.describe(code=content["institution_code"], on=start)
    return propose_mapping(
        institution_code=content["institution_code"],
        local_code=content["local_code"],
        local_name=content["local_name"],
        item_code=content["item_code"],
        start=start,
        end=date.fromisoformat(content["end"]) if content["end"] else None,
        area=keyed.scope.area,
        maker=keyed.maker,
        reason=keyed.reason(content["reason"]),
        now=keyed.now,
        keyed_first=keyed.first,
    )


_START = Field(name="start", label="开始日期", kind="date")
_END = Field(name="end", label="终止日期", kind="date", required=False, hint="当日起不再有效；长期有效则留空。")
_INSTITUTION = Field(
    name="institution_code",
    label="定点机构编号",
    length=12,
    hint="输入名称或编号查找，如 人民医院、H62990100001。",
    finder="institution",
)

FORMS = {
    form.code: form
    for form in (
        PaperForm(
            code="correction",
            title="参保人员信息更正",
            document="更正申请表编号",
            right=rights.CORRECTION_MAKE,
            about="参保人填写的纸质更正申请表。复核通过后生效，原值保留在档案变更记录中。",
            fields=(
                Field(
                    name="person_number",
                    label="人员编号",
                    length=30,
                    hint="输入姓名、身份证号或人员编号查找。",
                    finder="person",
                ),
                Field(name="field", label="更正栏目", kind="choice", choices=CORRECTABLE),
                Field(name="value", label="更正为", length=200, hint="日期如 1985-03-12；性别 1 男、2 女。"),
                Field(name="reason", label="依据的证件或材料", length=150),
            ),
            hand_in=_correct,
            blind_parameter="paper.blind.correction",
        ),
        PaperForm(
            code="agreement",
            title="定点服务协议",
            document="协议文本编号",
            right=rights.REFERENCE_IMPORT,
            about="与定点医药机构签订的纸质协议。经复核和审批后，自开始日期起可以结算。",
            fields=(
                _INSTITUTION,
                Field(name="number", label="协议编号", length=30),
                Field(
                    name="med_types",
                    label="医疗类别",
                    kind="several",
                    choices={code: f"{code} {one.name}" for code, one in MED_TYPES.items()},
                ),
                _START,
                _END,
                Field(name="reason", label="签订依据", length=150, required=False),
            ),
            hand_in=_agree,
            blind_parameter="paper.blind.agreement",
        ),
        PaperForm(
            code="mapping",
            title="目录对照",
            document="对照申请单编号",
            right=rights.REFERENCE_IMPORT,
            about="机构自有编码与医保目录的对照。复核通过后生效，同一编码原有的对照在开始日期终止。",
            fields=(
                _INSTITUTION,
                Field(name="local_code", label="机构目录编码", length=50),
                Field(name="local_name", label="机构目录名称", length=100),
                Field(
                    name="item_code",
                    label="医保目录编码",
                    length=50,
                    hint="输入项目名称或编码查找。",
                    finder="item",
                ),
                _START,
                _END,
                Field(name="reason", label="说明", length=150, required=False),
            ),
            hand_in=_map,
            blind_parameter="paper.blind.mapping",
        ),
    )
}


def forms_of(operator: Operator) -> list[PaperForm]:
    """The forms that an operator may key."""
    return [form for form in FORMS.values() if operator.may(form.right)]
