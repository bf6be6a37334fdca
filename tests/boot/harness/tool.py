"""The programs of tools/ have no ending in their names; this makes a module of one."""

import importlib.util
from importlib.machinery import SourceFileLoader

from support.project import ROOT


def load(tool):
    loader = SourceFileLoader("tool_" + tool.replace("-", "_"), str(ROOT / "tools" / tool))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
