"""GGUF tensors -> one bfloat16 safetensors file, a tensor at a time.

Format of safetensors: 8 bytes little-endian header length, a JSON header padded with spaces to a
multiple of 8, the tensors' bytes. bfloat16 is float32 rounded to its upper 16 bits, ties to even.
Shapes: a GGUF names its dimensions innermost first; its data as an array has the usual order, so a
linear layer's weight is [out, in] here as in transformers.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from gguf.quants import dequantize

from offline_coder.core.errors import BadInput

HEADER_ALIGNMENT = 8
PIECE_VALUES = 1 << 22
"""Values converted at a time by one thread: 16 MiB as float32, several times that on the way."""
THREADS = 2

WHOLE_NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
BLOCK_NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
BLOCK = re.compile(r"blk\.(\d+)\.(\w+)\.(weight|bias)")


def transformers_name(name: str) -> str:
    """The name transformers gives the GGUF tensor `name` in models of the Llama and Qwen2 families.

    Raises:
        BadInput: a tensor that these families do not have.
    """
    if name in WHOLE_NAMES:
        return WHOLE_NAMES[name]
    match = BLOCK.fullmatch(name)
    if not match or match[2] not in BLOCK_NAMES:
        raise BadInput(f"a tensor that this conversion does not know: {name!r}")
    return f"model.layers.{match[1]}.{BLOCK_NAMES[match[2]]}.{match[3]}"


def chosen_tensors(reader: Any, *, tied: bool) -> dict[str, Any]:
    """The tensors to write, under their new names, sorted by name.

    With tied embeddings one matrix is left: the output matrix where the file has one, because GGUF
    files keep it at a higher precision than the copy used for reading tokens.
    """
    chosen = {transformers_name(tensor.name): tensor for tensor in reader.tensors}
    if tied and "lm_head.weight" in chosen:
        chosen["model.embed_tokens.weight"] = chosen.pop("lm_head.weight")
    return dict(sorted(chosen.items()))


def bfloat16_bytes(values: np.ndarray) -> bytes:
    """float32 `values` of any shape as little-endian bfloat16, rounded to nearest, ties to even."""
    bits = np.ascontiguousarray(values, dtype="<f4").view("<u4")
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return rounded.astype("<u2").tobytes()


def unpermuted(values: np.ndarray, heads: int) -> np.ndarray:
    """A query or key weight [heads * size, in] of a Llama GGUF in the order transformers wants.

    llama.cpp rotates neighbouring pairs of each head's rows, transformers the two halves; the
    converter that wrote the file interleaved the halves, and this undoes it.
    """
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def pieces(tensor: Any, heads: int | None) -> list[np.ndarray]:
    """The quantised rows of `tensor` in slices, so that memory does not grow with the vocabulary.

    A tensor whose rows are permuted over `heads` is one slice.
    """
    data = tensor.data
    if heads or data.ndim < 2:
        return [data]
    columns = int(tensor.shape[0])
    rows = max(1, PIECE_VALUES // columns)
    return [data[start : start + rows] for start in range(0, len(data), rows)]


def converted(tensor: Any, heads: int | None, pool: Executor) -> Iterator[bytes]:
    """The bfloat16 bytes of `tensor` in order, slices converted side by side."""

    def one(piece: np.ndarray) -> bytes:
        values = dequantize(piece, tensor.tensor_type)
        return bfloat16_bytes(unpermuted(values, heads) if heads else values)

    yield from pool.map(one, pieces(tensor, heads))


def write_safetensors(path: Path, reader: Any, heads: dict[str, int], *, tied: bool) -> None:
    """Write all tensors of `reader` (a gguf.GGUFReader) to `path`.

    `heads` gives the number of heads over which the rows of "attn_q" and "attn_k" are permuted; empty
    where they are not. `tied`: see `chosen_tensors`. Takes a few hundred MB of memory.

    Raises:
        BadInput: a tensor that is not known here, or whose data is cut short.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset, chosen = 0, chosen_tensors(reader, tied=tied)
    for name, tensor in chosen.items():
        shape = [int(length) for length in reversed(tensor.shape)]
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % HEADER_ALIGNMENT)
    with path.open("wb") as out, ThreadPoolExecutor(THREADS) as pool:
        out.write(len(text).to_bytes(8, "little"))
        out.write(text)
        start = out.tell()
        for name, tensor in chosen.items():
            for data in converted(tensor, heads.get(tensor.name.split(".")[-2]), pool):
                out.write(data)
            if out.tell() - start != header[name]["data_offsets"][1]:
                raise BadInput(f"{name} has other bytes than its shape {header[name]['shape']} needs")
