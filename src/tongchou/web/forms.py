"""Forms of the pages: they say in Chinese what is wrong, beside the field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tongchou.control.api import Operator
from tongchou.kernel.money import parse_yuan
from tongchou.web.settlement_queries import Filter


class SignInForm(forms.Form):
    """Login name and password."""

    login = forms.CharField(label="登录名", max_length=30, error_messages={"required": "请输入登录名"})
    password = forms.CharField(
        label="密码", max_length=128, strip=False, widget=forms.PasswordInput, error_messages={"required": "请输入密码"}
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    """The old password and the new one twice."""

    old = forms.CharField(
        label="当前密码", strip=False, widget=forms.PasswordInput, error_messages={"required": "请输入当前密码"}
    )
    new = forms.CharField(
        label="新密码", strip=False, widget=forms.PasswordInput, error_messages={"required": "请输入新密码"}
    )
    again = forms.CharField(
        label="再输一次新密码", strip=False, widget=forms.PasswordInput, error_messages={"required": "请再输一次新密码"}
    )

    def __init__(self, operator: Operator, data: Any = None) -> None:
        super().__init__(data)
        self.operator = operator

    def clean_old(self) -> str:
        """The old password must be right."""
        old: str = self.cleaned_data["old"]
        if not self.operator.check_password(old):
            raise ValidationError("当前密码不正确，请重新输入")
        return old

    def clean(self) -> None:
        """Both new ones must be the same."""
        new, again = self.cleaned_data.get("new"), self.cleaned_data.get("again")
        if new and again and new != again:
            self.add_error("again", "两次输入的新密码不一致，请重新输入")


class RevealForm(forms.Form):
    """Why somebody's full identity data is needed."""

    REASONS = ("业务办理核对身份", "本人或家属来电咨询", "稽核检查", "信访与投诉处理")

    reason = forms.CharField(
        label="查看原因", min_length=4, max_length=200,
        error_messages={
            "required": "请填写查看原因，例如“业务办理核对身份”",
            "min_length": "查看原因太短，请写明为什么需要看完整信息",
        },
    )  # fmt: skip


class YuanField(forms.Field):
    """An amount in yuan that becomes fen."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> int | None:
        """Fen, or None when nothing was typed.

        Raises:
            ValidationError: not an amount in yuan.
        """
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return parse_yuan(text)
        except ValueError as error:
            raise ValidationError("金额应为数字，最多两位小数，例如 1280.50") from error


class SettlementFilterForm(forms.Form):
    """The query strip of the settlement list."""

    STATES = (("", "全部"), ("valid", "有效"), ("revoked", "已撤销"), ("revocation", "撤销单"))

    begin = forms.DateField(label="业务日期", required=False, error_messages={"invalid": "日期应如 2026-11-22"})
    end = forms.DateField(label="至", required=False, error_messages={"invalid": "日期应如 2026-11-22"})
    institution = forms.CharField(label="定点机构", required=False, max_length=12)
    scheme = forms.CharField(label="险种", required=False, max_length=6)
    med_type = forms.CharField(label="医疗类别", required=False, max_length=6)
    status = forms.ChoiceField(label="状态", required=False, choices=STATES)
    least = YuanField(label="总额(元)从", required=False)
    most = YuanField(label="到", required=False)
    number = forms.CharField(label="结算编号或人员编号", required=False, max_length=40)

    def clean(self) -> None:
        """The first end must not lie behind the second."""
        begin, end = self.cleaned_data.get("begin"), self.cleaned_data.get("end")
        if begin and end and begin > end:
            self.add_error("end", "结束日期不能早于开始日期")
        least, most = self.cleaned_data.get("least"), self.cleaned_data.get("most")
        if least is not None and most is not None and least > most:
            self.add_error("most", "上限不能小于下限")

    def filter(self) -> Filter:
        """What a valid form asks for."""
        return Filter(**self.cleaned_data)
