"""GGUF metadata -> config.json and generation_config.json of transformers 5."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from offline_coder.core.errors import BadInput
from offline_coder.core.files import write_atomic
from offline_coder.weights.gguf.tokenizer import UNUSED
from offline_coder.weights.manifest import Conversion

FAMILIES = {
    "qwen2": {"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": False},
    "llama": {"architectures": ["LlamaForCausalLM"], "attention_bias": False, "mlp_bias": False},
}
"""What each architecture's config says that its GGUF does not."""


INT8 = {
    "quant_method": "compressed-tensors",
    "format": "int-quantized",
    "quantization_status": "compressed",
    "ignore": [],
    "config_groups": {
        "group_0": {
            "targets": ["Linear", "lm_head"],
            "weights": {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel"},
            "input_activations": {
                "num_bits": 8,
                "type": "int",
                # With a zero point: half the error of symmetric ones on the Qwen models.
                "symmetric": False,
                "strategy": "token",
                "dynamic": True,
            },
        }
    },
}
"""compressed-tensors' description of what `tensors.int8_rows` writes; activations are scaled a token
at a time while the model runs."""

FORMAT_VERSION = "5.0.0"
"""The transformers version whose config format this is. Left out, it would be taken for an old one."""


def written_float(value: float) -> float:
    """A float32 as its shortest decimal: 1e-06, where the file holds 9.999999974752427e-07."""
    return float(str(np.float32(value)))


def model_config(fields: dict[str, Any], rule: Conversion) -> dict[str, Any]:
    """The content of config.json.

    Raises:
        BadInput: an architecture that is not known here.
    """
    family = fields["general.architecture"]
    if family not in FAMILIES:
        raise BadInput(f"a model architecture that this conversion does not know: {family!r}")

    def of(key: str) -> Any:
        return fields[f"{family}.{key}"]

    heads = of("attention.head_count")
    int8 = rule.stored == "int8"
    quantised = {"quantization_config": INT8} if int8 else {}
    return (
        FAMILIES[family]
        | quantised
        | {
            "model_type": family,
            "attention_dropout": 0.0,
            "bos_token_id": fields["tokenizer.ggml.bos_token_id"],
            "dtype": "bfloat16",
            "eos_token_id": rule.eos_token_ids[0],
            "head_dim": of("embedding_length") // heads,
            "hidden_act": "silu",
            "hidden_size": of("embedding_length"),
            "initializer_range": 0.02,
            "intermediate_size": of("feed_forward_length"),
            "max_position_embeddings": of("context_length"),
            "num_attention_heads": heads,
            "num_hidden_layers": of("block_count"),
            "num_key_value_heads": of("attention.head_count_kv"),
            "pad_token_id": fields["tokenizer.ggml.padding_token_id"],
            "rms_norm_eps": written_float(of("attention.layer_norm_rms_epsilon")),
            "rope_parameters": {"rope_theta": written_float(of("rope.freq_base")), "rope_type": "default"},
            "tie_word_embeddings": rule.tied_embeddings and not int8,
            "transformers_version": FORMAT_VERSION,
            "use_cache": True,
            "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        }
    )


def generation_config(fields: dict[str, Any], rule: Conversion) -> dict[str, Any]:
    """The content of generation_config.json: what ends an answer.

    Sampling is left out on purpose. vLLM would apply it unasked; here it is in the manifest and in
    each request, and nowhere else.

    Raises:
        BadInput: an end token is not in the vocabulary.
    """
    types = fields["tokenizer.ggml.token_type"]
    for token in rule.eos_token_ids:
        if token >= len(types) or types[token] == UNUSED:
            raise BadInput(f"end token {token} is not in the vocabulary")
    ends = list(rule.eos_token_ids)
    return {
        "bos_token_id": fields["tokenizer.ggml.bos_token_id"],
        "eos_token_id": ends if len(ends) > 1 else ends[0],
        "pad_token_id": fields["tokenizer.ggml.padding_token_id"],
    }


def write_configs(folder: Path, fields: dict[str, Any], rule: Conversion) -> None:
    """Write both files into `folder`. Raises as their makers do."""
    for name, content in (
        ("config.json", model_config(fields, rule)),
        ("generation_config.json", generation_config(fields, rule)),
    ):
        write_atomic(folder / name, json.dumps(content, indent=2, sort_keys=True) + "\n")
