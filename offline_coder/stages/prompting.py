"""From templates to messages. The paper comes first and byte-identical in every prompt, what has been
planned follows in a fixed order, and what varies comes last: so the engine's prefix cache pays once
for everything that requests share."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from offline_coder.core.request import Message
from offline_coder.core.shipped import PACKAGE
from offline_coder.core.values import text_digest

TEMPLATES = PACKAGE / "prompts"
LONG_LINE = re.compile("={17,}")


@cache
def environment() -> Environment:
    """The templates. A variable that is missing is an error, never an empty string."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - prompts are plain text, not markup
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def render_prompt(template: str, **variables: object) -> str:
    """The text of `template` ("coding/write.md.j2") with `variables`. Raises jinja2.UndefinedError."""
    return environment().get_template(template).render(**variables).strip()


def prompt_digests() -> dict[str, str]:
    """Template name -> sha256 of its text, for the manifest."""
    return {
        path.relative_to(TEMPLATES).as_posix(): text_digest(path.read_text(encoding="utf-8"))
        for path in sorted(Path(TEMPLATES).rglob("*.j2"))
    }


@dataclass(frozen=True, slots=True)
class Context:
    """What a prompt shares with others: the paper, then the plan's artefacts in order of making.

    Adding an artefact makes a longer context whose beginning is unchanged.
    """

    paper: str
    artefacts: tuple[str, ...] = ()

    def with_artefact(self, title: str, text: str) -> "Context":
        """This context followed by one more artefact."""
        return Context(self.paper, (*self.artefacts, f"# {title}\n\n{text.strip()}"))

    def messages(self, task: str, prefill: str = "") -> tuple[Message, ...]:
        """System, context with `task` last, and the beginning of the answer when there is one."""
        parts = [
            render_prompt("paper.md.j2", paper=without_quotation_marks(self.paper)),
            *self.artefacts,
            f"# Task\n\n{task}",
        ]
        shared = (
            Message(role="system", content=render_prompt("system.md.j2")),
            Message(role="user", content=without_special_tokens("\n\n".join(parts))),
        )
        return (*shared, Message(role="assistant", content=prefill)) if prefill else shared


def alone(task: str) -> tuple[Message, ...]:
    """Messages for a task that holds all that it is about: the paper is left out, because every token that
    is read makes every token that is written slower."""
    return (
        Message(role="system", content=render_prompt("system.md.j2")),
        Message(role="user", content=without_special_tokens(task)),
    )


def without_quotation_marks(paper: str) -> str:
    """`paper` in which no line of equal signs is as long as the two that it stands between."""
    return LONG_LINE.sub("=" * 16, paper)


def without_special_tokens(text: str) -> str:
    """`text` in which nothing reads as a model's control token: a paper that holds "<|im_end|>" would
    otherwise end its own quotation and speak as somebody else."""
    return text.replace("<|", "< |").replace("|>", "| >")
