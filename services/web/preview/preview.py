#!/usr/bin/python3
"""Shows the page without a machine: preview.py [--port 8090] [--fail].

Serves page/index.html with the security policy it will have and sample.json as /api/status, with counters that rise.
--fail stops answering /api/status after the third time, to see how the page says so.
"""
import argparse
import http.server
import json
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "page"))
import embed  # noqa: E402

PAGE = HERE.parent / "page"
START = time.monotonic()
answers = 0


def status() -> bytes:
    """The sample as it would be now."""
    global answers
    answers += 1
    now = json.loads((HERE / "sample.json").read_text(encoding="utf-8"))
    passed = time.monotonic() - START
    now["system"]["uptime_ms"] += int(passed * 1000)
    wave = random.Random(answers).uniform(0.3, 1.0)
    status.requests = getattr(status, "requests", 0) + int(40 * wave)
    now["web"]["requests"] += status.requests
    now["web"]["answered"] += status.requests
    counters = now["network"]["counters"]
    counters["bytes_in"] += status.requests * 700
    counters["bytes_out"] += status.requests * 9000
    counters["frames_in"] += status.requests * 6
    counters["frames_out"] += status.requests * 9
    for index, process in enumerate(now["processes"]["list"]):
        process["cpu_us"] += int(passed * 9000 * (index % 4))
    return json.dumps(now).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    """The four paths of services/web/routes.cpp."""
    fail = False

    def do_GET(self) -> None:
        page = (PAGE / "index.html").read_text(encoding="utf-8")
        if self.path == "/":
            self.answer("text/html; charset=utf-8", page.encode(), embed.policy(page))
        elif self.path == "/favicon.ico":
            self.answer("image/svg+xml", (PAGE / "icon.svg").read_bytes())
        elif self.path == "/api/status" and not (Handler.fail and answers >= 3):
            self.answer("application/json", status())
        else:
            self.send_error(503 if self.path == "/api/status" else 404)

    def answer(self, kind: str, body: bytes, policy: str = "default-src 'none'") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--fail", action="store_true")
    arguments = parser.parse_args()
    Handler.fail = arguments.fail
    print(f"http://127.0.0.1:{arguments.port}/", flush=True)
    http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
