"""A run with small budgets: the whole path in a minute or two, for what needs a real engine many times.

python scripts/short_run.py PAPER --model smollm2-135m --context 8192 -o DIR
"""

import argparse
from pathlib import Path

from offline_coder.cli.main import ended
from offline_coder.cli.options import engine_settings
from offline_coder.cli.run import carry_out
from offline_coder.core.stage_settings import StageSettings
from offline_coder.session import Job

SHORT = StageSettings(
    overview_tokens=300,
    architecture_tokens=600,
    analysis_tokens=60,
    code_tokens=256,
    config_candidates=10,
    max_components=0,
    requirement_requests=1,
    regenerations=0,
    rewrite_rounds=1,
    rewrite_tokens=512,
)


def main() -> None:
    """Carry the run out as `offline-coder run` would."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("paper", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--context", type=int)
    parser.add_argument("--batch-invariant", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    job = Job(
        paper=arguments.paper,
        output=arguments.output,
        model=arguments.model,
        stages=SHORT,
        engine=engine_settings(arguments.context, batch_invariant=arguments.batch_invariant),
    )
    ended(lambda: carry_out(job, quiet=arguments.quiet, as_json=False, strict=False))


if __name__ == "__main__":
    main()
