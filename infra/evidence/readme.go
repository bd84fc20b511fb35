package evidence

// readme is the README.txt of every bundle.
const readme = `信访监督台账 证据包（petition-evidence/v1）
==========================================

本包是一个案件的全部记录，以及不信任我们任何服务器的人核验它所需的一切。
包内没有程序，也请不要运行自称来自本包的任何程序。

信谁，由您从别处（监察机关、法院、公告）取得的信任策略决定。包内的 policy.txt
仅供参考，核验时绝不使用。

用程序核验（两个程序，语言不同，没有共用的代码，结论必须一致；退出码 0 为 OK，10 为未经见证，3 为不成立）：

    xinfang-verify 证据包.zip --policy 信任策略.txt
    python3 verify.py 证据包.zip --policy 信任策略.txt    （同一目录须有 crypto.py）

手工核验（需要 sha256sum、base64 与一份 Ed25519 验签工具）：

 1. manifest.json 列出其余每个文件的大小与 SHA-256，逐一核对，不多不少。
 2. checkpoint 是 C2SP signed-note：空行之前三行为台账名、树的大小、树根（base64）。
    用信任策略中的公钥验证其签名；见证的签名按 C2SP tlog-cosignature 验证。
 3. events/ 中每条记录：.leaf 依次为
      标记 24 · 类别 1 · 序号 8 · 来源位置 8+8 · 流内序号 8 · 录入时间 8（100 纳秒，
      1970 年起，UTC） · 记录标识 16 · 流名 2+n · 类型 2+n · 内容类型 2+n ·
      数据长度 8 · SHA-256(数据) 32 · 元数据长度 8 · SHA-256(元数据) 32 · 前一叶哈希 32
    （大端）。.data 与 .meta 的长度和 SHA-256 应与之相同；流内序号自 0 起连续；
    前一叶哈希 = SHA-256(0x00 ‖ 前一条的 .leaf)，首条为全零。
 4. .tlog-proof 证明该叶在树中：叶哈希 SHA-256(0x00 ‖ 叶)，节点 SHA-256(0x01 ‖ 左 ‖ 右)，
    按 RFC 9162 第 2.1.3.2 节逐级计算，结果应等于检查点的树根。
 5. heads/ 证明没有遗漏：heads/leaf.data 中的签名文本写明它看过的叶数（size）与末条总表
    的根；heads/map-proof.json 证明下面这 80 字节是总表的一叶：
      SHA-256(流名) 32 · 末条的流内序号 8 · 末条的序号 8 · 末条的叶哈希 32
    末条是序号小于 size 的最后一条。其后的记录是否齐全，本包不能证明。
 6. consistency/ 证明树是某个较早的检查点的延续（RFC 9162 第 2.1.4.2 节）。
 7. time/<大小>.tsr 是对该大小的检查点的 RFC 3161 时间戳，同名的 .leaf 等文件是台账中记有
    它的条目。检查点的文本是 .data 中 note 的空行之前三行：
      openssl ts -verify -in 大小.tsr -token_in -data 文本 -CAfile 根证书.pem
    序号小于该大小的条目，在此时间之前已有；序号大于该条目的，在此时间之后才录入。
 8. 信任策略若有 writer 行，序号在其范围内的记录须有写入印记：.meta 以 ,"seal":"…"} 结尾，
    其中 88 个 base64 字符是以该公钥验证的 Ed25519 签名，被签的是
      "petition-ledger/seal/v1" 与 0x00 共 24 · 记录标识 16 · 流内序号 8 · 流名 2+n ·
      类型 2+n · SHA-256(数据) 32 · SHA-256(去掉印记后以 } 结尾的元数据) 32
 9. keys/disclosed.json（如有）是给一名读者的数据密钥：wrapped 为 HPKE（RFC 9180，base，
    X25519、HKDF-SHA256、ChaCha20Poly1305），info 为 "petition-evidence/v1 key"，附加数据为
    subject 16 · commitment 32。commitment = SHA-256("dek-commit/v1" ‖ 密钥)，应与某条元数据中的
    key_commitment 相同。box = 1 · nonce 24 · XChaCha20-Poly1305，附加数据为
    "xinfang/vault/v1/box" · 00 · subject 16 · 项名。erased 表示密钥已销毁：该案必有同一
    subject 的 ErasureAuthorised 条目。
10. sm3/（如有）：以 SM3 代替 SHA-256 的同一棵树的检查点，由信任策略中的 SM2 密钥签署（SM2 签名覆盖
    空行之前的文字，用户标识 1234567812345678）；其中每个 .txt 是同号条目的包含证明，一行一个哈希。

Evidence bundle of an audit ledger for petitions (petition-evidence/v1)
=======================================================================

This is all that was recorded of one case, and all that somebody needs to check it
who trusts no server of ours. There is no program in it; run none that claims to
come from it.

Whom to believe is said by a policy that you have from elsewhere: the inspection
team, a court, a public notice. The policy.txt in here is for information, and is
never used for checking.

With a program (there are two, in different languages and with no code in common, and
they must agree; the exit code is 0 for OK, 10 for unwitnessed, 3 if it does not hold):

    xinfang-verify bundle.zip --policy policy.txt
    python3 verify.py bundle.zip --policy policy.txt    (crypto.py beside it)

By hand (you need sha256sum, base64 and something that checks Ed25519):

 1. manifest.json gives the size and the SHA-256 of every other file. Compare: no
    file more, none less.
 2. checkpoint is a C2SP signed-note: the three lines before the blank one are the
    ledger's name, the size of the tree and its root (base64). Check its signatures
    with the keys of your policy; those of witnesses as C2SP tlog-cosignature says.
 3. events/: each .leaf is, big-endian,
      tag 24 · kind 1 · seq 8 · place in the source 8+8 · revision 8 · recorded 8
      (100 ns since 1970, UTC) · event id 16 · stream 2+n · type 2+n ·
      content type 2+n · data length 8 · SHA-256(data) 32 · meta length 8 ·
      SHA-256(meta) 32 · hash of the previous leaf 32
    .data and .meta must have that length and SHA-256; revisions go from 0 without
    gap; the hash of the previous leaf is SHA-256(0x00 || .leaf of the event before),
    zeros for the first.
 4. .tlog-proof proves that the leaf is in the tree. The hash of a leaf is
    SHA-256(0x00 || leaf), that of a node SHA-256(0x01 || left || right); go up as
    RFC 9162 section 2.1.3.2 says, and you must end with the root of the checkpoint.
 5. heads/ proves that nothing was left out: the signed text in heads/leaf.data says
    how many leaves it has looked at (size) and gives the root of a tree of heads;
    heads/map-proof.json proves that these 80 bytes are a leaf of that tree:
      SHA-256(stream) 32 · revision of the last event 8 · its seq 8 · its leaf hash 32
    The last event is the last one with a seq below size. Whether later ones are
    complete, this bundle cannot prove.
 6. consistency/ proves that the tree continues an older checkpoint (RFC 9162
    section 2.1.4.2).
 7. time/<size>.tsr is an RFC 3161 time-stamp over the checkpoint of that size; the
    files beside it are the event of the ledger that holds it. The text of the
    checkpoint is the three lines before the blank one in note of .data:
      openssl ts -verify -in SIZE.tsr -token_in -data TEXT -CAfile ROOT.pem
    Events with a seq below that size were there before that time; those with a seq
    above that of the event were recorded after it.
 8. If your policy has lines "writer", events with a seq in their range must have a
    seal: .meta ends with ,"seal":"..."}, where the 88 letters are base64 of an Ed25519
    signature, to be checked with the key of that line, of
      "petition-ledger/seal/v1" and 0x00, 24 in all · event id 16 · revision 8 ·
      stream 2+n · type 2+n · SHA-256(data) 32 · SHA-256(meta without the seal, and
      ending with }) 32
 9. keys/disclosed.json, if it is there, has data keys for one reader. wrapped is HPKE
    (RFC 9180, base mode, X25519, HKDF-SHA256, ChaCha20Poly1305) with the info
    "petition-evidence/v1 key" and the additional data subject 16 · commitment 32.
    commitment = SHA-256("dek-commit/v1" || key) must be the key_commitment in the meta
    of some event. A box is 1 · nonce 24 · XChaCha20-Poly1305, with the additional data
    "xinfang/vault/v1/box" · 00 · subject 16 · field. erased says that the key was
    destroyed: then the case has an event ErasureAuthorised of that subject.
10. sm3/, if it is there: the checkpoint of the same tree with SM3 in the place of
    SHA-256, signed by the SM2 key of your policy (the text before the blank line, user
    id 1234567812345678); each .txt is the inclusion proof of the event of its number, a
    hash a line.
`
