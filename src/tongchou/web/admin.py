"""Lists and read-only pages of catalogues and institutions in the admin."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tongchou.web.names import TABLES, name_of
from tongchou.web.templatetags.tongchou import last_day, micro_yuan, ratio


def _model(label: str) -> type[Model]:
    """Models are found by label: the pages import no other room's modules but its api."""
    return apps.get_model(label)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Look, search, filter. Nothing is added, changed or deleted here."""

    list_per_page = 13
    show_full_result_count = False
    import_kind = ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, with a way to the import of these rows."""
        return super().changelist_view(request, {**(extra_context or {}), "import_kind": self.import_kind})

    @admin.display(description="起止")
    def dates(self, obj: Any) -> str:
        """First and last day of a period."""
        last = last_day(obj.period)
        return f"{obj.period.lower:%Y-%m-%d} 至 {f'{last:%Y-%m-%d}' if last else '长期'}"


def code_filter(field: str, heading: str, table: str) -> type[admin.SimpleListFilter]:
    """A filter by a national code that offers the codes' Chinese names."""

    class CodeFilter(admin.SimpleListFilter):
        title = heading
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return list(TABLES[table].items())

        def queryset(self, request: HttpRequest, queryset: Any) -> Any:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return CodeFilter


class _ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="起止")
    def dates(self, obj: Any) -> str:
        last = last_day(obj.period)
        return f"{obj.period.lower:%Y-%m-%d} 至 {f'{last:%Y-%m-%d}' if last else '长期'}"

    @admin.display(description="险种")
    def scheme_name(self, obj: Any) -> str:
        return name_of("scheme_short", obj.scheme)

    @admin.display(description="等级")
    def class_name(self, obj: Any) -> SafeString:
        return _class_tag(obj.item_class)

    @admin.display(description="先行自付")
    def prior(self, obj: Any) -> str:
        return ratio(obj.prior_self_pay)

    @admin.display(description="限价(元)")
    def limit(self, obj: Any) -> str:
        return micro_yuan(obj.limit_micro)

    @admin.display(description="级别")
    def level_name(self, obj: Any) -> str:
        return "不分级别" if obj.level == "0" else name_of("level", obj.level)


class TermInline(_ReadOnlyInline):
    """支付条件 of an item."""

    model = _model("catalogues.ItemTerm")
    fields = ("scheme_name", "class_name", "prior", "restricted", "restriction", "kinds", "list_code", "dates")
    readonly_fields = fields


class LimitInline(_ReadOnlyInline):
    """限价 of an item."""

    model = _model("catalogues.PriceLimit")
    fields = ("level_name", "limit", "dates")
    readonly_fields = fields


@admin.register(_model("catalogues.Item"))
class ItemAdmin(ReadOnly):
    """医疗目录项目 with its terms and limits."""

    import_kind = "items"
    list_display = ("code", "name", "kind", "charge", "spec", "unit", "marks")
    list_filter = (
        code_filter("list_type", "目录类别", "list_type"),
        code_filter("charge_type", "收费类别", "charge_type"),
        "negotiated",
        "basic_drug",
    )
    search_fields = ("code", "name", "product_name")
    search_help_text = "按编码、名称或商品名查找"
    ordering = ("code",)
    fields = ("code", "name", "product_name", "kind", "charge", "dosage_form", "spec", "unit", "manufacturer", "marks")
    readonly_fields = ("kind", "charge", "marks")
    inlines = (TermInline, LimitInline)

    @admin.display(description="目录类别")
    def kind(self, obj: Any) -> str:
        """Name of the list type."""
        return name_of("list_type", obj.list_type)

    @admin.display(description="收费类别")
    def charge(self, obj: Any) -> str:
        """Name of the charge type."""
        return name_of("charge_type", obj.charge_type)

    @admin.display(description="标志")
    def marks(self, obj: Any) -> str:
        """What is special about it, in words."""
        titles = (("negotiated", "谈判"), ("basic_drug", "基药"), ("children", "儿童"), ("special_service", "特检特治"))
        return " ".join(title for name, title in titles if getattr(obj, name)) or "—"


@admin.register(_model("catalogues.ItemTerm"))
class TermAdmin(ReadOnly):
    """目录支付条件."""

    import_kind = "terms"
    list_display = ("item_code", "item_name", "scheme_name", "class_name", "prior", "restricted", "dates")
    list_filter = (
        code_filter("scheme", "险种", "scheme_basic"),
        code_filter("item_class", "等级", "item_class"),
        "restricted",
    )
    search_fields = ("item__code", "item__name")
    search_help_text = "按项目编码或名称查找"
    list_select_related = ("item",)
    ordering = ("item__code", "scheme")
    fields = (
        "item_code",
        "item_name",
        "scheme_name",
        "class_name",
        "prior",
        "list_code",
        "restricted",
        "restriction",
        "kinds",
        "dates",
    )
    readonly_fields = ("item_code", "item_name", "scheme_name", "class_name", "prior", "dates")

    @admin.display(description="编码")
    def item_code(self, obj: Any) -> str:
        """Code of the item."""
        return str(obj.item.code)

    @admin.display(description="名称")
    def item_name(self, obj: Any) -> str:
        """Name of the item."""
        return str(obj.item.name)

    @admin.display(description="险种")
    def scheme_name(self, obj: Any) -> str:
        """Name of the scheme."""
        return name_of("scheme_short", obj.scheme)

    @admin.display(description="等级", ordering="item_class")
    def class_name(self, obj: Any) -> SafeString:
        """甲 乙 丙 as a tag."""
        return _class_tag(obj.item_class)

    @admin.display(description="先行自付", ordering="prior_self_pay")
    def prior(self, obj: Any) -> str:
        """Prior self-pay ratio in percent."""
        return ratio(obj.prior_self_pay)


@admin.register(_model("catalogues.PriceLimit"))
class LimitAdmin(ReadOnly):
    """目录限价."""

    import_kind = "limits"
    list_display = ("item_code", "item_name", "level_name", "limit", "dates")
    list_filter = (code_filter("level", "级别", "level"),)
    search_fields = ("item__code", "item__name")
    search_help_text = "按项目编码或名称查找"
    list_select_related = ("item",)
    ordering = ("item__code", "level")
    fields = ("item_code", "item_name", "level_name", "limit", "dates")
    readonly_fields = fields

    item_code = TermAdmin.item_code
    item_name = TermAdmin.item_name

    @admin.display(description="级别")
    def level_name(self, obj: Any) -> str:
        """Level of the institution."""
        return "不分级别" if obj.level == "0" else name_of("level", obj.level)

    @admin.display(description="限价(元)", ordering="limit_micro")
    def limit(self, obj: Any) -> str:
        """The limit in yuan."""
        return micro_yuan(obj.limit_micro)


@admin.register(_model("catalogues.Diagnosis"))
class DiagnosisAdmin(ReadOnly):
    """疾病诊断."""

    import_kind = "diagnoses"
    list_display = ("code", "name")
    search_fields = ("code", "name")
    search_help_text = "按诊断代码或名称查找"
    ordering = ("code",)


@admin.register(_model("catalogues.OutpatientDisease"))
class OutpatientDiseaseAdmin(ReadOnly):
    """门慢门特病种."""

    import_kind = "outpatient_diseases"
    list_display = ("code", "name", "special")
    list_filter = ("special",)
    search_fields = ("code", "name")
    search_help_text = "按病种编码或名称查找"
    ordering = ("code",)


@admin.register(_model("catalogues.Mapping"))
class MappingAdmin(ReadOnly):
    """目录对照."""

    import_kind = "mappings"
    list_display = ("institution_code", "local_code", "local_name", "item_name", "status", "dates")
    list_filter = ("status",)
    search_fields = ("institution_code", "local_code", "local_name", "item__code", "item__name")
    search_help_text = "按机构编号、机构目录编码或名称查找"
    list_select_related = ("item",)
    ordering = ("institution_code", "local_code")
    fields = ("institution_code", "local_code", "local_name", "item_name", "status", "dates")
    readonly_fields = ("item_name", "dates")

    item_name = TermAdmin.item_name


class AgreementInline(_ReadOnlyInline):
    """服务协议 of an institution."""

    model = _model("providers.Agreement")
    fields = ("number", "covered", "suspended", "dates")
    readonly_fields = fields

    @admin.display(description="开通医疗类别")
    def covered(self, obj: Any) -> str:
        return "、".join(name_of("med_type", code) for code in obj.med_types)


@admin.register(_model("providers.Institution"))
class InstitutionAdmin(ReadOnly):
    """定点医药机构 with its agreements."""

    import_kind = "institutions"
    list_display = ("code", "name", "kind_name", "level_name", "chinese_medicine", "area", "phone")
    list_filter = (
        code_filter("kind", "类型", "institution_kind"),
        code_filter("level", "结算等级", "level"),
        "chinese_medicine",
    )
    search_fields = ("code", "name", "credit_code")
    search_help_text = "按编号、名称或统一社会信用代码查找"
    ordering = ("code",)
    fields = ("code", "name", "kind_name", "level_name", "credit_code", "chinese_medicine", "area", "address", "phone")
    readonly_fields = ("kind_name", "level_name")
    inlines = (AgreementInline,)

    @admin.display(description="类型", ordering="kind")
    def kind_name(self, obj: Any) -> str:
        """Hospital or pharmacy."""
        return name_of("institution_kind", obj.kind)

    @admin.display(description="结算等级", ordering="level")
    def level_name(self, obj: Any) -> str:
        """Level for settlement."""
        return name_of("level", obj.level)


@admin.register(_model("providers.Agreement"))
class AgreementAdmin(ReadOnly):
    """服务协议."""

    import_kind = "institutions"
    list_display = ("number", "institution_name", "covered", "suspended", "dates")
    list_filter = ("suspended",)
    search_fields = ("number", "institution__code", "institution__name")
    search_help_text = "按协议编号或机构查找"
    list_select_related = ("institution",)
    ordering = ("number",)
    fields = ("number", "institution_name", "covered", "suspended", "dates")
    readonly_fields = ("institution_name", "covered", "dates")

    @admin.display(description="定点机构")
    def institution_name(self, obj: Any) -> str:
        """Name of the institution."""
        return str(obj.institution.name)

    @admin.display(description="开通医疗类别")
    def covered(self, obj: Any) -> str:
        """Names of the kinds of care."""
        return "、".join(name_of("med_type", code) for code in obj.med_types)


def _class_tag(item_class: str) -> SafeString:
    look = {"01": "good", "02": "brand", "03": "warn"}.get(item_class, "")
    return format_html('<span class="tag {}">{}</span>', look, name_of("item_class", item_class))
