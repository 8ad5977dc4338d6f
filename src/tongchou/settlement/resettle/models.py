"""Tables of the re-run: a run, its persons, and which settlement took the place of which. Amounts are fen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Resettlement(models.Model):
    """A re-run of one person, of everybody a policy version touches, or of a list: first tried, then reviewed, then booked."""

    class Kind(models.TextChoices):
        PERSON = "person", "单人"
        POLICY = "policy", "政策版本涉及人员"
        LIST = "list", "名单"

    class State(models.TextChoices):
        TRYING = "trying", "试算中"
        TRIED = "tried", "已试算"
        SUBMITTED = "submitted", "待复核"
        BOOKING = "booking", "入账中"
        BOOKED = "booked", "已入账"
        DROPPED = "dropped", "已作废"

    area = models.CharField("统筹区", max_length=6)
    kind = models.CharField("方式", max_length=10, choices=Kind)
    scheme = models.CharField("险种", max_length=6, blank=True)
    begin = models.DateField("服务日期起")
    end = models.DateField("服务日期止")
    facts = models.BooleanField("按现有参保身份", default=True)
    policy = models.BooleanField("按现有政策版本", default=True)
    reason = models.CharField("原因", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State, default=State.TRYING)
    digest = models.CharField("结果摘要", max_length=64, blank=True)
    totals = models.JSONField("合计", default=dict)
    case_id = models.BigIntegerField("复核编号", null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="经办人")
    made_at = models.DateTimeField("建立时间")
    tried_at = models.DateTimeField("试算完成时间", null=True)
    booked_at = models.DateTimeField("入账完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "重新结算"
        indexes = [models.Index(fields=["area", "-made_at"], name="resettlement_area")]


class ResettledPerson(models.Model):
    """One person of a run: what would change, and whether it was booked."""

    class State(models.TextChoices):
        WAITING = "waiting", "待试算"
        SAME = "same", "无变化"
        DIFFERS = "differs", "有变化"
        BOOKED = "booked", "已入账"
        STALE = "stale", "情况已变，未入账"

    run = models.ForeignKey(Resettlement, models.CASCADE, related_name="persons", verbose_name="重新结算")
    person = models.ForeignKey("registry.Person", models.PROTECT, verbose_name="参保人员", db_index=False)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    proposal = models.JSONField("试算结果", default=dict)
    digest = models.CharField("结果摘要", max_length=64, blank=True)
    changed = models.IntegerField("变化笔数", default=0)
    refused = models.IntegerField("不能重新结算笔数", default=0)
    fund = models.BigIntegerField("基金支付变化(分)", default=0)
    account = models.BigIntegerField("个人账户支付变化(分)", default=0)
    cash = models.BigIntegerField("个人现金变化(分)", default=0)
    booked_at = models.DateTimeField("入账时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "重新结算人员"
        constraints = [models.UniqueConstraint(fields=["run", "person"], name="resettled_person_once")]


class Replacement(models.Model):
    """Which settlement took the place of which by a re-run. Rows are added and never changed.

    ``former`` are the splits that the fee lines had before, where another version of the policy splits them otherwise.
    """

    original = models.OneToOneField(
        "settlement.Settlement", models.PROTECT, primary_key=True, related_name="replacement", verbose_name="原结算"
    )
    reversal = models.OneToOneField(
        "settlement.Settlement", models.PROTECT, related_name="replacement_reversal", verbose_name="冲正结算"
    )
    successor = models.OneToOneField(
        "settlement.Settlement", models.PROTECT, related_name="replaces", verbose_name="新结算"
    )
    run = models.ForeignKey(Resettlement, models.PROTECT, related_name="replacements", verbose_name="重新结算")
    case_id = models.BigIntegerField("复核编号")
    causes = models.JSONField("原因", default=list)
    former = models.JSONField("原明细划分", default=list)
    made_at = models.DateTimeField("入账时间")

    class Meta:
        verbose_name = verbose_name_plural = "结算替换"
        constraints = [
            models.CheckConstraint(
                name="replacement_of_another",
                condition=~Q(original=models.F("successor")) & ~Q(original=models.F("reversal")),
            )
        ]
