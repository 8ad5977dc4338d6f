"""Tables of control: operators and their attempts to sign in. Columns and constraints only.

An operator's area is a plain code: control lies below the registry, which owns the areas.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from tongchou.control import rights


class OperatorManager(BaseUserManager["Operator"]):
    """Finds operators by their login name."""


class Operator(AbstractBaseUser):
    """A person who works at the centre. The post decides what may be done, the area whose data may be seen."""

    class Post(models.TextChoices):
        CLERK = "clerk", "柜员"
        REVIEWER = "reviewer", "复核"
        ACCOUNTANT = "accountant", "财务"
        ADMINISTRATOR = "administrator", "管理员"

    password = models.CharField("密码", max_length=128)
    last_login = models.DateTimeField("最近登录时间", null=True, blank=True)
    login = models.CharField("登录名", max_length=30, unique=True)
    name = models.CharField("姓名", max_length=50)
    organisation = models.CharField("所属机构", max_length=100)
    area = models.CharField("数据范围(区划代码)", max_length=12)
    post = models.CharField("岗位", max_length=20, choices=Post.choices)
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    objects = OperatorManager()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS = ["name", "organisation", "area", "post"]

    class Meta:
        verbose_name = verbose_name_plural = "操作员"

    def __str__(self) -> str:
        return f"{self.name}({self.login})"

    @property
    def is_staff(self) -> bool:
        """May this operator open the pages of the reference data (the Django admin)?"""
        return self.may(rights.REFERENCE_READ)

    def may(self, right: str) -> bool:
        """Does the operator's post hold this right?"""
        return self.is_active and right in rights.OF_POST.get(self.post, frozenset())

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Answer the admin's question: it may look, and nothing else. Changes go through pages that check and log."""
        return perm.partition(".")[2].startswith("view_") and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """Which rooms the admin lists for this operator."""
        return app_label in rights.REFERENCE_ROOMS and self.is_staff


class SignInAttempt(models.Model):
    """One attempt to sign in, kept to lock out who guesses (登录日志)."""

    login = models.CharField("登录名", max_length=30)
    address = models.GenericIPAddressField("地址")
    succeeded = models.BooleanField("成功")
    tried_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "登录记录"
        indexes = [models.Index(fields=["login", "address", "-tried_at"], name="sign_in_attempt_recent")]


class PersonalDataAccess(models.Model):
    """Somebody looked at a person's full identity data, and why (查看完整信息)."""

    operator = models.ForeignKey(Operator, models.PROTECT, verbose_name="操作员")
    person_number = models.CharField("人员编号", max_length=30)
    reason = models.CharField("查看原因", max_length=200)
    address = models.GenericIPAddressField("地址", null=True)
    seen_at = models.DateTimeField("查看时间")

    class Meta:
        verbose_name = verbose_name_plural = "个人信息查看记录"
        indexes = [models.Index(fields=["person_number", "-seen_at"], name="personal_data_access_person")]
