"""Cases that a second person decides, their decisions and attachments, samples of decided cases, blind entries."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongchou.control.fields import SealedBytes, SealedText


class ReviewRule(models.Model):
    """A step that cases of a kind need from an amount on (复核审批规则)."""

    kind = models.CharField("事项类型", max_length=40)
    step = models.SmallIntegerField("步骤")
    title = models.CharField("步骤名称", max_length=40)
    function = models.CharField("所需功能", max_length=40)
    from_amount = models.BigIntegerField("起始金额(分)", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "复核审批规则"
        constraints = [models.UniqueConstraint(fields=["kind", "step"], name="review_rule_step_unique")]


class Case(models.Model):
    """Something that waits for a second person (复核事项). What is decided on is frozen by a trigger when it is made."""

    class State(models.TextChoices):
        PENDING = "pending", "待复核"
        DONE = "done", "已通过"
        RETURNED = "returned", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    kind = models.CharField("事项类型", max_length=40)
    title = models.CharField("事项", max_length=200)
    subject = models.CharField("业务对象", max_length=120)
    subject_person = models.CharField("涉及的操作员", max_length=64, blank=True)
    area = models.CharField("区划", max_length=12)
    amount = models.BigIntegerField("金额(分)", default=0)
    payload = models.TextField("内容")
    payload_hash = models.CharField("内容摘要", max_length=64)
    reason = models.CharField("申请理由", max_length=300, blank=True)
    maker = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="经办人", related_name="made_cases")
    maker_person = models.CharField("经办自然人", max_length=64, blank=True)
    maker_post = models.CharField("经办岗位", max_length=20, blank=True, default="", db_default="")
    made_at = models.DateTimeField("提交时间")
    deadline = models.DateField("办结期限", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PENDING)
    step = models.SmallIntegerField("当前步骤", default=1)
    resolved_at = models.DateTimeField("办结时间", null=True, blank=True)
    outcome = models.CharField("办理结果", max_length=300, blank=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="重新提交自", related_name="replaced_by"
    )

    class Meta:
        verbose_name = verbose_name_plural = "复核事项"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state="pending"), name="case_one_pending_per_subject"
            )
        ]
        indexes = [
            models.Index(fields=["state", "deadline"], name="case_queue"),
            models.Index(fields=["maker", "-made_at"], name="case_maker"),
        ]


class Attachment(models.Model):
    """A file that belongs to a case; its digest is part of what is frozen (附件)."""

    case = models.ForeignKey(Case, models.PROTECT, verbose_name="复核事项", related_name="attachments")
    name = models.CharField("文件名", max_length=120)
    content_type = models.CharField("类型", max_length=60)
    digest = models.CharField("摘要", max_length=64)
    content = SealedBytes("内容", label="control.attachment.content")

    class Meta:
        verbose_name = verbose_name_plural = "附件"


class CasePrivate(models.Model):
    """A personal text of a case's payload, encrypted. The payload has its digest, so it is frozen with it (个人信息).

    ``text`` is a random salt and the text itself: the digest tells nothing to who does not have the key.
    """

    case = models.ForeignKey(Case, models.PROTECT, verbose_name="复核事项", related_name="private")
    digest = models.CharField("摘要", max_length=64)
    text = SealedText("内容", label="control.case.private", db_column="text_cipher")

    class Meta:
        verbose_name = verbose_name_plural = "事项中的个人信息"
        constraints = [models.UniqueConstraint(fields=["case", "digest"], name="case_private_unique")]


class CaseDecision(models.Model):
    """One person's word on a case: approved or returned with a reason. Written once, never changed."""

    case = models.ForeignKey(Case, models.PROTECT, verbose_name="复核事项", related_name="decisions")
    step = models.SmallIntegerField("步骤")
    title = models.CharField("步骤名称", max_length=40)
    operator = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="复核人")
    person = models.CharField("复核自然人", max_length=64)
    post = models.CharField("复核岗位", max_length=20, blank=True, default="", db_default="")
    approved = models.BooleanField("通过")
    reason = models.CharField("意见", max_length=300, blank=True)
    payload_hash = models.CharField("所见内容摘要", max_length=64)
    decided_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "复核意见"
        constraints = [
            models.UniqueConstraint(fields=["case", "step"], name="case_decision_once_a_step"),
            models.UniqueConstraint(fields=["case", "person"], name="case_decision_once_a_person"),
            models.CheckConstraint(name="case_decision_person_known", condition=~Q(person="")),
        ]


class Inspection(models.Model):
    """A sample of decided cases drawn for inspection; the seed lets anyone draw it again (随机抽查)."""

    kind = models.CharField("事项类型", max_length=40, blank=True)
    since = models.DateField("办结日期起")
    until = models.DateField("办结日期止")
    seed = models.CharField("随机种子", max_length=64)
    size = models.IntegerField("抽查数")
    population = models.IntegerField("总数")
    drawn_by = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="抽查人")
    drawn_at = models.DateTimeField("抽取时间")

    class Meta:
        verbose_name = verbose_name_plural = "随机抽查"


class InspectionItem(models.Model):
    """One sampled case and what the inspection found."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, verbose_name="随机抽查", related_name="items")
    case = models.ForeignKey(Case, models.PROTECT, verbose_name="复核事项")
    in_order = models.BooleanField("无问题", null=True, blank=True)
    finding = models.CharField("检查结论", max_length=300, blank=True)
    inspected_by = models.ForeignKey("control.Operator", models.PROTECT, null=True, blank=True, verbose_name="检查人")
    inspected_at = models.DateTimeField("检查时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "抽查事项"
        constraints = [models.UniqueConstraint(fields=["inspection", "case"], name="inspection_item_unique")]


class BlindEntry(models.Model):
    """What one operator keyed from a paper document, unseen by the other who keys it too (双人盲录)."""

    kind = models.CharField("录入类型", max_length=40)
    document = models.CharField("单据编号", max_length=60)
    operator = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="录入人")
    person = models.CharField("录入自然人", max_length=64)
    area = models.CharField("区划", max_length=12, blank=True, default="", db_default="")
    payload = SealedText("录入内容", label="control.blind_entry.payload")
    entered_at = models.DateTimeField("录入时间")

    class Meta:
        verbose_name = verbose_name_plural = "双人盲录"
        constraints = [
            models.UniqueConstraint(fields=["kind", "document", "person"], name="blind_entry_once_a_person"),
            models.CheckConstraint(name="blind_entry_person_known", condition=~Q(person="")),
        ]
