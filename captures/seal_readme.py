"""README.txt of a sealed case: how anybody checks it without shortmeasure, in Chinese and English."""

from __future__ import annotations

_CHECKS = """\
    find . ! -type f ! -type d
    find . -type d
    ls -A . seal
    sha256sum -c --strict --quiet tagmanifest-sha256.txt
    sha256sum -c --strict --quiet manifest-sha256.txt
    find data -type f | wc -l
    find data -type f -printf '%s\\n' | awk '{{s += $1}} END {{printf "%.0f\\n", s}}'
    grep Payload-Oxum bag-info.txt
    openssl pkeyutl -verify -pubin -inkey seal/{key}.pem -rawin -in tagmanifest-sha256.txt -sigfile seal/{key}.sig
    openssl pkey -pubin -in seal/{key}.pem -outform DER | sha256sum
    sha256sum tagmanifest-sha256.txt
"""
_TOKEN = """\
    openssl ts -verify -data tagmanifest-sha256.txt -in seal/token-XXXX.tsr -CAfile TSA-ROOT.pem
"""
_WINDOWS = """\
    certutil -hashfile tagmanifest-sha256.txt SHA256
    py verify_case.py .
"""

_TEXT = """\
案件 {id}：不用 shortmeasure 也能核验
==========================================

1. Linux（coreutils 与 openssl 3），在本文件夹内执行：

{checks}
  第一行（链接、管道）必须没有输出；若有输出，不要继续：sha256sum 遇到管道会一直等待。
  第二行只能列出 .、./data、./data/journal、./data/originals、./data/derived 和 ./seal。
  `ls` 除本文件夹的 data、seal、bagit.txt、bag-info.txt、manifest-*.txt、tagmanifest-sha256.txt、
  README.txt、verify_case.py 外不得有其他文件（lock 不属于案件）。seal 内的其他签名须与登记的指纹核对：任何人都能添加自己的签名。
  两行 `sha256sum -c` 必须没有任何输出。文件数与字节数必须等于 Payload-Oxum（字节数.文件数）：
  `sha256sum -c` 发现不了多出来的文件，所以必须比较个数。
  openssl 必须说 Signature Verified Successfully；公钥指纹必须等于 bag-info.txt 的 Signing-Key，
  并等于办案机关登记的指纹。
  最后一行是案件摘要，必须等于当事人签字的纸质笔录上的 64 位数字。只有它能揭示持有私钥的人重做过案件。
{sm3_zh}  有时间戳时（seal/token-*.tsr；根证书须从时间戳机构另行取得）：

{token}
2. Windows，无其他工具：

{windows}
  第一行与纸质笔录上的摘要比较；第二行需要 Python 3.11 以上，并检查日志链和签名。
  verify_case.py 随案件一起保存：有疑问时，请使用从项目另行取得的同一程序。

3. 签名证明什么：谁（哪把密钥）封存了哪些字节。它不证明仪器的读数真实，也不证明封存的时刻。
   data/parties.json 含个人信息；脱敏副本没有该文件，sha256sum 会报告缺少它，其余必须全部相符。

Case {id}: how to check it without shortmeasure
==========================================

1. Linux (coreutils and openssl 3), inside this folder:

{checks}
  The first line (links, pipes) must print nothing; where it prints something, stop: sha256sum waits at a pipe without
  end.  The second must list ., ./data, ./data/journal, ./data/originals, ./data/derived and ./seal alone.  `ls` must show
  data, seal, bagit.txt, bag-info.txt, manifest-*.txt, tagmanifest-sha256.txt, README.txt, verify_case.py and nothing
  else (a file `lock` is no part of the case).  Further signatures in seal/ are compared with the office's register:
  anybody can add one of his own.  The two lines `sha256sum -c` must print nothing.  The files and bytes counted must
  equal Payload-Oxum (bytes.files): `sha256sum -c` DOES NOT SEE AN ADDED FILE, so the count must be compared.
  openssl must say Signature Verified Successfully; the fingerprint of the key must equal Signing-Key in bag-info.txt
  and the one registered with the office.
  The last line is the digest of the case: it must equal the 64 digits on the paper record that the parties signed.
  It alone reveals a case that the holder of the key has made anew.
{sm3_en}  With a time stamp (seal/token-*.tsr; take the root certificate from the authority itself):

{token}
2. Windows without tools:

{windows}
  Compare the first line with the digest on paper.  The second needs Python 3.11 or later; it also checks the chain of
  the journal and the signatures.  verify_case.py is kept with the case: in doubt, use the same program taken from the
  project itself.

3. What the signature proves: who (which key) sealed which bytes.  It proves neither that an instrument's readings were
   true nor the time of sealing.  data/parties.json holds personal data; a redacted copy is without it, sha256sum
   reports it as missing, and all else must agree.
"""
_SM3_ZH = "  manifest-sm3.txt：用 `openssl dgst -sm3 FILE` 逐个核对（GB/T 32905）。\n"
_SM3_EN = "  manifest-sm3.txt: compare file by file with `openssl dgst -sm3 FILE` (GB/T 32905).\n"


def readme(case_id: str, key: str, sm3: bool) -> bytes:
    """The text for the case `case_id`, sealed with the key whose files are called `key`."""
    text = _TEXT.format(
        id=case_id,
        checks=_CHECKS.format(key=key),
        token=_TOKEN,
        windows=_WINDOWS,
        sm3_zh=_SM3_ZH if sm3 else "",
        sm3_en=_SM3_EN if sm3 else "",
    )
    return text.encode("utf-8")
