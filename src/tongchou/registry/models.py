"""Tables of the registry. Columns and constraints only; nothing is computed here.

ID numbers, phones, addresses and card numbers are encrypted in their tables (``control.fields``): the code sees text. Only ID
and card numbers are looked for, by their keyed hash.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex, OpClass
from django.db import models

from tongchou.control.api import SealedText, SearchHash


class Area(models.Model):
    """An administrative area (GB/T 2260 six digits; nine or twelve below the county) and the pooling area it belongs to."""

    code = models.CharField("区划代码", max_length=12, primary_key=True)
    name = models.CharField("名称", max_length=100)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="上级区划")
    pooling_area = models.CharField("统筹区", max_length=6, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Employer(models.Model):
    """An enrolled unit (参保单位, AB01)."""

    number = models.CharField("单位编号", max_length=20, unique=True)
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True, db_index=True)
    name = models.CharField("单位名称", max_length=200)
    kind = models.CharField("单位类型", max_length=6, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name="参保区划")
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("联系电话", max_length=50, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "参保单位"

    def __str__(self) -> str:
        return self.name


class Household(models.Model):
    """A household (家庭户), the unit of resident participation."""

    number = models.CharField("户号", max_length=30, unique=True)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name="所在社区")
    address = SealedText("地址", label="registry.household.address", db_column="address_cipher")

    class Meta:
        verbose_name = verbose_name_plural = "家庭户"

    def __str__(self) -> str:
        return self.number


class Person(models.Model):
    """An insured person (AC01). One life-long record; the number never changes."""

    number = models.CharField("人员编号", max_length=30, unique=True)
    cert_type = models.CharField("证件类型", max_length=6, default="01")
    cert_no = SealedText("证件号码", label="registry.person.cert_no", search="cert_no_hash", db_column="cert_no_cipher")
    cert_no_hash = SearchHash("证件号码检索摘要", of="cert_no")
    name = models.CharField("姓名", max_length=50, db_index=True)
    sex = models.CharField("性别", max_length=1)
    ethnicity = models.CharField("民族", max_length=3, default="1")
    birth_date = models.DateField("出生日期")
    death_date = models.DateField("死亡日期", null=True, blank=True)
    phone = SealedText("联系电话", label="registry.person.phone", db_column="phone_cipher")
    address = SealedText("地址", label="registry.person.address", db_column="address_cipher")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name="户籍区划")
    household = models.ForeignKey(Household, models.PROTECT, null=True, blank=True, verbose_name="家庭户")
    created_at = models.DateTimeField("建档时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "参保人员"
        constraints = [
            models.UniqueConstraint(fields=["cert_no_hash", "cert_type"], name="person_certificate_hash_unique")
        ]

    def __str__(self) -> str:
        return self.number


class Card(models.Model):
    """A means of identification at the counter: e-credential token (01) or social security card (03)."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="参保人员")
    kind = models.CharField("凭证类型", max_length=3)
    number = SealedText("凭证号码", label="registry.card.number", search="number_hash", db_column="number_cipher")
    number_hash = SearchHash("凭证号码检索摘要", of="number")
    serial = models.CharField("卡识别码", max_length=32, blank=True)
    active = models.BooleanField("有效", default=True)
    issued_on = models.DateField("制发日期", null=True, blank=True)
    lost_at = models.DateTimeField("挂失时间", null=True, blank=True)
    replaced_by = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="补换凭证", related_name="replaces"
    )

    class Meta:
        verbose_name = verbose_name_plural = "就诊凭证"
        constraints = [
            models.UniqueConstraint(fields=["kind", "number_hash"], name="card_number_hash_unique"),
            models.CheckConstraint(
                name="card_inactive_when_lost_or_replaced",
                condition=models.Q(active=False) | models.Q(lost_at__isnull=True, replaced_by__isnull=True),
            ),
        ]


class Enrolment(models.Model):
    """Participation of a person in one scheme over a period (参保关系). Two of the same scheme never overlap."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="参保人员")
    scheme = models.CharField("险种", max_length=6)
    person_type = models.CharField("人员类别", max_length=6)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name="参保区划")
    employer = models.ForeignKey(Employer, models.PROTECT, null=True, blank=True, verbose_name="参保单位")
    civil_servant = models.BooleanField("公务员标志", default=False)
    flexible = models.BooleanField("灵活就业标志", default=False)
    status = models.CharField("参保状态", max_length=3, default="1")
    period = DateRangeField("参保期间")

    class Meta:
        verbose_name = verbose_name_plural = "参保关系"
        constraints = [
            ExclusionConstraint(
                name="enrolment_no_overlap",
                expressions=[
                    (OpClass("person", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("scheme", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="enrolment_period_not_empty", condition=models.Q(period__isempty=False)),
        ]


class IdentityClass(models.Model):
    """An identity that changes benefits or contributions over a period (低保, 特困, 残疾 …; psn_idet_type)."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="参保人员")
    kind = models.CharField("身份类别", max_length=6)
    level = models.CharField("类别等级", max_length=3, blank=True)
    memo = models.CharField("备注", max_length=500, blank=True)
    period = DateRangeField("有效期间")

    class Meta:
        verbose_name = verbose_name_plural = "人员身份"
        constraints = [
            ExclusionConstraint(
                name="identity_no_overlap",
                expressions=[
                    (OpClass("person", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("kind", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]


class DiseaseCertificate(models.Model):
    """A certified chronic or special outpatient disease of a person (门诊慢特病备案)."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="参保人员")
    disease_code = models.CharField("病种编码", max_length=30)
    disease_name = models.CharField("病种名称", max_length=300)
    period = DateRangeField("有效期间")

    class Meta:
        verbose_name = verbose_name_plural = "慢特病备案"
        indexes = [GistIndex(OpClass("person", name="gist_int8_ops"), "period", name="disease_certificate_person")]


class Change(models.Model):
    """What was changed in the registry, by whom and why (历史记录). Written by trigger on every update and deletion.

    ``old`` and ``new`` hold only the columns that changed; a deletion keeps the whole row in ``old``. What is encrypted in its
    table stays so: it is in :class:`SealedChange`.
    """

    subject = models.CharField("对象", max_length=40, help_text="表名")
    row_id = models.CharField("记录编号", max_length=20)
    person_id = models.BigIntegerField("人员", null=True, blank=True)
    old = models.JSONField("变更前")
    new = models.JSONField("变更后", null=True, blank=True)
    operator = models.CharField("经办人", max_length=50, blank=True)
    reason = models.CharField("变更原因", max_length=200, blank=True)
    changed_at = models.DateTimeField("变更时间")

    class Meta:
        verbose_name = verbose_name_plural = "档案变更记录"
        indexes = [
            models.Index(fields=["person_id", "-changed_at"], name="change_person"),
            models.Index(fields=["subject", "row_id"], name="change_subject"),
        ]


class SealedChange(models.Model):
    """An encrypted column's value before or after a change, as the ciphertext that stood in the row (变更密文).

    Apart from ``Change``, which is never changed: a rotation of keys makes these ciphertexts anew.
    """

    change = models.ForeignKey(Change, models.PROTECT, verbose_name="变更记录", related_name="sealed")
    label = models.CharField("加密列", max_length=60)
    side = models.CharField("变更前后", max_length=3, choices=[("old", "变更前"), ("new", "变更后")])
    value_cipher = models.BinaryField("密文")

    class Meta:
        verbose_name = verbose_name_plural = "变更密文"
        constraints = [models.UniqueConstraint(fields=["change", "label", "side"], name="sealed_change_unique")]


SEALED = {"registry_person": ("cert_no", "phone", "address"), "registry_card": ("number",)}
"""Encrypted columns by table, without ``_cipher``, whose changes the history keeps."""
