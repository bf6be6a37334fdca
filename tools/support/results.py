"""Results of tests, read from and written to JUnit's XML (which GoogleTest and pytest both write)."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass


@dataclass
class Result:
    name: str
    seconds: float
    failure: str | None = None          # None: passed

    @property
    def passed(self):
        return self.failure is None


def read_junit(path, prefix):
    """The results in a file. A test that did not run (skipped, disabled) counts as failed: nothing is skipped here."""
    results = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        group = (case.get("classname") or "").rpartition(".")[2]
        name = f"{prefix}: {group}.{case.get('name')}" if group and not prefix.endswith(f"{group}.py") else \
            f"{prefix}: {case.get('name')}"
        problems = [*case.iter("failure"), *case.iter("error")]
        failure = None
        if problems:
            failure = "\n".join((problem.text or problem.get("message") or "failed").strip() for problem in problems)
        elif next(case.iter("skipped"), None) is not None or case.get("status") == "notrun":
            failure = "was skipped"
        results.append(Result(name, float(case.get("time") or 0), failure))
    return results


def write_junit(path, suite, results):
    root = ElementTree.Element("testsuite", name=suite, tests=str(len(results)))
    for result in results:
        case = ElementTree.SubElement(root, "testcase", classname=suite, name=result.name, time=f"{result.seconds:.3f}")
        if not result.passed:
            ElementTree.SubElement(case, "failure").text = result.failure
    ElementTree.ElementTree(root).write(path)
