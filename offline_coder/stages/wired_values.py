"""What a wired entry point gives to each parameter, by rules in a stated order.

1. A setting of config.yaml of that name (or another usual name for it, or the only one that has its words
   among its own, or for `pairing_weight` the weight of the loss) whose value is of that type;
2. an earlier result whose type, or where no type is said, name fits; 3. the default of the signature;
4. a small made-up value of the type.

A type that neither the repository nor this module knows counts as not said.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from offline_coder.checks.source import returns_of
from offline_coder.core.plan import ConfigValue
from offline_coder.core.type_names import tuple_elements
from offline_coder.core.usual_names import SPLIT_WORDS, TEST, TRAIN, VALIDATION, alike, usual_name

Source = Literal["setting", "result", "default", "data", "made up"]
Settings = Mapping[str, Mapping[str, ConfigValue]]

WHOLE_CONFIG = frozenset({"config", "cfg", "conf", "settings", "hparams", "params"})
MAPPINGS = frozenset({"", "dict", "Dict", "Mapping", "Any"})
PATH_WORDS = frozenset({"path", "file", "filename", "dir", "directory", "folder", "root"})
FEW_WORDS = frozenset({"epochs", "epoch", "steps", "step", "iterations", "layers", "depth"})
NUMBER_WORDS = frozenset({"size", "num", "n", "dim", "heads", "experts", "classes", "length", "vocab", "k"})
SHARE_WORDS = frozenset({"dropout", "rate", "ratio", "factor", "alpha", "beta", "eps", "epsilon", "lr", "p"})
LOSS_WEIGHT = "loss_weight"
TERM = re.compile(r"_(?:weight|coefficient|coeff)$|^(?:lam|lambda_?|coefficient|weight)$")
"""How a parameter is called that says how much a term of the loss counts."""
LOSS_WORDS = frozenset({"criterion", "loss"})
UNTYPED = frozenset({"", "Any", "object"})
OPTIMIZERS = frozenset({"Optimizer", "Adam", "SGD", "AdamW"})
PLAIN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
    "List": (list,),
    "Sequence": (list,),
    "tuple": (list,),
}
SAME_WORD = {
    **SPLIT_WORDS,
    **dict.fromkeys(("dataset", "datasets", "loader", "dataloader"), "data"),
    **dict.fromkeys(("labels", "target", "targets", "y"), "label"),
    **dict.fromkeys(("inputs", "x", "features"), "input"),
    **dict.fromkeys(("net", "network"), "model"),
}
TUPLES = frozenset({"tuple", "Tuple"})
DATA_WORD = "data"
SEED = "seed"
TENSORS = frozenset({"Tensor", "FloatTensor", "LongTensor", "ndarray"})
SPLITS = frozenset({TRAIN, VALIDATION, TEST})
SPLIT_NAMES = {2: ("train_data", "test_data"), 3: ("train_data", "validation_data", "test_data")}
"""What loaders or data sets are that a function gives without names, by their number."""
TENSOR = "torch.rand(8, 8)"
ROW = "[0.1] * 8"
NETWORK_PART = "model"
LOADER = "DataLoader"
CHANNELS = re.compile(r"(?:in|input)_channels")
MADE_UP = {
    "float": "0.1",
    "bool": "False",
    "list": ROW,
    "List": ROW,
    "Sequence": ROW,
    "Iterable": ROW,
    "dict": "{}",
    "Dict": "{}",
    "Mapping": "{}",
    "tuple": "()",
    "Tuple": "()",
    "set": "set()",
    "Tensor": TENSOR,
    "FloatTensor": TENSOR,
    "LongTensor": "torch.randint(0, 8, (8, 8))",
    "ndarray": "np.random.default_rng(0).random((8, 8))",
    "device": 'torch.device("cpu")',
    "Dataset": f"torch.utils.data.TensorDataset({TENSOR}, {TENSOR})",
    "DataLoader": f"torch.utils.data.DataLoader(torch.utils.data.TensorDataset({TENSOR}, {TENSOR}))",
    "Module": "torch.nn.Linear(8, 8)",
    "Path": 'Path("outputs")',
}
"""Python source of a small value of a type, by the last part of the type's name."""
KNOWN_TYPES = frozenset({*MADE_UP, *PLAIN, *OPTIMIZERS, "Callable", "None"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parameter of the code as it was written. `default` says whether it can be left out."""

    name: str
    type: str
    default: bool
    by_position: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A variable of the entry point. `types` are the last parts of the names of its type and of the
    bases of that; `words` are what its name is about."""

    variable: str
    types: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Python source of an argument, "" to leave it out, and which rule gave it."""

    text: str
    source: Source


def parameters_of(arguments: ast.arguments, *, method: bool) -> list[Wanted]:
    """The parameters that a call can name, `self` left out."""
    positional = [*arguments.posonlyargs, *arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    found = [
        Wanted(arg.arg, source_of(arg.annotation), index >= first_default, index < len(arguments.posonlyargs))
        for index, arg in enumerate(positional)
    ]
    keyword_only = [
        Wanted(arg.arg, source_of(arg.annotation), default is not None)
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return [*(found[1:] if method else found), *keyword_only]


def source_of(node: ast.expr | None) -> str:
    """The type that an annotation says, in one piece; a quoted one without its quotes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node) if node else ""


def type_name(source: str) -> str:
    """The last part of a type's name, without what stands in brackets and without None:
    `Optional[torch.Tensor]` and `torch.Tensor | None` give "Tensor"."""
    plain = source.strip()
    if inner := re.fullmatch(r"(?:typing\.)?(?:Optional|Union)\[(.*)\]", plain):
        plain = inner.group(1).split(",")[0]
    parts = [part.strip() for part in re.split(r"\|(?![^\[]*\])", plain)]
    named = [part for part in parts if part != "None"]
    return named[0].partition("[")[0].rpartition(".")[2] if named else ""


def tensors_in(source: str) -> int:
    """How many tensors a tuple type holds, `tuple[torch.Tensor, torch.Tensor]` two; 0 for any other type."""
    parts = [part.rpartition(".")[2] for part in tuple_elements(source)]
    return len(parts) if set(parts) <= TENSORS else 0


def words_of(name: str) -> frozenset[str]:
    """What a name is about: its parts, each in its usual form."""
    return frozenset(SAME_WORD.get(part, part) for part in name.lower().split("_") if part)


def is_part_of(name: str, part: str, key: str) -> bool:
    """Whether the setting `key` of the section `part` is called as a parameter and more; in the section of
    the network without the word that makes a count of it. The seed of something is not that."""
    about = words_of(usual_name(name) if part == NETWORK_PART else name)
    return about <= words_of(key) and (SEED in about or SEED not in words_of(key))


class Values:
    """The settings of a repository and the results so far. `classes` are the names of its classes;
    `torch`: its code uses PyTorch, so a value without a type may be a tensor. `together` are the last
    results that one call gave."""

    def __init__(self, settings: Settings, classes: frozenset[str], *, torch: bool) -> None:
        self.settings = settings
        self.known = classes | KNOWN_TYPES
        self.torch = torch
        self.anything = TENSOR if torch else ROW
        self.results: list[Result] = []
        self.together: tuple[str, ...] = ()

    def choose(self, wanted: Wanted, section: str, used: set[str]) -> Chosen:
        """The argument for a parameter of a step of `section`; results in `used` were already given in
        the same call, and the one that is chosen joins them."""
        setting = self._setting(wanted, section)
        if setting:
            return Chosen(setting, "setting")
        parts = self._parts(wanted)
        if parts:
            used.update(parts)
            return Chosen(f"({', '.join(parts)})", "result")
        result = self._result(wanted, used)
        if result:
            used.add(result)
            return Chosen(result, "result")
        if wanted.default:
            return Chosen("", "default")
        size = self._size_of_inputs(wanted) if section == NETWORK_PART else ""
        return Chosen(size, "data") if size else Chosen(self._made_up(wanted), "made up")

    def kind(self, wanted: Wanted) -> str:
        """The name of the type, "" for one that nobody knows."""
        kind = type_name(wanted.type)
        return kind if kind in self.known or kind.endswith("Loss") else ""

    def _setting(self, wanted: Wanted, section: str) -> str:
        kind = self.kind(wanted)
        if kind in MAPPINGS:
            if wanted.name in WHOLE_CONFIG:
                return "config"
            part = re.sub("_(config|cfg|settings|params)$", "", wanted.name)
            if part != wanted.name and part in self.settings:
                return f"config[{part!r}]"
        places = sorted(self._places(kind), key=lambda place: place[0] != section)
        exact = [place for place in places if place[1] == wanted.name]
        usual = [place for place in places if usual_name(place[1]) == usual_name(wanted.name)]
        longer = [place for place in places if kind in PLAIN and is_part_of(wanted.name, *place)]
        nearly = [place for place in places if usual_name(place[1]) == alike(wanted.name)]
        of_a_term = [place for place in places if place[1] == LOSS_WEIGHT and TERM.search(wanted.name)]
        for part, key in [*exact, *usual, *(longer if len(longer) == 1 else ()), *of_a_term, *nearly]:
            return f"config[{part!r}][{key!r}]"
        return self._last_of_several(wanted, kind, section)

    def _last_of_several(self, wanted: Wanted, kind: str, section: str) -> str:
        """The last of several values of the setting that a plain parameter is called like: levels of noise
        or sizes that the paper compares, of which one call takes one."""
        places = sorted(self._places("list"), key=lambda place: place[0] != section)
        for part, key in places if kind in PLAIN else ():
            values = self.settings[part][key]
            fit = isinstance(values, list) and values and all(isinstance(one, PLAIN[kind]) for one in values)
            if fit and usual_name(wanted.name) in (usual_name(key), usual_name(key.removesuffix("s"))):
                return f"config[{part!r}][{key!r}][-1]"
        return ""

    def _places(self, kind: str) -> Iterator[tuple[str, str]]:
        """The settings whose value can be of the type `kind`."""
        allowed = (object,) if kind in UNTYPED else PLAIN.get(kind, ())
        for part, values in self.settings.items():
            for key, value in values.items():
                truth = isinstance(value, bool) and kind in ("int", "float")
                if isinstance(value, allowed) and not truth:
                    yield part, key

    def _parts(self, wanted: Wanted) -> list[str]:
        """The results that make up a tuple of tensors, where no one result is called like it: those of its
        split, in their order, else the first tensors there are, for a test the last. Data that is a tuple of
        nobody says what is all that came together."""
        wants = tensors_in(wanted.type)
        if any(result.variable == wanted.name for result in self.results):
            return []
        if wanted.type in TUPLES and DATA_WORD in words_of(wanted.name):
            return list(self.together)
        if wants < 2:
            return []
        tensors = [result for result in self.results if result.types & TENSORS]
        split = words_of(wanted.name) & SPLITS
        named = [result for result in tensors if split & result.words]
        if len(named) < wants:
            named = tensors[-wants:] if split - {TRAIN} else tensors[:wants]
        return [result.variable for result in named[:wants]] if len(named) >= wants else []

    def _result(self, wanted: Wanted, used: set[str]) -> str:
        kind = self.kind(wanted)
        words = words_of(wanted.name)
        if words & LOSS_WORDS and kind not in TENSORS:
            return next((result.variable for result in self.results if words & LOSS_WORDS & result.words), "")
        best = ""
        highest = 0
        for result in self.results:
            same_type = kind in result.types
            shared = len(words & result.words)
            unknown = kind in UNTYPED or not result.types
            if not (same_type or (unknown and shared)):
                continue
            named = wanted.name == result.variable
            seen = (TRAIN in result.words) != (TRAIN in words) and bool(words & SPLITS)
            score = 4 + 100 * named + 10 * shared + 5 * (result.variable not in used) - 3 * seen
            if score > highest:
                best, highest = result.variable, score
        return best

    def _size_of_inputs(self, wanted: Wanted) -> str:
        """The size of one example of the data that was loaded, where that is what is wanted: its channels,
        which come first, or its features, which come last."""
        channels = CHANNELS.fullmatch(wanted.name)
        loader = next((result.variable for result in self.results if LOADER in result.types), "")
        if not loader or not (channels or usual_name(wanted.name) == "input_size"):
            return ""
        return f"{loader}.dataset[0][0].shape[{0 if channels else -1}]"

    def _made_up(self, wanted: Wanted) -> str:
        kind = self.kind(wanted)
        words = words_of(wanted.name)
        if "optimizer" in words or kind in OPTIMIZERS:
            model = self._result(Wanted("model", "nn.Module", default=False), set())
            return f"torch.optim.Adam(({model or 'torch.nn.Linear(8, 8)'}).parameters())"
        if kind.endswith("Loss") or (words & LOSS_WORDS and kind in ("Module", "Callable", *UNTYPED)):
            return "torch.nn.CrossEntropyLoss()"
        if kind == "int" or (kind in UNTYPED and words & (FEW_WORDS | NUMBER_WORDS)):
            return "1" if words & FEW_WORDS else "8"
        if kind in UNTYPED and words & SHARE_WORDS:
            return MADE_UP["float"]
        if kind == "str" or (kind in UNTYPED and words & PATH_WORDS):
            return '"cpu"' if wanted.name == "device" else repr(wanted.name)
        if wanted.name == "device":
            return MADE_UP["device"]
        if count := tensors_in(wanted.type):
            return f"({', '.join([TENSOR] * count)},)"
        return self.of_type(kind)

    def of_type(self, kind: str) -> str:
        """Python source of a small value of the type `kind`, of what data is mostly made of where nothing
        is said."""
        plain = {"int": "8", "str": '"made up"'} | MADE_UP
        return self.anything if kind in UNTYPED else plain.get(kind, "None")


def returned(node: ast.FunctionDef) -> tuple[tuple[str, str], ...]:
    """What a call of the function gives: a name and a type ("" where none is said) for each value; one
    named "" for a value without a name; empty when it gives nothing. Read from its returns, because what
    is announced and what comes back differ; only where it does nothing but raise is it what is announced."""
    own = [item.value for item in returns_of(node)]
    given = [
        value
        for value in own
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None)
    ]
    said = node.returns
    inner: list[ast.expr] = []
    if isinstance(said, ast.Subscript) and type_name(ast.unparse(said)) in TUPLES:
        inner = list(said.slice.elts) if isinstance(said.slice, ast.Tuple) else [said.slice]
    if not own and isinstance(node.body[-1], ast.Raise) and source_of(said) not in ("", "None"):
        given = [ast.Tuple([ast.Constant("")] * len(inner)) if inner else ast.Constant("")]
    if not given:
        return ()
    counts = {len(value.elts) if isinstance(value, ast.Tuple) else 1 for value in given}
    first = given[0]
    if isinstance(first, ast.Tuple) and len(counts) == 1 and first.elts:
        if any(isinstance(value, ast.Starred) for value in first.elts):
            return (("", ""),)
        same = len({ast.unparse(item) for item in inner if ast.unparse(item) != "..."}) == 1
        kinds = [source_of(item) for item in inner]
        if len(kinds) != len(first.elts):
            kinds = [kinds[0] if same else ""] * len(first.elts)
        names = [_name(value) for value in first.elts]
        if not any(names) and {type_name(kind) for kind in kinds} <= {"DataLoader", "Dataset"}:
            names = list(SPLIT_NAMES.get(len(names), names))
        return tuple(zip(names, kinds, strict=True))
    return ((_name(first) if counts == {1} else "", "" if inner else source_of(said)),)


def _name(value: ast.expr) -> str:
    if isinstance(value, ast.Name):
        return value.id
    return value.attr if isinstance(value, ast.Attribute) else ""
