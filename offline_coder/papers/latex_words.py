"""What LaTeX commands mean in running text, as tables."""

import unicodedata

ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a",
    "d": "\u0323", "b": "\u0331",
}  # fmt: skip

SYMBOLS = {
    "ldots": "...", "dots": "...", "cdots": "...", "textellipsis": "...", "LaTeX": "LaTeX", "TeX": "TeX",
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "S": "§", "P": "¶",
    "copyright": "©",
    "dag": "†", "ddag": "‡", "textdagger": "†", "textdaggerdbl": "‡", "pounds": "£", "ss": "ß",
    "ae": "æ", "AE": "Æ",
    "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ",
    "textregistered": "®", "texttrademark": "™", "textbar": "|", "textless": "<", "textgreater": ">",
    "textquoteright": "'", "textquoteleft": "'", "textquotedblleft": '"', "textquotedblright": '"',
    "checkmark": "✓",
    "cmark": "✓", "xmark": "✗", "textbullet": "•", "textendash": "–", "textemdash": "—", "quad": " ",
    "qquad": " ",
    "textunderscore": "_", "textdollar": "$", "textpercent": "%", "textasteriskcentered": "*",
    "textdegree": "°",
    "space": " ", "KwTo": " to ", "slash": "/", "lbrack": "[", "rbrack": "]", "textmu": "µ", "texttimes": "×",
    "nobreakspace": " ",
    "newline": " ", "linebreak": " ", "hfill": " ", "and": ", ", "And": ", ", "AND": ", ", "enspace": " ",
    "thinspace": " ", "textsuperscript": "", "ie": "i.e.", "eg": "e.g.",
}  # fmt: skip

# Commands whose arguments are not text: how many groups to skip.
SKIPPED = {
    "vspace": 1, "hspace": 1, "setlength": 2, "addtolength": 2, "setcounter": 2, "addtocounter": 2,
    "color": 1,
    "pagestyle": 1, "thispagestyle": 1, "bibliographystyle": 1, "bibliography": 1, "includegraphics": 1,
    "usepackage": 1, "hypersetup": 1, "definecolor": 3, "newlength": 1, "rule": 2, "cmidrule": 1,
    "cline": 1, "input": 1,
    "include": 1, "graphicspath": 1, "captionsetup": 1, "phantom": 1, "hphantom": 1, "vphantom": 1, "todo": 1,
    "marginpar": 1, "thanks": 1, "footnotemark": 0, "addcontentsline": 3, "markboth": 2, "markright": 1,
    "fontsize": 2,
    "linespread": 1, "index": 1, "nocite": 1, "specialrule": 3, "rowcolor": 1, "cellcolor": 1,
    "columncolor": 1,
    "arraystretch": 0, "tabcolsep": 0, "title": 1, "author": 1, "date": 1, "twocolumn": 0, "newcolumntype": 2,
    "renewenvironment": 3, "newenvironment": 3, "theoremstyle": 1, "numberwithin": 2, "icmltitle": 1,
    "icmlauthor": 2,
    "icmlaffiliation": 2, "icmlcorrespondingauthor": 2, "icmlkeywords": 1, "icmltitlerunning": 1,
    "icmlsetsymbol": 2,
    "printAffiliationsAndNotice": 1, "crefname": 3, "Crefname": 3, "vskip": 0, "hskip": 0, "kern": 0,
    "looseness": 0,
    "etocdepthtag": 0, "etocsettocdepth": 1, "phantomsection": 0, "subfile": 1, "addbibresource": 1,
    "printbibliography": 0,
    "SetKwInOut": 2, "SetKwInput": 2, "algrenewcommand": 2, "SetAlgoLined": 0, "linenumbers": 0,
    "thefootnote": 0, "bibinfo": 1,
    "bibfield": 1, "bibnamefont": 0, "providecommand": 2, "affiliation": 1, "email": 1,
    "DeclareGraphicsExtensions": 1,
}  # fmt: skip

# Commands whose last argument is text: how many groups stand before it.
WRAPPERS = {
    "textcolor": 1, "colorbox": 1, "fcolorbox": 2, "resizebox": 2, "scalebox": 1, "raisebox": 1, "parbox": 1,
    "rotatebox": 1, "multicolumn": 2, "multirow": 2, "href": 1, "hyperref": 0, "texorpdfstring": 1,
    "adjustbox": 1,
}  # fmt: skip

# Commands that only change how their text looks: dropped, their argument stays by itself.
PLAIN = frozenset(
    [
        "textbf", "textit", "textsl", "textsc", "texttt", "textrm", "textsf", "textmd", "textup",
        "textnormal", "emph", "underline", "uline", "uwave", "sout", "mbox", "hbox", "fbox", "makebox",
        "framebox", "text", "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathcal", "mathbb",
        "boldsymbol", "bm", "ensuremath", "url", "nolinkurl", "path", "uppercase", "lowercase",
        "MakeUppercase", "MakeLowercase", "hl", "subcaption", "enquote", "smash", "makecell", "thead",
        "centerline", "footnotesize", "textsubscript", "acs", "acl", "ac", "gls", "Gls", "glspl",
        "centering", "shortstack", "newblock", "name", "natexlab", "textnumero",
    ]
)  # fmt: skip

# Commands without arguments that leave nothing.
SILENT = frozenset(
    [
        "bf", "it", "em", "rm", "sf", "tt", "sc", "sl", "cal", "small", "large", "Large", "LARGE", "huge",
        "Huge", "footnotesize", "scriptsize", "tiny", "normalsize", "normalfont", "bfseries", "itshape",
        "mdseries", "rmfamily", "sffamily", "ttfamily", "upshape", "scshape", "slshape", "raggedright",
        "raggedleft", "noindent", "indent", "newpage", "clearpage", "cleardoublepage", "pagebreak",
        "nopagebreak", "nolinebreak", "vfill", "hfil", "vfil", "bigskip", "medskip", "smallskip",
        "maketitle", "tableofcontents", "protect", "relax", "xspace", "sloppy", "frenchspacing",
        "onecolumn", "FloatBarrier", "balance", "ignorespaces", "unskip", "toprule", "midrule",
        "bottomrule", "hline", "hdashline", "addlinespace", "begingroup", "endgroup", "bgroup", "egroup",
        "boldmath", "unboldmath", "displaystyle", "textstyle", "textwidth", "linewidth", "columnwidth",
        "textheight", "baselineskip", "parindent", "parskip", "fill", "fi", "else", "selectfont",
        "nonumber", "notag", "limits", "nolimits", "allowbreak", "break", "flushbottom", "raggedbottom",
        "makeatletter", "makeatother", "par", "appendix", "null", "leavevmode", "strut", "hrule",
        "hrulefill", "dotfill", "qed", "qedhere", "item", "left", "right", "big", "Big", "bigg", "Bigg",
        "expandafter", "noexpand", "csname", "endcsname", "globaldefs", "global", "long", "outer",
        "everypar", "endinput", "centering", "stepcounter", "onehalfspacing", "doublespacing",
        "singlespacing", "twocolumn", "printbibliography", "newblock", "toprule",
    ]
)  # fmt: skip

CHARACTERS = {
    "%": "%", "&": "&", "$": "$", "#": "#", "_": "_", "{": "{", "}": "}", " ": " ", "\n": " ",
    "\\": " ", ",": " ",
    ";": " ", ":": " ", "!": "", "-": "", "/": "", "@": "", ">": " ", "|": "", "*": "", "+": "",
}  # fmt: skip


def accented(accent: str, letter: str) -> str:
    """`letter` under an accent command: ("'", "e") -> "é"."""
    base = {"ı": "i", "ȷ": "j"}.get(letter[:1], letter[:1])
    return unicodedata.normalize("NFC", base + ACCENTS[accent]) + letter[1:] if base else ""
