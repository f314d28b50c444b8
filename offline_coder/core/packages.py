"""Third-party packages a generated repository may name: import name -> distribution name.

A curated list of the field; a plan can only choose from it, so no package name can be invented.
"""

import builtins
import sys
import sysconfig
from functools import cache
from importlib.machinery import PathFinder

DISTRIBUTIONS = {
    "torch": "torch",
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "seaborn": "seaborn",
    "tqdm": "tqdm",
    "yaml": "pyyaml",
    "einops": "einops",
    "transformers": "transformers",
    "datasets": "datasets",
    "tokenizers": "tokenizers",
    "sentencepiece": "sentencepiece",
    "sacrebleu": "sacrebleu",
    "nltk": "nltk",
    "evaluate": "evaluate",
    "accelerate": "accelerate",
    "networkx": "networkx",
    "torch_geometric": "torch-geometric",
    "gymnasium": "gymnasium",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "timm": "timm",
    "h5py": "h5py",
    "jax": "jax",
    "flax": "flax",
    "optax": "optax",
    "tensorflow": "tensorflow",
    "tensorboard": "tensorboard",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
}


ALIASES = frozenset({"nn", "F", "np", "pd", "tf", "optim", "data", "utils", "pl", "gym", "keras", "Image"})
"""What packages are commonly called where code imports them: the roots of names such as nn.Module."""

BARE_BASES = frozenset(
    {
        "ABC",
        "BaseEstimator",
        "ClassifierMixin",
        "DataLoader",
        "Dataset",
        "Enum",
        "Env",
        "Function",
        "IterableDataset",
        "Iterator",
        "LRScheduler",
        "Module",
        "NamedTuple",
        "Optimizer",
        "PreTrainedModel",
        "PretrainedConfig",
        "Protocol",
        "Sampler",
        "Sequential",
        "Subset",
        "TensorDataset",
        "TransformerMixin",
        "TypedDict",
    }
)
"""Classes of packages that code commonly imports by name and derives from."""


def known_base(name: str) -> bool:
    """Whether `name` is a class from outside: built in, one of BARE_BASES, or dotted below a known package,
    the standard library or an alias."""
    root, dot, _ = name.partition(".")
    if dot:
        return root in taken_module_names() | ALIASES
    return name in BARE_BASES or (hasattr(builtins, name) and isinstance(getattr(builtins, name), type))


def is_torch_module(base: str) -> bool:
    """Whether a base class, as code writes it, is PyTorch's Module, whatever its package is called there."""
    return base.rpartition(".")[2] == "Module"


def taken_module_names() -> frozenset[str]:
    """Names a module of the repository must not have, because it would hide one that code imports."""
    return frozenset(sys.stdlib_module_names) | frozenset(DISTRIBUTIONS)


@cache
def installed(name: str) -> bool:
    """Whether the top-level package `name` is installed beside this program. Nothing is imported."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    spec = PathFinder.find_spec(name, sorted(places))
    return spec is not None and spec.origin is not None


def is_known(name: str) -> bool:
    """Whether `name` can be imported without the repository: standard library, curated or installed."""
    return name in sys.stdlib_module_names or name in DISTRIBUTIONS or installed(name)
