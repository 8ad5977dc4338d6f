"""The job kind of the room: write an approved extract."""

from __future__ import annotations

from tongchou.control.api import Actor, acting
from tongchou.kernel.jobs import RunningJob, job
from tongchou.reports.approvals import JOB
from tongchou.reports.extract import FORMATS, told, write_extract


@job(JOB, title="匿名抽取", remedy="请核对统筹区、险种和年度后重新申请")
def extract(run: RunningJob) -> None:
    """Written anew from the beginning whenever it runs: the pseudonyms of an attempt that broke off are worth nothing."""
    given = run.arguments
    with acting(Actor(operator="", channel="job", area=given["area"], reason=f"任务 {run.id}")):
        found = write_extract(
            run.result_file(f"extract-{given['year']}-{given['scheme']}{FORMATS[given['form']]}"),
            area=given["area"],
            scheme=given["scheme"],
            year=int(given["year"]),
            progress=lambda done, total: run.progress(done=done, total=total, note=f"已读 {done:,} 笔"),
        )
    figures = told(found)
    run.result(**figures)
    run.log("，".join(f"{name} {value:,}" for name, value in figures.items()))
