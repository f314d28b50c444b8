"""Scores and class numbers are kept apart."""

import pytest

from offline_coder.checks.scores import check_scores

HEAD = (
    "import torch.nn.functional as F\nfrom torch import nn\n\n\ndef train(model, x, y):\n    out = model(x)\n"
)


@pytest.mark.parametrize(
    "body",
    [
        "    loss = F.cross_entropy(out, y)\n    return loss + (out - y).pow(2).sum()\n",
        "    criterion = nn.CrossEntropyLoss()\n    loss = criterion(out, y)\n    return loss + F.mse_loss(out, y)\n",
        "    return F.nll_loss(out, y) + \\\n        abs(y - out)\n",
    ],
)
def test_computing_with_both_is_an_error(body: str) -> None:
    (finding,) = check_scores({"training.py": HEAD + body})
    assert (finding.rule, finding.line, finding.severity) == (
        "scores-and-classes",
        8 + ("nn." in body),
        "error",
    )
    assert "the scores out with the class numbers y" in finding.message


@pytest.mark.parametrize(
    "body",
    [
        "    return F.cross_entropy(out, y) + (out - model(x)).pow(2).sum()\n",
        "    return F.mse_loss(out, y) + (out - y).abs().sum()\n",
        "    loss = F.cross_entropy(out, y)\n    y = F.one_hot(y)\n    y = y.float()\n    return loss + (out - y)\n",
        "    return F.cross_entropy(out, y), (out.argmax(-1) == y).sum()\n",
    ],
)
def test_other_computing_is_none(body: str) -> None:
    assert check_scores({"training.py": HEAD + body}) == ()
