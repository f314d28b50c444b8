r"""Papers made to break a reader, each kind by name; scripts/fuzz_readers.py reads each of them once.

`NAMED` holds, for each kind of file, name -> what makes its bytes. The folder a paper is read from holds
nothing else, so a file called main.tex that asks for main.tex asks for itself.
"""

import gzip
import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise

DEEP = 100_000
BEGIN, END = (
    rb"\documentclass{article}\begin{document}\section{One} Text before. ",
    rb" Text behind.\end{document}",
)
RTL = "\u202eabc\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 ".encode()
Maker = Callable[[], bytes]
MD = b"# T\n\n## 1 One\n\nText.\n\n"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
LINES = [b"text " * 12] * 30


def tex(inside: bytes, preamble: bytes = b"") -> bytes:
    """A LaTeX paper around `inside`."""
    return BEGIN.replace(rb"\begin", preamble + rb"\begin", 1) + inside + END


def billion_laughs() -> bytes:
    """Thirty macros, each of which is ten times the one before."""
    names = [f"\\l{letter}" for letter in "abcdefghijklmnopqrstuvwxyzABCD"]
    laughs = "".join(f"\\def{after}{{{before * 10}}}" for before, after in pairwise(["ha", *names]))
    return tex(names[-1].encode(), laughs.encode())


def tabular(columns: int) -> bytes:
    """A table that claims and has absurdly many columns."""
    return tex(
        rb"\begin{tabular}{*{%d}{c}} 1 & 2 \\ \multicolumn{999999999}{c}{x} %s \end{tabular}"
        % (columns, b"& 1 " * 100_000)
    )


def bundle_tar(members: list[tuple[str, bytes]], links: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A .tar.gz of files and links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
        for name, text in members:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


def bundle_zip(members: list[tuple[str, bytes]]) -> bytes:
    """A .zip of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return buffer.getvalue()


def many_members(count: int) -> list[tuple[str, bytes]]:
    """More files than a paper has."""
    return [("main.tex", tex(b"x")), *((f"f{number}.tex", b"x") for number in range(count))]


def html_table(columns: int) -> bytes:
    """A Markdown paper with an HTML table of absurdly many columns."""
    cells = b"<td>1</td>" * columns
    return MD + b"<table><tr><td colspan=999999999 rowspan=999999999>x</td>%s</tr></table>\n" % cells


def s2orc(**changes: object) -> bytes:
    """A small S2ORC paper with some of its fields changed."""
    parse = {
        "body_text": [{"text": "Text.", "section": "One", "sec_num": "1"}],
        "back_matter": [],
        "bib_entries": {},
        "ref_entries": {},
    }
    return json.dumps({"title": "A", "abstract": "B", "pdf_parse": {**parse, **changes}}).encode()


def pdf_of(objects: list[bytes], trailer: bytes = b"trailer<</Root 1 0 R/Size 9>>\n%%EOF") -> bytes:
    """A PDF of these objects without a table of places; readers rebuild it."""
    body = b"".join(b"%d 0 obj%sendobj\n" % (number, text) for number, text in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + trailer


def page_pdf(content: bytes) -> bytes:
    """A PDF of one page with this content stream."""
    return pdf_of(
        [
            CATALOG,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def text_page(lines: list[bytes]) -> bytes:
    """The content stream of these lines."""
    shown = b"".join(b"(%s) Tj 0 -12 Td " % line.replace(b"(", b"").replace(b")", b"") for line in lines)
    return b"BT /F1 10 Tf 72 720 Td " + shown + b" ET"


def pdf_bomb() -> bytes:
    """A page whose content unpacks to 512 MiB of operators, twice packed."""
    stream = zlib.compress(zlib.compress(b"q Q " * (1 << 27), 9), 9)
    return pdf_of(
        [
            CATALOG,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>",
            b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(stream), stream),
        ]
    )


NAMED: dict[str, dict[str, Maker]] = {
    "tex": {
        "braces nested 100,000 deep": lambda: tex(b"{" * DEEP + b"x" + b"}" * DEEP),
        "environments nested 100,000 deep": lambda: tex(
            rb"\begin{quote}" * DEEP + b"x" + rb"\end{quote}" * DEEP
        ),
        "lists nested 100,000 deep": lambda: tex(rb"\begin{itemize}\item " * DEEP + rb"\end{itemize}" * DEEP),
        "billion-laughs macros": billion_laughs,
        "macros in circles": lambda: tex(rb"\a", rb"\def\a{\b\b}\def\b{\a\a}"),
        "recursive \\input": lambda: tex(rb"\input{main}\input{main.tex}\include{main}" * 1000),
        "\\input out of the folder": lambda: tex(rb"\input{/etc/passwd}\input{../../../../etc/passwd}"),
        "absurd columns": lambda: tabular(999_999_999),
        "zero bytes": lambda: tex(b"a\x00b" * 1000),
        "right-to-left text": lambda: tex(RTL * 1000),
        "UTF-16": lambda: tex(b"Text.").decode().encode("utf-16"),
        "Latin-1": lambda: tex("Stra\u00dfe \u00e9t\u00e9 ".encode("latin-1") * 1000),
        "broken UTF-8": lambda: tex(b"\xff\xfe\xc3\x28\xed\xa0\x80" * 1000),
        "dollars 100,001 times": lambda: tex(b"$" * (DEEP + 1)),
        "\\iffalse 100,000 deep": lambda: tex(rb"\iffalse " * DEEP),
        "a line of two million characters": lambda: tex(b"a" * 2_000_000),
    },
    "md": {
        "quotes nested 100,000 deep": lambda: MD + b"> " * DEEP + b"x\n",
        "lists nested 5,000 deep": lambda: MD + b"".join(b"  " * n + b"- x\n" for n in range(0, 5000, 5)),
        "brackets nested 100,000 deep": lambda: MD + b"[" * DEEP + b"](x)" * 1000,
        "tables nested 10,000 deep": lambda: MD + b"<table><tr><td>" * 10_000,
        "absurd columns": lambda: html_table(100_000),
        "absurd pipes": lambda: MD + b"|a" * DEEP + b"|\n" + b"|-" * DEEP + b"|\n",
        "zero bytes": lambda: b"# T\n\n## 1 One\n\na\x00b\n",
        "right-to-left text": lambda: MD + RTL * 1000,
        "UTF-16": lambda: "# T\n\n## 1 One\n\nText.\n".encode("utf-16"),
        "broken UTF-8": lambda: MD + b"\xff\xfe\xc3\x28\xed\xa0\x80" * 1000,
        "stars 100,000 times": lambda: MD + b"**a*" * DEEP,
        "100,000 headings": lambda: b"# T\n\n" + b"## 1 One\n\nx\n\n" * DEEP,
    },
    "json": {
        "arrays nested 100,000 deep": lambda: b"[" * DEEP + b"]" * DEEP,
        "objects nested 100,000 deep": lambda: b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        "absurd columns": lambda: s2orc(
            ref_entries={
                "TABREF0": {
                    "type_str": "table",
                    "text": "T",
                    "html": "<table><tr>" + "<td colspan='999999999'>1</td>" * 10_000 + "</tr></table>",
                }
            }
        ),
        "zero bytes": lambda: s2orc(body_text=[{"text": "a\0b", "section": "\0"}]),
        "right-to-left text": lambda: s2orc(
            body_text=[{"text": RTL.decode() * 1000, "section": RTL.decode()}]
        ),
        "lone surrogates": lambda: (
            b'{"title": "\\ud800", "pdf_parse": {"body_text": [{"text": "\\udfff x", "section": "a"}]}}'
        ),
        "UTF-16": lambda: s2orc().decode().encode("utf-16"),
        "a number of 100,000 digits": lambda: (
            b'{"title": ' + b"9" * DEEP + b', "pdf_parse": {"body_text": []}}'
        ),
        "spans out of place": lambda: s2orc(
            body_text=[
                {"text": "abc", "section": "a", "cite_spans": [{"start": -9, "end": 10**30, "ref_id": "B"}]}
            ]
        ),
    },
    "pdf": {
        "arrays nested 100,000 deep": lambda: pdf_of([b"[" * DEEP]),
        "dictionaries nested 100,000 deep": lambda: pdf_of([b"<</A" * DEEP]),
        "pages in circles": lambda: pdf_of([CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>"]),
        "a page count that lies": lambda: pdf_of([CATALOG, b"<</Type/Pages/Kids[]/Count 2147483647>>"]),
        "graphics states 100,000 deep": lambda: page_pdf(
            b"q " * DEEP + text_page([b"1 One", *[b"text " * 12] * 20])
        ),
        "absurd columns": lambda: page_pdf(b"BT /F1 1 Tf 1 700 Td " + b"(1) Tj 2 0 Td " * 60_000 + b"ET"),
        "absurd sizes": lambda: page_pdf(
            b"BT /F1 1e38 Tf 1e38 -1e38 Td (text) Tj /F1 nan Tf (x) Tj ET " + text_page(LINES)
        ),
        "right-to-left text": lambda: page_pdf(text_page([RTL, *LINES])),
        "zero bytes": lambda: page_pdf(text_page([b"a\x00b" * 20] * 30)),
        "a stream that is too long": lambda: page_pdf(text_page([b"word " * 14] * 4000)),
        "a bomb in a stream": pdf_bomb,
    },
    "zip": {
        "a bomb": lambda: bundle_zip(
            [("main.tex", tex(b"x")), *((f"{n}.tex", bytes(16 << 20)) for n in range(20))]
        ),
        "6,000 members": lambda: bundle_zip(many_members(6000)),
        "names that climb": lambda: bundle_zip([("../../main.tex", tex(b"x"))]),
        "absolute names": lambda: bundle_zip([("/etc/main.tex", tex(b"x"))]),
        "a zip in a zip": lambda: bundle_zip([("main.zip", bundle_zip([("main.tex", tex(b"x"))]))]),
        "recursive \\input": lambda: bundle_zip(
            [("main.tex", tex(rb"\input{a}")), ("a.tex", rb"\input{main}\input{a}")]
        ),
    },
    "tar.gz": {
        "a bomb": lambda: bundle_tar([("main.tex", tex(b"x")), ("b.tex", bytes(300 << 20))]),
        "6,000 members": lambda: bundle_tar(many_members(6000)),
        "names that climb": lambda: bundle_tar([("a/../../main.tex", tex(b"x"))]),
        "links out of the folder": lambda: bundle_tar(
            [("main.tex", tex(rb"\input{link}\input{dir/passwd}"))],
            (("link.tex", "/etc/passwd"), ("dir", "/etc")),
        ),
        "gzip in gzip": lambda: gzip.compress(gzip.compress(tex(b"x"))),
        "a single file": lambda: gzip.compress(tex(b"x")),
        "recursive \\input": lambda: bundle_tar(
            [("main.tex", tex(rb"\input{a}")), ("a.tex", rb"\input{main}\input{a}")]
        ),
    },
}
