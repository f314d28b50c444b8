"""Hostile papers for every reader: each must give a Paper with text or one of our errors.

python scripts/fuzz_readers.py [--inputs 10000] [--seconds 60] [--seed 0] [--kinds tex,md,...]

First the papers of scripts/hostile_papers.py (nested 100,000 deep, billion-laughs macros, recursive inputs,
archive bombs, wrong encodings, zero bytes, right-to-left text, absurd numbers of columns), then mutations of
small papers of each kind (cut, repeated, damaged, spliced with what the kind's syntax trips over). Each kind
runs in a child of its own with 2 GiB of address space, and each input has 30 seconds of wall time (SIGALRM).
pdfium may crash: each PDF is read by a fork of that child, which does what the reader's own child and then
the reader do, without starting Python anew; the named PDFs go through the reader's own child too. What fails
is written down with the seed that makes it again. `--seconds` ends a kind early; how many inputs ran is
printed, never guessed.
"""

import argparse
import io
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hostile_papers import NAMED

from offline_coder.core.errors import OfflineCoderError
from offline_coder.papers.paper import Paper
from offline_coder.papers.pdf import paper_of_pages
from offline_coder.papers.pdf_child import answer_of, page_of
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render

LIMIT_SECONDS = 30
LIMIT_BYTES = 2 << 30
TEX = (
    r"\documentclass{article}\newcommand{\norm}[2][2]{\lVert #2 \rVert_{#1}}\begin{document}\title{A}"
    r"\begin{abstract}We do.\end{abstract}\section{One}\label{s} Text $\norm{x}$, see \ref{t} \cite{k}."
    r"\begin{align}a &= 1 \\ b &= 2\end{align}\begin{itemize}\item one \item two\end{itemize}"
    r"\begin{table}\caption{T}\label{t}\begin{tabular}{lr}a & \multicolumn{1}{c}{3} \\ b & 4\end{tabular}"
    r"\end{table}\begin{algorithm}\begin{algorithmic}\For{$i$}\State s\EndFor"
    r"\end{algorithmic}\end{algorithm}"
    r"\appendix\section{More}Text.\footnote{Note.}"
    r"\begin{thebibliography}{1}\bibitem{k} K.\end{thebibliography}"
    r"\end{document}"
)
MARKDOWN = (
    "# A Paper\n\n## Abstract\n\nWe do.\n\n## 1 One\n\nText $x$ and \\(y\\) <b>b</b>.[1](#p)\n\n"
    "$$\na = 1\n$$\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\nTable 1: T.\n\n<table><tr><td colspan=2>1</td></tr></table>\n\n"
    "- one\n  - two\n\n```\ncode\n```\n\n![F](f.png)\n\n### A. More\n\nText.\n\n## References\n\n[1] K.\n"
)
JSON = (
    '{"title": "A", "abstract": "We do.", "pdf_parse": {"body_text": [{"text": "Text EQUATION.", "section":'
    ' "One", "sec_num": "1", "eq_spans": [{"raw_str": "a = 1"}]}], "back_matter": [],'
    ' "bib_entries": {"BIBREF0":'
    ' {"title": "K", "authors": [{"first": "A", "last": "L"}], "year": 1843}}, "ref_entries":'
    ' {"TABREF0": {"text":'
    ' "T", "type_str": "table", "html": "<table><tr><td>1</td></tr></table>"}}}}'
)
SEEDS = {"tex": TEX.encode(), "md": MARKDOWN.encode(), "json": JSON.encode()}
SCRAPS = {
    "tex": [
        b"{", b"}", b"\\", b"$", b"$$", b"\\[", b"\\begin{center}", b"\\begin{tabular}{*{99999999}{c}}",
        b"\\end{tabular}", b"\\def\\x{\\x\\x}", b"\\x", b"\\input{main}", b"\\iffalse", b"\\fi", b"&",
        b"\\\\", b"\\multicolumn{999999999}{c}{x}", b"\\item", b"\\footnote{", b"\\section{", b"%",
        b"\\cite[", b"^", b"_",
        b"\\verb|", b"\\newcommand{\\y}[9]{#9#9\\y}", b"\\ref{", b"\\begin{algorithmic}\\If{",
    ],
    "md": [
        b"#", b"```", b"~~~", b"|", b"$$", b"<table>", b"<td colspan=999999999>", b"<tr>", b"[", b"](", b"![",
        b"> ", b"- ", b"* ", b"1. ", b"=====", b"---", b"<!--", b"&#x0;", b"&#99999999999;", b"\\(", b"\\[",
        b"**",
        b"`", b"<span id=", b"\n", b"\n\n", b"    ", b"\t",
    ],
    "json": [
        b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"1e999", b"-", b"\\u0000", b"\\ud800", b"NaN",
        b'"text": 1,', b'"section": [],', b"9" * 5000, b'"<table>"', b"true",
    ],
}  # fmt: skip
COMMON = [
    b"\x00",
    b"\xff",
    b"\xfe\xff",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x98\x80",
    b"\xef\xb7\x90",
    b" " * 300,
    b"a" * 3000,
]
KINDS = ("tex", "md", "json", "pdf", "zip", "tar.gz")


@dataclass
class Tally:
    """What one kind's inputs gave; `failures` holds (seed, what happened)."""

    kind: str
    named: int = 0
    papers: int = 0
    errors: int = 0
    crashes: int = 0
    slowest: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)


def damaged(chance: random.Random, raw: bytes, scraps: list[bytes]) -> bytes:
    """`raw` after one to eight cuts, insertions, copies, or repetitions."""
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(raw))
        end = min(len(raw), at + int(chance.random() ** 4 * len(raw)))
        scrap = chance.choice(scraps)
        match chance.randint(0, 5):
            case 0:
                raw = raw[:at]
            case 1:
                raw = raw[:at] + raw[end:]
            case 2:
                raw = raw[:end] + raw[at:end] * chance.randint(1, 20) + raw[end:]
            case 3:
                raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
            case _:
                raw = raw[:at] + scrap * chance.choice([1, 1, 2, 50]) + raw[at:]
        raw = raw[: 1 << 20]
    return raw


def document(chance: random.Random, kind: str) -> bytes:
    """A hostile text of one kind; one in fifty is nested or repeated up to 100,000 times."""
    scraps = SCRAPS[kind] + COMMON
    if chance.random() < 0.02:
        deep = b"".join(chance.choices(scraps[:-2], k=chance.randint(1, 2)))
        times = min(chance.choice([1000, 10_000, 100_000]), (2 << 20) // len(deep))
        half = len(SEEDS[kind]) // 2
        return SEEDS[kind][:half] + deep * times + SEEDS[kind][half:]
    raw = damaged(chance, SEEDS[kind], scraps)
    if chance.random() < 0.03:
        raw = raw.decode("utf-8", "replace").encode(chance.choice(["utf-16", "utf-32", "utf-7"]), "replace")
    return raw


def plain_pdf() -> bytes:
    """A PDF of one page with two lines."""
    page = b"BT /F1 14 Tf 72 700 Td (1 One) Tj 0 -30 Td /F1 10 Tf (" + b"text " * 12 + b") Tj"
    page += b" 0 -12 Td (and some more words of the one paragraph that there is) Tj" * 12 + b" ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    return (
        b"%PDF-1.4\n"
        + b"".join(b"%d 0 obj%sendobj\n" % (n, o) for n, o in enumerate(objects, 1))
        + (b"trailer<</Root 1 0 R/Size 6>>\n%%EOF")
    )


def packed(chance: random.Random, kind: str) -> bytes:
    """An archive with a hostile paper, names that climb, links, or members that unpack to very much."""
    inside = document(chance, "tex") if chance.random() < 0.8 else TEX.encode()
    names = [
        "main.tex",
        "../main.tex",
        "/main.tex",
        "a/" * 300 + "m.tex",
        "C:\\m.tex",
        "m\u202e.tex",
        "main.tex/x.tex",
    ]
    members = [(chance.choice(names[:1] * 8 + names), inside)]
    if chance.random() < 0.02:
        members.append(("bomb.tex", b" " * (40 << 20)))
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members:
                archive.writestr(name, text)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
            for name, text in members:
                info = tarfile.TarInfo(name)
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
            link = tarfile.TarInfo("link.tex")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
    raw = buffer.getvalue()
    return damaged(chance, raw, COMMON) if chance.random() < 0.5 else raw


def hostile(kind: str, seed: str) -> bytes:
    """The input of one seed."""
    chance = random.Random(f"{kind} {seed}")
    if kind == "pdf":
        return damaged(chance, plain_pdf(), [b"<<", b">>", b"obj", b"stream", b"[", b"(", b"9" * 30, *COMMON])
    return packed(chance, kind) if kind in ("zip", "tar.gz") else document(chance, kind)


def check(paper: Paper) -> None:
    """Raises AssertionError when a paper holds nothing."""
    if not any(section.blocks for section in paper.sections) or not render(paper).strip():
        raise AssertionError("a paper without text")


def attempt(raw: bytes, path: Path) -> bool:
    """Read one input; whether it was a paper. Raises whatever is neither a paper nor our error."""
    path.write_bytes(raw)
    try:
        check(read_paper(path, "text"))
    except OfflineCoderError:
        return False
    return True


def attempt_pdf(raw: bytes, path: Path) -> bool | None:
    """Read a PDF in a fork; None when that crashed, which the reader makes one of our errors."""
    into, out = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT_SECONDS)
        os.write(out, said_of_pdf(raw, path).encode("utf-8", "replace")[:4000])
        os._exit(0)
    os.close(out)
    with os.fdopen(into, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGKILL):
            raise TimeoutError(f"over {LIMIT_SECONDS} s")
        return None
    if said not in ("paper", "error"):
        raise AssertionError(said)
    return said == "paper"


def said_of_pdf(raw: bytes, path: Path) -> str:
    """What reading a PDF gives: "paper", "error", or the failure."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        # Through JSON, as between the reader and its child.
        answer = json.loads(json.dumps(answer_of("read", raw, path)))
        if "error" in answer:
            return "error"
        check(paper_of_pages([page_of(page) for page in answer["pages"]], path))
    except OfflineCoderError:
        return "error"
    except Exception as error:  # whatever it is, it is what is looked for
        return f"{type(error).__name__}: {str(error)[:120]}"
    return "paper"


def too_long(*_: object) -> None:
    """Ends an input that ran out of its time."""
    raise TimeoutError(f"over {LIMIT_SECONDS} s")


def campaign(kind: str, inputs: int, seconds: float, seed: int) -> Tally:
    """Run the inputs of one kind in this process, which is given its limits for good."""
    # The soft limit alone: the PDF reader sets one of its own, in its own child.
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, too_long)
    tally = Tally(kind)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / f"main.{kind}"
        for title, make in NAMED[kind].items():
            tally.named += 1
            run_one(tally, f"named: {title}", make(), path, attempt)
            if kind == "pdf":
                run_one(tally, f"named: {title}", make(), path, attempt_pdf)
        for number in range(inputs):
            if time.monotonic() - began > seconds:
                break
            reading = attempt_pdf if kind == "pdf" else attempt
            run_one(tally, f"{seed}-{number}", hostile(kind, f"{seed}-{number}"), path, reading)
    return tally


def run_one(
    tally: Tally, name: str, raw: bytes, path: Path, reading: Callable[[bytes, Path], bool | None]
) -> None:
    """Read one input within its time and count what it gave."""
    start = time.monotonic()
    signal.alarm(LIMIT_SECONDS + (5 if reading is attempt_pdf else 0))
    try:
        match reading(raw, path):
            case None:
                tally.crashes += 1
            case True:
                tally.papers += 1
            case False:
                tally.errors += 1
    except Exception as error:  # whatever it is, it is what is looked for
        tally.failures.append((name, f"{type(error).__name__}: {str(error)[:120]}"))
    finally:
        signal.alarm(0)
    tally.slowest = max(tally.slowest, time.monotonic() - start)


def main() -> None:
    """One child a kind, one line a kind; exit code 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=10_000, help="inputs a kind")
    parser.add_argument("--seconds", type=float, default=60.0, help="most seconds a kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    given = parser.parse_args()
    failed = False
    for kind in given.kinds.split(","):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            waiting = pool.apply_async(campaign, (kind, given.inputs, given.seconds, given.seed))
            try:
                tally = waiting.get(given.seconds + 2 * LIMIT_SECONDS)
            except multiprocessing.TimeoutError:
                print(f"{kind}: the child hung or died", flush=True)
                failed = True
                continue
        total = tally.papers + tally.errors + tally.crashes + len(tally.failures)
        crashed = f" {tally.crashes} contained crashes of pdfium," if kind == "pdf" else ""
        print(
            f"{kind}: {total} inputs ({tally.named} named), {tally.papers} papers,"
            f" {tally.errors} errors of ours,{crashed} {len(tally.failures)} failures,"
            f" slowest {tally.slowest:.1f} s",
            flush=True,
        )
        for seed, what in tally.failures[:20]:
            print(f"  {seed}: {what}")
        failed = failed or bool(tally.failures)
    sys.exit(failed)


if __name__ == "__main__":
    main()
