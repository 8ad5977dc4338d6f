"""Tables of the ledger: chart of accounts, journals, entries, business days. Amounts are signed fen, debit positive."""

from __future__ import annotations

from django.db import models


class Account(models.Model):
    """An account of the chart of a pooling area. Persons and institutions are parties of an account, not accounts."""

    class Nature(models.TextChoices):
        ASSET = "asset", "资产"
        LIABILITY = "liability", "负债"
        BALANCE = "balance", "基金结余"
        INCOME = "income", "收入"
        EXPENSE = "expense", "支出"
        MEMO = "memo", "备查"

    class Party(models.TextChoices):
        NONE = "none", "无"
        PERSON = "person", "个人账户"
        INSTITUTION = "institution", "定点机构"

    area = models.CharField("统筹区", max_length=6)
    code = models.CharField("科目编码", max_length=20)
    name = models.CharField("科目名称", max_length=100)
    fund = models.CharField("基金", max_length=6, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="上级科目")
    nature = models.CharField("科目性质", max_length=10, choices=Nature.choices)
    party_kind = models.CharField("辅助核算", max_length=12, choices=Party.choices, default=Party.NONE)

    class Meta:
        verbose_name = verbose_name_plural = "会计科目"
        constraints = [models.UniqueConstraint(fields=["area", "code"], name="ledger_account_code_unique")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Journal(models.Model):
    """One balanced, immutable set of entries. The id is given out by the process (kernel.serials)."""

    id = models.BigIntegerField("凭证流水号", primary_key=True)
    area = models.CharField("统筹区", max_length=6)
    business_date = models.DateField("业务日期")
    kind = models.CharField("业务类型", max_length=20)
    business_key = models.CharField("业务主键", max_length=80, unique=True)
    cause = models.CharField("来源类型", max_length=20)
    cause_id = models.BigIntegerField("来源编号")
    policy = models.CharField("政策版本", max_length=64, blank=True)
    memo = models.CharField("摘要", max_length=200, blank=True)
    reversal_of = models.OneToOneField("self", models.PROTECT, null=True, blank=True, verbose_name="冲销凭证")
    entry_count = models.SmallIntegerField("分录数")
    turnover = models.BigIntegerField("借方合计(分)")
    posted_at = models.DateTimeField("入账时间")

    class Meta:
        verbose_name = verbose_name_plural = "凭证"
        indexes = [models.Index(fields=["area", "business_date"], name="journal_area_day")]


class Entry(models.Model):
    """One line of a journal: signed fen on an account, for a party where the account has parties (else 0)."""

    pk = models.CompositePrimaryKey("journal", "line")
    # The trigger entry_added checks both references for all new entries at once (migration 0002): a foreign key would lock
    # the few account rows once for every entry, from every connection.
    journal = models.ForeignKey(Journal, models.PROTECT, verbose_name="凭证", db_index=False, db_constraint=False)
    line = models.SmallIntegerField("行号")
    account = models.ForeignKey(Account, models.PROTECT, verbose_name="科目", db_index=False, db_constraint=False)
    party = models.BigIntegerField("辅助对象", default=0)
    amount = models.BigIntegerField("金额(分)")
    business_date = models.DateField("业务日期")

    class Meta:
        verbose_name = verbose_name_plural = "分录"
        constraints = [models.CheckConstraint(name="entry_not_zero", condition=~models.Q(amount=0))]
        indexes = [models.Index(fields=["account", "party", "business_date"], name="entry_account_party_day")]


class BusinessDay(models.Model):
    """A day of a pooling area. A closed day takes no more journals."""

    area = models.CharField("统筹区", max_length=6)
    day = models.DateField("业务日期")
    closed_at = models.DateTimeField("日结时间", null=True, blank=True)
    figures = models.JSONField("日结数据", default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "业务日"
        constraints = [models.UniqueConstraint(fields=["area", "day"], name="business_day_unique")]


class DailyBalance(models.Model):
    """The balance of an account (and institution party) at the end of a closed day, in fen."""

    area = models.CharField("统筹区", max_length=6)
    day = models.DateField("业务日期")
    account = models.ForeignKey(Account, models.PROTECT, verbose_name="科目")
    party = models.BigIntegerField("辅助对象", default=0)
    balance = models.BigIntegerField("余额(分)")

    class Meta:
        verbose_name = verbose_name_plural = "日终余额"
        constraints = [models.UniqueConstraint(fields=["area", "day", "account", "party"], name="daily_balance_unique")]
