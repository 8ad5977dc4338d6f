"""采用的政策包: which packs a scheme uses since when, and a draft of the next arrangement: packs, their order, readings, the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import rights
from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyBook
from tongchou.policy.arrangements import (
    AdoptedReading,
    adopted_readings,
    arrangement_differences,
    pack_title,
    version_at,
)
from tongchou.policy.difference import Difference
from tongchou.policy.model import BoundScheme
from tongchou.publication import api as publication
from tongchou.publication.api import Draft, PublishedVersion
from tongchou.web.access import Request, page
from tongchou.web.policy import reading
from tongchou.web.policy.timeline import COMING, NOW, PAST, arrangement_pieces, scale_of
from tongchou.web.queries import area_name

READING = "reading:"


@dataclass(frozen=True, slots=True)
class UsedPack:
    """A pack in its place of payment, with the version that holds on the arrangement's first day."""

    number: int
    name: str
    title: str
    version: date | None
    benefits: str


@dataclass(frozen=True, slots=True)
class ShownArrangement:
    """An arrangement as the page shows it."""

    bound: BoundScheme
    kind: str
    until: date | None
    packs: tuple[UsedPack, ...]
    readings: tuple[AdoptedReading, ...]
    changes: tuple[Difference, ...]
    published: PublishedVersion | None

    @property
    def always(self) -> bool:
        """Whether it has held as long as anybody asks."""
        return self.bound.start == date.min

    @property
    def may_undo(self) -> bool:
        """Whether it was published here and has not begun."""
        return self.published is not None and self.kind == COMING


# -- reading --------------------------------------------------------------------------------------------------------------


@require_safe
@page(rights.REFERENCE_READ)
def arrangement(request: Request, area: str, scheme: str) -> HttpResponse:
    """The arrangements of a scheme, the newest first, each with what it changed."""
    book = publication.library()
    history = book.bindings.history(area, scheme)
    if not history:
        raise Http404("这个险种没有采用任何政策包")
    today = timezone.localdate()
    rows = PublishedVersion.objects.filter(pack=publication.binding_key(area, scheme), undoing=None)
    by_day = {row.starts_on: row for row in rows}
    shown = [
        _shown(book, bound, before, by_day.get(bound.start), today)
        for bound, before in zip(history, (None, *history), strict=False)
    ]
    versions = [v for name in book.bindings.packs_of(area, scheme) for v in book.packs.get(name, ())]
    scale = scale_of(versions, today, [bound.start for bound in history])
    drafts = Draft.objects.filter(
        area=request.scope.pooling_area, pack=publication.binding_key(area, scheme), state__in=["open", "submitted"]
    )
    context = {
        "area": area,
        "scheme": scheme,
        "newest": history[-1],
        "arrangements": list(reversed(shown)),
        "pieces": arrangement_pieces(history, scale, today),
        "scale": scale,
        "today_at": scale.at(today),
        "own": area == request.scope.pooling_area,
        "drafts": drafts,
        "tab": "packs",
    }
    return render(request, "policy/arrangement.html", context)


def _shown(
    book: PolicyBook, bound: BoundScheme, before: BoundScheme | None, row: PublishedVersion | None, today: date
) -> ShownArrangement:
    until = book.bindings.until(bound)
    kind = COMING if bound.start > today else PAST if until is not None and until < today else NOW
    changes = arrangement_differences(book, before, bound) if before is not None else []
    return ShownArrangement(
        bound,
        kind,
        until,
        used_packs(book, bound.packs, max(bound.start, today) if kind != PAST else bound.start),
        tuple(adopted_readings(book, bound)),
        tuple(change for change in changes if change.address != "version"),
        row,
    )


def used_packs(book: PolicyBook, names: Sequence[str], day: date) -> tuple[UsedPack, ...]:
    """Packs in their order of payment, as they are on a day."""
    found = []
    for number, name in enumerate(names, 1):
        version = version_at(book, name, day)
        start, benefits = (version.pack.start, reading.contents(version.pack)) if version is not None else (None, "")
        found.append(UsedPack(number, name, pack_title(book, name, day), start, benefits))
    return tuple(found)


# -- drafting -------------------------------------------------------------------------------------------------------------


@require_POST
@page(rights.POLICY_MAKE)
def arrangement_new(request: Request) -> HttpResponse:
    """A draft of a scheme's next arrangement, or of its first."""
    today = timezone.localdate()
    area = request.scope.pooling_area
    try:
        draft = publication.draft_arrangement(
            area=area, area_name=area_name(area), scheme=request.POST.get("scheme", "").strip(),
            title=request.POST.get("title", ""), starts_on=date(today.year + 1, 1, 1), operator=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("policy_drafts")
    return redirect("policy_draft", draft_id=draft.pk)


@require_POST
@page(rights.POLICY_MAKE)
def arrangement_undo(request: Request, area: str, scheme: str, since: date) -> HttpResponse:
    """Ask for a published arrangement to be taken back before its day."""
    key = publication.binding_key(area, scheme)
    row = PublishedVersion.objects.filter(pack=key, starts_on=since, undoing=None).first()
    if row is None:
        raise Http404("没有这次发布")
    try:
        case = publication.propose_undoing(
            version=row, reason=request.POST.get("reason", ""), maker=request.user, now=timezone.now()
        )
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("policy_arrangement", area=area, scheme=scheme)
    messages.success(request, f"撤销申请已提交（事项 {case}），两人复核通过后不再生效")
    return redirect("control_case", case_id=case)


@dataclass(slots=True)
class Form:
    """What the form says; not yet kept."""

    starts_on: str
    packs: list[str]
    readings: dict[str, str]
    cite: str
    note: str

    @classmethod
    def of_draft(cls, draft: Draft) -> Form:
        """As the draft has it."""
        bound = publication.arrangement_of(draft)
        return cls(bound.start.isoformat(), list(bound.packs), dict(bound.readings), bound.place.cite, bound.note)

    @classmethod
    def sent(cls, post: Any) -> Form:
        """As it was sent; of the readings those that differ from the packs' own."""
        readings = {
            key.removeprefix(READING): value for key, value in post.items() if key.startswith(READING) and value
        }
        packs = list(dict.fromkeys(name[:80] for name in post.getlist("pack") if name))
        return cls(post.get("starts_on", ""), packs, readings, post.get("cite", "")[:200], post.get("note", "")[:300])

    def step(self, action: str) -> None:
        """Move a pack up or down, take it out, or put one at the end."""
        what, _, name = action.partition(":")
        if what == "add" and name and name not in self.packs:
            self.packs.append(name)
        elif name in self.packs:
            place = self.packs.index(name)
            self.packs.remove(name)
            if what != "drop":
                self.packs.insert(max(place + (-1 if what == "up" else 1), 0), name)


def draft_page(request: Request, found: Draft, *, form: Form | None = None, problem: str = "") -> HttpResponse:
    """The form of an arrangement, with what it changes against the one in force beside it."""
    given = form or Form.of_draft(found)
    book = publication.library()
    bound = _bound(found, given)
    history = [one for one in book.bindings.history(bound.area, bound.scheme) if one.start < bound.start]
    changes = arrangement_differences(book, history[-1] if history else None, bound)
    unused = sorted(
        (name for name in book.packs if name not in given.packs), key=lambda n: pack_title(book, n, bound.start)
    )
    context: dict[str, Any] = {
        "draft": found,
        "open": found.state == Draft.State.OPEN,
        "form": given,
        "unsaved": form is not None,
        "problem": problem,
        "packs": used_packs(book, given.packs, bound.start),
        "choices": [(name, pack_title(book, name, bound.start)) for name in unused],
        "readings": adopted_readings(book, bound),
        "changes": [change for change in changes if change.address != "version"],
        "base": history[-1] if history else None,
        "tab": "drafts",
        "step": "edit",
    } | reading.draft_head(request.user, found)
    return render(request, "policy/draft_arrangement.html", context, status=422 if problem else 200)


def _bound(found: Draft, form: Form) -> BoundScheme:
    """The arrangement that the form would make; a day that can't be read counts as the draft's."""
    kept = publication.arrangement_of(found)
    try:
        start = date.fromisoformat(form.starts_on)
    except ValueError:
        start = kept.start
    place = type(kept.place)(kept.place.file, kept.place.line, form.cite)
    return BoundScheme(
        kept.area, kept.area_name, kept.scheme, kept.title, tuple(form.packs), form.readings, place, start
    )


def save(request: Request, found: Draft) -> HttpResponse:
    """Take one step in the form, or keep it."""
    form = Form.sent(request.POST)
    action = request.POST.get("do", "")
    if action:
        form.step(f"add:{request.POST.get('new', '')}" if action == "add" else action)
        return draft_page(request, found, form=form)
    try:
        start = date.fromisoformat(form.starts_on)
        own = {entry.ambiguity.id: entry for entry in adopted_readings(publication.library(), _bound(found, form))}
        readings = {key: value for key, value in form.readings.items() if key in own and own[key].own}
        publication.arrange(
            draft=found, starts_on=start, packs=form.packs, readings=readings, cite=form.cite, note=form.note,
            operator=request.user, now=timezone.now(),
        )  # fmt: skip
    except ValueError:
        return draft_page(request, found, form=form, problem="生效日期应如 2027-01-01")
    except Rejection as refused:
        return draft_page(request, found, form=form, problem=refused.told)
    messages.success(request, "草稿已保存")
    return redirect("policy_draft_trial" if request.POST.get("then") == "trial" else "policy_draft", draft_id=found.pk)
