"""Drafts of policy versions, the versions that were published, and those undone before their day."""

from __future__ import annotations

from django.db import models


class PublishedVersion(models.Model):
    """One version of one pack, or the packs that a scheme uses from a day on, as it was published. Immutable.

    An arrangement is kept under ``area/scheme``, a name that no pack has; its text is a binding document.
    """

    pack = models.CharField("政策包", max_length=80)
    title = models.CharField("名称", max_length=200)
    starts_on = models.DateField("生效日期")
    published_at = models.DateTimeField("发布时间")
    hash = models.CharField("内容指纹", max_length=64)
    text = models.TextField("政策包全文")
    cases = models.TextField("案例", blank=True)
    changes = models.JSONField("与前一版本的不同", default=list)
    case_id = models.BigIntegerField("复核事项")
    maker = models.CharField("经办人", max_length=60)
    area = models.CharField("区划", max_length=12)

    class Meta:
        verbose_name = verbose_name_plural = "已发布的政策版本"
        ordering = ["pack", "starts_on"]

    @property
    def file(self) -> str:
        """What findings call its text."""
        return f"{PUBLISHED}/{self.pack}@{self.starts_on}"

    @property
    def arranges(self) -> bool:
        """Whether it says which packs a scheme uses."""
        return "/" in self.pack


PUBLISHED = "已发布"
"""The folder in which published versions appear to lie beside the files of the installation."""


class Undoing(models.Model):
    """A published version that was taken back before its effective day. Immutable; the version itself stays readable."""

    version = models.OneToOneField(PublishedVersion, models.PROTECT, verbose_name="政策版本", related_name="undoing")
    undone_at = models.DateTimeField("撤销时间")
    case_id = models.BigIntegerField("复核事项")
    reason = models.CharField("理由", max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = "发布的撤销"


class Draft(models.Model):
    """A version in the making: a pack's text, the numbers changed in it, the cases whose expectation changes with them.

    Or an arrangement in the making, under ``area/scheme`` (see :class:`PublishedVersion`).
    """

    class State(models.TextChoices):
        OPEN = "open", "编辑中"
        SUBMITTED = "submitted", "复核中"
        PUBLISHED = "published", "已发布"
        WITHDRAWN = "withdrawn", "已撤回"

    pack = models.CharField("政策包", max_length=80)
    title = models.CharField("名称", max_length=200)
    base = models.CharField("基础版本指纹", max_length=64, blank=True)
    base_text = models.TextField("基础版本全文", blank=True)
    starts_on = models.DateField("生效日期")
    note = models.CharField("说明", max_length=300, blank=True)
    text = models.TextField("政策包全文")
    amendments = models.JSONField("改动的数字", default=list)
    edits = models.JSONField("改动的规则", default=list)
    expectations = models.JSONField("案例期望的改动", default=dict)
    cases = models.TextField("自带案例", blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    case_id = models.BigIntegerField("复核事项", null=True, blank=True)
    maker = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="经办人", related_name="policy_drafts")
    area = models.CharField("区划", max_length=12)
    created_at = models.DateTimeField("建立时间")
    changed_at = models.DateTimeField("修改时间")

    class Meta:
        verbose_name = verbose_name_plural = "政策草稿"
        ordering = ["-changed_at"]

    @property
    def amends(self) -> bool:
        """Whether it was made from a version in force by changing numbers, and not from an uploaded text."""
        return bool(self.base_text)

    @property
    def arranges(self) -> bool:
        """Whether it says which packs a scheme uses."""
        return "/" in self.pack


class Revision(models.Model):
    """One row: a number that every publication and undoing raises (by trigger)."""

    number = models.BigIntegerField("版本号", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "政策发布版本号"
