"""Tables of operation: runs of jobs and their log, daily plans, messages, the version that last changed the schema."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tongchou.control.api import SealedText


class PlanRun(models.Model):
    """One run of a plan (日终, 月终) for a pooling area and a day. Its steps are job runs."""

    class Status(models.TextChoices):
        RUNNING = "running", "进行中"
        STOPPED = "stopped", "已停止"
        DONE = "done", "已完成"

    plan = models.CharField("计划", max_length=20)
    area = models.CharField("统筹区", max_length=6)
    day = models.DateField("业务日期")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.RUNNING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="发起人", related_name="+"
    )
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "日终计划"
        constraints = [models.UniqueConstraint(fields=["plan", "area", "day"], name="plan_run_unique")]
        indexes = [models.Index(fields=["-day"], name="plan_run_day")]


class JobRun(models.Model):
    """One piece of work in the background. The business key makes it one: asked for twice, it runs once."""

    class Status(models.TextChoices):
        WAITING = "waiting", "等待前一步"
        QUEUED = "queued", "排队中"
        RUNNING = "running", "运行中"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"
        CANCELLED = "cancelled", "已取消"

    kind = models.CharField("任务类型", max_length=60)
    key = models.CharField("业务主键", max_length=120)
    title = models.CharField("名称", max_length=200)
    area = models.CharField("统筹区", max_length=6, blank=True)
    arguments = models.JSONField("参数", default=dict, blank=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.QUEUED)
    done = models.BigIntegerField("已完成", default=0)
    total = models.BigIntegerField("总数", default=0)
    note = models.CharField("进度说明", max_length=200, blank=True)
    checkpoint = models.JSONField("断点", null=True, blank=True)
    attempts = models.IntegerField("执行次数", default=0)
    cancel_requested = models.BooleanField("请求取消", default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="发起人", related_name="+"
    )
    created_at = models.DateTimeField("提交时间")
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)
    result = models.JSONField("结果", default=dict, blank=True)
    file = models.CharField("结果文件", max_length=200, blank=True)
    file_hash = models.CharField("结果文件校验和", max_length=64, blank=True)
    error = models.TextField("失败原因", blank=True)
    remedy = models.TextField("处理办法", blank=True)
    queue_job = models.BigIntegerField("队列编号", null=True, blank=True)
    plan = models.ForeignKey(PlanRun, models.PROTECT, null=True, blank=True, verbose_name="计划", related_name="steps")
    step = models.CharField("计划步骤", max_length=30, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="job_run_unique")]
        indexes = [
            models.Index(fields=["-created_at"], name="job_run_recent"),
            models.Index(
                fields=["status"], name="job_run_open", condition=models.Q(status__in=["queued", "running", "waiting"])
            ),
        ]

    @property
    def percent(self) -> int | None:
        """Progress in whole percent, or ``None`` when the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else None


class JobLogLine(models.Model):
    """One line that a job wrote."""

    run = models.ForeignKey(JobRun, models.CASCADE, verbose_name="任务", related_name="lines")
    at = models.DateTimeField("时间")
    level = models.CharField("级别", max_length=10)
    text = models.TextField("内容")

    class Meta:
        verbose_name = verbose_name_plural = "任务日志"
        indexes = [models.Index(fields=["run", "id"], name="job_log_run")]


class Message(models.Model):
    """Something an operator should know. One per recipient and key, however often it is sent."""

    class Severity(models.TextChoices):
        INFO = "info", "提示"
        WARNING = "warning", "提醒"
        ERROR = "error", "告警"

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="接收人", related_name="messages"
    )
    key = models.CharField("业务主键", max_length=120)
    severity = models.CharField("级别", max_length=10, choices=Severity.choices, default=Severity.INFO)
    title = models.CharField("标题", max_length=200)
    text = models.TextField("内容", blank=True)
    link = models.CharField("链接", max_length=200, blank=True)
    due_at = models.DateTimeField("提醒时间", help_text="到时才显示")
    created_at = models.DateTimeField("发送时间")
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="message_unique")]
        indexes = [models.Index(fields=["recipient", "-due_at"], name="message_recipient")]


class OutboundMessage(models.Model):
    """A text message or mail on its way out. The address is forgotten when it is delivered."""

    class Channel(models.TextChoices):
        SMS = "sms", "短信"
        MAIL = "mail", "邮件"

    class Status(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"

    key = models.CharField("业务主键", max_length=120, unique=True)
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    address = SealedText("地址", label="operation.outbound_message.address")
    title = models.CharField("标题", max_length=200, blank=True)
    text = SealedText("内容", label="operation.outbound_message.text")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.WAITING)
    attempts = models.IntegerField("发送次数", default=0)
    error = models.CharField("失败原因", max_length=200, blank=True)
    created_at = models.DateTimeField("提交时间")
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "外发消息"
        indexes = [models.Index(fields=["status"], name="outbound_waiting", condition=models.Q(status="waiting"))]


class SchemaStamp(models.Model):
    """Which version of the program changed the schema, when, and in which phase (升级记录)."""

    version = models.CharField("程序版本", max_length=40)
    phase = models.CharField("阶段", max_length=10, help_text="expand 扩展,contract 收缩")
    migrations = models.JSONField("迁移", default=list)
    applied_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "升级记录"
