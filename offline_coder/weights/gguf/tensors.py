"""GGUF tensors -> one safetensors file in bfloat16, or with int8 layers, a tensor at a time.

Format of safetensors: 8 bytes little-endian header length, a JSON header padded with spaces to a
multiple of 8, the tensors' bytes. bfloat16 is float32 rounded to its upper 16 bits, ties to even.
Shapes: a GGUF names its dimensions innermost first; its data as an array has the usual order, so a
linear layer's weight is [out, in] here as in transformers. int8 is the "int-quantized" format of
compressed-tensors: each row of a linear layer is scaled so that its largest value is 127.
"""

import json
import math
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gguf.quants import dequantize

from offline_coder.core.errors import BadInput

HEADER_ALIGNMENT = 8
PIECE_VALUES = 1 << 22
"""Values converted at a time by one thread: 16 MiB as float32, several times that on the way."""
THREADS = 2

INPUT = "model.embed_tokens.weight"
OUTPUT = "lm_head.weight"
WHOLE_NAMES = {
    "token_embd.weight": INPUT,
    "output_norm.weight": "model.norm.weight",
    "output.weight": OUTPUT,
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
LINEAR = re.compile(r"lm_head\.weight|model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj\.weight")
INT8_LARGEST = 127

Stored = Literal["bfloat16", "int8"]
"""How linear layers are written; everything else is bfloat16 either way."""


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


def chosen_tensors(reader: Any, *, tied: bool, stored: Stored) -> dict[str, Any]:
    """The tensors to write, under their new names, sorted by name.

    With tied embeddings one matrix is left: the output matrix where the file has one, because GGUF
    files keep it at a higher precision than the copy used for reading tokens. As int8 it is written
    a second time for the output: reading it whole for every token is most of a small model's work.
    """
    chosen = {transformers_name(tensor.name): tensor for tensor in reader.tensors}
    if tied and OUTPUT in chosen:
        chosen[INPUT] = chosen.pop(OUTPUT)
    if stored == "int8":
        chosen.setdefault(OUTPUT, chosen[INPUT])
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


def int8_rows(values: np.ndarray) -> tuple[bytes, bytes]:
    """A weight [out, in] as int8 bytes and one float32 scale a row: weight = int8 * scale."""
    scales = np.abs(values).max(axis=1, keepdims=True).astype("<f4") / np.float32(INT8_LARGEST)
    scales[scales == 0] = 1  # a row of zeros stays one
    return np.rint(values / scales).astype(np.int8).tobytes(), scales.tobytes()


def converted(tensor: Any, heads: int | None, pool: Executor, *, int8: bool) -> Iterator[bytes]:
    """The bytes of `tensor` in order, slices converted side by side; with `int8` its scales follow."""

    def one(piece: np.ndarray) -> tuple[bytes, bytes]:
        values = dequantize(piece, tensor.tensor_type)
        values = unpermuted(values, heads) if heads else values
        return int8_rows(values) if int8 else (bfloat16_bytes(values), b"")

    scales = []
    for data, scale in pool.map(one, pieces(tensor, heads)):
        scales.append(scale)
        yield data
    yield b"".join(scales)


def layout(chosen: dict[str, Any], stored: Stored) -> dict[str, Any]:
    """The header's entry for every tensor, in the order of the bytes."""
    entries: dict[str, Any] = {}
    offset = 0

    def add(name: str, dtype: str, shape: list[int], width: int) -> None:
        nonlocal offset
        end = offset + width * math.prod(shape)
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, end]}
        offset = end

    for name, tensor in chosen.items():
        shape = [int(length) for length in reversed(tensor.shape)]
        if is_int8(name, stored):
            add(name, "I8", shape, 1)
            add(f"{name}_scale", "F32", [shape[0], 1], 4)
        else:
            add(name, "BF16", shape, 2)
    return entries


def is_int8(name: str, stored: Stored) -> bool:
    """Whether the tensor `name` is written as int8."""
    return stored == "int8" and LINEAR.fullmatch(name) is not None


def write_safetensors(
    path: Path, reader: Any, heads: dict[str, int], *, tied: bool, stored: Stored = "bfloat16"
) -> None:
    """Write all tensors of `reader` (a gguf.GGUFReader) to `path`.

    `heads` gives the number of heads over which the rows of "attn_q" and "attn_k" are permuted; empty
    where they are not. `tied`: see `chosen_tensors`. Takes a few hundred MB of memory.

    Raises:
        BadInput: a tensor that is not known here, or whose data is cut short.
    """
    chosen = chosen_tensors(reader, tied=tied, stored=stored)
    entries = layout(chosen, stored)
    text = json.dumps({"__metadata__": {"format": "pt"}} | entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % HEADER_ALIGNMENT)
    with path.open("wb") as out, ThreadPoolExecutor(THREADS) as pool:
        out.write(len(text).to_bytes(8, "little"))
        out.write(text)
        start = out.tell()
        for name, tensor in chosen.items():
            int8 = is_int8(name, stored)
            for data in converted(tensor, heads.get(tensor.name.split(".")[-2]), pool, int8=int8):
                out.write(data)
            last = f"{name}_scale" if int8 else name
            if out.tell() - start != entries[last]["data_offsets"][1]:
                raise BadInput(f"{name} has other bytes than its shape {entries[name]['shape']} needs")
