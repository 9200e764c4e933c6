"""Languages: the tag that HTML and HLS expect, and the name that people choose by.

Films name languages in ISO 639-2 (MP4, and MPEG-TS; Matroska has either of its two forms) or by a tag of RFC 5646. A
language with a two-letter code in ISO 639-1 must be tagged with that (RFC 5646, section 2.2.1).
"""

from __future__ import annotations

import re

# The shortest code, the codes of ISO 639-2 where they differ in more than length, the name in English.
_TABLE = """
af afr Afrikaans
ar ara Arabic
az aze Azerbaijani
be bel Belarusian
bg bul Bulgarian
bn ben Bengali
bo bod/tib Tibetan
bs bos Bosnian
ca cat Catalan
cs ces/cze Czech
cy cym/wel Welsh
da dan Danish
de deu/ger German
el ell/gre Greek
en eng English
eo epo Esperanto
es spa Spanish
et est Estonian
eu eus/baq Basque
fa fas/per Persian
fi fin Finnish
fr fra/fre French
ga gle Irish
gl glg Galician
gu guj Gujarati
he heb Hebrew
hi hin Hindi
hr hrv Croatian
hu hun Hungarian
hy hye/arm Armenian
id ind Indonesian
is isl/ice Icelandic
it ita Italian
ja jpn Japanese
ka kat/geo Georgian
kk kaz Kazakh
km khm Khmer
kn kan Kannada
ko kor Korean
ku kur Kurdish
la lat Latin
lb ltz Luxembourgish
lo lao Lao
lt lit Lithuanian
lv lav Latvian
mi mri/mao Maori
mk mkd/mac Macedonian
ml mal Malayalam
mn mon Mongolian
mr mar Marathi
ms msa/may Malay
mt mlt Maltese
my mya/bur Burmese
nb nob Norwegian Bokmål
ne nep Nepali
nl nld/dut Dutch
nn nno Norwegian Nynorsk
no nor Norwegian
pa pan Punjabi
pl pol Polish
ps pus Pashto
pt por Portuguese
rm roh Romansh
ro ron/rum Romanian
ru rus Russian
sa san Sanskrit
si sin Sinhala
sk slk/slo Slovak
sl slv Slovenian
so som Somali
sq sqi/alb Albanian
sr srp Serbian
sv swe Swedish
sw swa Swahili
ta tam Tamil
te tel Telugu
th tha Thai
tl tgl Tagalog
tr tur Turkish
uk ukr Ukrainian
ur urd Urdu
uz uzb Uzbek
vi vie Vietnamese
xh xho Xhosa
yi yid Yiddish
yue yue Cantonese
zh zho/chi Chinese
zu zul Zulu
"""
_ROWS = [line.split(" ", 2) for line in _TABLE.strip().splitlines()]
_NAMES = {short: name for short, _, name in _ROWS}
_SHORT = {code: short for short, codes, _ in _ROWS for code in codes.split("/")}

# ISO 639-2 for: undetermined, uncoded, several, no linguistic content; `unk` is what some recorders write.
_NO_LANGUAGE = frozenset({"und", "mis", "mul", "zxx", "unk"})
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


def tag(code: str | None) -> str | None:
    """Return the RFC 5646 tag of a language as a film names it, or None where that says nothing."""
    if code is None or not _TAG.fullmatch(code := code.replace("_", "-")):
        return None
    primary, *rest = code.split("-")
    primary = primary.lower()
    if primary in _NO_LANGUAGE:
        return None
    return "-".join([_SHORT.get(primary, primary), *rest])


def name(language: str | None) -> str | None:
    """Return the English name of the language of a tag, such as `Portuguese (BR)`; None if it has none here."""
    if language is None:
        return None
    primary, _, rest = language.partition("-")
    known = _NAMES.get(primary)
    return f"{known} ({rest})" if known and rest else known
