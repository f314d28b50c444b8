"""An optimizer is made once, not for each batch."""

import pytest

from offline_coder.checks.mend import mend
from offline_coder.checks.renewed import check_renewed

HEAD = "import torch\n\n\ndef train(model, loader, epochs, lr):\n"
MADE = "optimizer = torch.optim.Adam(model.parameters(), lr=lr)"
STEP = "            model(inputs).mean().backward()\n            optimizer.step()\n"
LOOPS = "    for epoch in range(epochs):\n        for inputs, targets in loader:\n"


def test_one_that_is_made_for_each_batch_is_made_before_all_loops() -> None:
    files = {"training.py": f"{HEAD}{LOOPS}            {MADE}\n{STEP}"}
    (finding,) = check_renewed(files)
    assert (finding.rule, finding.line, finding.severity) == ("renewed-optimizer", 7, "error")
    assert mend(files, check_renewed).files == {"training.py": f"{HEAD}    {MADE}\n{LOOPS}{STEP}"}


def test_its_schedule_follows_it() -> None:
    schedule = "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10)"
    steps = f"{STEP}            scheduler.step()\n"
    files = {"training.py": f"{HEAD}{LOOPS}            {MADE}\n            {schedule}\n{steps}"}
    made = f"{HEAD}    {MADE}\n    {schedule}\n{LOOPS}{steps}"
    assert mend(files, check_renewed).files == {"training.py": made}


def test_what_the_outer_loop_changes_stays_in_it() -> None:
    outer = "    for lr in (0.1, 0.2):\n        for inputs, targets in loader:\n"
    files = {"training.py": f"{HEAD}{outer}            {MADE}\n{STEP}"}
    made = outer.replace("        for inputs", f"        {MADE}\n        for inputs")
    assert mend(files, check_renewed).files == {"training.py": f"{HEAD}{made}{STEP}"}


@pytest.mark.parametrize(
    "body",
    [
        f"    {MADE}\n{LOOPS}{STEP}",
        # A new one for each task, which takes many steps.
        f"    for task in loader:\n        {MADE}\n        for inputs in task:\n{STEP}",
        f"    for lr in (0.1, 0.2):\n        {MADE}\n        model(lr).backward()\n        optimizer.step()\n",
        f"    for model in loader:\n        {MADE}\n        optimizer.step()\n",
        f"{LOOPS}            {MADE}\n            hand_on(optimizer)\n",
        f"{LOOPS}            if epoch == 0:\n                {MADE}\n{STEP}",
    ],
)
def test_others_are_left_alone(body: str) -> None:
    assert check_renewed({"training.py": HEAD + body}) == ()
