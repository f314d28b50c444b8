"""The report says what happened, and nothing in it can run."""

from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline_coder.core.attempt import Attempt
from offline_coder.core.early_end import EarlyEnd
from offline_coder.core.engine import Identity
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import Architecture, BuildOrder, ConfigEntry, Module, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.report.page import render_report
from offline_coder.runs.checks import Checks, FileVerdict, SmokeVerdict
from offline_coder.runs.machine import Machine
from offline_coder.runs.manifest import Manifest, OmittedPart, ReaderNote, StageRecord

TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "span",
        "table",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "q",
        "br",
        "ul",
        "li",
    ]
)


class Elements(HTMLParser):
    """Collects the names of all elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def page(text: str) -> str:
    """A report with `text` in every field that a paper or a model fills."""
    plan = Plan(
        overview="x",
        architecture=Architecture(approach=text, modules=(Module(path="main.py", purpose=text),)),
        build_order=BuildOrder(order=("main.py",), depends_on={"main.py": ()}),
        config=(
            ConfigEntry(key="model.a", value=text, source="paper", section="s1", quote=text),
            ConfigEntry(key="model.b", value=1, source="assumption", reason=text),
        ),
    )
    checks = Checks(
        files=(
            FileVerdict(
                path="main.py",
                verdict="stub",
                repairs=(text,),
                before=(),
                left_out=(text,),
                ends=(EarlyEnd(name=text, reason="circles", tokens=90, kept=31337, spared=5),),
            ),
        ),
        attempts=(
            Attempt(
                file="main.py",
                means=text,
                before=Tally(errors=2, others=1),
                after=Tally(errors=3, others=1),
                kept=False,
                tokens=31,
            ),
        ),
        findings=(Finding(file="main.py", line=3, rule="x", message=text, advice=text),),
        smoke=SmokeVerdict(
            status="failed",
            sandbox="bubblewrap",
            failures={text: text},
            called=("model.py: Net",),
            uncalled=(text,),
            rounds=1,
            kept=0,
        ),
    )
    manifest = Manifest(
        status="finished",
        started="2026-01-01T00:00:00Z",
        finished="2026-01-01T00:00:09Z",
        offline_coder="1",
        python="3.11",
        packages={},
        locks={},
        machine=Machine(system=text, cpu=text, cores=1, threads=2, memory_bytes=1, gpus=()),
        model="m",
        endpoint="",
        reader="auto",
        paper="/p",
        paper_sha256="0" * 64,
        paper_title=text,
        paper_tokens=100,
        left_out=(OmittedPart(part="s9", title=text, tokens=12345),),
        code_paper_tokens=60,
        code_left_out=(OmittedPart(part="s2.p1", title=text, tokens=54321),),
        warnings=(ReaderNote(what=text, where=text, certainty="possible"),),
        engine=Identity(engine="vllm", version="1", model=text, weights_digest="abc"),
        context=1000,
        stage_settings=StageSettings(),
        prompts={},
        grammars={},
        determinism="seeded",
        determinism_reason=text,
        stages=(
            StageRecord(
                name="coding",
                requests=3,
                from_journal=1,
                prompt_tokens=777,
                cached_tokens=2,
                output_tokens=50,
                cut=("code:model.py",),
                seconds=5.0,
            ),
        ),
        engine_start_seconds=1.0,
        seconds=9.0,
        files={"repo/main.py": "0" * 64, "plan/overview.md": "1" * 64},
    )
    return render_report(manifest, plan, checks)


def test_it_says_what_happened() -> None:
    text = page("plain words")
    for fact in (
        "100 tokens of the paper are in every prompt of planning",
        "12345 tokens were left out",
        "60 tokens of the paper are in every prompt of analysis and code",
        "54321 tokens were left out",
        "31337 kept, 5 not asked for",
        "777",
        "10.0",
        "stub",
        "failed",
        "repo/main.py",
        "assumption",
        "plain words",
        "rolled back",
        ">31<",
        "1 of 2 planned",
    ):
        assert fact in text
    assert "repo/overview.md" not in text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(max_size=40)
    | st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{ 7*7 }}"])
)
def test_whatever_a_model_wrote_stays_text(text: str) -> None:
    found = Elements()
    found.feed(page(text))
    assert found.names <= TAGS
    assert found.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"}
