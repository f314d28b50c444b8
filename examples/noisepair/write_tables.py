"""The tables and measured numbers of the paper, from results.json and config.yaml.

python write_tables.py          check that paper.tex and paper.md say exactly what was measured (exit code 1 if not)
python write_tables.py --write  write the rows of all tables into both; numbers in sentences are only checked
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
PAPERS = ("paper.tex", "paper.md")
TABLES = ("hyperparameters", "main", "paired", "grid")  # Table 1 to 4

Row = list[str]
Entry = dict[str, Any]

# Label and symbol in Table 1, and where the value stands in config.yaml.
HYPERPARAMETERS = [
    ("Training images", "$n$", "data.train_size"),
    ("Validation images", "", "data.validation_size"),
    ("Test images", "", "data.test_size"),
    ("Seed of the split", "", "data.split_seed"),
    ("Divisor of the pixel values", "", "data.pixel_max"),
    ("Input size", "$d$", "model.input_size"),
    ("Hidden units", "$h$", "model.hidden_units"),
    ("Classes", "$K$", "model.classes"),
    ("Epochs", "$E$", "training.epochs"),
    ("Batch size", "$B$", "training.batch_size"),
    ("Learning rate", r"$\eta$", "training.learning_rate"),
    ("Adam first decay rate", r"$\beta_1$", "training.adam_beta1"),
    ("Adam second decay rate", r"$\beta_2$", "training.adam_beta2"),
    ("Adam epsilon", "", "training.adam_epsilon"),
    ("Offset of the noise seed", "", "training.noise_seed_offset"),
    ("Test noise levels", "", "evaluation.test_noise_levels"),
    ("Seed of the test noise", "", "evaluation.test_noise_seed"),
    ("Number of seeds", "", "evaluation.seeds"),
    ("Noise level of Noise", r"$\sigma$", "methods.noise.noise_std"),
    ("Noise level of NoisePair", r"$\sigma$", "methods.noisepair.noise_std"),
    ("Pairing weight of NoisePair", r"$\lambda$", "methods.noisepair.pairing_weight"),
]


def lookup(config: dict[str, Any], path: str) -> Any:
    """The value at a dotted path."""
    value: Any = config
    for key in path.split("."):
        value = value[key]
    return value


def show(value: Any) -> str:
    """A configuration value as Table 1 prints it."""
    if isinstance(value, list):
        return ", ".join(show(item) for item in value)
    if isinstance(value, float) and value < 1e-4 and value > 0:
        return f"{value:.0e}".replace("e-0", "e-")
    return str(value)


def spread(values: list[float]) -> str:
    """Mean and sample standard deviation."""
    return f"{mean(values):.2f} ± {stdev(values):.2f}"


def name(entry: Entry) -> str:
    """The method's name in the tables."""
    base = {"plain": "Plain", "noise": "Noise", "noisepair": "NoisePair"}[entry["objective"]]
    return base + (", stop-gradient" if entry["stop_gradient"] else "")


def find(results: dict[str, Any], objective: str, std: float = 0.0, weight: float = 0.0) -> Entry:
    """One entry of the grid."""
    key = (objective, std, weight, False)
    fields = ("objective", "noise_std", "pairing_weight", "stop_gradient")
    return next(e for e in results["entries"] if tuple(e[f] for f in fields) == key)


def chosen(results: dict[str, Any], objective: str) -> Entry:
    """The entry that the validation score chose."""
    pick = results["selected"][objective]
    return find(results, objective, pick["noise_std"], pick["pairing_weight"])


def columns(entry: Entry) -> list[list[float]]:
    """Test accuracies of all seeds, one list for each noise level."""
    return [list(column) for column in zip(*entry["test"], strict=True)]


def differences(results: dict[str, Any], other: Entry) -> list[list[float]]:
    """NoisePair minus other for all seeds, one list for each noise level; accuracies are multiples of 0.1."""
    pairs = zip(columns(chosen(results, "noisepair")), columns(other), strict=True)
    return [[round(a - b, 4) for a, b in zip(ours, theirs, strict=True)] for ours, theirs in pairs]


def better(values: list[float]) -> int:
    """For how many seeds the difference is positive."""
    return sum(value > 0 for value in values)


def rows(table: str, results: dict[str, Any], config: dict[str, Any]) -> list[Row]:
    """The cells of one table, below its header."""
    if table == "hyperparameters":
        return [[label, symbol, show(lookup(config, path))] for label, symbol, path in HYPERPARAMETERS]
    entries: list[Entry] = results["entries"]
    if table == "grid":
        return [
            [name(e), *(str(e[k] or "-") for k in ("noise_std", "pairing_weight")), *scores(e)]
            for e in entries
        ]
    main = [chosen(results, objective) for objective in ("plain", "noise", "noisepair")]
    if table == "main":
        return [[name(e), *scores(e)] for e in main]
    others = [*main[:2], next(e for e in entries if e["stop_gradient"])]
    return [
        [name(e), *(f"{spread(d)} ({better(d)}/{len(d)})" for d in differences(results, e))] for e in others
    ]


def scores(entry: Entry) -> Row:
    """Validation score and test accuracies."""
    return [f"{entry['validation_score']:.2f}", *(spread(column) for column in columns(entry))]


def facts(results: dict[str, Any]) -> list[str]:
    """Every measured number that the sentences of the paper use, in its words."""
    plain, noise, pair = (chosen(results, o) for o in ("plain", "noise", "noisepair"))
    mild = find(results, "noise", 0.2)
    weak = find(results, "noisepair", 0.4, 0.01)
    stop = next(e for e in results["entries"] if e["stop_gradient"])
    to_plain, to_noise, to_stop = (differences(results, e) for e in (plain, noise, stop))
    best = sorted(
        (e for e in results["entries"] if not e["stop_gradient"]), key=lambda e: -e["validation_score"]
    )
    products = [f"{e['pairing_weight'] * e['noise_std'] ** 2:.4f}".rstrip("0") for e in best[:3]]
    best_scores = [f"{e['validation_score']:.2f}" for e in best[:3]]

    def at(entry: Entry, level: int) -> str:
        return f"{mean(columns(entry)[level]):.2f}"

    def gain(values: list[float]) -> str:
        return f"{mean(values):.2f}"

    return [
        f"At test noise 0.4 the mean accuracy is {at(pair, 2)} percent, against {at(plain, 2)} percent for plain "
        f"training and {at(noise, 2)} percent for training on noisy images",
        f"On clean images NoisePair reaches {at(pair, 0)} percent, which is slightly below plain training "
        f"({at(plain, 0)} percent) and above training on noisy images ({at(noise, 0)} percent)",
        f"classifies {at(plain, 0)} percent of clean test images correctly drops to {at(plain, 2)} percent",
        f"The chosen values are $\\sigma = {noise['noise_std']}$ for Noise, and $\\sigma = {pair['noise_std']}$ and "
        f"$\\lambda = {pair['pairing_weight']}$ for NoisePair",
        f"by {gain(to_plain[1])} points at noise 0.2 and by {gain(to_plain[2])} points at noise 0.4",
        f"the mean difference is {gain(to_plain[0])} points with a standard deviation of {stdev(to_plain[0]):.2f}, "
        f"and only {better(to_plain[0])} of {len(to_plain[0])} seeds improve",
        f"by {gain(to_noise[0])} points on clean images and by {gain(to_noise[2])} points at noise 0.4",
        f"at $\\sigma = 0.8$ the clean accuracy is {at(find(results, 'noise', 0.8), 0)} percent",
        f"({at(mild, 0)} against {at(pair, 0)} percent), but it is weaker at noise 0.4 "
        f"({at(mild, 2)} against {at(pair, 2)} percent)",
        f"$\\lambda = 0.1$ the clean accuracy is {at(find(results, 'noisepair', 0.8, 0.1), 0)} percent",
        f"$\\lambda = 0.01$ it is {at(weak, 0)} percent, and the accuracy at noise 0.4 is still {at(weak, 2)} percent",
        f"({best_scores[0]}, {best_scores[1]} and {best_scores[2]}) have similar products $\\lambda \\sigma^2$: "
        f"{products[0]}, {products[1]} and {products[2]}",
        f"The full gradient is better by {gain(to_stop[1])} points at noise 0.2, for all ten seeds",
    ]


def claims(results: dict[str, Any]) -> dict[str, bool]:
    """What the sentences of the paper say without a number."""
    plain, noise, pair = (chosen(results, o) for o in ("plain", "noise", "noisepair"))
    stop = differences(results, next(e for e in results["entries"] if e["stop_gradient"]))
    to_plain, to_noise = differences(results, plain), differences(results, noise)
    clean, clean_std = mean(columns(plain)[0]), stdev(columns(plain)[0])
    return {
        "NoisePair beats Plain on noisy images for all seeds": all(better(d) == len(d) for d in to_plain[1:]),
        "NoisePair beats Noise on average everywhere": all(mean(d) > 0 for d in to_noise),
        "NoisePair does not improve clean accuracy": mean(to_plain[0]) <= 0,
        "full gradient better at 0.2 for all seeds": better(stop[1]) == len(stop[1]),
        "other differences to stop-gradient within their deviation": all(
            abs(mean(stop[k])) < stdev(stop[k]) for k in (0, 2)
        ),
        "chosen NoisePair values lie at the edge of the grid": (pair["noise_std"], pair["pairing_weight"])
        == (0.8, 0.01),
        "no setting improves clean accuracy by more than a deviation": all(
            mean(columns(e)[0]) <= clean + clean_std for e in results["entries"]
        ),
    }


def render(table: list[Row], kind: str) -> str:
    """Rows as LaTeX or Markdown lines."""
    if kind == "md":
        return "".join("| " + " | ".join(cell or "-" for cell in row) + " |\n" for row in table)
    lines = (" & ".join(cell.replace("±", r"$\pm$") or "-" for cell in row) for row in table)
    return "".join(line + " \\\\\n" for line in lines)


def body_span(text: str, number: int, kind: str) -> tuple[int, int]:
    """Where the rows of Table number stand: after the header, up to the end of the table."""
    if kind == "md":
        start = text.index(f"**Table {number}.**")
        begin = re.compile(r"^\|(---\|)+\n", re.M).search(text, start)
        assert begin is not None
        end = re.compile(r"^(?!\|)", re.M).search(text, begin.end())
        assert end is not None
        return begin.end(), end.start()
    start = text.index(f"\\label{{tab:{TABLES[number - 1]}}}")
    rules = [m for m in re.compile(r"^\\hline\n", re.M).finditer(text, start)][:3]
    return rules[1].end(), rules[2].start()


def plain_prose(text: str) -> str:
    """Text with runs of white space as one space, to find a sentence that is broken over lines."""
    return " ".join(text.split())


def problems(folder: Path = HERE) -> list[str]:
    """All differences between the papers and the measurement; empty when they agree."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    config = yaml.safe_load((folder / "reference" / "config.yaml").read_text(encoding="utf-8"))
    found = [f"no longer true: {claim}" for claim, holds in claims(results).items() if not holds]
    for paper in PAPERS:
        text, kind = (folder / paper).read_text(encoding="utf-8"), paper.rpartition(".")[2]
        for number, table in enumerate(TABLES, start=1):
            begin, end = body_span(text, number, kind)
            if text[begin:end] != render(rows(table, results, config), kind):
                found.append(f"{paper}: Table {number} differs from the measurement")
        found += [f"{paper}: not found: {f}" for f in facts(results) if f not in plain_prose(text)]
    return found


def write(folder: Path = HERE) -> None:
    """Put the measured rows into both papers."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    config = yaml.safe_load((folder / "reference" / "config.yaml").read_text(encoding="utf-8"))
    for paper in PAPERS:
        text, kind = (folder / paper).read_text(encoding="utf-8"), paper.rpartition(".")[2]
        for number, table in enumerate(TABLES, start=1):
            begin, end = body_span(text, number, kind)
            text = text[:begin] + render(rows(table, results, config), kind) + text[end:]
        (folder / paper).write_text(text, encoding="utf-8")


def main() -> int:
    """Write if asked; then check and print what is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        write()
    found = problems()
    print("\n".join(found) or "paper.tex and paper.md agree with results.json and config.yaml")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
