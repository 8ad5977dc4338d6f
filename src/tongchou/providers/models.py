"""Tables of designated institutions and pharmacies."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models


class Institution(models.Model):
    """A designated hospital (H…) or pharmacy (P…)."""

    code = models.CharField("定点机构编号", max_length=12, unique=True)
    name = models.CharField("名称", max_length=200)
    kind = models.CharField("机构类型", max_length=6, help_text="1 定点医疗机构,2 定点零售药店")
    credit_code = models.CharField("统一社会信用代码", max_length=18)
    grade = models.CharField("医院等级", max_length=6, blank=True)
    level = models.CharField("医保结算等级", max_length=1, help_text="1 一级,2 二级,3 三级,4 社区,5 未定级,9 药店")
    chinese_medicine = models.BooleanField("中医机构", default=False)
    area = models.CharField("所在区划", max_length=6)
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("联系电话", max_length=50, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "定点医药机构"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Agreement(models.Model):
    """The service agreement of an institution (定点服务协议) with the kinds of care it covers."""

    institution = models.ForeignKey(Institution, models.PROTECT, verbose_name="定点机构")
    number = models.CharField("协议编号", max_length=40, unique=True)
    med_types = ArrayField(models.CharField(max_length=6), verbose_name="开通医疗类别")
    suspended = models.BooleanField("暂停服务", default=False)
    period = DateRangeField("协议期间")

    class Meta:
        verbose_name = verbose_name_plural = "服务协议"
        constraints = [
            ExclusionConstraint(
                name="agreement_no_overlap",
                expressions=[
                    (OpClass("institution", name="gist_int8_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]


class OperatorSession(models.Model):
    """A sign-in of an institution's operator at the gateway (9001, 9002)."""

    number = models.CharField("签到编号", max_length=30, unique=True)
    institution_code = models.CharField("定点机构编号", max_length=12, db_index=True)
    operator_no = models.CharField("操作员编号", max_length=20)
    mac = models.CharField("签到MAC地址", max_length=20, blank=True)
    ip = models.CharField("签到IP地址", max_length=45, blank=True)
    signed_in_at = models.DateTimeField("签到时间")
    signed_out_at = models.DateTimeField("签退时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "操作员签到"


class Revision(models.Model):
    """One row: a number that every change of institutions or agreements raises (by trigger)."""

    number = models.BigIntegerField("版本号", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "机构版本"
