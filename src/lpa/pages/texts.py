"""Every text of the pages, in both languages side by side. Braces are for values."""

from __future__ import annotations

from lpa.pages import LANGUAGES, Language

# key: (English, Chinese)
TEXTS: dict[str, tuple[str, str]] = {
    "brand": ("eSIM · signed by the card", "eSIM · 由卡片签名"),
    "brand.unverified": ("eSIM · signature not verified", "eSIM · 签名未经验证"),
    "title.delete": ("Proof of deletion", "删除凭证"),
    "title.enable": ("Proof of enabling", "启用凭证"),
    "title.disable": ("Proof of disabling", "停用凭证"),
    "title.install": ("Proof of installation", "安装凭证"),
    "title.other": ("Proof of a change", "变更凭证"),
    "title.unverified": ("Unverified receipt", "未经验证的凭证"),
    "event.delete": ("deletion", "删除"),
    "event.enable": ("enabling", "启用"),
    "event.disable": ("disabling", "停用"),
    "event.install": ("installation", "安装"),
    # What was checked
    "verdict.production": ("Verified", "验证通过"),
    "verdict.production.why": (
        "The signature and the certificates of card and manufacturer, up to {issuer}, are valid.",
        "签名有效；从卡片、卡片制造商到 {issuer} 的证书均有效。",
    ),
    "verdict.private": ("Verified, but not with a GSMA issuer", "验证通过，但签发机构并非 GSMA 签发机构"),
    "verdict.private.why": (
        "The signature and the certificates up to {issuer} are valid. The verifier chose to trust it.",
        "签名有效，直到 {issuer} 的证书均有效；信任该机构是验证者自己的选择。",
    ),
    "verdict.test": ("Verified with test keys only", "验证通过，但只是测试密钥"),
    "verdict.test.why": (
        "The signature is valid, but anyone can sign with the keys of {issuer}. This page is for tests only.",
        "签名有效，但任何人都可以用 {issuer} 的密钥签名。本页仅供测试。",
    ),
    "verdict.expired": ("Verified, with an expired certificate", "验证通过，但有证书已过期"),
    "verdict.none": ("Not verified", "未通过验证"),
    # Why not: by the reason of the error, whose own message stands below it in English
    "doubt.damaged": (
        "The receipt is damaged, or was changed.",
        "凭证已损坏，或者被人改动过。",
    ),
    "doubt.unknownIssuer": (
        "The card's certificate does not lead to a trusted issuer.",
        "卡片证书无法追溯到受信任的签发机构。",
    ),
    "doubt.otherCard": (
        "It was signed by another card than the one that it was kept for.",
        "签名的卡片与保存凭证时记录的卡片不符。",
    ),
    "doubt.noCertificates": (
        "A receipt of an installation contains no certificates, so only its server can verify it.",
        "安装凭证不附带证书，只有相应的服务器才能验证。",
    ),
    "doubt.other": (
        "The certificates in the receipt are not acceptable.",
        "凭证所附的证书不符合要求。",
    ),
    # The facts
    "facts": ("What the card reported", "卡片报告的内容"),
    "facts.unverified": ("What the receipt says", "凭证中记载的内容"),
    "event": ("Event", "事件"),
    "iccid": ("Profile (ICCID)", "配置文件（ICCID）"),
    "eid": ("Card (EID)", "卡片（EID）"),
    "maker": ("Card manufacturer", "卡片制造商"),
    "sequenceNumber": ("Notification number", "通知序号"),
    "address": ("Addressed to", "通知发往"),
    "issuer": ("Certificate issuer", "证书签发机构"),
    "operator": ("Operator", "运营商"),
    "reason": ("Reason (user's note)", "备注原因"),
    "memory": ("Free memory of the card", "卡片可用空间"),
    "memory.change": ("{before} KiB before, {after} KiB after", "之前 {before} KiB，之后 {after} KiB"),
    # What that proves
    "proven": ("What is proven", "能够证明"),
    "proven.signed": (
        "The card with EID {eid} signed the content of this notification: profile, event, server and number "
        "are as signed. The signature covers {signed} of the {size} bytes of the receipt, the complete "
        "object BF2F.",
        "EID 为 {eid} 的卡片签署了这条通知的内容：配置文件、事件、服务器和序号与签名时一致。"
        "签名覆盖凭证 {size} 字节中的 {signed} 字节，即完整的 BF2F 对象。",
    ),
    "proven.event": (
        "It reports the {event} of profile {iccid} to {address}, with number {number}.",
        "通知的内容是：{event}配置文件 {iccid}，序号 {number}，发往 {address}。",
    ),
    "proven.maker": (
        "{maker} certified the card, and {issuer} certified {maker}.",
        "该卡片的证书由 {maker} 签发，{maker} 的证书由 {issuer} 签发。",
    ),
    "unproven": ("What is not proven", "不能证明"),
    "unproven.time": (
        "When it happened. The card has no clock; its numbers show only the order.",
        "发生的时间。卡片没有时钟，序号只说明先后顺序。",
    ),
    "unproven.since": (
        "What happened later: the profile may have been installed or switched again.",
        "之后的情况：配置文件可能被重新安装，或再次启用、停用。",
    ),
    "unproven.delivery": (
        "That the operator's server received it: the card does not sign that.",
        "运营商服务器已经收到：卡片不对此签名。",
    ),
    "unproven.contract": (
        "That the operator closed the line or ended the contract. The card has no information about either.",
        "运营商已经停机或销户、合约已经终止。卡片对此一无所知。",
    ),
    "unproven.otherBytes": (
        "That the other bytes are as the card gave them. The issuers signed the certificates; the signature "
        "itself can be written in two valid ways.",
        "其余字节与卡片给出的相同。证书由各自的签发机构签名；签名本身有两种有效的写法。",
    ),
    "unproven.lengths": (
        "That the receipt as a whole is as the card gave it: outside the signed bytes, lengths are encoded "
        "differently from what cards write.",
        "凭证整体与卡片给出的相同：签名范围之外，部分长度的编码与卡片的写法不同。",
    ),
    "unproven.members": (
        "That the receipt as a whole is as the card gave it: outside the signed bytes, it has an empty "
        "member (A1) that cards do not write.",
        "凭证整体与卡片给出的相同：签名范围之外，多出一个卡片不会写入的空成员（A1）。",
    ),
    "unproven.unknownMembers": (
        "That the receipt as a whole is as the card gave it: outside the signed bytes, it has members that "
        "this version of lpa does not know.",
        "凭证整体与卡片给出的相同：签名范围之外，含有本版本 lpa 不认识的成员。",
    ),
    "unproven.profile": (
        "Which profile it was: the notification names none.",
        "具体是哪个配置文件：通知中没有写明。",
    ),
    "holder.card": ("card's certificate", "卡片证书"),
    "holder.maker": ("certificate of the card manufacturer", "卡片制造商证书"),
    "holder.issuer": ("issuer's certificate", "签发机构证书"),
    "unproven.expiredSinceKept": (
        "That the {holder} was valid when the card signed. It expired on {end}; it was valid on {moment}, "
        "when this receipt was kept. That date is from the clock of the computer that kept it, and is not "
        "signed.",
        "卡片签名时{holder}有效。该证书已于 {end} 过期；凭证保存时（{moment}，"
        "以保存它的电脑时钟为准）证书有效，但该时间没有签名。",
    ),
    "unproven.expiredSinceGiven": (
        "That the {holder} was valid when the card signed. It expired on {end}; it was valid on {moment}, "
        "the given date, which nothing in the receipt proves.",
        "卡片签名时{holder}有效。该证书已于 {end} 过期；在所给日期 {moment} 证书有效，"
        "但凭证本身不能证明该日期。",
    ),
    "unproven.expired": (
        "That the {holder} was valid when the card signed. It expired on {end}, and nothing shows that the "
        "receipt is older.",
        "卡片签名时{holder}有效。该证书已于 {end} 过期，没有依据表明凭证早于该日期。",
    ),
    "unproven.testIssuer": (
        "That the card is genuine: {issuer} is a test issuer, and its key is public.",
        "卡片是真实的：{issuer} 是测试签发机构，其密钥是公开的。",
    ),
    "unproven.privateIssuer": (
        "That {issuer} can be trusted: it is not a GSMA issuer; the verifier chose it.",
        "{issuer} 值得信任：它不是 GSMA 的签发机构，由验证者自行选定。",
    ),
    # What no signature covers
    "record": ("What this computer recorded (not signed)", "本机记录（无签名）"),
    "delivery": ("Delivery", "发送情况"),
    "delivery.none": ("nothing recorded", "没有记录"),
    "delivery.kept": ("Read from the card", "从卡片读取"),
    "delivery.acknowledged": ("Acknowledged", "服务器确认"),
    "delivery.notYet": ("not yet", "尚未确认"),
    "delivery.abandoned": ("Removed unsent by the user", "未发送，由用户从卡上移除"),
    "delivery.address": ("Sent to", "已发送至"),
    "delivery.http_status": ("HTTP status", "HTTP 状态码"),
    "delivery.tls_certificate_sha256": ("Server's certificate (SHA-256)", "服务器证书（SHA-256）"),
    "delivery.trust_anchor": ("Server trusted through", "信任服务器的依据"),
    "delivery.issuer": ("Issuer of that certificate", "该证书的签发机构"),
    "delivery.issuer_key": ("Key of that issuer", "签发机构密钥标识"),
    "trust_anchor.card": ("the card's own list of issuers", "卡片自身的签发机构列表"),
    "trust_anchor.public": ("the authorities that this computer trusts", "本机信任的证书颁发机构"),
    "trust_anchor.bundle": ("the authorities in --ca-bundle", "--ca-bundle 中的证书颁发机构"),
    "delivery.notification_sha256": ("Content sent (SHA-256)", "发送内容（SHA-256）"),
    # How to check
    "check": ("Verify it yourself", "自行验证"),
    "check.how": (
        "Save the content of the last box as receipt.b64. These commands decode it and verify it offline:",
        "将最后一个方框中的内容保存为 receipt.b64，用以下命令还原为凭证文件并离线验证：",
    ),
    "check.issuer": (
        "issuer.pem is the certificate of the top-level issuer; get it from a source that you trust.",
        "其中 issuer.pem 为最上级签发机构的证书，请从您信任的渠道获取。",
    ),
    "check.code": (
        "SHA-256 of the receipt (as in the QR code):",
        "凭证的 SHA-256（与二维码相同）：",
    ),
    "check.receipt": ("Receipt:", "凭证内容："),
    "code": ("SHA-256 of the receipt", "凭证的 SHA-256"),
    "made": ("Made by lpa on {date}.", "由 lpa 于 {date} 生成。"),
    # The details of a profile
    "particulars": ("eSIM profile details", "eSIM 配置文件资料"),
    "particulars.brand": ("eSIM · for the operator", "eSIM · 供运营商核对"),
    "particulars.lead": (
        "These details identify the profile and the card when you contact the operator.",
        "联系运营商办理业务时，可用以下资料核对配置文件和卡片。",
    ),
    "profile": ("Profile", "配置文件名称"),
    "nickname": ("Nickname", "昵称"),
    "network": ("Network (MCC-MNC)", "网络（MCC-MNC）"),
    "imsi": ("Subscriber (IMSI)", "用户识别码（IMSI）"),
    "msisdn": ("Phone number", "电话号码"),
    "servers": ("Operator's server (SM-DP+)", "运营商服务器（SM-DP+）"),
    "state": ("State", "状态"),
    "class": ("Class", "类别"),
    "rules": ("Rules of the operator", "运营商规则"),
    "aid": ("ISD-P AID", "ISD-P AID"),
    "notRead.notEnabled": (
        "not read: only the enabled profile can be read",
        "未读取：只能读取已启用的配置文件",
    ),
    "notRead.pinNeeded": ("not read: locked with a PIN", "未读取：受 PIN 保护"),
    "notRead.noBasicChannel": (
        "not read: a modem or phone gives no access to it",
        "未读取：调制解调器或手机不允许读取",
    ),
    "notRead.unreadable": ("not read: the card does not return it", "未读取：卡片未返回"),
    "none": ("none", "无"),
    "state.enabled": ("enabled", "已启用"),
    "state.disabled": ("disabled", "已停用"),
    "class.operational": ("operational", "运营"),
    "class.provisioning": ("provisioning", "引导"),
    "class.test": ("test", "测试"),
    "rule.ppr1": ("may not be disabled (PPR1)", "不允许停用（PPR1）"),
    "rule.ppr2": ("may not be deleted (PPR2)", "不允许删除（PPR2）"),
    "private": (
        "Anyone with these numbers can contact the operator in your name. Show them only to the operator.",
        "他人可凭这些号码以您的名义联系运营商，请勿将本页交给运营商以外的任何人。",
    ),
}


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = LANGUAGES.index(language)

    def __getitem__(self, key: str) -> str:
        return TEXTS[key][self._column]

    def of(self, kind: str, name: str) -> str:
        """The text for `name` of some `kind`, such as "state"; `name` itself if there is none."""
        key = f"{kind}.{name}"
        return self[key] if key in TEXTS else name
