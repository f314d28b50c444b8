"""GGUF vocabulary -> tokenizer.json, tokenizer_config.json and the chat template.

A GGUF names the way text is cut before merging only by a word ("qwen2", "smollm"); the regular
expressions behind the words are those of the published tokenizers. Tokens that only fill the
vocabulary up to a round number are left out, as in the published files: a constraint must not be able
to choose them.
"""

import json
from pathlib import Path
from typing import Any

from offline_coder.core.errors import BadInput
from offline_coder.core.files import write_atomic

CONTROL, USER_DEFINED, UNUSED = 3, 4, 5
"""Token types of the GGUF specification (tokenizer.ggml.token_type)."""

QWEN2_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(*, use_regex: bool) -> dict[str, Any]:
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


CUTTING: dict[str, tuple[dict[str, Any] | None, list[dict[str, Any]]]] = {
    "qwen2": (
        {"type": "NFC"},
        [
            {"type": "Split", "pattern": {"Regex": QWEN2_PIECES}, "behavior": "Isolated", "invert": False},
            byte_level(use_regex=False),
        ],
    ),
    "smollm": (None, [{"type": "Digits", "individual_digits": True}, byte_level(use_regex=True)]),
}
"""Normaliser and pre-tokenisers by the GGUF's word for them."""


def tokenizer_json(fields: dict[str, Any]) -> dict[str, Any]:
    """The content of tokenizer.json, in the format of the `tokenizers` library, version 1.0.

    Raises:
        BadInput: a tokenizer that is not byte-level BPE, or cut in a way that is not known here.
    """
    cut, kind = fields["tokenizer.ggml.pre"], fields["tokenizer.ggml.model"]
    if kind != "gpt2" or cut not in CUTTING:
        raise BadInput(f"a tokenizer that this conversion does not know: {kind!r}, {cut!r}")
    normalizer, pieces = CUTTING[cut]
    tokens, types = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    added = [
        {
            "id": index,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": types[index] == CONTROL,
        }
        for index, token in enumerate(tokens)
        if types[index] in (CONTROL, USER_DEFINED)
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": pieces},
        "post_processor": byte_level(use_regex=False) | {"trim_offsets": False},
        "decoder": byte_level(use_regex=False),
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: index for index, token in enumerate(tokens) if types[index] != UNUSED},
            "merges": [merge.split(" ", 1) for merge in fields["tokenizer.ggml.merges"]],
        },
    }


def write_tokenizer(folder: Path, fields: dict[str, Any], context_length: int) -> None:
    """Write the three files into `folder`. Raises as `tokenizer_json` does."""
    tokens = fields["tokenizer.ggml.tokens"]
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "clean_up_tokenization_spaces": False,
    }
    for role, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown")):
        index = fields.get(f"tokenizer.ggml.{key}_token_id")
        if index is not None:
            config[f"{role}_token"] = tokens[index]
    write_atomic(
        folder / "tokenizer.json", json.dumps(tokenizer_json(fields), ensure_ascii=False, indent=1) + "\n"
    )
    write_atomic(folder / "tokenizer_config.json", json.dumps(config, indent=2, sort_keys=True) + "\n")
    write_atomic(folder / "chat_template.jinja", fields["tokenizer.chat_template"])
