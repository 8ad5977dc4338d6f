"""System parameters with their history, code sets, working days, numbering without gaps."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q


class Parameter(models.Model):
    """A parameter of the system (系统参数): what it means, its kind and its bounds. Values are dated rows of their own."""

    class Kind(models.TextChoices):
        INTEGER = "integer", "整数"
        FEN = "fen", "金额(分)"
        RATE = "rate", "比例(万分之)"
        TEXT = "text", "文本"
        DATE = "date", "日期"
        FLAG = "flag", "是否"

    code = models.CharField("参数编码", max_length=60, unique=True)
    name = models.CharField("参数名称", max_length=100)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    unit = models.CharField("单位", max_length=20, blank=True)
    least = models.BigIntegerField("最小值", null=True, blank=True)
    most = models.BigIntegerField("最大值", null=True, blank=True)
    purpose = models.CharField("用途", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "系统参数"

    def __str__(self) -> str:
        return self.name


class ParameterValue(models.Model):
    """What a parameter is worth over a period, in an area or everywhere. The case that brought it is named."""

    parameter = models.ForeignKey(Parameter, models.PROTECT, verbose_name="系统参数", related_name="values")
    area = models.CharField("区划", max_length=12, blank=True, help_text="空为全部")
    value = models.CharField("参数值", max_length=200)
    source = models.CharField("依据", max_length=200, blank=True)
    case = models.ForeignKey("control.Case", models.PROTECT, null=True, blank=True, verbose_name="审批事项")
    period = DateRangeField("有效期间")

    class Meta:
        verbose_name = verbose_name_plural = "参数值"
        constraints = [
            ExclusionConstraint(
                name="parameter_value_no_overlap",
                expressions=[
                    (OpClass("parameter", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("area", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="parameter_value_period_not_empty", condition=Q(period__isempty=False)),
        ]


class CodeSet(models.Model):
    """A dictionary: a code set of the national interface or of the centre itself (字典), in a version."""

    code = models.CharField("字典编码", max_length=60)
    name = models.CharField("字典名称", max_length=200)
    source = models.CharField("来源", max_length=100)
    version = models.CharField("版本", max_length=40)
    loaded_at = models.DateTimeField("装载时间")
    current = models.BooleanField("当前版本", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "字典"
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="code_set_version_unique"),
            models.UniqueConstraint(fields=["code"], condition=Q(current=True), name="code_set_one_current"),
        ]


class CodeValue(models.Model):
    """One value of a dictionary."""

    code_set = models.ForeignKey(CodeSet, models.CASCADE, verbose_name="字典", related_name="values")
    value = models.CharField("代码", max_length=40)
    name = models.CharField("名称", max_length=200)
    order = models.IntegerField("排序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "字典项"
        constraints = [models.UniqueConstraint(fields=["code_set", "value"], name="code_value_unique")]


class CalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday, or a weekend that is worked (工作日历)."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "放假"
        WORKED = "worked", "调休上班"

    day = models.DateField("日期", unique=True)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=40)
    source = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"


class NumberSeries(models.Model):
    """A series of document numbers of a year, without gaps: the row is locked until the document is written (单据编号)."""

    code = models.CharField("系列", max_length=40)
    area = models.CharField("统筹区", max_length=12)
    year = models.SmallIntegerField("年度")
    last = models.BigIntegerField("最后编号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "编号系列"
        constraints = [models.UniqueConstraint(fields=["code", "area", "year"], name="number_series_unique")]


class IssuedNumber(models.Model):
    """A number that was given out and the document that bears it."""

    series = models.ForeignKey(NumberSeries, models.PROTECT, verbose_name="编号系列")
    number = models.BigIntegerField("编号")
    document = models.CharField("单据", max_length=120)
    issued_at = models.DateTimeField("编号时间")

    class Meta:
        verbose_name = verbose_name_plural = "已用编号"
        constraints = [models.UniqueConstraint(fields=["series", "number"], name="issued_number_unique")]
