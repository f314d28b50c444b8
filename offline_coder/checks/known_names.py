"""Names that code of the field uses without saying where they come from, and the usual import of each.

A curated list: a name is only here when it means one thing everywhere.
"""

_FROM = {
    "torch": "nn optim Tensor cuda",
    "torch.nn": "Module Linear ReLU Dropout Sequential ModuleList Parameter Embedding LayerNorm "
    "CrossEntropyLoss MSELoss BCEWithLogitsLoss Conv2d BatchNorm2d",
    "torch.nn.functional": "binary_cross_entropy_with_logits cross_entropy log_softmax mse_loss "
    "nll_loss one_hot",
    "torch.optim": "Adam AdamW SGD Optimizer",
    "torch.utils.data": "DataLoader Dataset TensorDataset Subset ConcatDataset random_split",
    "numpy": "ndarray",
    "numpy.typing": "NDArray ArrayLike",
    "pandas": "DataFrame",
    "pathlib": "Path",
    "dataclasses": "dataclass asdict",
    "enum": "Enum",
    "abc": "ABC abstractmethod",
    "argparse": "ArgumentParser Namespace",
    "collections": "defaultdict Counter OrderedDict deque namedtuple",
    "collections.abc": "Mapping MutableMapping",
    "copy": "deepcopy",
    "datetime": "datetime timedelta",
    "functools": "partial lru_cache",
    "itertools": "islice combinations",
    "types": "SimpleNamespace NoneType",
    "typing": "Any Callable Dict Generator Iterable Iterator List Literal NamedTuple Optional Protocol "
    "Sequence Set Tuple Type TypeVar Union",
    "tqdm": "tqdm trange",
    "einops": "rearrange",
    "sklearn.datasets": "make_classification make_blobs make_moons load_iris load_digits "
    "load_breast_cancer fetch_openml",
    "sklearn.ensemble": "RandomForestClassifier GradientBoostingClassifier",
    "sklearn.linear_model": "LinearRegression LogisticRegression Ridge",
    "sklearn.metrics": "accuracy_score classification_report confusion_matrix f1_score "
    "mean_absolute_error mean_squared_error precision_score r2_score recall_score roc_auc_score",
    "sklearn.model_selection": "KFold StratifiedKFold cross_val_score train_test_split",
    "sklearn.neighbors": "KNeighborsClassifier",
    "sklearn.preprocessing": "LabelEncoder MinMaxScaler OneHotEncoder StandardScaler",
    "sklearn.svm": "SVC",
    "torchvision": "transforms",
    "transformers": "AutoModel AutoTokenizer",
}
_MODULES = (
    "abc argparse collections contextlib copy csv dataclasses enum functools glob gzip itertools "
    "json logging math os pathlib pickle random re shutil subprocess sys tempfile time typing "
    "warnings torch yaml einops scipy sklearn torchvision torchaudio transformers"
)
_ALIASES = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "sns": "import seaborn as sns",
    "nx": "import networkx as nx",
    "tf": "import tensorflow as tf",
    "jnp": "import jax.numpy as jnp",
    "jax": "import jax",
    "F": "import torch.nn.functional as F",
    "gym": "import gymnasium as gym",
    "cv2": "import cv2",
    "stats": "from scipy import stats",
}

KNOWN_IMPORTS: dict[str, str] = {
    **{name: f"import {name}" for name in _MODULES.split()},
    **{name: f"from {module} import {name}" for module, names in _FROM.items() for name in names.split()},
    **_ALIASES,
}
"""Name -> the import statement that defines it."""

PARTS = frozenset(module for module in _FROM if "." in module)
"""Modules that lie in a package: `datasets`, where the code imports from sklearn anyway, is one of them."""

MODULE_NAMES = frozenset({*_MODULES.split(), *_ALIASES, "nn", "optim", "cuda", "transforms"})
"""Those of them that stand for a module: one is only meant where an attribute of it is used."""

USUAL_IMPORTS: dict[str, tuple[str, ...]] = {
    "torch": ("import torch", "import torch.nn.functional as F", "from torch import nn"),
    "numpy": ("import numpy as np",),
    "pandas": ("import pandas as pd",),
    "matplotlib": ("import matplotlib.pyplot as plt",),
    "seaborn": ("import seaborn as sns",),
    "networkx": ("import networkx as nx",),
    "tqdm": ("from tqdm import tqdm",),
    "scipy": ("import scipy",),
    "einops": ("from einops import rearrange",),
    "jax": ("import jax", "import jax.numpy as jnp"),
}
"""Import name of a package -> how code of the field usually imports it."""
