"""Recipes of third-party libraries: third_party/NAME/recipe.toml."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from support.project import BUILD, ROOT, Failure

CACHE = ROOT / "third_party" / "cache"
UNPACKED = BUILD / "third_party"


@dataclass
class Recipe:
    name: str
    version: str
    title: str
    home: str
    licence: str
    licence_files: list
    use: str
    shipped: bool           # part of it is in the image
    debian_source: str      # name of Debian's source package
    archive: str            # file name of the archive
    sha256: str             # of the archive
    urls: list              # where the archive is, for machines without Debian's source packages; the first that works
    directory: Path = field(default=None)

    @property
    def cached(self):
        return CACHE / self.archive

    @property
    def unpacked(self):
        return UNPACKED / self.name


def load_recipes():
    recipes = []
    for path in sorted((ROOT / "third_party").glob("*/recipe.toml")):
        try:
            recipes.append(Recipe(**tomllib.loads(path.read_text()), directory=path.parent))
        except (TypeError, tomllib.TOMLDecodeError) as error:
            raise Failure(f"{path.relative_to(ROOT)}: {error}")
    return recipes
