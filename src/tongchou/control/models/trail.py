"""The audit trail (审计留痕), the blocks that seal it and the roots of its days. Rows are added, never changed."""

from __future__ import annotations

from django.db import models


class Trail(models.Model):
    """One write, or one reading of personal data: who, in which post, from where, when, what, before and after.

    ``written_by``, ``seq``, ``at`` and ``day`` are set by the database, whatever is given. ``before`` and ``after`` are
    JSON text without spaces.
    """

    written_by = models.BigIntegerField("事务号")
    seq = models.BigIntegerField("流水号", primary_key=True)
    at = models.DateTimeField("时间")
    day = models.DateField("日期")
    area = models.CharField("统筹区", max_length=12)
    channel = models.CharField("渠道", max_length=10)
    operator = models.CharField("操作员", max_length=30)
    post = models.CharField("岗位", max_length=20)
    address = models.CharField("地址", max_length=45)
    action = models.CharField("动作", max_length=30)
    object_kind = models.CharField("对象类型", max_length=40)
    object_id = models.CharField("对象编号", max_length=60)
    person_id = models.BigIntegerField("涉及人员", null=True)
    case_id = models.BigIntegerField("审批事项", null=True)
    before = models.TextField("变更前", null=True)
    after = models.TextField("变更后", null=True)
    reason = models.CharField("理由", max_length=300)

    class Meta:
        managed = False
        db_table = "control_trail"
        verbose_name = verbose_name_plural = "审计留痕"


class TrailBlock(models.Model):
    """A sealed stretch of one area's trail on one day, chained to the block before it in that area.

    ``rows`` lists the block's rows for naming what was tampered with: 8 bytes sequence number and 8 bytes of the row's
    SHA-256 each.
    """

    area = models.CharField("统筹区", max_length=12)
    number = models.BigIntegerField("区块号")
    day = models.DateField("日期")
    first_seq = models.BigIntegerField("起始流水号(不含)")
    last_seq = models.BigIntegerField("截止流水号(含)")
    row_count = models.IntegerField("行数")
    earliest = models.DateTimeField("最早时间")
    latest = models.DateTimeField("最晚时间")
    content_hash = models.BinaryField("内容摘要")
    previous_hash = models.BinaryField("前块摘要")
    block_hash = models.BinaryField("区块摘要")
    row_digests = models.BinaryField("逐行摘要")
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = verbose_name_plural = "留痕区块"
        constraints = [models.UniqueConstraint(fields=["area", "number"], name="trail_block_number_unique")]


class TrailRoot(models.Model):
    """The hash that stands for all of an area's trail up to the end of a day; also written to a file (日根)."""

    area = models.CharField("统筹区", max_length=12)
    day = models.DateField("日期")
    block_number = models.BigIntegerField("最后区块号")
    row_count = models.BigIntegerField("当日行数")
    root_hash = models.BinaryField("日根摘要")
    anchored_at = models.DateTimeField("存证时间")

    class Meta:
        verbose_name = verbose_name_plural = "留痕日根"
        constraints = [models.UniqueConstraint(fields=["area", "day"], name="trail_root_unique")]
