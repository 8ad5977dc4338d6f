"""What other rooms may use of operation."""

from tongchou.operation import metrics as figures
from tongchou.operation.health import backups
from tongchou.operation.health import checks as health_checks
from tongchou.operation.health import ready as health_ready
from tongchou.operation.messages import (
    holders_of,
    mark_read,
    messages_of,
    send_out,
    tell,
    tell_operation,
    unread,
)
from tongchou.operation.models import JobRun, Message, PlanRun
from tongchou.operation.plans import PLANS
from tongchou.operation.plans import start as start_plan
from tongchou.operation.running import file_folder
from tongchou.operation.services import cancel_job, request_job, retry_job

__all__ = [
    "PLANS",
    "JobRun",
    "Message",
    "PlanRun",
    "backups",
    "cancel_job",
    "figures",
    "file_folder",
    "health_checks",
    "health_ready",
    "holders_of",
    "mark_read",
    "messages_of",
    "request_job",
    "retry_job",
    "send_out",
    "start_plan",
    "tell",
    "tell_operation",
    "unread",
]
