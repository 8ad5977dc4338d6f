"""Tables of settlement. Amounts are fen, quantities 1/10,000 units, prices 1/1,000,000 yuan, ratios 1/10,000.

Ids of encounters and settlements are given out by the process (kernel.serials), so that an answer can be written in
the same statement as what it answers. On the wire they are mdtrt_id and setl_id, as decimal text.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from tongchou.control.api import SealedText
from tongchou.settlement.resettle.models import Replacement, ResettledPerson, Resettlement

__all__ = ["Replacement", "ResettledPerson", "Resettlement"]
"""Models of the re-run, named here so that Django finds them."""


class Encounter(models.Model):
    """A visit: outpatient registration, pharmacy purchase or hospital stay (就诊)."""

    class Status(models.TextChoices):
        OPEN = "open", "就诊中"
        DISCHARGED = "discharged", "已出院"
        SETTLED = "settled", "已结算"
        CANCELLED = "cancelled", "已撤销"

    id = models.BigIntegerField("就诊编号", primary_key=True)
    area = models.CharField("统筹区", max_length=6)
    person = models.ForeignKey("registry.Person", models.PROTECT, verbose_name="参保人员", db_index=False)
    institution_code = models.CharField("定点机构编号", max_length=12)
    scheme = models.CharField("险种", max_length=6)
    med_type = models.CharField("医疗类别", max_length=6)
    visit_no = models.CharField("住院/门诊号", max_length=30, blank=True)
    status = models.CharField("状态", max_length=12, choices=Status.choices, default=Status.OPEN)
    begin_at = models.DateTimeField("开始时间")
    end_at = models.DateTimeField("结束时间", null=True, blank=True)
    disease_code = models.CharField("病种编码", max_length=30, blank=True)
    disease_name = models.CharField("病种名称", max_length=500, blank=True)
    diagnosis_code = models.CharField("主诊断编码", max_length=30, blank=True)
    diagnosis_name = models.CharField("主诊断名称", max_length=300, blank=True)
    department = models.CharField("科室名称", max_length=100, blank=True)
    doctor = models.CharField("医师姓名", max_length=50, blank=True)
    details = models.JSONField("其他登记项", default=dict, blank=True)
    contact = SealedText("联系人等个人信息", label="settlement.encounter.contact", db_column="contact_cipher")
    fee_month = models.DateField("费用分区月", help_text="开始时间所在月的一日;费用明细按它分区")
    created_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "就诊"
        indexes = [
            models.Index(fields=["person", "-begin_at"], name="encounter_person"),
            models.Index(fields=["institution_code", "-begin_at"], name="encounter_institution"),
        ]


class EncounterDiagnosis(models.Model):
    """A diagnosis of an encounter, outpatient, at admission or at discharge."""

    encounter = models.ForeignKey(Encounter, models.PROTECT, verbose_name="就诊")
    phase = models.CharField("出入院诊断类别", max_length=1, help_text="0 门诊,1 入院,2 出院")
    order = models.SmallIntegerField("诊断排序号")
    kind = models.CharField("诊断类别", max_length=3)
    code = models.CharField("诊断代码", max_length=20)
    name = models.CharField("诊断名称", max_length=300)
    main = models.BooleanField("主诊断标志", default=False)
    department = models.CharField("诊断科室", max_length=50, blank=True)
    doctor = models.CharField("诊断医师", max_length=50, blank=True)
    diagnosed_at = models.DateTimeField("诊断时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "就诊诊断"
        constraints = [
            models.UniqueConstraint(fields=["encounter", "phase", "kind", "order"], name="encounter_diagnosis_unique")
        ]


class FeeLine(models.Model):
    """One line of a bill and how the catalogue splits it. Partitioned by month in the database (migration 0002).

    ``settlement_id`` is null until settled; a revocation frees the lines again. A refund has negative quantity and amount.
    """

    pk = models.CompositePrimaryKey("fee_month", "encounter_id", "line_no")
    fee_month = models.DateField("费用分区月")
    encounter_id = models.BigIntegerField("就诊编号")
    line_no = models.BigIntegerField("费用明细流水号")
    batch = models.CharField("收费批次号", max_length=30, blank=True)
    occurred_at = models.DateTimeField("费用发生时间")
    item_code = models.CharField("医疗目录编码", max_length=50)
    local_code = models.CharField("机构目录编码", max_length=150)
    item_class = models.CharField("收费项目等级", max_length=3)
    charge_type = models.CharField("收费项目类别", max_length=6)
    quantity = models.BigIntegerField("数量(万分之一)")
    unit_price = models.BigIntegerField("单价(百万分之一元)")
    amount = models.BigIntegerField("金额(分)")
    price_limit = models.BigIntegerField("限价(百万分之一元)", null=True)
    prior_self_pay_ratio = models.IntegerField("先行自付比例(万分之)", default=0)
    out_of_scope = models.BigIntegerField("全自费(分)")
    over_limit = models.BigIntegerField("超限价自付(分)")
    prior_self_pay = models.BigIntegerField("先行自付(分)")
    in_scope = models.BigIntegerField("符合范围(分)")
    original_line_no = models.BigIntegerField("原费用流水号", null=True)
    settlement_id = models.BigIntegerField("结算编号", null=True)
    details = models.JSONField("其他明细项", null=True)
    item_kinds = models.CharField("政策项目类别", max_length=100, null=True)

    class Meta:
        managed = False
        db_table = "settlement_feeline"
        verbose_name = verbose_name_plural = "费用明细"


class PolicyPackage(models.Model):
    """The text of a policy package that some settlement used, so that the settlement can be explained for ever."""

    hash = models.CharField("政策包哈希", max_length=64, primary_key=True)
    title = models.CharField("名称", max_length=300)
    content = models.TextField("政策包全文")
    stored_at = models.DateTimeField("存入时间")

    class Meta:
        verbose_name = verbose_name_plural = "政策包存档"


class Settlement(models.Model):
    """What was decided for one bill. Immutable; a revocation is another row with ``direction`` -1 and negative amounts."""

    id = models.BigIntegerField("结算编号", primary_key=True)
    encounter = models.ForeignKey(Encounter, models.PROTECT, verbose_name="就诊")
    area = models.CharField("统筹区", max_length=6)
    # The encounter's foreign key vouches for the person; a second one would lock the person's row for nothing.
    person = models.ForeignKey(
        "registry.Person", models.PROTECT, verbose_name="参保人员", db_index=False, db_constraint=False
    )
    institution_code = models.CharField("定点机构编号", max_length=12)
    scheme = models.CharField("险种", max_length=6)
    person_type = models.CharField("人员类别", max_length=6)
    med_type = models.CharField("医疗类别", max_length=6)
    clearing_type = models.CharField("清算类别", max_length=6)
    clearing_way = models.CharField("清算方式", max_length=6, default="1")
    direction = models.SmallIntegerField("方向", default=1)
    reversal_of = models.OneToOneField("self", models.PROTECT, null=True, verbose_name="被撤销结算")
    message_id = models.CharField("报文编号", max_length=30)
    batch = models.CharField("收费批次号", max_length=30, blank=True)
    invoice_no = models.CharField("发票号", max_length=20, blank=True)
    account_used = models.CharField("个人账户使用标志", max_length=1, default="0")
    # Immutable rows of a family account; a foreign key would be looked at for every settlement that has none.
    account_id = models.BigIntegerField("共济账户编号", null=True, blank=True)
    settled_at = models.DateTimeField("结算时间")
    business_date = models.DateField("业务日期")
    benefit_year = models.CharField("待遇年度", max_length=4)
    benefit = models.CharField("待遇", max_length=40)
    total = models.BigIntegerField("医疗费总额(分)")
    out_of_scope = models.BigIntegerField("全自费(分)")
    over_limit = models.BigIntegerField("超限价自付(分)")
    prior_self_pay = models.BigIntegerField("先行自付(分)")
    in_scope = models.BigIntegerField("符合范围(分)")
    deductible = models.BigIntegerField("实际起付线(分)")
    pool_ratio = models.IntegerField("统筹支付比例(万分之)", default=0)
    fund_pay = models.BigIntegerField("基金支付总额(分)")
    account_pay = models.BigIntegerField("个人账户支付(分)")
    cash_pay = models.BigIntegerField("个人现金支付(分)")
    account_balance = models.BigIntegerField("结算后账户余额(分)", default=0)
    package = models.CharField("政策包哈希", max_length=64)
    plan = models.CharField("政策方案", max_length=200)
    facts = models.JSONField("依据事实")
    accumulators_before = models.JSONField("结算前累计")
    accumulator_delta = models.JSONField("累计变动")
    values = models.JSONField("步骤数值")
    earlier_years = models.JSONField("跨年度住院的前期年度", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "结算"
        indexes = [
            models.Index(fields=["person", "-settled_at"], name="settlement_person"),
            models.Index(fields=["institution_code", "settled_at"], name="settlement_institution"),
            models.Index(fields=["area", "business_date"], name="settlement_area_day"),
            models.Index(
                fields=["account_id", "-settled_at"],
                name="settlement_family",
                condition=Q(account_id__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="settlement_lines_sum",
                condition=Q(total=F("out_of_scope") + F("over_limit") + F("prior_self_pay") + F("in_scope")),
            ),
            models.CheckConstraint(
                name="settlement_payers_sum", condition=Q(total=F("fund_pay") + F("account_pay") + F("cash_pay"))
            ),
            models.CheckConstraint(
                name="settlement_direction",
                condition=Q(direction=1, reversal_of__isnull=True) | Q(direction=-1, reversal_of__isnull=False),
            ),
        ]


class Payment(models.Model):
    """What one fund pays of a settlement, in the order of the policy's layers."""

    pk = models.CompositePrimaryKey("settlement", "line")
    settlement = models.ForeignKey(Settlement, models.PROTECT, verbose_name="结算", db_index=False)
    line = models.SmallIntegerField("序号")
    layer = models.CharField("待遇层", max_length=40)
    fund = models.CharField("基金支付类型", max_length=6)
    base = models.BigIntegerField("计算基数(分)", default=0)
    amount = models.BigIntegerField("支付金额(分)")

    class Meta:
        verbose_name = verbose_name_plural = "基金支付"


class FormerLine(models.Model):
    """A fee line as a settlement had it until it was revoked and the line went back to the visit. Written by a trigger."""

    pk = models.CompositePrimaryKey("settlement_id", "line_no")
    settlement = models.ForeignKey(Settlement, models.PROTECT, db_index=False, verbose_name="结算")
    line_no = models.BigIntegerField("费用明细流水号")
    line = models.JSONField("撤销时的费用明细")

    class Meta:
        verbose_name = verbose_name_plural = "已撤销结算的费用明细"


class Accumulators(models.Model):
    """The running counters of a person in a scheme and period ("2026", "life"); ``version`` guards concurrent settlements."""

    pk = models.CompositePrimaryKey("person", "scheme", "period")
    person = models.ForeignKey("registry.Person", models.PROTECT, verbose_name="参保人员", db_index=False)
    scheme = models.CharField("险种", max_length=6)
    period = models.CharField("累计期间", max_length=10)
    values = models.JSONField("累计值", default=dict)
    version = models.BigIntegerField("版本", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "个人累计"


class SerialNode(models.Model):
    """A node of the serial numbers and until when it is leased to which process (settlement.serials)."""

    node = models.SmallIntegerField("节点号", primary_key=True)
    holder = models.CharField("使用进程", max_length=32)
    until_ms = models.BigIntegerField("租用至(毫秒)")

    class Meta:
        verbose_name = verbose_name_plural = "流水号节点"
        constraints = [models.CheckConstraint(condition=Q(node__gte=0, node__lte=255), name="serial_node_range")]


class Receipt(models.Model):
    """A request that was answered: the same message id and body gets the same answer, another body is refused (报文受理)."""

    pk = models.CompositePrimaryKey("institution_code", "message_id")
    institution_code = models.CharField("定点机构编号", max_length=12)
    message_id = models.CharField("报文编号", max_length=30)
    transaction = models.CharField("交易编号", max_length=6)
    body_hash = models.BinaryField("报文摘要")
    answer = models.BinaryField("应答报文")
    subject = models.BigIntegerField("业务编号", default=0)
    received_at = models.DateTimeField("受理时间")
    undone_by = models.CharField("冲正报文编号", max_length=30, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "报文受理"
        indexes = [BrinIndex(fields=["received_at"], name="receipt_time", autosummarize=True)]


class Reconciliation(models.Model):
    """One answer to an institution's reconciliation (3201 totals, 3202 details), kept with both sides' figures."""

    institution_code = models.CharField("定点机构编号", max_length=12)
    transaction = models.CharField("交易编号", max_length=6)
    scheme = models.CharField("险种", max_length=6, blank=True)
    clearing_type = models.CharField("清算类别", max_length=6, blank=True)
    begin_date = models.DateField("开始日期")
    end_date = models.DateField("结束日期")
    claimed = models.JSONField("机构数据")
    own = models.JSONField("中心数据")
    equal = models.BooleanField("对账结果平")
    created_at = models.DateTimeField("对账时间")

    class Meta:
        verbose_name = verbose_name_plural = "对账记录"
        indexes = [models.Index(fields=["institution_code", "-created_at"], name="reconciliation_institution")]
