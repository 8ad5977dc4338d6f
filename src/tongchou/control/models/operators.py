"""Operators, their second factor, their sessions and their attempts to sign in.

An area is a plain code: control lies below the registry, which owns the areas. What an operator may do is not here:
it follows from grants (``models.posts``) and is answered by ``control.api.authority_of``.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from tongchou.control import rights

if TYPE_CHECKING:
    from tongchou.control.authority import Authority


class OperatorManager(BaseUserManager["Operator"]):
    """Finds operators by their login name."""


class Operator(AbstractBaseUser):
    """An account of a natural person who works with the system (操作员).

    ``person`` is the keyed hash of the ID number: two accounts of one person have the same. Empty means that nobody has
    checked who this is; such an account reviews nothing. ``password_given_by`` is the login of who opened the account or reset
    its password, and could therefore sign in as this person; nothing is reviewed until somebody else has confirmed whose it is.
    """

    password = models.CharField("密码", max_length=128)
    last_login = models.DateTimeField("最近登录时间", null=True, blank=True)
    login = models.CharField("登录名", max_length=30, unique=True)
    name = models.CharField("姓名", max_length=50)
    organisation = models.CharField("所属机构", max_length=100)
    unit = models.ForeignKey("control.Organisation", models.PROTECT, null=True, blank=True, verbose_name="所属组织")
    person = models.CharField("自然人标识", max_length=64, blank=True, db_index=True)
    id_number_cipher = models.BinaryField("身份证号(密文)", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    left_on = models.DateField("离岗日期", null=True, blank=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    must_change_password = models.BooleanField("须修改密码", default=False)
    password_given_by = models.CharField("口令发放人", max_length=30, blank=True, default="", db_default="")
    unlocked_at = models.DateTimeField("最近解锁时间", null=True, blank=True)
    factor_cipher = models.BinaryField("动态口令密钥(密文)", null=True, blank=True)
    factor_confirmed_at = models.DateTimeField("动态口令启用时间", null=True, blank=True)
    factor_last_step = models.BigIntegerField("动态口令最近时间步", default=0)

    objects = OperatorManager()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS = ["name", "organisation"]

    class Meta:
        verbose_name = verbose_name_plural = "操作员"

    def __str__(self) -> str:
        return f"{self.name}({self.login})"

    @property
    def authority(self) -> Authority:
        """What the operator may do now. A request binds the post that was chosen at sign-in; else all grants count."""
        from tongchou.control.authority import authority_of

        bound: Authority | None = getattr(self, "_authority", None)
        if bound is None:
            bound = self._authority = authority_of(operator=self, on=timezone.localdate())
        return bound

    def bind(self, authority: Authority) -> None:
        """Answer from now on with this authority: the post in which the operator works in this request."""
        self._authority = authority

    @property
    def post(self) -> str:
        """Code of the post in which the operator works; empty without any grant in force."""
        return self.authority.post

    @property
    def area(self) -> str:
        """Code of the area whose data the operator may see; empty without any grant in force."""
        return self.authority.area

    def get_post_display(self) -> str:
        """Name of the post in which the operator works."""
        return self.authority.post_name or "无岗位"

    @property
    def is_staff(self) -> bool:
        """May this operator open the pages of the reference data (the Django admin)?"""
        return self.may(rights.REFERENCE_READ)

    def may(self, right: str) -> bool:
        """Does a grant in force today hold this function, anywhere and for any amount?"""
        return self.is_active and self.authority.holds(right)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Answer the admin's question: it may look, and nothing else. Changes go through pages that check and log."""
        return perm.partition(".")[2].startswith("view_") and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """Which rooms the admin lists for this operator."""
        return app_label in rights.REFERENCE_ROOMS and self.is_staff

    def has_left(self, on: date) -> bool:
        """Has the operator left the service by that day?"""
        return self.left_on is not None and on >= self.left_on


class RecoveryCode(models.Model):
    """A code that stands in once for a lost second factor (恢复码); only its hash is kept."""

    operator = models.ForeignKey(Operator, models.CASCADE, verbose_name="操作员")
    code_hash = models.CharField("恢复码摘要", max_length=64)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"
        constraints = [models.UniqueConstraint(fields=["operator", "code_hash"], name="recovery_code_unique")]


class PasswordHistory(models.Model):
    """A password that was used before; only its hash is kept, so that it is not taken again."""

    operator = models.ForeignKey(Operator, models.CASCADE, verbose_name="操作员")
    password = models.CharField("密码摘要", max_length=128)
    replaced_at = models.DateTimeField("更换时间")

    class Meta:
        verbose_name = verbose_name_plural = "历史密码"


class SignInAttempt(models.Model):
    """One attempt to sign in, kept to lock out who guesses (登录日志)."""

    login = models.CharField("登录名", max_length=30)
    address = models.GenericIPAddressField("地址")
    succeeded = models.BooleanField("成功")
    tried_at = models.DateTimeField("时间")
    outcome = models.CharField("结果", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录记录"
        indexes = [
            models.Index(fields=["login", "address", "-tried_at"], name="sign_in_attempt_recent"),
            models.Index(fields=["-tried_at"], name="sign_in_attempt_time"),
        ]


class WorkSession(models.Model):
    """A session of an operator in one post, from sign-in to its end (在线用户). The session key is kept as a hash."""

    key_hash = models.CharField("会话摘要", max_length=64, unique=True)
    operator = models.ForeignKey(Operator, models.CASCADE, verbose_name="操作员")
    grant = models.ForeignKey("control.Grant", models.PROTECT, null=True, blank=True, verbose_name="岗位授权")
    identity = models.ForeignKey("control.Identity", models.PROTECT, null=True, blank=True, verbose_name="统一身份认证")
    provider_session = models.CharField("认证服务的会话", max_length=255, blank=True, default="", db_default="")
    address = models.GenericIPAddressField("地址")
    agent = models.CharField("浏览器", max_length=200, blank=True)
    started_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近活动时间")
    locked_at = models.DateTimeField("锁定时间", null=True, blank=True)
    unlock_failures = models.SmallIntegerField("解锁失败次数", default=0)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.CharField("结束方式", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "在线用户"
        indexes = [models.Index(fields=["operator", "-started_at"], name="work_session_operator")]


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
