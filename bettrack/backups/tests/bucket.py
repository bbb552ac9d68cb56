"""A small S3 server on loopback: objects in memory, multipart uploads, requests signed as AWS has it (SigV4)."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY_ID, SECRET, REGION = "test-key-id", "test-key-secret-hunter2", "us-east-1"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)"
)


class Bucket:
    """What the server holds, and how it is to misbehave."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refuse = 0
        self.url = ""


@contextmanager
def serving() -> Iterator[Bucket]:
    bucket = Bucket()
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None: ...

    def do_PUT(self) -> None:
        body = self._accepted()
        if body is None:
            return
        place, query = self._place()
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if "uploadId" in query:
            self.bucket.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.bucket.objects[place] = body
        self._answer(200, b"", {"ETag": etag})

    def do_POST(self) -> None:
        body = self._accepted()
        if body is None:
            return
        place, query = self._place()
        if "uploads" in query:
            upload = f"upload-{len(self.bucket.parts)}"
            self.bucket.parts[upload] = {}
            name = "InitiateMultipartUploadResult"
            answer = f"<{name}><Bucket>b</Bucket><Key>{place}</Key><UploadId>{upload}</UploadId></{name}>"
        else:
            parts = self.bucket.parts[query["uploadId"]]
            assert len(re.findall(rb"<PartNumber>", body)) == len(parts)
            self.bucket.objects[place] = b"".join(parts[number] for number in sorted(parts))
            name = "CompleteMultipartUploadResult"
            answer = (
                f'<{name}><Location>x</Location><Bucket>b</Bucket><Key>{place}</Key><ETag>"e"</ETag></{name}>'
            )
        self._answer(200, answer.encode())

    def do_GET(self) -> None:
        self.do_HEAD()

    def do_HEAD(self) -> None:
        if self._accepted() is None:
            return
        found = self.bucket.objects.get(self._place()[0])
        if found is None:
            self._answer(404, b"")
            return
        headers = {"ETag": '"e"', "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT"}
        self._answer(200, found, headers)

    def _place(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path.lstrip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))

    def _accepted(self) -> bytes | None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.bucket.refuse:
            self._answer(self.bucket.refuse, b"<Error><Code>AccessDenied</Code></Error>")
            return None
        if not self._is_signed(body):
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            return None
        return body

    def _is_signed(self, body: bytes) -> bool:
        match = AUTHORIZATION.match(self.headers.get("Authorization", ""))
        said = self.headers.get("x-amz-content-sha256", "")
        if not match or match[1] != KEY_ID or said != hashlib.sha256(body).hexdigest():
            return False
        _, day, region, names, signature = match.groups()
        parts = urlsplit(self.path)
        query = "&".join(
            f"{quote(k, safe='~')}={quote(v, safe='~')}"
            for k, v in sorted(parse_qsl(parts.query, keep_blank_values=True))
        )
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names.split(";"))
        canonical = f"{self.command}\n{parts.path}\n{query}\n{headers}\n{names}\n{said}"
        scope = f"{day}/{region}/s3/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashed))
        key = f"AWS4{SECRET}".encode()
        for word in (day, region, "s3", "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), signature)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/xml"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
