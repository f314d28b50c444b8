"""Train and evaluate with one seed or with all: python main.py [--method noisepair] [--seed 0 | --all]."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean

import torch

from config import load_config
from data import load_splits
from evaluate import evaluate
from train import train


def main() -> None:
    """Print the test accuracies of each seed and, with --all, their means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--method", default="noisepair", choices=["plain", "noise", "noisepair"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--all", action="store_true", help="seeds 0, 1, ... as many as the configuration says"
    )
    args = parser.parse_args()

    torch.set_num_threads(1)
    config = load_config(args.config)
    method = config.methods[args.method]
    splits = load_splits(config.data)
    seeds = range(config.evaluation.seeds) if args.all else [args.seed]
    rows = []
    print("noise level:", *(f"{level:6.1f}" for level in config.evaluation.test_noise_levels))
    for seed in seeds:
        rows.append(evaluate(train(splits.train, config, method, seed), splits.test, config.evaluation))
        print(f"seed {seed:6d}:", *(f"{value:6.1f}" for value in rows[-1]))
    if args.all:
        print("mean       :", *(f"{mean(column):6.2f}" for column in zip(*rows, strict=True)))


if __name__ == "__main__":
    main()
