"""Anthropic's Messages API on loopback, as far as the claude program needs it: the same short stream for everyone."""
import http.server
import json
import threading

WORDS = ["Hello", " there", "."]
USAGE = {"input_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}


def _events(model):
    message = {
        "id": "msg_bench", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": USAGE,
    }  # fmt: skip
    yield "message_start", {"message": message}
    yield "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
    for word in WORDS:
        yield "content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word}}
    yield "content_block_stop", {"index": 0}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield "message_delta", {"delta": delta, "usage": {"output_tokens": len(WORDS)}}
    yield "message_stop", {}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The head and the first event are two writes: the second must not wait for the other side's delayed acknowledgement.
    disable_nagle_algorithm = True

    def do_HEAD(self):
        self._answer(b"", "text/plain")

    def do_GET(self):
        self._answer(b"{}", "application/json")

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not self.path.startswith("/v1/messages?") and self.path != "/v1/messages":
            return self._answer(b'{"input_tokens": 10}', "application/json")
        lines = [f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n" for kind, data in _events(asked["model"])]
        return self._answer("".join(lines).encode(), "text/event-stream")

    def log_message(self, *_):
        pass

    def _answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class MessagesApi:
    """Serves from entering to leaving, on threads of this process."""

    def __enter__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"
