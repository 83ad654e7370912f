"""How pages say codes: Chinese words, tones for their colour, times and spans as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from schemas.application import IdType, Route
from schemas.case import AttemptState, CaseState, DecisionAction, DocumentState, Role
from schemas.events import EventType
from schemas.finding import Outcome, Severity
from schemas.review import FindingAction
from verifier.services import queue_names
from verifier.services.cases import MACHINE
from verifier.services.machinery import WorkerState

CHINA = timezone(timedelta(hours=8))
"""China keeps one time all year."""


@dataclass(frozen=True)
class Label:
    """A word and the tone it is shown in: plain, busy, good, warn, look or bad. The word alone says it all."""

    text: str
    tone: str = "plain"


STATES: Mapping[CaseState, Label] = {
    CaseState.DRAFT: Label("草稿"),
    CaseState.SUBMITTED: Label("已提交", "busy"),
    CaseState.READING: Label("读取中", "busy"),
    CaseState.ADVISED_PASS: Label("建议通过", "good"),
    CaseState.NEEDS_CORRECTION: Label("建议补正", "warn"),
    CaseState.NEEDS_REVIEW: Label("待人工核对", "look"),
    CaseState.IN_REVIEW: Label("核对中", "look"),
    CaseState.AWAITING_SECOND: Label("待复核", "look"),
    CaseState.ACCEPTED: Label("已受理", "good"),
    CaseState.RETURNED: Label("已退回补正", "warn"),
    CaseState.NOT_ACCEPTED: Label("不予受理", "bad"),
    CaseState.RESUBMITTED: Label("已重新提交", "busy"),
    CaseState.APPROVED: Label("认定通过", "good"),
    CaseState.DENIED: Label("不予认定", "bad"),
    CaseState.WITHDRAWN: Label("已撤回"),
    CaseState.EXPIRED: Label("已过期"),
    CaseState.ARCHIVED: Label("已归档"),
}

OUTCOMES: Mapping[Outcome, Label] = {
    Outcome.PASS: Label("通过", "good"),
    Outcome.CORRECT: Label("补正", "warn"),
    Outcome.REVIEW: Label("人工核对", "look"),
}

SEVERITIES: Mapping[Severity, Label] = {
    Severity.INFO: Label("提示", "plain"),
    Severity.CORRECT: Label("补正", "warn"),
    Severity.REVIEW: Label("人工核对", "look"),
    Severity.REFUSE_GROUND: Label("可能的不予认定理由", "bad"),
}

DOCUMENT_STATES: Mapping[DocumentState, Label] = {
    DocumentState.UPLOADED: Label("已上传"),
    DocumentState.QUEUED: Label("排队中", "busy"),
    DocumentState.READING: Label("读取中", "busy"),
    DocumentState.READ: Label("已读取", "good"),
    DocumentState.NOT_READ: Label("未能读取", "look"),
}

ROUTES: Mapping[Route, str] = {
    Route.HOUSEHOLD: "户籍",
    Route.RESIDENCE_PERMIT: "居住证",
    Route.STUDENT: "在读/应届",
    Route.HMT_RESIDENCE: "港澳台居民居住证",
    Route.HMT_PASS: "通行证",
    Route.GARRISON: "驻穗部队",
}

ID_TYPES: Mapping[IdType, str] = {
    IdType.RESIDENT_ID: "居民身份证",
    IdType.HMT_RESIDENCE_PERMIT: "港澳台居民居住证",
    IdType.HK_MACAO_PASS: "港澳居民来往内地通行证",
    IdType.TAIWAN_PASS: "台湾居民来往大陆通行证",
}

ROLES: Mapping[Role, str] = {
    Role.INTEGRATION: "接入系统",
    Role.REVIEWER: "审核员",
    Role.SECOND_REVIEWER: "复核员",
    Role.ADMIN: "管理员",
    Role.AUDITOR: "审计员",
    Role.APPLICANT: "申请人",
}

ACTIONS: Mapping[DecisionAction, Label] = {
    DecisionAction.ACCEPT: Label("受理", "good"),
    DecisionAction.RETURN: Label("退回补正", "warn"),
    DecisionAction.NOT_ACCEPT: Label("不予受理", "bad"),
    DecisionAction.APPROVE: Label("认定通过", "good"),
    DecisionAction.DENY: Label("不予认定", "bad"),
    DecisionAction.REOPEN: Label("重新打开", "look"),
}

FINDING_ACTIONS: Mapping[FindingAction, Label] = {
    FindingAction.CONFIRM: Label("已确认", "bad"),
    FindingAction.DISMISS: Label("已排除", "good"),
    FindingAction.CORRECT: Label("已更正读数", "good"),
}

EVENTS: Mapping[EventType, str] = {
    EventType.CASE_CREATED: "建立申请",
    EventType.DOCUMENT_UPLOADED: "上传材料",
    EventType.DOCUMENT_REFUSED: "文件被拒收",
    EventType.CASE_SUBMITTED: "提交申请",
    EventType.STATE_CHANGED: "状态变更",
    EventType.DOCUMENT_READ: "材料已读取",
    EventType.DOCUMENT_NOT_READ: "材料未能读取",
    EventType.ATTEMPT_LOST: "读取中断,重新排队",
    EventType.ATTEMPT_RETRIED: "人工要求重新读取",
    EventType.QUEUE_PAUSED: "暂停队列",
    EventType.QUEUE_RESUMED: "恢复队列",
    EventType.WORKER_DRAINED: "停用处理进程",
    EventType.WORKER_RESUMED: "恢复处理进程",
    EventType.CASE_BY_HAND: "转人工核对",
    EventType.ADVICE_GIVEN: "给出建议",
    EventType.CASE_VIEWED: "查看申请",
    EventType.PAGES_VIEWED: "查看材料图片",
    EventType.CASE_CLAIMED: "领取申请",
    EventType.CASE_RELEASED: "交回申请",
    EventType.DECISION_MADE: "作出决定",
    EventType.DECISION_PROPOSED: "提出决定,待复核",
    EventType.DECISION_DISPUTED: "复核意见不一致",
    EventType.FINDING_DECIDED: "核定一项发现",
    EventType.CASE_REOPENED: "重新打开",
    EventType.PACKET_EXPORTED: "导出案卷",
    EventType.LABELS_EXPORTED: "导出标注",
    EventType.VIEW_SAVED: "保存筛选",
    EventType.VIEW_REMOVED: "删除筛选",
    EventType.TOKEN_CREATED: "建立令牌",
    EventType.TOKEN_REVOKED: "撤销令牌",
    EventType.SIGNED_IN: "登录",
    EventType.SIGNED_OUT: "退出",
    EventType.FILES_COLLECTED: "清理无归属文件",
    EventType.SIGN_IN_FAILED: "登录失败",
    EventType.ACCOUNT_CREATED: "建立账户",
    EventType.ACCOUNT_LOCKED: "停用账户",
    EventType.ACCOUNT_UNLOCKED: "恢复账户",
    EventType.ACCOUNT_RESET: "重置账户",
    EventType.ROLE_CHANGED: "变更角色",
    EventType.PASSWORD_CHANGED: "更改密码",
    EventType.SECOND_FACTOR_SET: "设置两步验证",
    EventType.RECOVERY_CODE_USED: "使用恢复码",
    EventType.SESSION_REVOKED: "结束会话",
    EventType.FIELD_UNMASKED: "查看明文",
    EventType.EVENTS_EXPORTED: "导出事件",
    EventType.KEYS_ROTATED: "更换主密钥",
    EventType.DATA_EXPORTED: "导出本人信息副本",
    EventType.CORRECTION_ASKED: "请求更正",
    EventType.DATA_DELETED: "按期删除个人信息",
}

QUEUES: Mapping[str, str] = {queue_names.INTERACTIVE: "优先队列", queue_names.BULK: "普通队列"}

WORKER_STATES: Mapping[WorkerState, Label] = {
    WorkerState.WORKING: Label("运行中", "good"),
    WorkerState.DRAINING: Label("处理完即停", "warn"),
    WorkerState.DRAINED: Label("已停用", "warn"),
    WorkerState.GONE: Label("已离开"),
}

ATTEMPT_STATES: Mapping[AttemptState, Label] = {
    AttemptState.QUEUED: Label("等待", "busy"),
    AttemptState.RUNNING: Label("读取中", "busy"),
    AttemptState.DONE: Label("已读完", "good"),
    AttemptState.FAILED: Label("不能读取", "warn"),
    AttemptState.LOST: Label("中断后重排"),
    AttemptState.DEAD: Label("多次失败", "bad"),
    AttemptState.CANCELLED: Label("已撤回"),
}

GRADES: tuple[tuple[float, Label], ...] = (
    (0.9, Label("高", "good")),
    (0.8, Label("良", "plain")),
    (0.5, Label("中", "warn")),
    (0.0, Label("低", "bad")),
)
"""Lower bounds of the grades of a confidence, those of docling's confidence scores (ANCHORS A3)."""


def grade(confidence: float) -> Label:
    """A confidence from 0 to 1 as a word; the number is shown beside it."""
    return next(label for bound, label in GRADES if confidence >= bound)


def actor(name: str) -> str:
    """Who did something; the machine by its Chinese name."""
    return "系统" if name == MACHINE else name


def role_title(role: Role) -> str:
    return ROLES[role]


def clock_time(at: datetime) -> str:
    """`2026-10-20 09:05`, as clocks in China show it."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def ago(between: timedelta) -> str:
    """How long ago in its largest unit: `刚刚`, `5 分钟前`, `3 小时前`, `12 天前`."""
    minutes = int(between.total_seconds() // 60)
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes} 分钟前"
    if minutes < 48 * 60:
        return f"{minutes // 60} 小时前"
    return f"{minutes // (24 * 60)} 天前"


def seconds(amount: float) -> str:
    """A span in its largest unit: `3.2 秒`, `40 秒`, `12 分钟`, `2.5 小时`."""
    if amount < 60:
        return f"{amount:.1f} 秒" if amount < 10 else f"{amount:.0f} 秒"
    return f"{amount / 60:.0f} 分钟" if amount < 5400 else f"{amount / 3600:.1f} 小时"


def size(amount: int) -> str:
    """Bytes as `640 KB` or `2.4 MB`."""
    return f"{amount / 1024**2:.1f} MB" if amount >= 1024**2 else f"{max(1, round(amount / 1024))} KB"
