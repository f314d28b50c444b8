"""Types as Python source writes them."""

import re

TUPLE = re.compile(r"(?:typing\.)?[tT]uple\[([\w., ]+)\]")


def tuple_elements(source: str) -> list[str]:
    """What a tuple type of plain names holds, `tuple[int, torch.Tensor]` two; nothing of any other type."""
    inner = TUPLE.fullmatch(source.strip())
    return [part.strip() for part in inner[1].split(",")] if inner else []
