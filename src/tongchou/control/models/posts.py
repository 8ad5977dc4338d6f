"""Organisations, posts, what a post may do, who holds it where and how long."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

BEGINNING = date(2000, 1, 1)
"""Since when organisations exist that were loaded without a date."""


class Organisation(models.Model):
    """A node of the tree of organisations: the centre and its stations, institutions, employers, insurers (组织机构)."""

    class Kind(models.TextChoices):
        CENTRE = "centre", "经办机构"
        STATION = "station", "街道(乡镇)服务站"
        COMMUNITY = "community", "社区(村)服务点"
        INSTITUTION = "institution", "定点医药机构"
        EMPLOYER = "employer", "参保单位"
        INSURER = "insurer", "商业保险机构"
        SUPERVISOR = "supervisor", "监督部门"

    code = models.CharField("组织编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="上级组织")
    area = models.CharField("数据范围(区划代码)", max_length=12)
    since = models.DateField("成立日期", default=BEGINNING)
    closed_on = models.DateField("撤销日期", null=True, blank=True, help_text="当日起不再使用")

    class Meta:
        verbose_name = verbose_name_plural = "组织机构"

    def __str__(self) -> str:
        return self.name

    @property
    def sees_own_data_only(self) -> bool:
        """Outside the agencies, staff see the data of their own organisation and of no other."""
        return self.kind in (self.Kind.INSTITUTION, self.Kind.EMPLOYER, self.Kind.INSURER)


class OrganisationVersion(models.Model):
    """What an organisation was called and where it belonged from a day on, and the case that decided it (机构沿革)."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name="组织机构", related_name="versions")
    action = models.CharField("变更", max_length=10)
    name = models.CharField("名称", max_length=100)
    parent = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="上级组织", related_name="+"
    )
    since = models.DateField("日期")
    taken_up = models.BooleanField("已生效", default=True, db_default=True)
    case = models.ForeignKey("control.Case", models.PROTECT, null=True, blank=True, verbose_name="复核事项")

    class Meta:
        verbose_name = verbose_name_plural = "机构沿革"


class Post(models.Model):
    """A post (岗位). Its category decides with which other posts one person may hold it."""

    class Category(models.TextChoices):
        BUSINESS = "business", "业务经办"
        FINANCE = "finance", "基金财务"
        INFORMATION = "information", "信息技术"
        AUDIT = "audit", "稽核内审"
        CONTROL = "control", "内部控制"
        MANAGEMENT = "management", "领导审批"
        OUTSIDE = "outside", "外部单位"

    code = models.CharField("岗位编码", max_length=20, unique=True)
    name = models.CharField("岗位名称", max_length=50)
    category = models.CharField("岗位类别", max_length=12, choices=Category.choices)
    second_factor = models.BooleanField("须双因素登录", default=False)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"

    def __str__(self) -> str:
        return self.name


class PostFunction(models.Model):
    """A function that a post may use, up to an amount in fen; without one, no amount limits it."""

    post = models.ForeignKey(Post, models.PROTECT, verbose_name="岗位", related_name="functions")
    function = models.CharField("功能", max_length=40)
    limit = models.BigIntegerField("金额上限(分)", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位功能"
        constraints = [
            models.UniqueConstraint(fields=["post", "function"], name="post_function_unique"),
            models.CheckConstraint(name="post_function_limit", condition=Q(limit__isnull=True) | Q(limit__gte=0)),
        ]


class SeparationRule(models.Model):
    """Two categories of posts that one natural person may not hold at the same time (不相容岗位)."""

    one = models.CharField("岗位类别甲", max_length=12, choices=Post.Category.choices)
    other = models.CharField("岗位类别乙", max_length=12, choices=Post.Category.choices)
    why = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "不相容岗位规则"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="separation_rule_unique")]


class Grant(models.Model):
    """A post given to an operator for an area and a limited time. It comes into being in force, by an approved case.

    ``installation`` names grants that a command at the terminal made: the first operators of an instance and its demo.
    """

    operator = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="操作员", related_name="grants")
    post = models.ForeignKey(Post, models.PROTECT, verbose_name="岗位")
    area = models.CharField("数据范围(区划代码)", max_length=12)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, verbose_name="限定单位")
    since = models.DateField("生效日期")
    until = models.DateField("失效日期", help_text="当日起不再有效")
    case = models.ForeignKey("control.Case", models.PROTECT, null=True, blank=True, verbose_name="审批事项")
    installation = models.BooleanField("安装时授予", default=False)
    deputy_for = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="代理的授权")
    granted_at = models.DateTimeField("授予时间")
    ended_at = models.DateTimeField("收回时间", null=True, blank=True)
    ended_by = models.CharField("收回人", max_length=50, blank=True)
    end_reason = models.CharField("收回原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位授权"
        indexes = [models.Index(fields=["operator", "until"], name="grant_operator")]
        constraints = [
            models.CheckConstraint(name="grant_period", condition=Q(until__gte=F("since"))),
            models.CheckConstraint(name="grant_needs_a_case", condition=Q(case__isnull=False) | Q(installation=True)),
        ]


class GrantReview(models.Model):
    """The yearly look at a grant: kept or to be ended, by whom (年度权限复核)."""

    grant = models.ForeignKey(Grant, models.PROTECT, verbose_name="岗位授权")
    year = models.SmallIntegerField("年度")
    kept = models.BooleanField("保留")
    remark = models.CharField("说明", max_length=200, blank=True)
    reviewer = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="复核人")
    reviewed_at = models.DateTimeField("复核时间")

    class Meta:
        verbose_name = verbose_name_plural = "年度权限复核"
        constraints = [models.UniqueConstraint(fields=["grant", "year"], name="grant_review_once_a_year")]
