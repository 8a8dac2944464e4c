"""Words after whose full stop a sentence goes on, though a capital or a number may follow."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(words: str) -> frozenset[str]:
    """The words with those of their capitals in which they are read."""
    return frozenset(
        form
        for word in words.split()
        for form in (word, word.capitalize() if word.islower() else word.upper())
    )


# By language for reading only: a text is split without knowing its language. So no list holds a
# word that ends sentences in another language (Polish im., which is also "them"; Dutch "al."), nor
# what more often ends a sentence in its own (etc., usw., руб.). A word given with a capital is read
# so, or all in capitals: Me. is a French title, "me." an English end. Others may begin a sentence.
_BY_LANGUAGE = {
    "en": "Mr Mrs Ms Mx Dr Prof Rev Hon St Sen Sens Rep Reps Gov Pres Gen Col Lt Sgt Cpl Capt Maj "
    "Adm Cmdr Supt Det Insp Cllr Jr Sr Messrs Inc Corp Co Ltd Pvt Pte Bros Mt Ft Blvd vs v approx "
    "dept Smt",
    "de": "bzw evtl ggf inkl einschl zzgl sog bspw geb verh str Str tel vgl lt Hr Fr Dipl Ing "
    "mio Mio mrd Mrd Tsd",
    "fr": "M Mm MM mm Mme Mlle Mgr Me Ste av env",
    "es": "Sr Sra sra Srta srta Sres Dra Dña Gral Pdte Avda Excmo Ilmo Ud Uds Lic aprox",
    "pt": "Exmo Exma Sto",
    "it": "Dott dott Sig Avv Mons",
    "nl": "bijv dhr mevr mw resp incl",
    "da no sv": "dvs evt jf jfr hhv vedr ekskl tlf",
    "pl": "np tzw tj ul pl dr prof św ks płk mjr kpt gen inż mgr",
    "cs sk": "např napr tzv mj cca příp popř vč sv MUDr JUDr PhDr RNDr",
    "hr sl sr": "npr odn gđa",
    "hu": "ún ifj özv",
    "ro": "dl jud",
    "fi": "esim ns nk",
    "tr": "Doç Yrd Öğr Sn örn bkz",
    "vi": "TP GS PGS ThS TS",
    "id ms": "Sdn Bhd Jl Drs Hj",
    "ru uk bg": "ул пл просп проф доц акад ген тов напр",
    "el": "Δρ δρ κκ",
    "hi bn": "डॉ डा प्रो ডা মো",
}
# Only before a number: "Sanctions package No. 19", but "No. It was not"; "art. 5", "a work of art."
_BEFORE_NUMBERS = {
    "en": "no nos rs fig vol art ch para est pp ca",
    "de": "nr abs bd ziff kap",
    "fr es pt it": "núm pág pag págs artt",
    "da no sv": "kl",
    "pl": "ok godz poz",
    "hu": "kb",
    "ru uk": "ст стр рис",
    "id": "no hlm",
    "months": "jan feb mar apr jun jul aug sept sep oct nov dec okt dez "
    "janv févr avr juill août déc",
}
# Of these pairs, the full stop is after the second word: p. ej. Huawei; t. ex. Huawei.
ENDING_PAIRS = frozenset(("ad es", "p ej", "p ex", "t ex", "f eks"))
# Of these it is after the first, and the second is followed by the end of a sentence or not.
OPENING_PAIRS = frozenset(
    ("EE UU", "JJ OO", "FF AA", "CC AA", "CC OO", "RR HH", "RR PP", "SS MM", "долл США", "дол США")
)
# German and Nordic words before an ordinal, as in "das 19. Sanktionspaket", "den 3. Division".
ORDINAL_FOLLOWS = _words(
    "der die das den dem des am im vom zum zur beim ans ins aufs "
    "ein eine einen einem einer eines kein keine keinen keinem keiner "
    "ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner unser unsere unseren unserem "
    "dieser diese dieses diesem diesen jeder jede jedes jedem jeden det"
)
# What follows no ordinal: "He wears the number 10. The team", "Er trägt die 10. Das Team".
BEGINS_SENTENCES = _words(
    "der die das den dem des ein eine einen einem einer er sie es wir ich man in im am an auf "
    "aus bei beim mit nach von vom vor für zum zur und aber doch auch so wie was wer wenn als "
    "da danach damit dabei dann dort hier jetzt nun nicht kein keine dies diese dieser dieses "
    "the a he she it they we i this that my his her on at but and "
    "le la les l un une il elle ils elles on ce cette en dans pour mais "
    "o os as um uma ele ela em "
    "det de en et han hun hon vi på"
)
# Before these a number of one or two digits is an ordinal: German "3. Oktober".
AFTER_GERMAN_DAY = _words(
    "januar jänner februar märz april mai juni juli august september oktober november dezember "
    "jahrhundert jahrhunderts jahrhunderte jahrhunderten"
)


ABBREVIATIONS = _forms(" ".join(_BY_LANGUAGE.values()))
NUMBERED = _words(" ".join(_BEFORE_NUMBERS.values()))
# Those of version 4 of the matching rules, by which topics go on that were counted before.
EARLIER_ABBREVIATIONS = (
    "mr mrs ms mx dr prof rev hon st sen rep gov pres gen col lt sgt capt maj adm cmdr supt jr sr "
    "vs v approx dept est fig nos vol art ch para inc corp co ltd bros messrs "
    "jan feb mar apr jun jul aug sept sep oct nov dec "
    "bzw ca evtl ggf inkl nr str tel vgl abs hr fr dipl ing mio mrd "
    "m mm mme mlle mgr me av env sra srta dra ud uds lic núm pág"
)
