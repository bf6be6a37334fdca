"""Records of what long targets showed: docs/evidence/NAME.json (see docs/evidence/README.md)."""

import datetime
import hashlib
import json

from support.project import ROOT, git, say

PLACE = ROOT / "docs" / "evidence"

# What runs in the machine, and what makes it: most records depend on all of it.
SYSTEM = ("CMakeLists.txt", "CMakePresets.json", "abi", "cmake", "kernel", "lib", "manifest", "runtime", "schema", "services",
          "third_party", "tools/bundle", "tools/capnpc", "tools/image", "tools/kernel-symbols", "tools/support/build.py",
          "tools/support/qemu.py", "tools/support/values.py")


def digest(covers):
    """SHA-256 over names and contents of the files under git's care that `covers` (paths, from the root) names."""
    total = hashlib.sha256()
    for name in sorted(git("ls-files", "--", *covers).splitlines()):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b"(gone)"
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def uncommitted():
    """Files that differ from the commit, records aside."""
    outside = ("--", ".", f":!{PLACE.relative_to(ROOT)}")
    return [*git("diff", "--name-only", "HEAD", *outside).splitlines(),
            *git("ls-files", "--others", "--exclude-standard", *outside).splitlines()]


def state():
    """What is checked out: given to record() by whoever took it before building."""
    return git("rev-parse", "HEAD"), uncommitted()


def record(name, *, before, covers, duration, counts, seed=None, coverage=None, figures=None):
    """Writes docs/evidence/NAME.json. covers: paths whose change makes it stale; duration: seconds; counts, coverage,
    figures: what was found, as JSON; before: state() when it began. A tree with changes that are not committed, or another
    commit than the one that was built, is no evidence: nothing is written."""
    if state()[0] != before[0]:
        say("not recorded as evidence: the commit changed while it ran")
        return None
    changed = [*before[1], *(name for name in uncommitted() if name not in before[1])]
    if changed or not git("rev-parse", "HEAD"):
        say(f"not recorded as evidence: {len(changed)} files differ from the commit ({', '.join(changed[:3])} ...)" if changed
            else "not recorded as evidence: there is no commit")
        return None
    entry = {"commit": git("rev-parse", "HEAD"),
             "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
             "seed": seed, "duration_s": round(duration, 1), "counts": counts, "coverage": coverage, "figures": figures,
             "covers": sorted(covers), "digest": digest(covers)}
    PLACE.mkdir(parents=True, exist_ok=True)
    path = PLACE / f"{name}.json"
    path.write_text(json.dumps({key: value for key, value in entry.items() if value is not None}, indent=1) + "\n")
    say(f"recorded in {path.relative_to(ROOT)}")
    return path


def records():
    """(name, record, files that changed since; None when it is fresh) of each record."""
    for path in sorted(PLACE.glob("*.json")):
        entry = json.loads(path.read_text())
        if digest(entry["covers"]) == entry["digest"]:
            yield path.stem, entry, None
        else:
            yield path.stem, entry, git("diff", "--name-only", entry["commit"], "--", *entry["covers"]).splitlines()
