"""Accounts of an identity provider that stand for our operators (统一身份认证绑定)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Identity(models.Model):
    """The subject of an identity provider, bound to one operator by an approved case. It is ended, never changed."""

    operator = models.ForeignKey("control.Operator", models.PROTECT, verbose_name="操作员", related_name="identities")
    issuer = models.CharField("认证服务地址", max_length=200)
    subject = models.CharField("认证标识", max_length=200)
    case = models.ForeignKey("control.Case", models.PROTECT, verbose_name="审批事项", related_name="+")
    bound_at = models.DateTimeField("绑定时间")
    ended_at = models.DateTimeField("解除时间", null=True, blank=True)
    ended_by = models.CharField("解除人", max_length=30, blank=True)
    end_reason = models.CharField("解除理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "统一身份认证绑定"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], condition=Q(ended_at=None), name="identity_one_operator_per_subject"
            ),
            models.UniqueConstraint(
                fields=["issuer", "operator"], condition=Q(ended_at=None), name="identity_one_subject_per_operator"
            ),
        ]
