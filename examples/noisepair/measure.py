"""Measure every number of the paper again and write results.json: python measure.py [--workers 2].

All settings of the grid are trained with all seeds. Each run is independent and uses one thread, so
the number of workers changes the time and nothing else.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))

import numpy
import sklearn
import torch
from config import MethodConfig, Objective, load_config
from data import Splits, load_splits
from evaluate import evaluate
from train import train

CONFIG = load_config(HERE / "reference" / "config.yaml")
NOISE_GRID = (0.2, 0.4, 0.8)
WEIGHT_GRID = (0.01, 0.03, 0.1)
_splits: Splits | None = None


def grid() -> list[MethodConfig]:
    """All settings that the paper reports: the plain baseline, noise, NoisePair."""
    plain = [MethodConfig("plain")]
    noise = [MethodConfig("noise", std) for std in NOISE_GRID]
    pair = [MethodConfig("noisepair", std, weight) for std in NOISE_GRID for weight in WEIGHT_GRID]
    return plain + noise + pair


def measure(job: tuple[MethodConfig, int]) -> tuple[list[float], list[float]]:
    """Train one setting with one seed; validation and test accuracy at each noise level."""
    global _splits
    method, seed = job
    torch.set_num_threads(1)
    _splits = _splits or load_splits(CONFIG.data)
    model = train(_splits.train, CONFIG, method, seed)
    return (
        evaluate(model, _splits.validation, CONFIG.evaluation),
        evaluate(model, _splits.test, CONFIG.evaluation),
    )


def measure_all(pool: ProcessPoolExecutor, settings: list[MethodConfig]) -> list[dict[str, object]]:
    """All seeds of all settings, as entries of results.json."""
    seeds = range(CONFIG.evaluation.seeds)
    outcomes = list(pool.map(measure, [(s, seed) for s in settings for seed in seeds], chunksize=len(seeds)))
    entries: list[dict[str, object]] = []
    for index, setting in enumerate(settings):
        mine = outcomes[index * len(seeds) : (index + 1) * len(seeds)]
        validation, test = [v for v, _ in mine], [t for _, t in mine]
        score = mean(mean(row) for row in validation)
        rounded = [[round(x, 4) for x in row] for row in validation]
        entries.append(
            {**asdict(setting), "validation_score": round(score, 4), "validation": rounded, "test": test}
        )
    return entries


def select(entries: list[dict[str, object]], objective: Objective) -> MethodConfig:
    """The setting of this method with the best validation score; the earlier one on a tie."""
    best = max((e for e in entries if e["objective"] == objective), key=lambda e: e["validation_score"])
    return MethodConfig(objective, best["noise_std"], best["pairing_weight"])


def cpu_seconds() -> float:
    """CPU time of this process and of its finished children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Measure the grid, choose on validation, measure the stop-gradient ablation, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=HERE / "results.json")
    args = parser.parse_args()

    started = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.workers, mp_context=context) as pool:
        entries = measure_all(pool, grid())
        selected = {name: select(entries, name) for name in ("plain", "noise", "noisepair")}
        entries += measure_all(pool, [replace(selected["noisepair"], stop_gradient=True)])
    environment = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": numpy.__version__,
        "cpus": os.cpu_count(),
        "workers": args.workers,
        "runs": len(entries) * CONFIG.evaluation.seeds,
        "wall_seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(cpu_seconds(), 1),
    }
    results = {
        "environment": environment,
        "noise_levels": list(CONFIG.evaluation.test_noise_levels),
        "selected": {name: asdict(method) for name, method in selected.items()},
    }
    args.output.write_text(dump(results, entries), encoding="utf-8")
    print(json.dumps(environment))


def dump(results: dict[str, object], entries: list[dict[str, object]]) -> str:
    """JSON with one entry a line, so that two measurements can be compared with diff."""
    head = json.dumps(results, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(entry) for entry in entries)
    return f'{head},\n "entries": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    main()
