"""Addresses of the screens of internal control."""

from __future__ import annotations

from django.urls import path

from tongchou.web.control import (
    cases,
    corrections,
    entrance,
    identity_pages,
    oidc,
    parameter_pages,
    rights_pages,
    session_pages,
    trail_pages,
)

urlpatterns = [
    path("login/oidc/", oidc.start, name="oidc_start"),
    path("login/oidc/back/", oidc.back, name="oidc_back"),
    path("login/oidc/out/", oidc.out, name="oidc_out"),
    path("login/code/", entrance.code, name="login_code"),
    path("login/post/", entrance.choose_post, name="login_post"),
    path("account/post/", entrance.switch_post, name="switch_post"),
    path("account/security/", entrance.security, name="security"),
    path("account/factor/", entrance.factor, name="factor"),
    path("lock/", entrance.lock, name="lock"),
    path("lock/open/", entrance.lock_open, name="lock_open"),
    path("lock/alive/", entrance.lock_alive, name="lock_alive"),
    path("lock/draft/", entrance.lock_draft, name="lock_draft"),
    path("control/cases/", cases.queue, name="control_queue"),
    path("control/cases/<int:case_id>/", cases.case, name="control_case"),
    path("control/cases/<int:case_id>/approve/", cases.case_approve, name="control_case_approve"),
    path("control/cases/<int:case_id>/return/", cases.case_return, name="control_case_return"),
    path("control/cases/<int:case_id>/withdraw/", cases.case_withdraw, name="control_case_withdraw"),
    path(
        "control/cases/<int:case_id>/attachments/<int:attachment_id>/", cases.case_attachment, name="control_attachment"
    ),
    path("control/corrections/<str:number>/", corrections.correction, name="control_correction"),
    path("control/inspections/", cases.inspections, name="control_inspections"),
    path("control/inspections/<int:inspection_id>/", cases.inspection, name="control_inspection"),
    path("control/rights/", rights_pages.overview, name="control_rights"),
    path("control/rights/posts/", rights_pages.posts_page, name="control_posts"),
    path("control/rights/request/", rights_pages.grant_request, name="control_grant_request"),
    path("control/rights/yearly/", rights_pages.yearly, name="control_yearly"),
    path("control/rights/grants/<int:grant_id>/end/", rights_pages.grant_end, name="control_grant_end"),
    path("control/operators/new/", rights_pages.operator_new, name="control_operator_new"),
    path("control/operators/<str:login>/", rights_pages.operator_page, name="control_operator"),
    path("control/operators/<str:login>/change/", rights_pages.operator_change, name="control_operator_change"),
    path("control/operators/<str:login>/identity/", identity_pages.bind, name="control_identity"),
    path("control/operators/<str:login>/identity/end/", identity_pages.release, name="control_identity_end"),
    path("control/trail/", trail_pages.search, name="control_trail"),
    path("control/trail/export/", trail_pages.export, name="control_trail_export"),
    path("control/trail/persons/<str:number>/", trail_pages.person, name="control_trail_person"),
    path("control/parameters/", parameter_pages.parameters, name="control_parameters"),
    path("control/dictionary/", parameter_pages.dictionary, name="control_dictionary"),
    path("control/calendar/", parameter_pages.calendar, name="control_calendar"),
    path("control/online/", session_pages.online, name="control_online"),
    path("control/online/<int:session_id>/end/", session_pages.session_end, name="control_session_end"),
    path("control/sign-ins/", session_pages.sign_ins, name="control_sign_ins"),
]
