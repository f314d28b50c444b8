"""What a run is asked to do, apart from the paper and the model."""

from offline_coder.core.request import Sampling
from offline_coder.core.values import Value

TASK_TOKENS = 800
SMALLEST_PAPER_SHARE = 0.4
OTHER_TEMPERATURE = 0.7
"""Of an answer whose likeliest form was no good already."""


class StageSettings(Value):
    """Sampling and budgets of one run. Budgets count output tokens: of one answer, and for rewriting
    those of a file and of the whole run.

    `requirement_requests` passages of the paper, those in doubt, are put to the model, each alone; an answer
    has about seven tokens. Of a paper that is too long, the model is shown `distilling_passages` at a time.
    `offered_requirements` of the method are shown where the architecture is designed.

    An answer that stops being Python or goes round in circles goes on `continuations` times; one that is
    only too long once.

    A round of debugging asks for `debug_candidates` corrections; one of them is lines of a file with a
    budget of `edit_tokens`.

    `gpu` shows the NVIDIA GPUs to the repository when it is run in the sandbox.

    The defaults were chosen by measuring small models on two CPU cores; larger models end their
    answers themselves and seldom meet them.
    """

    seed: int = 0
    temperature: float = 0.2
    top_p: float = 1.0
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    distilling_passages: int = 24
    distilling_tokens: int = 240
    overview_tokens: int = 480
    requirement_tokens: int = 64
    requirement_requests: int = 96
    architecture_tokens: int = 1500
    offered_requirements: int = 20
    build_order_tokens: int = 700
    config_tokens: int = 700
    config_candidates: int = 32
    analysis_tokens: int = 300
    code_tokens: int = 1200
    candidates: int = 1
    max_components: int = 2
    continuations: int = 2
    regenerations: int = 1
    rewrite_rounds: int = 2
    rewrite_file_tokens: int = 2000
    rewrite_tokens: int = 4000
    debug_rounds: int = 0
    debug_candidates: int = 4
    edit_tokens: int = 400
    gpu: bool = False

    def paper_budget(self, context: int) -> int:
        """Tokens of the context that the paper may take. The rest is for the plan's artefacts, a
        specification, the code shown as dependencies, the task and the answer."""
        others = self.overview_tokens + self.architecture_tokens + self.config_tokens + self.analysis_tokens
        return max(context - others - 2 * self.code_tokens - TASK_TOKENS, int(context * SMALLEST_PAPER_SHARE))

    def warmer(self, least: float) -> "StageSettings":
        """These settings with a temperature of at least `least`, for what was said in vain already."""
        return self.model_copy(update={"temperature": max(least, self.temperature)})

    def sampling(self, max_tokens: int, *, stop: tuple[str, ...] = (), constrained: bool = False) -> Sampling:
        """Sampling for one answer. A constrained answer goes without the repetition penalty: JSON
        repeats its punctuation and its keys by right."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            min_p=self.min_p,
            repetition_penalty=1.0 if constrained else self.repetition_penalty,
            max_tokens=max_tokens,
            stop=stop,
        )
