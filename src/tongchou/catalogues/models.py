"""Tables of the catalogues. Prices are integers of 1/1,000,000 yuan, ratios of 1/10,000."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models


class Item(models.Model):
    """A drug, service item or consumable of the national catalogues (med_list_codg)."""

    code = models.CharField("医疗目录编码", max_length=50, unique=True)
    list_type = models.CharField("目录类别", max_length=3)
    charge_type = models.CharField("收费项目类别", max_length=6)
    name = models.CharField("名称", max_length=500, db_index=True)
    product_name = models.CharField("商品名", max_length=200, blank=True)
    dosage_form = models.CharField("剂型", max_length=200, blank=True)
    spec = models.CharField("规格", max_length=200, blank=True)
    unit = models.CharField("计价单位", max_length=50, blank=True)
    manufacturer = models.CharField("生产企业", max_length=200, blank=True)
    special_service = models.BooleanField("特检特治", default=False)
    basic_drug = models.BooleanField("基本药物", default=False)
    negotiated = models.BooleanField("谈判药品", default=False)
    children = models.BooleanField("儿童用药", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "医疗目录项目"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ItemTerm(models.Model):
    """On what terms a scheme pays for an item over a period (甲乙丙类, 先行自付比例, 限制使用)."""

    item = models.ForeignKey(Item, models.PROTECT, verbose_name="目录项目")
    scheme = models.CharField("险种", max_length=6)
    list_code = models.CharField("医保目录编码", max_length=50)
    item_class = models.CharField("收费项目等级", max_length=3, help_text="01 甲类,02 乙类,03 丙类")
    prior_self_pay = models.IntegerField("先行自付比例(万分之)", null=True, blank=True)
    restricted = models.BooleanField("限制使用标志", default=False)
    restriction = models.CharField("限制使用范围", max_length=500, blank=True)
    kinds = models.CharField(
        "政策项目类别",
        max_length=100,
        blank=True,
        help_text="政策单独规定的类别,如进口材料、特药、血液;几个用顿号隔开,具体的在前",
    )
    period = DateRangeField("有效期间")

    class Meta:
        verbose_name = verbose_name_plural = "目录支付条件"
        constraints = [
            ExclusionConstraint(
                name="item_term_no_overlap",
                expressions=[
                    (OpClass("item", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("scheme", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="item_term_ratio_bounds",
                condition=models.Q(prior_self_pay__isnull=True) | models.Q(prior_self_pay__range=(0, 10_000)),
            ),
        ]


class PriceLimit(models.Model):
    """The highest price a unit of an item is paid at, by settlement level of the institution (0 = every level)."""

    item = models.ForeignKey(Item, models.PROTECT, verbose_name="目录项目")
    level = models.CharField("医院级别", max_length=1, default="0", help_text="0 不分级别,1/2/3 级,9 药店")
    limit_micro = models.BigIntegerField("限价(百万分之一元)")
    period = DateRangeField("有效期间")

    class Meta:
        verbose_name = verbose_name_plural = "目录限价"
        constraints = [
            ExclusionConstraint(
                name="price_limit_no_overlap",
                expressions=[
                    (OpClass("item", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("level", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="price_limit_positive", condition=models.Q(limit_micro__gt=0)),
        ]


class Diagnosis(models.Model):
    """A diagnosis of the insurance edition of ICD-10."""

    code = models.CharField("诊断代码", max_length=20, primary_key=True)
    name = models.CharField("诊断名称", max_length=300, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "疾病诊断"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class OutpatientDisease(models.Model):
    """A chronic or special outpatient disease (门慢门特病种)."""

    code = models.CharField("病种编码", max_length=30, primary_key=True)
    name = models.CharField("病种名称", max_length=300)
    special = models.BooleanField("门诊特殊病", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "门慢门特病种"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Mapping(models.Model):
    """An institution's own item code and the national item it stands for (目录对照), approved by the centre."""

    class Status(models.TextChoices):
        PENDING = "0", "待审核"
        APPROVED = "1", "已通过"
        REFUSED = "2", "已退回"

    institution_code = models.CharField("定点机构编号", max_length=12)
    local_code = models.CharField("机构目录编码", max_length=150)
    local_name = models.CharField("机构目录名称", max_length=200, blank=True)
    item = models.ForeignKey(Item, models.PROTECT, verbose_name="目录项目")
    status = models.CharField("审核状态", max_length=1, choices=Status.choices, default=Status.PENDING)
    period = DateRangeField("有效期间")
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    decided_at = models.DateTimeField("审核时间", null=True, blank=True)
    decided_by = models.CharField("审核人", max_length=50, blank=True)
    remark = models.CharField("审核意见", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "目录对照"
        constraints = [
            ExclusionConstraint(
                name="mapping_no_overlap",
                expressions=[
                    (OpClass("institution_code", name="gist_text_ops"), RangeOperators.EQUAL),
                    (OpClass("local_code", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(status="1"),
            ),
            models.UniqueConstraint(
                fields=["institution_code", "local_code"], condition=models.Q(status="0"), name="mapping_one_pending"
            ),
        ]
        indexes = [models.Index(fields=["institution_code", "local_code"], name="mapping_local_code")]


class Revision(models.Model):
    """One row: a number that every change of the catalogues raises (by trigger), so that caches know when to reload."""

    number = models.BigIntegerField("版本号", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "目录版本"
