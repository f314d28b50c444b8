"""Definitions that the model writes again: what helps is kept, everything else never was."""

import asyncio
from collections.abc import Callable, Mapping

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Mended, mend
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import Architecture, BuildOrder, Module, Parameter, Plan, Routine
from offline_coder.core.request import Completion, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.stages.prompting import Context
from offline_coder.stages.rewriting import rewrite

DATA = Module(
    path="data.py", purpose="", functions=(Routine(name="load", parameters=(Parameter(name="count"),)),)
)
MAIN = Module(path="main.py", purpose="", functions=(Routine(name="main"),))
PLAN = Plan(
    overview="x",
    architecture=Architecture(approach="", modules=(DATA, MAIN)),
    build_order=BuildOrder(order=("data.py", "main.py"), depends_on={"data.py": (), "main.py": ("data.py",)}),
    config=(),
)
LOAD = "def load(count):\n    return list(range(count))\n"
PROGRAM = (
    "import sys\n\nfrom data import load\n\n\ndef main():\n    print(sys.argv, load())\n\n\n"
    'if __name__ == "__main__":\n    main()\n'
)


def look(files: Mapping[str, str]) -> tuple[Finding, ...]:
    return check_repository(files, PLAN.architecture)


def rewritten(
    files: dict[str, str],
    answer: Callable[[Request], str | Completion],
    settings: StageSettings | None = None,
) -> tuple[Mended, list[Request]]:
    """What becomes of `files`, and what was asked."""
    asked: list[Request] = []

    def answering(request: Request) -> str | Completion:
        asked.append(request)
        return answer(request)

    engine = ScriptedEngine(answering, context=32768)
    mended = mend(files, look, PLAN.build_order.order)
    done = asyncio.run(rewrite(engine, Context("paper"), PLAN, mended, look, settings or StageSettings()))
    assert Tally.of(look(done.files)) == Tally.of(done.findings)
    return done, asked


def test_a_wrong_call_is_written_again_and_kept() -> None:
    done, asked = rewritten({"data.py": LOAD, "main.py": PROGRAM}, lambda _: "    print(sys.argv, load(3))\n")
    assert done.findings == ()
    assert done.files["main.py"] == PROGRAM.replace("load()", "load(3)")
    (request,) = asked
    assert request.purpose == "rewrite:main.py:main"
    assert request.messages[-1].content == (
        "```python\ndef main():\n    # Failed: `print(sys.argv, load())`, load needs 'count'. "
        "Call it as load(count). So this is done in another way:\n"
    )
    assert "- load needs 'count'. Call it as load(count)." in request.messages[1].content
    assert "def load(count): ..." in request.messages[1].content
    (attempt,) = done.attempts
    assert (attempt.file, attempt.means, attempt.kept) == ("main.py", "main rewritten by the model", True)
    assert attempt.tokens > 0
    assert (attempt.before.errors, attempt.after.errors) == (1, 0)


def test_findings_that_the_answer_copies_are_left_out_of_it() -> None:
    answer = (
        "    # WRONG: load needs 'count'. Call it as load(count).\n"
        "    print(sys.argv, load(3))  # WRONG: load needs 'count'.\n"
    )
    done, _ = rewritten({"data.py": LOAD, "main.py": PROGRAM}, lambda _: answer)
    assert done.files["main.py"] == PROGRAM.replace("load()", "load(3)")


def test_what_does_not_help_is_rolled_back_and_asked_for_once() -> None:
    for answer in (
        "    print(sys.argv, load(1, 2))\n",
        "    print(undefined)\n",
        "    return (",
        "prose here",
    ):
        done, asked = rewritten({"data.py": LOAD, "main.py": PROGRAM}, lambda _, a=answer: a)
        assert done.files["main.py"] == PROGRAM
        assert [attempt.kept for attempt in done.attempts] == [False]
        assert len(asked) == 1


def test_what_only_the_compiler_refuses_is_rolled_back_though_less_is_seen_in_it() -> None:
    wrong = "class Store:\n    size = missing + absent\n\n    def get(self):\n        return self.size\n"
    files = {"data.py": f"{LOAD}\n\n{wrong}", "main.py": PROGRAM.replace("load()", "load(3)")}
    twice = "    size = 3\n\n    def get(self, other, other):\n        return self.size\n"
    done, asked = rewritten(files, lambda _: twice)
    assert [request.purpose for request in asked][:1] == ["rewrite:data.py:Store"]
    assert done.files == files


def test_what_breaks_another_file_is_rolled_back() -> None:
    store = "class Store:\n    size = missing + absent\n\n    def get(self):\n        return self.size\n"
    program = PROGRAM.replace("load()", "Store().get(), load(3)").replace("import load", "import Store, load")
    program = program.replace("    print", "    store = Store()\n    print").replace(
        "Store().get()", "store.get()"
    )
    files = {"data.py": f"{LOAD}\n\n{store}", "main.py": program}
    done, asked = rewritten(files, lambda _: "    size = 3\n")
    assert [request.purpose for request in asked] == ["rewrite:data.py:Store"]
    assert done.files == files
    (attempt,) = done.attempts
    assert (attempt.before.errors, attempt.after.errors, attempt.kept) == (2, 1, False)
    whole = "    size = 3\n\n    def get(self):\n        return self.size\n"
    done, _ = rewritten(files, lambda _: whole)
    assert done.findings == ()


def test_a_missing_function_is_added_and_its_imports_are_mended() -> None:
    def answer(request: Request) -> str:
        assert request.messages[-1].content == "```python\ndef load(count):\n"
        return "    return np.arange(count)\n"

    program = PROGRAM.replace("load()", "load(3)")
    done, _ = rewritten({"data.py": '"""Data."""\n', "main.py": program}, answer)
    assert done.files["data.py"] == (
        '"""Data."""\n\nimport numpy as np\n\n\ndef load(count):\n    return np.arange(count)\n'
    )
    assert not [finding for finding in done.findings if finding.severity == "error"]
    assert [attempt.means for attempt in done.attempts] == [
        "load written by the model", "added `import numpy as np`",
    ]  # fmt: skip


def test_the_budget_in_tokens_is_kept() -> None:
    none = StageSettings(rewrite_tokens=0)
    done, asked = rewritten({"data.py": LOAD, "main.py": PROGRAM}, lambda _: "    x = 1\n", none)
    assert (asked, done.attempts) == ([], ())
    little = StageSettings(rewrite_tokens=300, rewrite_file_tokens=100)
    _, asked = rewritten({"data.py": LOAD, "main.py": PROGRAM}, lambda _: "    x = 1\n", little)
    assert [request.sampling.max_tokens for request in asked] == [100]


def test_a_cut_answer_is_kept_as_far_as_it_is_whole() -> None:
    cut = Completion(
        text="    print(sys.argv, load(3))\n    print('on", finish_reason="length", prompt_tokens=1,
        cached_tokens=0, output_tokens=20, seconds=0.0,
    )  # fmt: skip
    done, _ = rewritten({"data.py": LOAD, "main.py": PROGRAM}, lambda _: cut)
    assert done.files["main.py"] == PROGRAM.replace("load()", "load(3)")


def test_a_method_that_training_asks_of_the_network_is_written_before_the_line_is_taken_out() -> None:
    order = ("model.py", "training.py")
    plan = Plan(
        overview="x",
        architecture=Architecture(
            approach="", modules=tuple(Module(path=path, purpose="") for path in order)
        ),
        build_order=BuildOrder(order=order, depends_on={"model.py": (), "training.py": ("model.py",)}),
        config=(),
    )
    network = "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"
    training = "from model import Net\n\n\ndef train(model: Net, x):\n    return model.term(x) + model(x)\n"
    files = {"model.py": network, "training.py": training}
    mended = mend(files, check_repository, order)

    def answers(method: str) -> tuple[Mended, list[str]]:
        asked: list[str] = []

        def answering(request: Request) -> str:
            asked.append(request.purpose)
            return method if "model.py" in request.purpose else "    return model(x)\n"

        engine = ScriptedEngine(answering, context=32768)
        context = Context("paper")
        return asyncio.run(rewrite(engine, context, plan, mended, check_repository, StageSettings())), asked

    done, asked = answers("    return x.square().mean()\n")
    assert asked == ["rewrite:model.py:Net.term"]
    assert done.files["training.py"] == training
    assert done.files["model.py"] == f"{network}\n    def term(self, x):\n        return x.square().mean()\n"
    assert not [finding for finding in done.findings if finding.severity == "error"]
    done, asked = answers("    return (\n")
    assert asked == ["rewrite:model.py:Net.term", "rewrite:training.py:train"]
    assert done.files["model.py"] == network
    assert "model.term(" not in done.files["training.py"].replace("# Failed: `return model.term(", "")
