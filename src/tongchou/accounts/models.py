"""The personal account's balance row, whose movements are ledger entries with its id as party; and who else may use it."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models

from tongchou.accounts.core import RELATIONS


class Account(models.Model):
    """A personal account (KC04). The balance in fen is never negative; ``version`` rises with every change."""

    person = models.ForeignKey("registry.Person", models.PROTECT, verbose_name="参保人员")
    scheme = models.CharField("险种", max_length=6)
    balance = models.BigIntegerField("余额(分)", default=0)
    version = models.BigIntegerField("版本", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "个人账户"
        constraints = [
            models.UniqueConstraint(fields=["person", "scheme"], name="account_person_scheme_unique"),
            models.CheckConstraint(name="account_not_negative", condition=models.Q(balance__gte=0)),
        ]


class FamilyBinding(models.Model):
    """A relative who may pay from the owner's account over a period (家庭共济绑定). One owner at a time per member and scheme.

    ``scheme`` is that of the account; the member may be insured in another one. Both were insured in ``area`` when it was made.
    """

    owner = models.ForeignKey("registry.Person", models.PROTECT, related_name="family_given", verbose_name="账户所有人")
    member = models.ForeignKey(
        "registry.Person", models.PROTECT, related_name="family_used", db_index=False, verbose_name="共济成员"
    )
    scheme = models.CharField("账户险种", max_length=6)
    area = models.CharField("统筹区", max_length=6)
    relation = models.CharField("与所有人关系", max_length=12, choices=list(RELATIONS.items()))
    period = DateRangeField("共济期间")
    case_id = models.BigIntegerField("绑定复核编号", null=True)
    ended_by = models.BigIntegerField("解除复核编号", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "家庭共济绑定"
        constraints = [
            ExclusionConstraint(
                name="family_one_owner",
                expressions=[
                    (OpClass("member", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("scheme", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="family_not_oneself", condition=~models.Q(owner=models.F("member"))),
            models.CheckConstraint(name="family_period_not_empty", condition=models.Q(period__isempty=False)),
        ]
