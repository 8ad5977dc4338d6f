"""Tables of the pages: files that were uploaded and checked, and wait to be confirmed."""

from __future__ import annotations

from django.db import models

from tongchou.control.api import SealedBytes


class Upload(models.Model):
    """A file for an import, between its check and its confirmation. Only who uploaded it may confirm it."""

    operator = models.ForeignKey("control.Operator", models.CASCADE, verbose_name="操作员")
    kind = models.CharField("导入种类", max_length=30)
    filename = models.CharField("文件名", max_length=200)
    content = SealedBytes("内容", label="web.upload.content")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "待确认导入文件"
