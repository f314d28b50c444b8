"""The journal: written before it is used, read back whole, honest about damage."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.journal import Journal, journal_key

IDENTITY = Identity(engine="scripted", version="1", model="m", weights_digest="")


def request(number: int) -> Request:
    return Request("test", (Message(role="user", content=str(number)),), Sampling(), number)


def completion(text: str) -> Completion:
    return Completion(
        text=text, finish_reason="stop", prompt_tokens=1, cached_tokens=0, output_tokens=1, seconds=0.1
    )


def filled(path: Path, count: int) -> Journal:
    journal = Journal(path)
    for number in range(count):
        journal.add(journal_key(request(number), IDENTITY), request(number), completion(f"é\n{number}\ud800"))
    return journal


def test_what_was_added_is_read_back(tmp_path: Path) -> None:
    filled(tmp_path / "j", 3)
    journal = Journal(tmp_path / "j")
    assert len(journal) == 3
    assert journal.get(journal_key(request(2), IDENTITY)) == completion("é\n2\ud800")
    assert journal.get(journal_key(request(9), IDENTITY)) is None


def test_another_identity_is_another_key() -> None:
    other = IDENTITY.model_copy(update={"weights_digest": "abc"})
    assert journal_key(request(0), IDENTITY) != journal_key(request(0), other)


@pytest.mark.parametrize("kept", [1, 20])
def test_a_cut_last_line_is_dropped_and_said(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "j"
    filled(path, 2)
    raw = path.read_bytes()
    first = raw.index(b"\n") + 1
    path.write_bytes(raw[: first + kept])
    journal = Journal(path)
    assert len(journal) == 1
    assert "cut" in journal.dropped
    assert path.read_bytes() == raw[:first]
    journal.add("k", request(5), completion("after"))
    assert len(Journal(path)) == 2


def test_a_damaged_line_in_the_middle_is_named_and_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "j"
    filled(path, 3)
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1][:-5]
    path.write_bytes(b"\n".join(lines))
    before = path.read_bytes()
    with pytest.raises(BadInput, match="line 2"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_killed_writer_loses_no_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    script = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from tests.runs.test_journal import completion, request
        from offline_coder.runs.journal import Journal
        journal = Journal(Path({str(path)!r}))
        for number in range(100_000):
            journal.add(str(number), request(number), completion("x" * 2000))
            print(number, flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(5):
            said = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
    journal = Journal(path)
    assert len(journal) > said
    assert all(journal.get(str(number)) for number in range(said + 1))


def test_the_second_process_in_a_folder_is_told(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path / "run"),
        pytest.raises(BadInput, match="another process"),
        RunFolder(tmp_path / "run"),
    ):
        pass
    with RunFolder(tmp_path / "run"):
        pass


def test_what_a_kill_left_of_a_write_is_cleared_away(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from offline_coder.runs.folder import RunFolder
        with RunFolder(Path({str(tmp_path / "run")!r})) as run:
            run.write("repo/model.py", "x = 1")
            os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
            run.write("repo/model.py", "x = 2")
        """
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    repo = tmp_path / "run" / "repo"
    assert len(list(repo.iterdir())) == 2
    with RunFolder(tmp_path / "run"):
        assert [path.name for path in repo.iterdir()] == ["model.py"]
    assert (repo / "model.py").read_text() == "x = 1"


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(BadInput, match="not empty"), RunFolder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_facts_stand_between_completions(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j", 1)
    journal.note("tokens", 7)
    journal.add("k", request(5), completion("after"))
    again = Journal(tmp_path / "j")
    assert again.fact("tokens") == 7
    assert again.fact("other") is None
    assert len(again) == 2
    assert [asked.seed for asked, _ in again.requests()] == [0, 5]


def test_a_journal_that_is_only_read_is_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "j"
    filled(path, 2)
    cut = path.read_bytes()[:-3]
    path.write_bytes(cut)
    journal = Journal(path, read_only=True)
    assert len(journal) == 1
    assert journal.dropped
    assert path.read_bytes() == cut


def test_a_line_that_the_disk_did_not_take_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "j"
    script = textwrap.dedent(
        f"""
        import resource, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from tests.runs.test_journal import completion, request
        from offline_coder.runs.journal import Journal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        journal = Journal(Path({str(path)!r}))
        for number in range(10):
            try:
                journal.add(str(number), request(number), completion("x" * 1500))
            except OSError:
                print(number)
                break
        """
    )
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    kept = int(outcome.stdout)
    journal = Journal(path)
    assert 0 < kept == len(journal)
    assert journal.dropped == ""
