"""docs/writing-a-service.md shows a service; it must be the one that is built and booted."""

import re

from support.project import ROOT


def test_the_service_in_the_document_is_the_one_that_is_built():
    document = (ROOT / "docs" / "writing-a-service.md").read_text()
    shown = re.search(r"```cpp\n(.*?)```", document, re.DOTALL).group(1)
    built = (ROOT / "tests" / "programs" / "tagger" / "tagger.cpp").read_text()
    assert shown == built
    code = [line for line in built.splitlines() if line.strip() and not line.startswith(("//", "#include"))]
    assert len(code) <= 40


def test_the_manifest_in_the_document_grants_what_the_program_asks_for():
    document = (ROOT / "docs" / "writing-a-service.md").read_text()
    booted = (ROOT / "manifest" / "test-services.capnp").read_text()
    for line in ('exports = [(name = "lines", interface = "Log")],', 'options = "limit=240",',
                 '(name = "lines", interface = "Log", source = (service = (service = "tagger", export = "lines", scope = 7)))'):
        assert line in document and line in booted
