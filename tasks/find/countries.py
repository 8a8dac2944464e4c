"""Countries: of top-level domains, of languages, and by two or three letters."""

import re
from urllib.parse import urlsplit

from tasks.find.zones import zones_of

# Top-level domains that are sold to everyone, whatever country they belong to.
_SOLD = "ac ai bz cc cd cm co fm gg io la ly me sc sh st su tk to tv vc ws eu"
# Languages of which nearly all papers are of one country.
_BY_LANGUAGE = (
    "ja:jp ko:kr pl:pl cs:cz sk:sk hu:hu fi:fi da:dk sv:se no:no nb:no nn:no is:is el:gr he:il "
    "th:th vi:vn tr:tr uk:ua bg:bg hr:hr sl:si et:ee lv:lv lt:lt ka:ge hy:am id:id ms:my fa:ir "
    "hi:in kk:kz mn:mn my:mm km:kh lo:la ne:np si:lk sq:al mk:mk be:by tl:ph it:it"
)
# Three-letter codes (ISO 3166-1) that do not begin with the country's two-letter code.
_BY_THREE_LETTERS = (
    "abw:aw ago:ao ala:ax and:ad are:ae arm:am ata:aq atf:tf atg:ag aut:at bdi:bi ben:bj bes:bq "
    "bgd:bd bhs:bs bih:ba blr:by blz:bz brb:bb brn:bn caf:cf chl:cl chn:cn cod:cd cog:cg cok:ck "
    "com:km cpv:cv cuw:cw cym:ky dnk:dk esh:eh est:ee flk:fk fro:fo fsm:fm gin:gn glp:gp gnb:gw "
    "gnq:gq grd:gd grl:gl guf:gf guy:gy irl:ie irq:iq isr:il jam:jm kaz:kz kor:kr lbr:lr lby:ly "
    "mac:mo maf:mf mdg:mg mdv:mv mex:mx mlt:mt mne:me mnp:mp moz:mz mtq:mq myt:yt niu:nu pak:pk "
    "pcn:pn plw:pw png:pg pol:pl prk:kp prt:pt pry:py pyf:pf sen:sn sgs:gs slb:sb slv:sv spm:pm "
    "srb:rs sur:sr svk:sk svn:si swe:se swz:sz syc:sc tcd:td tkm:tm tun:tn tur:tr tuv:tv ukr:ua "
    "ury:uy wlf:wf"
)
COUNTRY_OF = dict(pair.split(":") for pair in _BY_LANGUAGE.split())
_EXCEPTIONS = dict(pair.split(":") for pair in _BY_THREE_LETTERS.split())


def country_of_domain(url: str) -> str | None:
    """The country of a top-level domain; None for those of no country and those sold to all."""
    suffix = (urlsplit(url).hostname or "").rpartition(".")[2]
    if len(suffix) != 2 or not suffix.isalpha() or suffix in _SOLD.split():
        return None
    return "gb" if suffix == "uk" else suffix


def country_code(text: str) -> str:
    """The two letters of a country that is given by two or three; empty for anything else."""
    code = text.strip().lower()
    if len(code) == 3:
        code = _EXCEPTIONS.get(code, code[:2])
    code = "gb" if code == "uk" else code
    return code if re.fullmatch("[a-z]{2}", code) and zones_of(code) else ""
