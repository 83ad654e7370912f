"""Every error a person or a program can meet: one tree, a stable code, a Chinese message and a remedy.

A code never changes its meaning; docs/errors.md lists them all and a test keeps it so. Messages hold no personal data:
details name files, fields, limits and codes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ErrorSpec:
    """What a code means: the HTTP status, the Chinese sentence, what to do, and whether trying again may help."""

    status: int
    message: str
    remedy: str
    transient: bool = False


CODES: dict[str, ErrorSpec] = {
    # files an applicant sends
    "file.empty": ErrorSpec(422, "文件是空的,没有任何内容。", "请重新选择文件后再上传。"),
    "file.too_large": ErrorSpec(413, "文件超过大小限制({limit_mb} MB)。", "请压缩后重新上传,或改用手机直接拍照。"),
    "file.type_not_allowed": ErrorSpec(
        415, "文件不是可识别的图片或文档,扩展名与内容可能不符。", "请上传 JPG、PNG、WebP、HEIC 图片或 PDF、OFD 文件。"
    ),
    "file.broken": ErrorSpec(422, "文件已损坏或不完整,无法打开。", "请重新拍照或重新导出后上传。"),
    "file.encrypted": ErrorSpec(422, "文件设有密码,无法读取。", "请去除密码后重新上传。"),
    "file.too_many_pages": ErrorSpec(422, "文件共 {pages} 页,超过 {limit} 页的限制。", "请只上传需要的页面。"),
    "file.too_many_pixels": ErrorSpec(
        422, "图片尺寸过大({width}×{height} 像素),超过限制。", "请用手机正常拍照,或缩小图片后重新上传。"
    ),
    "file.too_small": ErrorSpec(
        422, "图片尺寸过小({width}×{height} 像素),无法辨认文字。", "请上传原图,不要上传缩略图。"
    ),
    "file.too_slow": ErrorSpec(
        422, "文件过于复杂,未能在限定时间内打开。", "请重新拍照,或重新导出为简单的 PDF 后上传。"
    ),
    "file.too_costly": ErrorSpec(422, "打开文件所需的内存超过限制。", "请缩小图片或减少页数后重新上传。"),
    "file.crashed": ErrorSpec(422, "文件内容异常,无法打开。", "请重新拍照或重新导出后上传。"),
    "file.active_content": ErrorSpec(
        422, "PDF 含有脚本、程序或多媒体等可执行内容。", "请打印成普通 PDF 或拍照后上传。"
    ),
    "file.polyglot": ErrorSpec(422, "文件中混有另一种文件。", "请重新拍照或重新导出后上传。"),
    "file.missing": ErrorSpec(422, "找不到文件 {file}。", "请检查申请中列出的文件是否都在文件夹里。"),
    "file.too_many": ErrorSpec(422, "一项材料最多上传 {limit} 个文件。", "请合并页面或只上传需要的页面。"),
    "page.not_found": ErrorSpec(404, "没有这一页。", "请核对页码。"),
    "page.not_read": ErrorSpec(409, "材料正在等待读取,暂不能查看图片。", "请在读取完成后查看。"),
    "page.withheld": ErrorSpec(
        409, "体检材料未能自动读取,其中可能有按规定不得查看的项目,图片不予显示。", "请重新读取,或退回申请人重新上传。"
    ),
    # case folders and requests
    "case.not_a_case": ErrorSpec(422, "{path} 不是申请材料文件夹:缺少 application.json。", "请检查路径。"),
    "case.bad_application": ErrorSpec(422, "申请信息有误:{where}:{why}。", "请按说明修改后重新提交。"),
    "case.bad_truth": ErrorSpec(422, "{path} 的 truth.json 有误:{where}:{why}。", "请检查数据集。"),
    "case.no_cases": ErrorSpec(422, "{path} 下没有找到任何申请材料文件夹。", "请检查路径。"),
    "case.exists": ErrorSpec(409, "该申请编号已存在,且内容不同。", "请核对申请编号,或使用新的编号。"),
    "case.not_found": ErrorSpec(404, "没有找到该申请。", "请核对申请编号。"),
    "case.unknown_batch": ErrorSpec(422, "没有编号为 {batch} 的批次。", "请核对批次编号。"),
    "case.slots_missing": ErrorSpec(422, "还缺少材料:{slots}。", "请补齐后再提交。"),
    "case.locked": ErrorSpec(409, "申请当前状态为 {state},不能进行此操作。", "请等待处理完成或收到补正通知后再操作。"),
    "case.not_claimed": ErrorSpec(409, "您没有领取这件申请,或领取已过期。", "请重新领取后再作决定。"),
    "case.claimed": ErrorSpec(409, "这件申请已由另一位工作人员领取。", "请领取其他申请,或稍后再试。"),
    "case.field_not_found": ErrorSpec(404, "没有这个字段的值。", "请核对字段名称。"),
    "case.erased": ErrorSpec(410, "申请中的个人信息已按规定删除。", "如有疑问,请联系受理机构。"),
    # attempts to read
    "attempt.not_found": ErrorSpec(404, "没有找到该次读取。", "请核对编号。"),
    "attempt.not_retryable": ErrorSpec(
        409,
        "该次读取不能重试:须为该材料最近一次、以失败告终的读取,材料未被替换,且申请尚未作出决定。",
        "请刷新列表后再选。",
    ),
    "case.same_person": ErrorSpec(409, "须由另一位工作人员作出。", "请交由其他工作人员办理。"),
    "case.changed": ErrorSpec(409, "您查看之后,这件申请已有变化。", "请刷新页面,看过变化后再决定。"),
    "case.needs_reason": ErrorSpec(422, "重新打开须说明理由。", "请填写理由后重试。"),
    "case.findings_undecided": ErrorSpec(409, "还有 {count} 项发现没有核定。", "请逐项确认、排除或更正后再受理。"),
    "case.findings_confirmed": ErrorSpec(
        409, "有 {count} 项发现已确认,不能受理。", "请退回补正,或更改对该发现的核定。"
    ),
    "case.must_be_opened": ErrorSpec(409, "这件申请被抽中须逐件打开核对。", "请打开这件申请,看过材料后再签批。"),
    "finding.not_found": ErrorSpec(404, "没有这项发现。", "请刷新页面后重试。"),
    "finding.needs_reason": ErrorSpec(422, "排除一项发现须说明理由。", "请填写理由后重试。"),
    "finding.needs_value": ErrorSpec(422, "更正须填写您读到的值。", "请填写后重试。"),
    "request.invalid": ErrorSpec(422, "请求内容有误:{where}:{why}。", "请按接口说明修改后重试。"),
    "request.not_found": ErrorSpec(404, "没有这个地址。", "请核对地址。"),
    "request.method_not_allowed": ErrorSpec(405, "该地址不支持此操作。", "请核对接口说明。"),
    "request.too_large": ErrorSpec(413, "请求超过大小限制({limit_mb} MB)。", "请分次上传。"),
    "request.media_type": ErrorSpec(415, "请求内容的类型须为 {expected}。", "请在 Content-Type 头中注明类型。"),
    "request.form_expired": ErrorSpec(403, "表单已失效。", "请重新打开页面后再试。"),
    "request.too_many": ErrorSpec(429, "请求过于频繁,请 {seconds} 秒后再试。", "请稍后再试。"),
    "request.host": ErrorSpec(421, "请求的主机名不属于本系统。", "请使用本系统公布的地址。"),
    "auth.missing": ErrorSpec(401, "需要有效的访问令牌。", "请在 Authorization 头中提供 Bearer 令牌。"),
    "auth.forbidden": ErrorSpec(403, "您的角色不能进行此操作。", "请联系管理员。"),
    "auth.refused": ErrorSpec(401, "登录信息不正确。", "请核对后重试;忘记密码请按页面提示找回。"),
    "auth.throttled": ErrorSpec(429, "尝试次数过多,请 {seconds} 秒后再试。", "请稍后再试,或联系管理员。"),
    "auth.locked": ErrorSpec(403, "账户已停用。", "请联系管理员。"),
    "auth.code_refused": ErrorSpec(422, "验证码不正确或已失效。", "请核对后重试,或重新获取。"),
    # accounts
    "account.exists": ErrorSpec(409, "该登录名已被使用。", "请换一个登录名。"),
    "account.not_found": ErrorSpec(404, "没有找到该账户。", "请核对后重试。"),
    "account.last_admin": ErrorSpec(409, "这是最后一位可用的管理员。", "请先为另一位工作人员设置管理员角色。"),
    "account.bad_name": ErrorSpec(
        422, "登录名须为 3 到 40 个小写字母、数字、点、横线或下划线,以字母开头。", "请修改后重试。"
    ),
    "account.bad_phone": ErrorSpec(422, "手机号码有误。", "请输入 11 位大陆手机号码。"),
    "account.password_refused": ErrorSpec(422, "密码不能使用:{why}。", "请换一个密码,例如几个不相关的词。"),
    "message.unavailable": ErrorSpec(503, "短信暂时无法发送。", "请稍后再试。", transient=True),
    # the machine's own trouble
    "engine.timeout": ErrorSpec(503, "读取页面超时。", "系统会自动重试。", transient=True),
    "engine.crashed": ErrorSpec(503, "识别引擎意外中断。", "系统会自动重试。", transient=True),
    "engine.unavailable": ErrorSpec(503, "识别引擎未就绪。", "请稍后再试。", transient=True),
    "models.missing": ErrorSpec(500, "缺少识别模型文件:{file}。", "请先运行 verifier models fetch。"),
    "models.damaged": ErrorSpec(500, "识别模型文件校验不符:{file}。", "请重新运行 verifier models fetch。"),
    "models.fetch_failed": ErrorSpec(500, "未能取得识别模型:{why}。", "请检查网络或 pip 设置后重试。"),
    "fonts.missing": ErrorSpec(
        500, "缺少字体文件:{file}。", "请先运行 python -m fixtures fonts,或在系统中安装中文字体。"
    ),
    "fonts.damaged": ErrorSpec(500, "字体文件校验不符:{file}。", "请重新运行 python -m fixtures fonts。"),
    "fonts.fetch_failed": ErrorSpec(500, "未能取得字体文件:{why}。", "请检查网络或 pip 设置后重试。"),
    "config.invalid": ErrorSpec(500, "设置有误:{name}:{why}。", "请修改该设置后重新启动。"),
    "storage.unavailable": ErrorSpec(503, "存储暂时不可用。", "请稍后再试,已上传的内容不会丢失。", transient=True),
    "storage.lost": ErrorSpec(500, "存储中缺少已登记的文件。", "请联系管理员核对存储。"),
    "database.unavailable": ErrorSpec(503, "数据库暂时不可用。", "请稍后再试。", transient=True),
    "database.not_migrated": ErrorSpec(500, "数据库结构不是当前版本。", "请先运行 verifier migrate。"),
    "sandbox.unavailable": ErrorSpec(503, "文件检查程序暂时不可用。", "请稍后再试。", transient=True),
    "queue.by_hand": ErrorSpec(503, "尚未读取,已转人工核对。", "无需处理;稍后读取到的内容会补充进来。"),
    "queue.unknown": ErrorSpec(404, "没有名为 {queue} 的队列。", "请核对队列名称。"),
    "queue.unavailable": ErrorSpec(503, "任务队列暂时不可用。", "上传不受影响,系统会自动恢复处理。", transient=True),
    "worker.killed": ErrorSpec(500, "处理进程被中断。", "系统会自动重试。", transient=True),
    "worker.not_found": ErrorSpec(404, "没有这个处理进程,或它已经结束。", "请刷新列表后再选。"),
    "worker.out_of_memory": ErrorSpec(
        500,
        "处理进程因内存不足被终止。",
        "系统会自动重试;反复出现时请增加内存,或由工作人员核对该材料。",
        transient=True,
    ),
    "worker.lost": ErrorSpec(500, "处理任务丢失。", "系统会自动重试。", transient=True),
    "internal.unexpected": ErrorSpec(500, "系统内部错误。", "请稍后再试;如仍出现,请联系管理员并提供时间。"),
}


class VerifierError(Exception):
    """Root of the tree. `details` fill the message's placeholders and must hold no personal data.

    Raises KeyError at construction for a code that CODES does not know.
    """

    default_code: ClassVar[str] = "internal.unexpected"

    def __init__(self, code: str | None = None, **details: str | int | float) -> None:
        self.code = code or self.default_code
        self.spec = CODES[self.code]
        self.details = details
        super().__init__(self.code)

    @property
    def message(self) -> str:
        """The Chinese sentence with its placeholders filled."""
        return self.spec.message.format_map(self.details)

    @property
    def remedy(self) -> str:
        return self.spec.remedy

    @property
    def transient(self) -> bool:
        """Whether the same try may succeed later without anybody changing anything."""
        return self.spec.transient

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}{self.remedy}"

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (_rebuild, (type(self), self.code, self.details))


def _rebuild(cls: type[VerifierError], code: str, details: dict[str, str | int | float]) -> VerifierError:
    return cls(code, **details)


class InputError(VerifierError):
    """What was sent cannot be used; a person can mend it."""

    default_code = "file.broken"


class StateError(VerifierError):
    """The case is not in a state that allows this."""

    default_code = "case.locked"


class AuthError(VerifierError):
    default_code = "auth.missing"


class AccountError(VerifierError):
    """What was asked of an account cannot be; a person can mend it."""

    default_code = "account.not_found"


class MessageError(VerifierError):
    """A message could not be handed over."""

    default_code = "message.unavailable"


class ConfigError(VerifierError):
    """A setting is wrong: `name` and `why` say which and how."""

    default_code = "config.invalid"


class EngineError(VerifierError):
    """The OCR engine could not answer."""

    default_code = "engine.unavailable"


class EngineTimeoutError(EngineError):
    default_code = "engine.timeout"


class EngineCrashedError(EngineError):
    default_code = "engine.crashed"


class ModelsError(EngineError):
    default_code = "models.missing"


class StorageError(VerifierError):
    """Files or rows cannot be reached."""

    default_code = "storage.unavailable"


class SandboxError(VerifierError):
    """The processes that open strangers' files cannot be reached."""

    default_code = "sandbox.unavailable"


class QueueError(VerifierError):
    default_code = "queue.unavailable"


class FontsError(VerifierError):
    """The fonts that synthetic documents, and OFD files without fonts of their own, are drawn with are not there."""

    default_code = "fonts.missing"
