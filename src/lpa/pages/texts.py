"""Every text of the pages, in both languages side by side. Values go where the braces are."""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# key: (English, Chinese)
TEXTS: dict[str, tuple[str, str]] = {
    "brand": ("eSIM · signed by the card", "eSIM · 由卡片签名"),
    "title.delete": ("Proof of deletion", "删除凭证"),
    "title.enable": ("Proof of activation", "启用凭证"),
    "title.disable": ("Proof of deactivation", "停用凭证"),
    "title.install": ("Proof of installation", "安装凭证"),
    "title.other": ("Proof of a change", "变更凭证"),
    "title.unverified": ("Unverified receipt", "未经验证的凭证"),
    "event.delete": ("deletion", "删除"),
    "event.enable": ("activation", "启用"),
    "event.disable": ("deactivation", "停用"),
    "event.install": ("installation", "安装"),
    # What was checked
    "verdict.production": ("Verified", "验证通过"),
    "verdict.production.why": (
        "The card's signature holds, and so do the certificates of the card and its maker, up to {issuer}.",
        "卡片签名有效，卡片及其制造商的证书直至 {issuer} 均有效。",
    ),
    "verdict.private": ("Verified, with an issuer that is not the GSMA's", "验证通过，但签发机构不属于 GSMA"),
    "verdict.private.why": (
        "The card's signature holds, as do the certificates up to {issuer}, whom whoever checked it trusts.",
        "卡片签名有效，证书直至 {issuer} 均有效；信任该机构是验证者自己的选择。",
    ),
    "verdict.test": ("Verified with test keys only", "仅以测试密钥验证"),
    "verdict.test.why": (
        "Everything fits together, but anyone can sign with the keys of {issuer}. This is an exercise.",
        "各项内容相符，但任何人都可以用 {issuer} 的密钥签名。本页仅供演练。",
    ),
    "verdict.expired": ("Verified, with an expired certificate", "验证通过，但有证书已过期"),
    "verdict.none": ("Not verified", "未通过验证"),
    # Why not: by the reason of the error, whose own words stand beside it in English
    "doubt.damaged": (
        "The receipt is damaged, or somebody has changed it.",
        "凭证已损坏，或者被人改动过。",
    ),
    "doubt.unknownIssuer": (
        "Nobody who is trusted here vouches for the card.",
        "为该卡片担保的签发机构不在信任之列。",
    ),
    "doubt.otherCard": (
        "Another card signed it than the one that it is kept as one of.",
        "签名的不是保存时所记录的那张卡片。",
    ),
    "doubt.noCertificates": (
        "A receipt of an installation carries no certificates, so nobody but its server can check it.",
        "安装凭证不附带证书，只有相应的服务器才能验证。",
    ),
    "doubt.other": (
        "The certificates that came with the receipt do not hold.",
        "凭证所附的证书不符合要求。",
    ),
    # The facts
    "facts": ("What the card reported", "卡片报告的内容"),
    "event": ("Event", "事件"),
    "iccid": ("Profile (ICCID)", "配置文件（ICCID）"),
    "eid": ("Card (EID)", "卡片（EID）"),
    "maker": ("Maker of the card", "卡片制造商"),
    "sequenceNumber": ("Number of the report", "报告序号"),
    "address": ("Reported to", "报告发往"),
    "issuer": ("Vouched for by", "证书签发机构"),
    "operator": ("Operator", "运营商"),
    "reason": ("Reason, as noted", "备注原因"),
    "memory": ("Free memory of the card", "卡片可用空间"),
    "memory.change": ("{before} KiB before, {after} KiB after", "之前 {before} KiB，之后 {after} KiB"),
    # What that proves
    "proven": ("What is proven", "能够证明"),
    "proven.signed": (
        "The card with the EID {eid} signed this report, and not a byte of it has been changed.",
        "EID 为 {eid} 的卡片签署了这份报告，内容一个字节都没有改动过。",
    ),
    "proven.event": (
        "It reports the {event} of the profile {iccid}, with number {number}, to {address}.",
        "报告的内容是：{event}配置文件 {iccid}，序号 {number}，发往 {address}。",
    ),
    "proven.maker": (
        "{maker} vouches for the card, and {issuer} for {maker}.",
        "{maker} 为该卡片担保，{issuer} 为 {maker} 担保。",
    ),
    "unproven": ("What is not proven", "不能证明"),
    "unproven.time": (
        "When it happened. The card has no clock; its numbers tell the order and nothing more.",
        "发生的时间。卡片没有时钟，序号只说明先后顺序。",
    ),
    "unproven.since": (
        "What happened later: a profile can be installed or switched again.",
        "之后的情况：配置文件可能被重新安装或再次切换。",
    ),
    "unproven.delivery": (
        "That the operator's server received it: the card does not sign that.",
        "运营商服务器已经收到：卡片不对此签名。",
    ),
    "unproven.contract": (
        "That the operator closed the line or ended the contract. The card knows of neither.",
        "运营商已经停机或销户、合约已经终止。卡片对此一无所知。",
    ),
    "unproven.profile": (
        "Which profile it was: the report names none.",
        "具体是哪个配置文件：报告中没有写明。",
    ),
    "holder.card": ("card's certificate", "卡片证书"),
    "holder.maker": ("certificate of the card's maker", "卡片制造商证书"),
    "holder.issuer": ("issuer's certificate", "签发机构证书"),
    "unproven.expiredSinceWitnessed": (
        "That the {holder} was valid when the card signed. It expired on {end}; it was valid when this "
        "receipt was kept, on {moment} by the clock of the computer that kept it, which nobody has signed.",
        "卡片签名时{holder}有效。该证书已于 {end} 过期；凭证保存时（{moment}，"
        "以保存它的电脑时钟为准）证书有效，但该时间没有签名。",
    ),
    "unproven.expiredSinceGiven": (
        "That the {holder} was valid when the card signed. It expired on {end}; it was valid on {moment}, "
        "the date that was given, which nothing in the receipt proves.",
        "卡片签名时{holder}有效。该证书已于 {end} 过期；在所给日期 {moment} 证书有效，"
        "但凭证本身不能证明该日期。",
    ),
    "unproven.expired": (
        "That the {holder} was valid when the card signed. It expired on {end}, and nothing shows that the "
        "receipt is older than that.",
        "卡片签名时{holder}有效。该证书已于 {end} 过期，没有依据表明凭证早于该日期。",
    ),
    "unproven.testIssuer": (
        "That the card is real: {issuer} is a test issuer, and its key is public.",
        "卡片是真实的：{issuer} 是测试签发机构，其密钥是公开的。",
    ),
    "unproven.privateIssuer": (
        "That {issuer} is to be trusted: it is none of the GSMA's issuers; whoever checked this chose it.",
        "{issuer} 值得信任：它不是 GSMA 的签发机构，由验证者自行选定。",
    ),
    # What no signature covers
    "witnessed": ("What this computer noted, unsigned", "本机记录（无签名）"),
    "delivery": ("Delivery", "投递"),
    "delivery.none": ("nothing is recorded", "没有记录"),
    "delivery.kept": ("Taken from the card", "从卡片取出"),
    "delivery.acknowledged": ("Acknowledged", "服务器确认"),
    "delivery.notYet": ("not yet", "尚未确认"),
    "delivery.abandoned": ("Removed unsent, by a person", "未投递即被用户移除"),
    "delivery.address": ("Delivered to", "已投递至"),
    "delivery.http_status": ("HTTP status", "HTTP 状态码"),
    "delivery.tls_certificate_sha256": ("Server's certificate (SHA-256)", "服务器证书（SHA-256）"),
    "delivery.trust_anchor": ("Server trusted because of", "信任服务器的依据"),
    "delivery.issuer": ("Issuer of that certificate", "该证书的签发机构"),
    "delivery.issuer_key": ("Key of that issuer", "签发机构密钥标识"),
    "trust_anchor.card": ("the card's own list of issuers", "卡片自身的签发机构列表"),
    "trust_anchor.public": ("the authorities that this computer trusts", "本机信任的证书颁发机构"),
    "trust_anchor.bundle": ("the authorities of a --ca-bundle", "--ca-bundle 中的证书颁发机构"),
    "delivery.notification_sha256": ("What was sent (SHA-256)", "投递内容（SHA-256）"),
    # How to check
    "check": ("Check it yourself", "自行验证"),
    "check.how": (
        "Save the last box as receipt.b64. This makes the receipt of it, and checks that offline:",
        "将最后一个方框中的内容保存为 receipt.b64，用以下命令还原为凭证文件并离线验证：",
    ),
    "check.issuer": (
        "There issuer.pem is the certificate of the issuer at the top; get it from somebody whom you trust.",
        "其中 issuer.pem 为最上级签发机构的证书，请从您信任的渠道获取。",
    ),
    "check.code": (
        "The SHA-256 of the receipt, also in the QR code:",
        "凭证的 SHA-256（与二维码相同）：",
    ),
    "check.receipt": ("The receipt:", "凭证内容："),
    "code": ("SHA-256 of the receipt", "凭证的 SHA-256"),
    "made": ("Made by lpa on {date}.", "由 lpa 于 {date} 生成。"),
    # The particulars of a profile
    "particulars": ("Particulars of an eSIM profile", "eSIM 配置文件资料"),
    "particulars.brand": ("eSIM · for the operator", "eSIM · 供运营商核对"),
    "particulars.lead": (
        "These identify the profile and the card when you speak with the operator.",
        "联系运营商办理业务时，可用以下资料核对配置文件和卡片。",
    ),
    "profile": ("Profile", "配置文件名称"),
    "nickname": ("Nickname", "昵称"),
    "network": ("Network (MCC-MNC)", "网络（MCC-MNC）"),
    "imsi": ("Subscriber (IMSI)", "用户识别码（IMSI）"),
    "msisdn": ("Telephone number", "电话号码"),
    "servers": ("Operator's server (SM-DP+)", "运营商服务器（SM-DP+）"),
    "state": ("State", "状态"),
    "class": ("Class", "类别"),
    "rules": ("Rules of the operator", "运营商规则"),
    "aid": ("ISD-P AID", "ISD-P AID"),
    "notRead.notEnabled": (
        "not read: only the profile in use can be read",
        "未读取：只能读取正在使用的配置文件",
    ),
    "notRead.pinNeeded": ("not read: it is protected with a PIN", "未读取：受 PIN 保护"),
    "notRead.unreadable": ("not read: the card does not give it", "未读取：卡片未提供"),
    "none": ("none", "无"),
    "state.enabled": ("in use", "使用中"),
    "state.disabled": ("not in use", "未使用"),
    "class.operational": ("operational", "运营"),
    "class.provisioning": ("provisioning", "引导"),
    "class.test": ("test", "测试"),
    "rule.ppr1": ("may not be disabled (PPR1)", "不允许停用（PPR1）"),
    "rule.ppr2": ("may not be deleted (PPR2)", "不允许删除（PPR2）"),
    "private": (
        "With these numbers others can speak about your line. Give this page to nobody but the operator.",
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
        """The word for `name`, which is of some `kind` such as "state"; `name` itself where there is none."""
        key = f"{kind}.{name}"
        return self[key] if key in TEXTS else name
