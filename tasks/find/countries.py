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
# Three-letter codes (ISO 3166-1, and that of Kosovo), with the two letters where these are not the
# first two.
_BY_THREE_LETTERS = (
    "abw:aw afg ago:ao aia ala:ax alb and:ad are:ae arg arm:am asm ata:aq atf:tf atg:ag aus "
    "aut:at aze bdi:bi bel ben:bj bes:bq bfa bgd:bd bgr bhr bhs:bs bih:ba blm blr:by blz:bz bmu "
    "bol bra brb:bb brn:bn btn bvt bwa caf:cf can cck che chl:cl chn:cn civ cmr cod:cd cog:cg "
    "cok:ck col com:km cpv:cv cri cub cuw:cw cxr cym:ky cyp cze deu dji dma dnk:dk dom dza ecu "
    "egy eri esh:eh esp est:ee eth fin fji flk:fk fra fro:fo fsm:fm gab gbr geo ggy gha gib "
    "gin:gn glp:gp gmb gnb:gw gnq:gq grc grd:gd grl:gl gtm guf:gf gum guy:gy hkg hmd hnd hrv hti "
    "hun idn imn ind iot irl:ie irn irq:iq isl isr:il ita jam:jm jey jor jpn kaz:kz ken kgz khm "
    "kir kna kor:kr kwt lao lbn lbr:lr lby:ly lca lie lka lso ltu lux lva mac:mo maf:mf mar mco "
    "mda mdg:mg mdv:mv mex:mx mhl mkd mli mlt:mt mmr mne:me mng mnp:mp moz:mz mrt msr mtq:mq mus "
    "mwi mys myt:yt nam ncl ner nfk nga nic niu:nu nld nor npl nru nzl omn pak:pk pan pcn:pn per "
    "phl plw:pw png:pg pol:pl pri prk:kp prt:pt pry:py pse pyf:pf qat reu rou rus rwa sau sdn "
    "sen:sn sgp sgs:gs shn sjm slb:sb sle slv:sv smr som spm:pm srb:rs ssd stp sur:sr svk:sk "
    "svn:si swe:se swz:sz sxm syc:sc syr tca tcd:td tgo tha tjk tkl tkm:tm tls ton tto tun:tn "
    "tur:tr tuv:tv twn tza uga ukr:ua umi ury:uy usa uzb vat vct ven vgb vir vnm vut wlf:wf wsm "
    "xkx:xk yem zaf zmb zwe"
)
COUNTRY_OF = dict(pair.split(":") for pair in _BY_LANGUAGE.split())
_OF_THREE = {code[:3]: code[4:] or code[:2] for code in _BY_THREE_LETTERS.split()}


def country_of_domain(url: str) -> str | None:
    """The country of a top-level domain; None for those of no country and those sold to all."""
    suffix = (urlsplit(url).hostname or "").rpartition(".")[2]
    if len(suffix) != 2 or not suffix.isalpha() or suffix in _SOLD.split():
        return None
    return "gb" if suffix == "uk" else suffix


def country_code(text: str) -> str:
    """The two letters of a country that is given by two or three; empty for anything else.

    ValueError for three letters that are no country's: GER is not Georgia, nor NAN Namibia.
    """
    code = text.strip().lower()
    if re.fullmatch("[a-z]{3}", code):
        if code not in _OF_THREE:
            raise ValueError(f"the country {text!r} is no code of ISO 3166, such as DEU or de")
        code = _OF_THREE[code]
    code = "gb" if code == "uk" else code
    return code if re.fullmatch("[a-z]{2}", code) and zones_of(code) else ""
