"""Addresses of the policy screens."""

from __future__ import annotations

from django.urls import path

from tongchou.web.policy import arranging, drafting, ruling, trying, versions

urlpatterns = [
    path("policy/", versions.packs, name="policy"),
    path("policy/try/", trying.trying, name="policy_try"),
    path("policy/arrangements/draft/", arranging.arrangement_new, name="policy_arrangement_new"),
    path("policy/arrangements/<str:area>/<str:scheme>/", arranging.arrangement, name="policy_arrangement"),
    path(
        "policy/arrangements/<str:area>/<str:scheme>/<day:since>/undo/",
        arranging.arrangement_undo,
        name="policy_arrangement_undo",
    ),
    path("policy/drafts/", drafting.drafts, name="policy_drafts"),
    path("policy/drafts/upload/", drafting.draft_upload, name="policy_draft_upload"),
    path("policy/drafts/<int:draft_id>/", drafting.draft, name="policy_draft"),
    path("policy/drafts/<int:draft_id>/save/", drafting.draft_save, name="policy_draft_save"),
    path("policy/drafts/<int:draft_id>/rules/", ruling.rules, name="policy_draft_rules"),
    path("policy/drafts/<int:draft_id>/rules/change/", ruling.rules_change, name="policy_draft_rules_change"),
    path("policy/drafts/<int:draft_id>/trial/", drafting.draft_trial, name="policy_draft_trial"),
    path("policy/drafts/<int:draft_id>/expectation/", drafting.draft_expectation, name="policy_draft_expectation"),
    path("policy/drafts/<int:draft_id>/cases/", drafting.draft_cases, name="policy_draft_cases"),
    path("policy/drafts/<int:draft_id>/submit/", drafting.draft_hand_in, name="policy_draft_hand_in"),
    path("policy/drafts/<int:draft_id>/withdraw/", drafting.draft_withdraw, name="policy_draft_withdraw"),
    path("policy/packs/<str:pack>/difference/", versions.difference, name="policy_difference"),
    path("policy/packs/<str:pack>/<day:since>/", versions.version, name="policy_version"),
    path("policy/packs/<str:pack>/<day:since>/cases/", versions.cases, name="policy_cases"),
    path("policy/packs/<str:pack>/<day:since>/pack.yaml", versions.version_text, name="policy_text"),
    path("policy/packs/<str:pack>/<day:since>/draft/", drafting.draft_new, name="policy_draft_new"),
    path("policy/packs/<str:pack>/<day:since>/undo/", versions.undo, name="policy_undo"),
]
