"""Files that institutions upload (9101) and download (9102)."""

from __future__ import annotations

from django.db import models

from tongchou.control.api import SealedBytes


class StoredFile(models.Model):
    """A file in exchange with an institution, kept until it expires."""

    number = models.CharField("文件查询号", max_length=40, primary_key=True)
    filename = models.CharField("文件名", max_length=200)
    institution_code = models.CharField("定点机构编号", max_length=30)
    content = SealedBytes("内容", label="exchange.stored_file.content")
    created_at = models.DateTimeField("上传时间")
    expires_at = models.DateTimeField("截止时间")

    class Meta:
        verbose_name = verbose_name_plural = "交换文件"
