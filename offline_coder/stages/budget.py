"""What mending by the model may cost."""

from dataclasses import dataclass, field

from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import SMALLEST_ANSWER


@dataclass(slots=True)
class Budget:
    """Output tokens that are left: for the run, and for each file."""

    run: int
    file: int
    spent: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: StageSettings) -> "Budget":
        """The budget of a run."""
        return cls(settings.rewrite_tokens, settings.rewrite_file_tokens)

    def take(self, path: str, needed: int = 0, enough: int | None = None) -> int:
        """Set aside what one answer for `path` may have, no more than is `enough`, so that others can be
        asked for beside it; 0 when less is left than is `needed`."""
        room = min(self.run, self.file - self.spent.get(path, 0))
        if enough is not None:
            room = min(room, enough)
        if room < max(SMALLEST_ANSWER, needed):
            return 0
        self.book(path, room)
        return room

    def book(self, path: str, tokens: int) -> None:
        """Spend `tokens` on `path`; negative ones come back."""
        self.run -= tokens
        self.spent[path] = self.spent.get(path, 0) + tokens
