"""What mending by the model may cost is shared fairly among what is asked for together."""

from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.budget import Budget


def test_what_is_short_leaves_room_for_others() -> None:
    budget = Budget.of(StageSettings(rewrite_tokens=1600, rewrite_file_tokens=800))
    assert budget.take("a.py", enough=384) == 384
    assert budget.take("b.py", enough=900) == 800
    assert budget.take("c.py") == 416
    assert budget.take("d.py") == 0
    budget.book("c.py", -400)
    assert budget.take("d.py", needed=401) == 0
    assert budget.take("d.py") == 400
