"""Python files of installed packages, found without importing any of them."""

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from curation_scaling.errors import InputError

_NOT_ITS_OWN = {
    "tests",
    "test",
    "testing",
    "_vendor",
    "vendor",
    "externals",
}  # test suites and copies of other packages


def python_files(packages: Sequence[str], seed: int) -> Iterator[Path]:
    """All Python files of the packages (import names), in an order that depends on the seed and their names alone.

    Folders of tests and of bundled foreign packages are left out.

    Raises:
        InputError: if a package is not installed.
    """
    return (path for _, path in modules(packages, seed))


def modules(packages: Sequence[str], seed: int) -> Iterator[tuple[str, Path]]:
    """The same with the name of each module, such as `scipy.stats.qmc`."""
    keyed = []
    for package in packages:
        root = _folder(package)
        for path in root.rglob("*.py"):
            within = path.relative_to(root)
            if _NOT_ITS_OWN.isdisjoint(within.parts):
                name = f"{seed} {package}/{within.as_posix()}".encode()
                dotted = ".".join([package, *within.with_suffix("").parts])
                keyed.append((hashlib.blake2b(name, digest_size=16).digest(), path, dotted))
    return ((module, path) for _, path, module in sorted(keyed))


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Version of the distribution that installed each package (import name), sorted by distribution.

    Raises:
        InputError: if a package came without a distribution, so that it has no version.
    """
    distributions = importlib.metadata.packages_distributions()
    packages = set(packages)
    if unknown := sorted(packages - distributions.keys()):
        raise InputError(f"source: the package {unknown[0]} has no version on record here, install it with pip")
    names = sorted({distributions[package][0] for package in packages})
    return {name: importlib.metadata.version(name) for name in names}


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    if found is None or not found.submodule_search_locations:
        raise InputError(f"source: the package {package} is not installed here, install it or drop it from the study")
    return Path(found.submodule_search_locations[0])
