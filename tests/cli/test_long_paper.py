"""A run on a paper longer than the window: distilled once, recorded, resumed and replayed."""

import json
from pathlib import Path

from tests.cli.conftest import PAPER, Cli

TALK = "It is widely held that one should think about such matters at length before one acts. "
LONG = PAPER + "\n\n## 3 Results\n\n" + "\n\n".join([TALK * 10] * 12) + "\n\nThe network has 5 heads.\n"


def test_a_long_paper_is_distilled_once_and_made_again_from_the_journal(cli: Cli, tmp_path: Path) -> None:
    paper = tmp_path / "long.md"
    paper.write_text(LONG)
    options = ("--model", "random-walk", "--context", "4096", "-o", "out", "--quiet")
    planned = cli("plan", paper, *options)
    assert planned.code == 0, planned.err
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert [stage["name"] for stage in manifest["stages"]] == ["distilling", "planning"]
    assert manifest["stages"][0]["requests"] > 1
    gone = {part["part"]: part for part in manifest["left_out"]}
    assert set(gone) == {"s3"}
    assert gone["s3"]["passages"] > 10
    assert "distilling/section.md.j2" in manifest["prompts"]
    assert "distilling.schema.json" in manifest["grammars"]

    lines = Path("out/journal.jsonl").read_text().splitlines()
    asked = [json.loads(line)["request"] for line in lines if '"request"' in line]
    shown = next(form["messages"][1]["content"] for form in asked if form["purpose"] == "planning:read")
    assert "The network has 5 heads." in shown
    assert "[...]" in shown or "[Left out: " in shown

    again = cli("replay", "out")
    assert again.code == 0, again.out + again.err
    verified = cli("verify", "out")
    assert verified.code == 0, verified.out + verified.err

    # Killed while distilling: the journal answers what was asked before.
    Path("out/manifest.json").unlink()
    kept = [line for line in lines if '"request"' not in line or "distilling:" in line]
    Path("out/journal.jsonl").write_text("\n".join(kept[:-1]) + "\n")
    resumed = cli("plan", paper, *options)
    assert resumed.code == 0, resumed.err
    after = json.loads(Path("out/manifest.json").read_text())
    assert after["files"] == manifest["files"]
    assert 0 < after["stages"][0]["from_journal"] <= after["stages"][0]["requests"]
