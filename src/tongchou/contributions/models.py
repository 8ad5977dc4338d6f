"""Tables of contributions. So far the entitlement periods that follow from payments."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models


class Entitlement(models.Model):
    """Days on which a person may enjoy the benefits of a scheme (待遇享受期). Two of the same scheme never overlap."""

    person = models.ForeignKey("registry.Person", models.PROTECT, verbose_name="参保人员")
    scheme = models.CharField("险种", max_length=6)
    period = DateRangeField("待遇享受期")
    continuous_since = models.DateField("连续缴费起始日")
    basis = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "待遇享受期"
        constraints = [
            ExclusionConstraint(
                name="entitlement_no_overlap",
                expressions=[
                    (OpClass("person", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (OpClass("scheme", name="gist_text_ops"), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]
