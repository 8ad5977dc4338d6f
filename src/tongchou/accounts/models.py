"""The personal account's balance row. Its movements are ledger entries with this row's id as party."""

from __future__ import annotations

from django.db import models


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
